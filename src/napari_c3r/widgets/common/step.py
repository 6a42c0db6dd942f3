"""One step of the dock: a header that is always there and a body that folds away."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from qtpy.QtCore import Qt, Signal
from qtpy.QtGui import QKeyEvent, QMouseEvent, QResizeEvent
from qtpy.QtWidgets import QFrame, QGridLayout, QLabel, QVBoxLayout, QWidget

from napari_c3r.widgets.common.elision import with_short_names
from napari_c3r.widgets.common.labels import WrappedLabel, plain_tip
from napari_c3r.widgets.common.tones import Tone, set_tone


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


_TONES = {
    Mark.DONE: Tone.DONE,
    Mark.NEXT: Tone.NEXT,
    Mark.DOUBT: Tone.ATTENTION,
    Mark.ATTENTION: Tone.ATTENTION,
    Mark.WAITING: Tone.QUIET,
}
_FOLD_TIP = "Open or fold this step"
# Letters may be drawn a little wider than they are measured.
_SLACK_PX = 6


class StepHeader(QFrame):
    """Number, title, what the step has, and how it stands; a click opens the step."""

    clicked = Signal()

    def __init__(self, number: int, title: str) -> None:
        super().__init__()
        self.setObjectName("c3r_step_header")
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setAccessibleName(f"Step {number}: {title}")
        self.setToolTip(_FOLD_TIP)
        self.setStyleSheet("#c3r_step_header { border-top: 1px solid rgba(128, 128, 128, 70); }")
        self._arrow = QLabel("▸")
        self._title = QLabel(f"<b>{number}&nbsp;{title}</b>")
        self._line = WrappedLabel()
        self._line.setAlignment(Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignLeft)
        # Qt would indent it from the top too, below the title beside it.
        self._line.setIndent(0)
        self._mark = QLabel()
        bold = self._mark.font()
        bold.setBold(True)
        self._mark.setFont(bold)
        self._status, self._is_open = StepStatus(Mark.WAITING, ""), False
        self._place = (-1, -1, 1, 1)
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(6, 6, 8, 6)
        self._grid.setHorizontalSpacing(8)
        self._grid.setVerticalSpacing(2)
        self._grid.setColumnStretch(2, 1)
        top = Qt.AlignmentFlag.AlignTop
        self._grid.addWidget(self._arrow, 0, 0, top)
        self._grid.addWidget(self._title, 0, 1, top)
        self._grid.addWidget(self._mark, 0, 3, top)
        self._arrange()

    def show_status(self, status: StepStatus) -> None:
        """Render the status."""
        self._status = status
        self._mark.setText(status.mark.value)
        set_tone(self._mark, _TONES[status.mark])
        set_tone(self._line, Tone.QUIET if status.mark is Mark.WAITING else Tone.PLAIN)
        self._arrange()

    def resizeEvent(self, event: QResizeEvent | None) -> None:
        super().resizeEvent(event)
        self._arrange()

    def _arrange(self) -> None:
        """Put what the step has beside the title where it fits there, else below.

        Below, a folded step that is done says it with short names.
        """
        around = self._grid.contentsMargins()
        inside = self.width() - around.left() - around.right()
        gap, lines = self._grid.horizontalSpacing(), self._status.line.split("\n")
        mark = self._mark.sizeHint().width()
        before = self._arrow.sizeHint().width() + gap
        below = inside - before - _SLACK_PX
        beside = below - self._title.sizeHint().width() - mark - 2 * gap
        metrics = self._line.fontMetrics()
        fits = all(metrics.horizontalAdvance(line) <= beside for line in lines)
        place = (0, 2, 1, 1) if fits else (1, 1, 1, 3)
        if place != self._place:
            self._place = place
            self._grid.addWidget(self._line, *place, Qt.AlignmentFlag.AlignTop)
        is_short = not (fits or self._is_open) and self._status.mark is Mark.DONE
        measure = metrics.horizontalAdvance
        shown = [with_short_names(each, below, measure) for each in lines] if is_short else lines
        if (told := "\n".join(shown)) != self._line.text():
            self._line.setText(told)
        whole = self._status.line
        self.setToolTip(_FOLD_TIP if told == whole else plain_tip(f"{whole}\n{_FOLD_TIP}"))

    @property
    def line(self) -> str:
        """What the step has, whole."""
        return self._status.line

    @property
    def mark(self) -> str:
        """The sign shown."""
        return self._mark.text()

    def show_open(self, is_open: bool) -> None:
        """Point the arrow down while the step is open."""
        self._arrow.setText("▾" if is_open else "▸")
        self._is_open = is_open
        self._arrange()

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
        set_tone(self.reason, Tone.ATTENTION)
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
