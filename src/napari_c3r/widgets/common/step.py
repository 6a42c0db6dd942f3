"""One step of the dock: a header that is always there and a body that folds away."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from qtpy.QtCore import Qt, Signal
from qtpy.QtGui import QKeyEvent, QMouseEvent
from qtpy.QtWidgets import QFrame, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from napari_c3r.widgets.common.labels import WrappedLabel


class Mark(StrEnum):
    """How a step stands, and the sign for it."""

    DONE = "✓"
    NEXT = "•"
    DOUBT = "?"
    ATTENTION = "!"
    WAITING = ""


@dataclass(frozen=True)
class StepStatus:
    """A step's header.

    Attributes
    ----------
    mark
        Done, next, guessed, in need of the user, or waiting for an earlier step.
    line
        What the step has.
    disabled_reason
        One sentence on why the step's button is disabled; empty when it is not.
    """

    mark: Mark
    line: str
    disabled_reason: str = ""

    @property
    def is_settled(self) -> bool:
        """Whether one can go on to the next step: it is done, though part of it may be a guess."""
        return self.mark in (Mark.DONE, Mark.DOUBT)


# Readable on napari's dark and light backgrounds alike.
MARK_COLOURS = {
    Mark.DONE: "#2fa866",
    Mark.NEXT: "#3b8eea",
    Mark.DOUBT: "#d9822b",
    Mark.ATTENTION: "#d9822b",
    Mark.WAITING: "#808080",
}


class StepHeader(QFrame):
    """Number, title, what the step has, and how it stands; a click opens the step."""

    clicked = Signal()

    def __init__(self, number: int, title: str) -> None:
        super().__init__()
        self.setObjectName("c3r_step_header")
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setAccessibleName(f"Step {number}: {title}")
        self.setToolTip("Open or fold this step")
        self.setStyleSheet("#c3r_step_header { border-top: 1px solid rgba(128, 128, 128, 70); }")
        self._arrow = QLabel("▸")
        self._title = QLabel(f"<b>{number}&nbsp;{title}</b>")
        self._line = WrappedLabel()
        self._line.setAlignment(Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignLeft)
        # Qt would indent it from the top too, below the title beside it.
        self._line.setIndent(0)
        self._mark = QLabel()
        row = QHBoxLayout(self)
        row.setContentsMargins(6, 6, 8, 6)
        row.setSpacing(8)
        self._title.setFixedWidth(104)
        self._title.setWordWrap(True)
        top = Qt.AlignmentFlag.AlignTop
        row.addWidget(self._arrow, 0, top)
        row.addWidget(self._title, 0, top)
        row.addWidget(self._line, 1, top)
        row.addWidget(self._mark, 0, top)

    def show_status(self, status: StepStatus) -> None:
        """Render the status."""
        self._line.setText(status.line)
        colour = MARK_COLOURS[status.mark]
        self._mark.setText(f'<b style="color:{colour}">{status.mark.value}</b>')
        self._line.setEnabled(status.mark is not Mark.WAITING)

    @property
    def line(self) -> str:
        """The text shown."""
        return self._line.text()

    @property
    def mark(self) -> str:
        """The rendered mark."""
        return self._mark.text()

    def show_open(self, is_open: bool) -> None:
        """Point the arrow down while the step is open."""
        self._arrow.setText("▾" if is_open else "▸")

    def mousePressEvent(self, event: QMouseEvent | None) -> None:
        """Open or fold."""
        self.clicked.emit()

    def keyPressEvent(self, event: QKeyEvent | None) -> None:
        """Open or fold with Return or the space bar."""
        plain = event is not None and event.modifiers() == Qt.KeyboardModifier.NoModifier
        if event is not None and plain and event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Space):
            self.clicked.emit()
        else:
            super().keyPressEvent(event)


class Step(QWidget):
    """A header and the body under it.

    Parameters
    ----------
    number
        Place in the dock, from 1.
    title
        One word.
    body
        The step's controls.
    """

    toggled = Signal(object)

    def __init__(self, number: int, title: str, body: QWidget) -> None:
        super().__init__()
        self.header = StepHeader(number, title)
        self.title = title
        self.body = body
        self.reason = WrappedLabel()
        self.reason.setObjectName("c3r_reason")
        self.reason.setStyleSheet(f"color: {MARK_COLOURS[Mark.ATTENTION]};")
        self._frame = QFrame()
        inside = QVBoxLayout(self._frame)
        inside.setContentsMargins(14, 2, 8, 10)
        inside.setSpacing(6)
        inside.addWidget(body)
        inside.addWidget(self.reason)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.header)
        column.addWidget(self._frame)
        self.header.clicked.connect(self._toggle)
        self.set_open(False)

    def _toggle(self) -> None:
        self.set_open(not self.is_open)
        self.toggled.emit(self)

    @property
    def is_open(self) -> bool:
        """Whether the body shows."""
        return not self._frame.isHidden()

    def set_open(self, is_open: bool) -> None:
        """Show or fold the body."""
        self._frame.setVisible(is_open)
        self.header.show_open(is_open)

    def show_status(self, status: StepStatus, problem: str = "") -> None:
        """Render the header, and under the body why a button is disabled or what failed."""
        self.header.show_status(status)
        self.reason.setText(problem or status.disabled_reason)
        self.reason.setVisible(bool(problem or status.disabled_reason))
