"""The same cells on two maps, side by side; what is selected on one is selected on both."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from psygnal import SignalInstance
from qtpy.QtCore import Qt, Signal
from qtpy.QtGui import QKeyEvent, QKeySequence, QResizeEvent
from qtpy.QtWidgets import QBoxLayout, QLabel, QVBoxLayout, QWidget

from napari_c3r.core.figures.colouring import automatic_size
from napari_c3r.core.figures.colours import named_colours
from napari_c3r.core.figures.drawing import Drawing
from napari_c3r.core.figures.plot_marks import Look
from napari_c3r.core.figures.scatter_figure import two_maps_figure
from napari_c3r.core.figures.sizes import FigureSize
from napari_c3r.widgets.common.figure_door import FigureDoor
from napari_c3r.widgets.common.labels import ElidedLabel
from napari_c3r.widgets.common.tones import Tone, set_tone
from napari_c3r.widgets.scatter.canvas import MapCanvas
from napari_c3r.widgets.scatter.legend import Legend
from napari_c3r.widgets.scatter.model import ScatterModel
from napari_c3r.widgets.scatter.overlay import Tool
from napari_c3r.widgets.scatter.toolbar import Toolbar
from napari_c3r.widgets.scatter.views import create_view

if TYPE_CHECKING:
    import pandas as pd

_MIN_PX = 150
# Narrower than this the maps stand one above the other.
_BESIDE_PX = 240
_CAPTION = "The same cells; distances on such maps are no evidence."


class TwoMaps(QWidget):
    """Maps before and after, with one toolbar and one legend.

    Signals
    -------
    selected
        With bool (cells,), when the user selects.
    pointed
        With the cell that the user clicked, or None.
    said
        With a line on a figure that was saved.
    """

    selected = Signal(object)
    pointed = Signal(object)
    said = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self.models = ScatterModel(), ScatterModel()
        self.canvases = tuple(MapCanvas(model, create_view()) for model in self.models)
        self.titles = ElidedLabel(), ElidedLabel()
        self.toolbar, self.legend = Toolbar(), Legend()
        self.door = FigureDoor("maps", self.toolbar.save)
        self.toolbar.save.show()
        self.door.said.connect(self.said)
        self.method = ""
        self._names = ("", "")
        self._following = False
        self._build()
        self._connect()

    def _build(self) -> None:
        self._pair = QBoxLayout(QBoxLayout.Direction.LeftToRight)
        self._pair.setSpacing(4)
        for canvas, title in zip(self.canvases, self.titles, strict=True):
            canvas.setMinimumSize(80, _MIN_PX)
            half = QVBoxLayout()
            half.setSpacing(2)
            half.addWidget(title)
            half.addWidget(canvas, 1)
            self._pair.addLayout(half, 1)
        caption = QLabel(_CAPTION)
        caption.setWordWrap(True)
        set_tone(caption, Tone.QUIET)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        column.addWidget(self.toolbar)
        column.addWidget(self.door)
        column.addLayout(self._pair, 1)
        column.addWidget(self.legend)
        column.addWidget(caption)

    def _connect(self) -> None:
        bar = self.toolbar
        bar.tool_chosen.connect(lambda tool: self.set_tool(Tool(tool)))
        bar.undo_requested.connect(lambda: self.models[0].undo())
        bar.clear_requested.connect(lambda: self.models[0].clear())
        for canvas, model in zip(self.canvases, self.models, strict=True):
            bar.fit_requested.connect(canvas.fit)
            bar.density_toggled.connect(model.set_density)
        bar.legend_toggled.connect(self.legend.setVisible)
        bar.size_chosen.connect(self._set_size)
        for signal, slot in self._links():
            signal.connect(slot)

    def _links(self) -> list[tuple[SignalInstance, Callable[..., None]]]:
        links: list[tuple[SignalInstance, Callable[..., None]]] = []
        for model in self.models:
            links += [
                (model.selection_changed, self._on_selected),
                (model.current_changed, self._on_current),
                (model.hovered, self._on_hovered),
            ]
        links.append((self.models[0].colours_changed, self._on_colours))
        return links

    def show_maps(
        self,
        maps: tuple[NDArray[np.float32], NDArray[np.float32]],
        titles: tuple[str, str],
    ) -> None:
        """Show two maps (n, 2) of the same cells."""
        self._following = True
        for model, points, label, text in zip(self.models, maps, self.titles, titles, strict=True):
            label.setText(text)
            model.set_points(points)
        self._following = False
        self._names = titles
        self.door.set_source(self._drawing)
        self._set_size(automatic_size(2 * len(maps[0])))

    def _drawing(self, size: FigureSize) -> Callable[[], Drawing]:
        """What draws both maps as they are displayed now, for a page."""
        shown = [
            (model.xy, Look(model.shown_colouring(), model.selection, n == len(self.models) - 1))
            for n, model in enumerate(self.models)
        ]
        titles, method = self._names, self.method
        return lambda: two_maps_figure(shown, titles, method=method, width=size.width)

    def show_values(self, values: NDArray[np.float32], name: str) -> None:
        """Colour the cells of both maps by numbers (n,)."""
        for model in self.models:
            model.set_values(values, name)

    def show_categories(self, labels: pd.Series) -> None:
        """Colour the cells of both maps by their labels; one without is grey."""
        import pandas as pd

        text = labels.astype(str).where(labels.notna())
        names = sorted(text.dropna().unique(), key=_place)
        colours = named_colours(str(labels.name), names)
        palette = tuple(colours[name] for name in names)
        codes = pd.Categorical(text, names).codes
        for model in self.models:
            model.set_categories(codes, names, f"no {labels.name}", palette)

    def show_selection(self, mask: NDArray[np.bool_], current: int | None) -> None:
        """Select and point at cells on both maps, without telling of it."""
        self._following = True
        for model in self.models:
            if model.count == len(mask):
                model.select(mask)
                model.set_current(current)
        self._following = False
        self._enable()

    def set_tool(self, tool: Tool) -> None:
        """Choose what dragging does, on both maps."""
        self.toolbar.set_tool(tool)
        for canvas in self.canvases:
            canvas.overlay.set_tool(tool)

    def set_theme(self, background: str, foreground: str) -> None:
        """Colours of the window, each ``"#rrggbb"``."""
        self.toolbar.set_theme(background, foreground)
        self.legend.set_theme(foreground)
        for canvas in self.canvases:
            canvas.set_theme(background, foreground)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        lassoing = self.canvases[0].overlay.tool is Tool.LASSO
        if event.matches(QKeySequence.StandardKey.Undo):
            self.models[0].undo()
        elif event.key() == Qt.Key.Key_L:
            self.set_tool(Tool.PAN if lassoing else Tool.LASSO)
        elif event.key() == Qt.Key.Key_Escape:
            self.models[0].clear()
        else:
            super().keyPressEvent(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        beside, below = QBoxLayout.Direction.LeftToRight, QBoxLayout.Direction.TopToBottom
        self._pair.setDirection(beside if self.width() >= _BESIDE_PX else below)

    def release(self) -> None:
        """Let go of the graphics card."""
        for signal, slot in self._links():
            signal.disconnect(slot, missing_ok=True)
        self.door.release()
        for canvas in self.canvases:
            canvas.release()

    def _set_size(self, diameter: float) -> None:
        self.toolbar.set_size(diameter)
        for canvas in self.canvases:
            canvas.set_point_size(diameter)

    def _on_selected(self, mask: NDArray[np.bool_]) -> None:
        if not self._following:
            self.show_selection(mask, self.models[0].current)
            self.selected.emit(mask)

    def _on_current(self, index: int | None) -> None:
        if not self._following:
            self._following = True
            for model in self.models:
                model.set_current(index)
            self._following = False
            self.pointed.emit(index)

    def _on_hovered(self, index: int | None) -> None:
        for model in self.models:
            model.hover(index)

    def _on_colours(self) -> None:
        self.toolbar.set_density(self.models[0].density)
        self.legend.show_colouring(self.models[0].shown_colouring())
        self._enable()

    def _enable(self) -> None:
        model = self.models[0]
        self.toolbar.set_selection_state(model.can_undo, bool(model.selection.any()))
        self.legend.show_selection(model.selection)


def _place(name: str) -> tuple[bool, int, str]:
    """Numbers by their size, as the explorer has them, then words."""
    return not name.isdecimal(), int(name) if name.isdecimal() else 0, name
