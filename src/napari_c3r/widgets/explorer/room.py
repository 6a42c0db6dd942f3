"""How map and panel share the explorer's width: a figure needs more of it than a table."""

from __future__ import annotations

from qtpy.QtCore import QEvent, QObject, Qt, Signal
from qtpy.QtWidgets import QLabel, QSplitter

from napari_c3r.widgets.explorer.panel import ExplorerPanel
from napari_c3r.widgets.scatter.widget import ScatterWidget

# Below this width the map stands above the cells, not beside them.
_NARROW_PX = 700
_ROOM_FOR_TITLE_PX = 500
# So wide, map, pictures and figure have all they need side by side.
_ROOM_FOR_ALL_PX = 1300
# Beside map and table there is room for the size of points.
_ROOM_FOR_SIZE_PX = 1000
_FIGURE_PX = 380


class SharedRoom(QObject):
    """Gives a figure what the map can spare, unless the user shares the room by hand.

    Parameters
    ----------
    split
        Of map and panel.
    scatter, panel
        What is in it.
    title
        Of a control above the map, which it can do without.

    Signals
    -------
    height_wanted
        With the pixels that the first figure should have, so that it can be read.
    """

    height_wanted = Signal(int)

    def __init__(
        self, split: QSplitter, scatter: ScatterWidget, panel: ExplorerPanel, title: QLabel
    ) -> None:
        super().__init__(split)
        self._split, self._scatter, self._panel, self._title = split, scatter, panel, title
        self._has_figure = self._is_by_hand = self._had_room = False
        # What it needs at first must not make napari's window wider.
        scatter.toolbar.set_compact(True)
        title.hide()
        split.splitterMoved.connect(self._on_moved)
        split.installEventFilter(self)
        panel.tabs.currentChanged.connect(self.share)

    def eventFilter(self, watched: QObject | None, event: QEvent | None) -> bool:
        """Share the room there is now: when the dock itself is told, it is not handed on yet."""
        # What is in it needs another height once it is narrow, and says so after that.
        if event is not None and event.type() in (QEvent.Type.Resize, QEvent.Type.LayoutRequest):
            self.share()
        return False

    def share(self) -> None:
        """Follow the width there is and what is shown in the panel."""
        width, had_figure = self._split.width(), self._has_figure
        self._has_figure = self._panel.tabs.currentWidget() is not self._panel.table_page
        narrow = width < _NARROW_PX
        wanted = _ROOM_FOR_ALL_PX if self._has_figure else _ROOM_FOR_SIZE_PX
        compact = not narrow and width < wanted
        self._split.setOrientation(Qt.Orientation.Vertical if narrow else Qt.Orientation.Horizontal)
        if narrow and not (self._is_by_hand or self._panel.isHidden()):
            self._split.setSizes([1000, 1000])
        self._scatter.toolbar.set_compact(compact)
        # Beside the buttons, what is chosen is more worth the room than its title.
        has_room = self._scatter.width() >= _ROOM_FOR_TITLE_PX
        self._title.setVisible(not narrow and not compact and has_room)
        if had_figure != self._has_figure and not self._is_by_hand and not narrow:
            self._split.setSizes([1000, 2000] if self._has_figure else [1000, 1250])
        if self._has_figure and not self._had_room:
            self._had_room = True
            self.height_wanted.emit(_FIGURE_PX)

    def _on_moved(self) -> None:
        self._is_by_hand = True
