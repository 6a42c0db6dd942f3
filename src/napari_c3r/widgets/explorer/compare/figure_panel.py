"""A figure with its controls above, its sentence first, and how it is to be read below."""

from __future__ import annotations

from qtpy.QtCore import Qt, Signal
from qtpy.QtGui import QResizeEvent
from qtpy.QtWidgets import QPushButton, QVBoxLayout, QWidget
from superqt import QFlowLayout

from napari_c3r.core.figures.colours import mixed
from napari_c3r.core.figures.drawing import Drawing, Theme
from napari_c3r.widgets.common.elision import NameBox
from napari_c3r.widgets.common.figure_door import FigureDoor
from napari_c3r.widgets.common.form import scrolled
from napari_c3r.widgets.common.labels import WrappedLabel
from napari_c3r.widgets.explorer.compare.figure_view import LEAST_SCALE, FigureView

_LEAST_PX = 260
# So wide, a list among the controls may be as wide as what it says; below, two have a row.
_ROOMY_PX = 440
_LIST_PX = (128, 190)
# Beside a figure: its margins, and the bar that scrolls it.
_AROUND_PX = 28
_STEP_PX = 20


class FigurePanel(QWidget):
    """Shows a figure, or why there is none and what to do.

    Parameters
    ----------
    name
        Of the figure, for those who cannot see it.
    file_name
        What a saved figure is called at first, without suffix.

    Signals
    -------
    said
        With a line on a file that was written, or on what went wrong.
    """

    said = Signal(str)

    def __init__(self, name: str, file_name: str) -> None:
        super().__init__()
        self.view = FigureView(name)
        self.sentence, self.caption, self.reason = WrappedLabel(), WrappedLabel(), WrappedLabel()
        self.action_button = QPushButton("Open the C3R dock")
        self.action_button.setToolTip("Open the dock whose step 1 takes a plate map")
        self.save_button = QPushButton("Save…")
        self.door = FigureDoor(file_name, self.save_button)
        self.door.said.connect(self.said)
        self._controls = QFlowLayout()
        self._build()
        self.setMinimumWidth(_LEAST_PX)
        self.show_reason("")

    @property
    def busy(self) -> bool:
        """Whether a file is being written."""
        return self.door.busy

    def add_control(self, control: QWidget) -> None:
        """Put a control above the figure, into another row where there is no room in the first."""
        self._controls.removeWidget(self.save_button)
        for last in (control, self.save_button):
            self._controls.addWidget(last)

    def show_drawing(self, drawing: Drawing, page: str, theme: Theme, note: str = "") -> None:
        """Show a figure.

        Parameters
        ----------
        drawing
            The figure.
        page, theme
            It as SVG in these colours.
        note
            To say below it, of what its method says in a file.
        """
        self.sentence.setText(drawing.sentence)
        self.caption.setText(f"{drawing.caption} {note}".strip())
        self.view.show_drawing(drawing, page, theme)
        self.refit()
        self._show(self._figure)
        self.door.set_source(lambda _: lambda: drawing)

    def show_reason(self, reason: str, *, needs_plate_map: bool = False) -> None:
        """Say why there is no figure, with a button where a plate map would give one."""
        self.reason.setText(reason)
        self.action_button.setVisible(needs_plate_map)
        self._show(self._empty)
        self.door.set_source(None, "There is no figure to save yet")

    def set_theme(self, background: str, foreground: str) -> None:
        """Draw in these colours, each ``"#rrggbb"``."""
        self.view.set_theme(background, foreground)
        self.caption.setStyleSheet(f"color: {mixed(background, foreground, 0.7)};")
        self._content.setStyleSheet(f"#figure {{ background: {background}; }}")

    def resizeEvent(self, event: QResizeEvent | None) -> None:
        super().resizeEvent(event)
        widest = _LIST_PX[self.width() >= _ROOMY_PX]
        for box in self.findChildren(NameBox):
            box.setMaximumWidth(widest)
        self.refit()

    def release(self) -> None:
        """Forget what is being written."""
        self.door.release()

    def _build(self) -> None:
        holder = QWidget()
        holder.setLayout(self._controls)
        self._controls.setContentsMargins(0, 0, 0, 0)
        self._controls.setHorizontalSpacing(4)
        self._controls.setVerticalSpacing(4)
        self._controls.addWidget(self.save_button)
        bold = self.sentence.font()
        bold.setBold(True)
        self.sentence.setFont(bold)
        self._figure, self._empty = QWidget(), self._made_empty()
        inside = QVBoxLayout(self._figure)
        inside.setContentsMargins(4, 4, 4, 4)
        inside.setSpacing(6)
        for part in (self.sentence, self.view, self.caption):
            inside.addWidget(part)
        inside.addStretch(1)
        self._content = QWidget()
        self._content.setObjectName("figure")
        parts = QVBoxLayout(self._content)
        parts.setContentsMargins(0, 4, 0, 0)
        parts.setSpacing(4)
        parts.addWidget(holder)
        parts.addWidget(self.door)
        for page in (self._figure, self._empty):
            parts.addWidget(page, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        # A low dock has no room for rows of controls and a figure, but for each of them.
        self._scroll = scrolled(self._content)
        column.addWidget(self._scroll)

    def _show(self, page: QWidget) -> None:
        for each in (self._figure, self._empty):
            each.setVisible(each is page)

    def _made_empty(self) -> QWidget:
        page = QWidget()
        column = QVBoxLayout(page)
        self.reason.setAlignment(Qt.AlignmentFlag.AlignCenter)
        column.addStretch(1)
        column.addWidget(self.reason)
        column.addWidget(self.action_button, 0, Qt.AlignmentFlag.AlignHCenter)
        column.addStretch(1)
        return page

    @property
    def room(self) -> float:
        """How wide a figure may be without being scrolled, by steps: not at every pixel."""
        shown = max(self.width(), _LEAST_PX) - _AROUND_PX
        return shown // _STEP_PX * _STEP_PX / LEAST_SCALE

    def refit(self) -> None:
        """Give figure and words the width there is, as after the words were changed."""
        room = max(self.width() - _AROUND_PX, 60)
        self.view.fit(room)
        # A figure may be wider than the panel; what is read must not be.
        needed = Qt.ScrollBarPolicy.ScrollBarAsNeeded
        never = Qt.ScrollBarPolicy.ScrollBarAlwaysOff
        wide = self.view.width() > room
        self._scroll.setHorizontalScrollBarPolicy(needed if wide else never)
        for text in (self.sentence, self.caption):
            text.setFixedSize(room, max(text.heightForWidth(room), 1))
