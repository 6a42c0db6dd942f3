"""Asking one cell off the GUI thread."""

from __future__ import annotations

import threading
from collections.abc import Generator
from typing import TYPE_CHECKING, Any

from qtpy.QtCore import QObject, Signal

from napari_c3r.core.errors import InputError
from napari_c3r.session import Change, Part, Session
from napari_c3r.session.why import Sides, make_question, sides_of
from napari_c3r.session.why_asked import Asked
from napari_c3r.widgets.common.jobs import Jobs

if TYPE_CHECKING:
    from napari_c3r.core.explain.answer import Answer
    from napari_c3r.core.explain.exchanger import UsualWays

_SEEN = (
    Part.RESULT,
    Part.CURRENT,
    Part.CELLS,
    Part.ROLES,
    Part.MAP,
    Part.ANNOTATION,
    Part.GATES,
    Part.WHY,
)


class WhyController(QObject):
    """Asks a cell or a group, and keeps the answers of the displayed result.

    Signals
    -------
    changed
        What is known, running or wrong is other than before.
    progressed
        With a line on how far it is.
    """

    changed = Signal()
    progressed = Signal(str)

    def __init__(self, session: Session, parent: QObject) -> None:
        super().__init__(parent)
        self._session = session
        self.problem = ""
        self._asking: Sides | None = None
        self._jobs = Jobs(self)
        self._jobs.progressed.connect(self._on_progress)
        self._jobs.failed.connect(self._on_failed)
        self._jobs.finished.connect(self.changed)
        session.changed.connect(self._on_session)

    @property
    def running(self) -> bool:
        """Whether a cell is being asked."""
        return self._jobs.running is not None

    def answer(self, asked: Asked) -> Answer | None:
        """What was found of what is asked, None where it was not asked."""
        sides = sides_of(self._session, asked)
        return None if sides is None else self._session.why_answers.of(sides)

    def knows_usual(self, asked: Asked) -> bool:
        """Whether the same cells were compared with before."""
        sides = sides_of(self._session, asked)
        return sides is not None and self._session.why_answers.usual(sides) is not None

    def ask(self, asked: Asked) -> None:
        """Ask the cell that is pointed at, or a group."""
        self.problem = ""
        try:
            question = make_question(self._session, asked)
        except InputError as error:
            self.problem = str(error)
            self.changed.emit()
            return
        encoders = self._session.encoders
        usual = self._session.why_answers.usual(question.sides)
        self._asking = question.sides

        def body(
            stop: threading.Event,
        ) -> Generator[Any, None, tuple[Answer, UsualWays | None]]:
            yield "loading the encoder"
            with encoders.use(question.encoder_source) as encoder:
                run = question.run(encoder, usual)
                for step in run.steps():
                    yield step
                    if stop.is_set():
                        break
                return run.result(), run.usual

        self._jobs.start("ask why", body, self._take)
        self.changed.emit()

    def request_stop(self) -> None:
        """Stop after this batch; maps that are whole by then are kept."""
        self._jobs.request_stop()

    def release(self) -> None:
        """Forget the work and disconnect from the session."""
        self._jobs.discard()
        self._session.changed.disconnect(self._on_session, missing_ok=True)

    def _take(self, found: tuple[Answer, UsualWays | None]) -> None:
        assert self._asking is not None
        self._session.why_answers.take(self._asking, *found)

    def _on_progress(self, _: str, step: Any) -> None:
        if isinstance(step, str):
            self.progressed.emit(step)
            return
        left = step.seconds_left
        rest = f", about {max(1, round(left))} s left" if left is not None else ""
        self.progressed.emit(f"{step.stage} · {step.done} of {step.total} crops{rest}")

    def _on_failed(self, _: str, line: str) -> None:
        self.problem = line

    def _on_session(self, change: Change) -> None:
        if change.part is Part.RESULT:
            result = self._session.result.current
            kept = None if result is None else result.id
            if self.running and (self._asking is None or self._asking.result_id != kept):
                self._jobs.discard()
        if change.part in (Part.RESULT, Part.CURRENT):
            self.problem = ""
        if change.part in _SEEN:
            self.changed.emit()
