"""The right half of the explorer: what is selected, pictures of it, rows and figures."""

from __future__ import annotations

import threading
from collections.abc import Generator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from qtpy.QtCore import QEvent, QObject, QSize, Qt, QTimer, Signal
from qtpy.QtGui import QResizeEvent
from qtpy.QtWidgets import (
    QBoxLayout,
    QHBoxLayout,
    QPushButton,
    QSplitter,
    QTabWidget,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from napari_c3r.session.words import names_among
from napari_c3r.widgets.common.form import put_below, tab_before
from napari_c3r.widgets.common.jobs import Jobs
from napari_c3r.widgets.common.labels import ElidedLabel, PlainLabel, plain_tip
from napari_c3r.widgets.common.wording import counted
from napari_c3r.widgets.explorer.cluster_names import NameRow
from napari_c3r.widgets.explorer.montage import MontagePanel
from napari_c3r.widgets.explorer.similar_row import SimilarRow
from napari_c3r.widgets.explorer.table.page import TablePage

if TYPE_CHECKING:
    from anndata import AnnData

    from napari_c3r.session import Session
    from napari_c3r.widgets.common.table_view import CellTable

# Below this height pictures and rows stand side by side.
_LOW_PX = 420
# Below this width the buttons stand below what is selected, of which half would be cut.
_NARROW_PX = 640
_SAID_MS = 8000
_NO_EXPORT = (
    "Select cells, or open a gate, to write their rows and vectors to a file; all cells are "
    "exported in step 5 of the C3R dock"
)


class ExplorerPanel(QWidget):
    """Holds the parts and says what is selected; the explorer connects them."""

    def __init__(self) -> None:
        super().__init__()
        self.selection = ElidedLabel(mode=Qt.TextElideMode.ElideRight)
        self.centre_button = QPushButton("Centre")
        self.centre_button.setToolTip("Move the view to the cell that is pointed at (C)")
        self.name_button = QPushButton("Name…")
        self.name_button.setCheckable(True)
        self.name_button.setToolTip("Name the selected cells; the same name merges clusters")
        self.export_button = QPushButton("Export…")
        self.export_button.setToolTip(_NO_EXPORT)
        self.similar_button = QPushButton("Similar…")
        self.similar_button.setCheckable(True)
        self.similar_button.setToolTip("Find the cells most like those selected (M)")
        self.naming = NameRow()
        self.similar = SimilarRow()
        self.montage = MontagePanel()
        self.table_page = TablePage()
        self.tabs = QTabWidget()
        self.tabs.setDocumentMode(True)
        bar = self.tabs.tabBar()
        assert bar is not None
        # The line below tabs would shine through between their round corners.
        bar.setDrawBase(False)
        bar.setStyleSheet("QTabBar::tear { width: 0; }")
        for part in (self.tabs, bar):
            part.setAccessibleName("Table and figures")
        for arrow in bar.findChildren(QToolButton):
            arrow.setToolTip("Show tabs that there is no room for")
        self.tabs.setTabToolTip(self.tabs.addTab(self.table_page, "Table"), "The cells as rows")
        self.exports = SelectionExport(self)
        self._said = PlainLabel()
        self._selected = 0
        self._is_split_by_hand = False
        self._build()
        self.name_button.toggled.connect(self._on_naming)
        self.similar_button.toggled.connect(self.similar.setVisible)
        self.similar.closed.connect(self.similar_button.toggle)
        self.naming.closed.connect(self._on_naming_closed)
        self.tabs.currentChanged.connect(self._share_width)
        self._split.splitterMoved.connect(self._on_split_moved)
        self._split.installEventFilter(self)
        self.exports.written.connect(self._on_written)

    @property
    def table(self) -> CellTable:
        """The rows."""
        return self.table_page.table

    def show_state(self, line: str, selected: int, has_current: bool, exported: str) -> None:
        """Say what is selected and enable what can be done with it.

        Parameters
        ----------
        line
            What is selected.
        selected
            How many cells that are.
        has_current
            Whether a cell is pointed at.
        exported
            Which cells would be written to a file; empty for none.
        """
        self.selection.setText(line)
        self.centre_button.setEnabled(has_current)
        self._selected = selected
        self._enable_naming()
        self.export_button.setEnabled(bool(exported))
        self.export_button.setToolTip(
            f"Write rows and vectors of {exported} to a file" if exported else _NO_EXPORT
        )
        self.naming.show_count(selected)

    def add_head(self, widget: QWidget) -> None:
        """Put something before what is selected."""
        self._head.insertWidget(0, widget)
        tab_before(self.centre_button, widget.findChildren(QToolButton))

    def add_foot(self, widget: QWidget) -> None:
        """Put something below all else."""
        self._column.addWidget(widget)

    def say(self, line: str) -> None:
        """Say something for a while, below."""
        self._said.setText(line)
        self._said.setToolTip(plain_tip(line))
        self._said.show()
        self._silence.start()

    def set_theme(self, background: str, foreground: str) -> None:
        """Colours of the table, as the window has them, each ``"#rrggbb"``."""
        self.table_page.set_theme(background, foreground)
        self.montage.set_theme(background)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        put_below(self._top, self.width() < _NARROW_PX)
        low = self.height() < _LOW_PX and self.width() > self.height()
        across, down = Qt.Orientation.Horizontal, Qt.Orientation.Vertical
        wanted = across if low else down
        if self._split.orientation() != wanted:
            self._split.setOrientation(wanted)
            self._is_split_by_hand = False

    def eventFilter(self, watched: QObject | None, event: QEvent | None) -> bool:
        """Share the room when it is handed on, which is after the panel itself has it."""
        if event is not None and event.type() == QEvent.Type.Resize:
            self._share_width()
        return super().eventFilter(watched, event)

    def _share_width(self) -> None:
        """Give a figure most of the room, beside a strip of pictures, unless the user shared it."""
        if self._is_split_by_hand:
            return
        if self.tabs.currentWidget() is self.table_page:
            self._split.setSizes([1000, 1000])
        elif self._split.orientation() == Qt.Orientation.Horizontal:
            strip = self.montage.minimumWidth()
            self._split.setSizes([strip, max(self._split.width() - strip, 1)])
        else:
            self._split.setSizes([1000, 2000])

    def _on_split_moved(self) -> None:
        self._is_split_by_hand = True

    def sizeHint(self) -> QSize:
        return QSize(560, 320)

    def _build(self) -> None:
        self._head, row = QHBoxLayout(), QHBoxLayout()
        self._top = QBoxLayout(QBoxLayout.Direction.LeftToRight)
        for layout in (self._head, row, self._top):
            layout.setContentsMargins(0, 0, 0, 0)
            layout.setSpacing(4)
        self._head.addWidget(self.selection, 1)
        self._top.addLayout(self._head, 1)
        self._top.addLayout(row)
        for button in (
            self.centre_button,
            self.name_button,
            self.similar_button,
            self.export_button,
        ):
            row.addWidget(button)
        self._split = QSplitter(Qt.Orientation.Vertical)
        self._split.addWidget(self.montage)
        self._split.addWidget(self.tabs)
        self._split.setChildrenCollapsible(False)
        self._split.setStretchFactor(0, 0)
        self._split.setStretchFactor(1, 1)
        self._said.setWordWrap(True)
        self._said.setMinimumWidth(1)
        self._said.hide()
        self._silence = QTimer(self)
        self._silence.setSingleShot(True)
        self._silence.setInterval(_SAID_MS)
        self._silence.timeout.connect(self._said.hide)
        self.naming.hide()
        self.similar.hide()
        self._column = column = QVBoxLayout(self)
        column.setContentsMargins(6, 6, 8, 6)
        column.setSpacing(4)
        column.addLayout(self._top)
        column.addWidget(self.naming)
        column.addWidget(self.similar)
        column.addWidget(self.montage.door)
        column.addWidget(self._split, 1)
        column.addWidget(self._said)

    def _enable_naming(self) -> None:
        # Whoever is naming may make the next selection meanwhile.
        self.name_button.setEnabled(self._selected > 0 or self.name_button.isChecked())

    def _on_naming(self, on: bool) -> None:
        if on:
            self.naming.begin()
        else:
            self.naming.hide()
        self._enable_naming()

    def _on_naming_closed(self) -> None:
        self.name_button.setChecked(False)

    def _on_written(self, path: str) -> None:
        self.say(f"Wrote {path}")


class SelectionExport(QObject):
    """Writes the selected rows of a result in the background.

    Signals
    -------
    written
        With the path.
    failed
        With one line on what is wrong.
    """

    written = Signal(str)
    failed = Signal(str)

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._jobs = Jobs(self)
        self._jobs.failed.connect(self._on_failed)

    @property
    def busy(self) -> bool:
        """Whether a file is being written."""
        return self._jobs.running is not None

    def write(self, table: AnnData, selected: NDArray[np.bool_], path: str) -> None:
        """Write rows and vectors of the selected cells, in the format of the suffix."""

        def body(_: threading.Event) -> Generator[str, None, Path]:
            from napari_c3r.core.table import write

            yield "writing"
            return write(table[selected].copy(), path)

        self._jobs.start("export selection", body, self._on_written)

    def release(self) -> None:
        """Forget what is being written."""
        self._jobs.discard()

    def _on_written(self, path: Any) -> None:
        self.written.emit(str(path))

    def _on_failed(self, _: str, line: str) -> None:
        self.failed.emit(line)


def selection_line(session: Session) -> str:
    """What is selected, for the explorer."""
    if session.result.current is None:
        return "No cells embedded yet"
    total = len(session.result.current.table)
    chosen = int(session.selection.mask.sum())
    opened, scope = session.gates.opened, session.gates.scope()
    if not chosen:
        shown = "" if scope is None else f"{int(scope.sum())} of "
        inside = "" if scope is None else f" in “{opened}”"
        return f"{shown}{counted(total, 'cell')}{inside}; draw a lasso to select some"
    line = f"{chosen} of {counted(total, 'cell')} selected"
    if scope is not None and (outside := int((session.selection.mask & ~scope).sum())):
        line += f", {outside} of them not in “{opened}”"
    obs = session.result.current.table.obs
    if "cluster" in obs:
        here = names_among(obs["cluster"], session.selection.mask)
        names = ", ".join(here[:3]) + (" …" if len(here) > 3 else "")
        if here:
            line += f" (cluster {names})" if len(here) == 1 else f" (clusters {names})"
    return line
