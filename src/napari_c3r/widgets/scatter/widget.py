"""The scatter map with its toolbar, legend and the sentence below."""

from __future__ import annotations

from collections.abc import Callable

from psygnal import SignalInstance
from qtpy.QtCore import QEvent, Qt
from qtpy.QtGui import QCloseEvent, QColor, QKeyEvent, QPalette
from qtpy.QtWidgets import QHBoxLayout, QLabel, QStackedWidget, QVBoxLayout, QWidget

from napari_c3r.core.figures.colouring import Categories, automatic_size
from napari_c3r.core.figures.colours import mixed
from napari_c3r.widgets.common.labels import PlainLabel
from napari_c3r.widgets.common.undo_keys import is_redo, is_undo
from napari_c3r.widgets.scatter.canvas import MapCanvas
from napari_c3r.widgets.scatter.legend import Legend
from napari_c3r.widgets.scatter.model import ScatterModel
from napari_c3r.widgets.scatter.overlay import Tool
from napari_c3r.widgets.scatter.pager import Pager
from napari_c3r.widgets.scatter.protocol import ScatterView, Steps
from napari_c3r.widgets.scatter.toolbar import Toolbar
from napari_c3r.widgets.scatter.views import create_view

EMPTY = "No map yet. Embed cells, then press “Make map”."
CAPTION = "Distances on this map are not evidence."


