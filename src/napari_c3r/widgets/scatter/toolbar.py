"""The row of controls above the map."""

from __future__ import annotations

from functools import partial
from itertools import pairwise

from qtpy.QtCore import QSignalBlocker, QSize, Qt, Signal
from qtpy.QtWidgets import QButtonGroup, QHBoxLayout, QLabel, QSlider, QToolButton, QWidget
from superqt import QFlowLayout

from napari_c3r.core.figures.colours import mixed
from napari_c3r.widgets.common.labels import plain_tip
from napari_c3r.widgets.scatter import icons
from napari_c3r.widgets.scatter.overlay import Tool

SIZES = (1.0, 20.0)
"""Smallest and largest diameter of a point, in screen pixels."""

SLIDER_STEPS = 4
"""Steps of the size slider for each pixel."""

# Narrower, it would take the height that the map needs.
_TWO_LINES_PX = 284


class Toolbar(QWidget):
    """Says what the user asks for; changes nothing itself."""

    tool_chosen = Signal(str)
    undo_requested = Signal()
    redo_requested = Signal()
    clear_requested = Signal()
    fit_requested = Signal()
    density_toggled = Signal(bool)
    plot_row_toggled = Signal(bool)
    legend_toggled = Signal(bool)
    size_chosen = Signal(float)

    def __init__(self) -> None:
        super().__init__()
        # In two lines where there is no room for one, so that it never makes the window wider.
        self._row = QFlowLayout(self)
        self._row.setContentsMargins(0, 0, 0, 0)
        self._row.setHorizontalSpacing(2)
        self._row.setVerticalSpacing(2)
        self.setMinimumWidth(_TWO_LINES_PX)
        self._tools = QButtonGroup(self)
        self._icons: dict[QToolButton, str] = {}
        self._add_buttons()
        self._last_control: QWidget = self.legend
        self.point_size = _size_slider()
        self._size_icon = QLabel()
        self._size_icon.setFixedWidth(icons.SIZE)
        self._of_host = QWidget()
        self._controls = QHBoxLayout(self._of_host)
        self._controls.setContentsMargins(0, 0, 0, 0)
        self._of_host.hide()
        self._row.addWidget(self._of_host)
        self._of_size = QWidget()
        of_size = QHBoxLayout(self._of_size)
        of_size.setContentsMargins(0, 0, 0, 0)
        of_size.setSpacing(2)
        of_size.addWidget(self._size_icon)
        of_size.addWidget(self.point_size)
        self._row.addWidget(self._of_size)
        self._connect()

    def set_theme(self, background: str, foreground: str) -> None:
        """Draw icons and buttons in these colours, each ``"#rrggbb"``."""
        hover, checked = (mixed(background, foreground, share) for share in (0.1, 0.2))
        self.setStyleSheet(
            "QToolButton { border: 1px solid transparent; border-radius: 3px; padding: 2px; "
            "background-color: transparent; }"
            f"QToolButton:hover {{ background-color: {hover}; }}"
            f"QToolButton:checked {{ background-color: {checked}; border-color: {checked}; }}"
            f"QToolButton:focus {{ border-color: {foreground}; }}"
        )
        for button, name in self._icons.items():
            button.setIcon(icons.icon(name, foreground))
        self._size_icon.setPixmap(icons.pixmap("size", foreground))

    def set_tool(self, tool: Tool) -> None:
        """Show which tool is in hand."""
        self._button_of[tool].setChecked(True)

    def set_size(self, diameter: float) -> None:
        """Show a diameter without choosing it."""
        with QSignalBlocker(self.point_size):
            self.point_size.setValue(round(diameter * SLIDER_STEPS))

    def set_compact(self, compact: bool) -> None:
        """Do without the size of points where there is little room."""
        self._of_size.setVisible(not compact)

    def set_density(self, on: bool) -> None:
        """Show whether density is on without asking for it."""
        with QSignalBlocker(self.density):
            self.density.setChecked(on)

    def set_selection_state(self, can_undo: bool, can_clear: bool) -> None:
        """Enable undo and clear where they would do something."""
        self.undo.setEnabled(can_undo)
        self.clear.setEnabled(can_clear)

    def show_steps(self, undo: str, redo: str) -> None:
        """Say what undo and redo would do, each in words that are empty where there is nothing."""
        for button, title, step, keys in (
            (self.undo, "Undo", undo, "Ctrl+Z"),
            (self.redo, "Redo", redo, "Ctrl+Shift+Z"),
        ):
            told = f"{title}: {step} ({keys})" if step else f"Nothing to {title.lower()} ({keys})"
            button.setEnabled(bool(step))
            button.setAccessibleName(title)
            button.setAccessibleDescription(told)
            button.setToolTip(plain_tip(told))
        self.redo.show()

    def add_control(self, control: QWidget) -> None:
        """Put a control of the host between the buttons and the point size."""
        self._controls.addWidget(control)
        self._of_host.show()
        # Of a control with its title it is the control itself that Tab comes to; the list that a
        # combo box opens is a window of its own.
        inside = [control, *control.findChildren(QWidget)]
        here = [widget for widget in inside if widget.window() == self.window()]
        reached = [widget for widget in here if widget.focusPolicy() & Qt.FocusPolicy.TabFocus]
        for before, after in pairwise((self._last_control, *reached, self.point_size)):
            QWidget.setTabOrder(before, after)
        self._last_control = reached[-1] if reached else self._last_control

    def _add_buttons(self) -> None:
        self.pan = self._button(
            "pan", "Pan", "Drag to move, wheel to zoom, double-click to show all", toggle=True
        )
        self.lasso = self._button(
            "lasso", "Lasso", "Draw around cells (L); Shift adds, Alt or Ctrl removes", toggle=True
        )
        self.rectangle = self._button(
            "rectangle",
            "Rectangle",
            "Draw a rectangle around cells (R); Shift adds, Alt or Ctrl removes",
            toggle=True,
        )
        for tool in (self.pan, self.lasso, self.rectangle):
            self._tools.addButton(tool)
        self._button_of = {
            Tool.PAN: self.pan,
            Tool.LASSO: self.lasso,
            Tool.RECTANGLE: self.rectangle,
        }
        self.undo = self._button("undo", "Undo selection", "Back to the one before (Ctrl+Z)")
        self.redo = self._button("redo", "Redo", "Do again what was undone (Ctrl+Shift+Z)")
        # Of selections alone, which a map keeps itself, there is no way forward.
        self.redo.hide()
        self.clear = self._button("clear", "Clear selection", "Select nothing (Esc)")
        self.fit = self._button("fit", "Show all", "Bring every point into view")
        self.density = self._button(
            "density", "Density", "Colour by how crowded the map is", toggle=True
        )

        self.plot_row = self._button(
            "axes", "Axes and panels", "Show any two columns, and a small plot a value", toggle=True
        )
        self.save = self._button("save", "Save figure", "Save the plot for a paper", toggle=True)
        self.legend = self._button("legend", "Legend", "Show what the colours mean", toggle=True)
        self.legend.setChecked(True)
        # Of a map whose host has nothing to show or to save.
        self.plot_row.hide()
        self.save.hide()

    def _button(self, icon: str, title: str, tip: str, toggle: bool = False) -> QToolButton:
        button = QToolButton()
        button.setIconSize(QSize(icons.SIZE, icons.SIZE))
        button.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        button.setCheckable(toggle)
        button.setAccessibleName(title)
        button.setAccessibleDescription(tip)
        button.setToolTip(f"{title}. {tip}")
        self._row.addWidget(button)
        self._icons[button] = icon
        return button

    def _connect(self) -> None:
        for tool, button in self._button_of.items():
            button.clicked.connect(partial(self.tool_chosen.emit, str(tool)))
        self.undo.clicked.connect(self.undo_requested)
        self.redo.clicked.connect(self.redo_requested)
        self.clear.clicked.connect(self.clear_requested)
        self.fit.clicked.connect(self.fit_requested)
        self.density.toggled.connect(self.density_toggled)
        self.plot_row.toggled.connect(self.plot_row_toggled)
        self.legend.toggled.connect(self.legend_toggled)
        self.point_size.valueChanged.connect(self._on_size)

    def _on_size(self, steps: int) -> None:
        self.size_chosen.emit(steps / SLIDER_STEPS)


def _size_slider() -> QSlider:
    slider = QSlider(Qt.Orientation.Horizontal)
    slider.setRange(*(round(size * SLIDER_STEPS) for size in SIZES))
    slider.setMinimumWidth(18)
    slider.setMaximumWidth(110)
    slider.setAccessibleName("Point size")
    slider.setToolTip("Point size")
    return slider