class ScatterWidget(QWidget):
    """An interactive map of points: pan, zoom, lasso, pick, colours and their legend.

    Parameters
    ----------
    model
        What to show; a new, empty model when None.
    view
        Draws the points; None: OpenGL where there is any, else the raster view.
    steps
        What undo and redo go through; None: the selections on this map.
    """

    def __init__(
        self,
        model: ScatterModel | None = None,
        view: ScatterView | None = None,
        steps: Steps | None = None,
    ) -> None:
        super().__init__()
        self._steps = steps
        self.model = ScatterModel() if model is None else model
        self.toolbar = Toolbar()
        self.canvas = MapCanvas(self.model, create_view() if view is None else view)
        self.pager = Pager()
        self.legend = Legend()
        self._size_chosen = False
        self._build()
        self._connect()
        palette = self.palette()
        self.set_theme(
            palette.color(QPalette.ColorRole.Window).name(),
            palette.color(QPalette.ColorRole.WindowText).name(),
        )
        self.set_tool(Tool.PAN)
        self._on_points_changed()

    def set_theme(self, background: str, foreground: str) -> None:
        """Follow the host's colours, each ``"#rrggbb"``."""
        palette = self.palette()
        for role in (QPalette.ColorRole.Window, QPalette.ColorRole.Base):
            palette.setColor(role, QColor(background))
        for role in (QPalette.ColorRole.WindowText, QPalette.ColorRole.Text):
            palette.setColor(role, QColor(foreground))
        self.setPalette(palette)
        self.toolbar.set_theme(background, foreground)
        self._caption.setStyleSheet(f"color: {mixed(background, foreground, 0.8)};")
        self.canvas.set_theme(background, foreground)
        self.legend.set_theme(background, foreground)

    def set_empty_text(self, sentence: str) -> None:
        """Choose what to say while there are no points."""
        self._empty.setText(sentence)

    def set_empty_action(self, button: QWidget) -> None:
        """Put a button under what is said while there are no points."""
        self._empty_column.insertWidget(2, button, 0, Qt.AlignmentFlag.AlignCenter)

    def set_caption_action(self, button: QWidget) -> None:
        """Put a button behind the sentence below the map."""
        self._caption_row.addWidget(button)

    def add_header(self, header: QWidget) -> None:
        """Put something of the host, such as which cells are shown, right above the plot."""
        self._column.insertWidget(self._column.indexOf(self._pages), header)

    def set_plot_row(self, row: QWidget) -> None:
        """Let the host's row of axes and panels be opened below the toolbar."""
        self._column.insertWidget(1, row)
        row.setVisible(self.toolbar.plot_row.isChecked())
        self.toolbar.plot_row.show()
        self.toolbar.plot_row_toggled.connect(row.setVisible)

    def set_door(self, door: QWidget) -> None:
        """Let the row that the button of the toolbar opens save the plot."""
        self._column.insertWidget(1, door)
        self.toolbar.save.show()
        # Two open rows would leave a low plot no room.
        save, choose = self.toolbar.save, self.toolbar.plot_row
        save.toggled.connect(lambda on: choose.setChecked(choose.isChecked() and not on))
        choose.toggled.connect(lambda on: save.setChecked(save.isChecked() and not on))

    def set_plot_note(self, line: str, *, is_map: bool) -> None:
        """Say below the plot what is not shown, and on a map what it is no evidence of."""
        told = f"{line.rstrip('.')}. {CAPTION}" if line and is_map else line or CAPTION * is_map
        self._caption.setText(told)

    def set_tool(self, tool: Tool) -> None:
        """Choose what dragging with the left mouse button does."""
        self.toolbar.set_tool(tool)
        self.canvas.overlay.set_tool(tool)

    def add_control(self, control: QWidget) -> None:
        """Put a control of the host, such as "colour by", into the toolbar."""
        self.toolbar.add_control(control)

    def release(self) -> None:
        """Let go of the model and the graphics card; closing the widget does this too."""
        for signal, slot in self._links():
            signal.disconnect(slot, missing_ok=True)
        self.canvas.release()

    def closeEvent(self, event: QCloseEvent) -> None:
        self.release()
        super().closeEvent(event)

    def event(self, event: QEvent) -> bool:
        # while the focus is in here, our keys go before the main window's shortcuts
        override = event.type() == QEvent.Type.ShortcutOverride
        if override and isinstance(event, QKeyEvent) and self._action(event) is not None:
            event.accept()
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        action = self._action(event)
        if action is None:
            super().keyPressEvent(event)
        else:
            action()

    def _action(self, event: QKeyEvent) -> Callable[[], None] | None:
        if is_undo(event):
            return self.undo
        if self._steps is not None and is_redo(event):
            return self.redo
        if event.modifiers() != Qt.KeyboardModifier.NoModifier:
            return None
        if event.key() == Qt.Key.Key_L:
            return self.toggle_lasso
        if event.key() == Qt.Key.Key_R:
            return self.toggle_rectangle
        return self._escape if event.key() == Qt.Key.Key_Escape else None

    def undo(self) -> None:
        """Take back the last step."""
        if self._steps is None:
            self.model.undo()
        else:
            self._steps.undo()

    def redo(self) -> None:
        """Do the step again that was undone last, where the host keeps them."""
        if self._steps is not None:
            self._steps.redo()

    def toggle_lasso(self) -> None:
        """Take the lasso up or put it down."""
        self._toggle(Tool.LASSO)

    def toggle_rectangle(self) -> None:
        """Take the rectangle up or put it down."""
        self._toggle(Tool.RECTANGLE)

    def _toggle(self, tool: Tool) -> None:
        self.set_tool(Tool.PAN if self.canvas.overlay.tool is tool else tool)

    def _escape(self) -> None:
        if not self.canvas.overlay.cancel_lasso():
            self.model.clear()

    def _build(self) -> None:
        self._empty, self._caption = _sentence(EMPTY), _sentence(CAPTION)
        self._empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._below = QWidget()
        self._caption_row = QHBoxLayout(self._below)
        self._caption_row.setContentsMargins(0, 0, 0, 0)
        self._caption_row.setSpacing(8)
        self._caption_row.addWidget(self._caption, 1)
        self._pages = QStackedWidget()
        nothing = QWidget()
        self._empty_column = QVBoxLayout(nothing)
        self._empty_column.setSpacing(10)
        self._empty_column.addStretch(1)
        self._empty_column.addWidget(self._empty)
        self._empty_column.addStretch(1)
        self._pages.addWidget(nothing)
        self._pages.addWidget(self.canvas)
        self._column = layout = QVBoxLayout(self)
        layout.setContentsMargins(6, 6, 6, 6)
        layout.setSpacing(4)
        layout.addWidget(self.toolbar)
        layout.addWidget(self._pages, 1)
        layout.addWidget(self.pager)
        layout.addWidget(self.legend)
        layout.addWidget(self._below)
        self.setAutoFillBackground(True)

    def _connect(self) -> None:
        for signal, slot in self._links():
            signal.connect(slot)
        self.toolbar.tool_chosen.connect(self._on_tool_chosen)
        self.toolbar.undo_requested.connect(self.undo)
        self.toolbar.redo_requested.connect(self.redo)
        self.toolbar.clear_requested.connect(self._on_clear_requested)
        self.toolbar.fit_requested.connect(self.canvas.fit)
        self.toolbar.density_toggled.connect(self._on_density_toggled)
        self.toolbar.legend_toggled.connect(self.legend.setVisible)
        self.toolbar.size_chosen.connect(self._on_size_chosen)
        self.legend.picked.connect(self._on_category_picked)
        self.pager.turned.connect(self.canvas.turn_to)
        self.canvas.laid_out.connect(self._on_laid_out)

    def _links(self) -> list[tuple[SignalInstance, Callable[..., None]]]:
        steps = [(self._steps.changed, self._show_steps)] if self._steps else []
        return [
            *steps,
            (self.model.points_changed, self._on_points_changed),
            (self.model.moved, self._on_moved),
            (self.model.colours_changed, self._on_colours_changed),
            (self.model.selection_changed, self._on_selection_changed),
        ]

    def _on_points_changed(self) -> None:
        self._pages.setCurrentIndex(1 if self.model.count else 0)
        self._below.setVisible(self.model.count > 0)
        self.toolbar.setEnabled(self.model.count > 0)
        if not self._size_chosen:
            size = automatic_size(self.model.count)
            self.toolbar.set_size(size)
            self.canvas.set_point_size(size)
        self._on_colours_changed()
        self._on_selection_changed()

    def _on_moved(self) -> None:
        if self.model.density:
            self._on_colours_changed()

    def _on_laid_out(self) -> None:
        facets = self.model.facets
        self.pager.show_page(self.canvas.page, 0 if facets is None else len(facets))

    def _on_colours_changed(self) -> None:
        self.toolbar.set_density(self.model.density)
        self.legend.show_colouring(self.model.shown_colouring())
        self.legend.show_selection(self.model.selection)

    def _on_selection_changed(self) -> None:
        self.toolbar.set_selection_state(self.model.can_undo, bool(self.model.selection.any()))
        self.legend.show_selection(self.model.selection)
        self._show_steps()

    def _show_steps(self) -> None:
        if self._steps is not None:
            self.toolbar.show_steps(self._steps.undo_sentence, self._steps.redo_sentence)

    def _on_tool_chosen(self, tool: str) -> None:
        self.set_tool(Tool(tool))

    def _on_clear_requested(self) -> None:
        self.model.clear()

    def _on_density_toggled(self, on: bool) -> None:
        self.model.set_density(on)

    def _on_size_chosen(self, diameter: float) -> None:
        self._size_chosen = True
        self.canvas.set_point_size(diameter)

    def _on_category_picked(self, code: int, mode: str) -> None:
        colouring = self.model.shown_colouring()
        if isinstance(colouring, Categories):
            self.model.select(colouring.codes == code, mode)


def _sentence(text: str) -> QLabel:
    label = PlainLabel(text)
    label.setWordWrap(True)
    label.setMinimumWidth(1)  # wraps in a narrow dock instead of widening it
    return label
