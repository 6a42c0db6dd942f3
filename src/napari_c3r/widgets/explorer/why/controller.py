"""Asking one cell off the GUI thread."""

from __future__ import annotations

import threading
from collections.abc import Generator
from typing import TYPE_CHECKING, Any

from qtpy.QtCore import QObject, Signal

from napari_c3r.core.errors import InputError
from napari_c3r.core.explain.options import WhyOptions
from napari_c3r.session import Change, Part, Session
from napari_c3r.session.why import make_question
from napari_c3r.session.why_answers import Asked
from napari_c3r.widgets.common.jobs import Jobs

if TYPE_CHECKING:
    from napari_c3r.core.explain import WhyHere


class WhyController(QObject):
    """Asks the cell that is pointed at, and keeps the answers of the displayed result.

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
        self._asking: Asked | None = None
        self._jobs = Jobs(self)
        self._jobs.progressed.connect(self._on_progress)
        self._jobs.failed.connect(self._on_failed)
        self._jobs.finished.connect(self.changed)
        session.changed.connect(self._on_session)

    @property
    def running(self) -> bool:
        """Whether a cell is being asked."""
        return self._jobs.running is not None

    def answer(self, options: WhyOptions) -> WhyHere | None:
        """What was found of the cell that is pointed at, None where it was not asked."""
        asked = self._asked(options)
        return None if asked is None else self._session.why_answers.of(asked)

    def ask(self, options: WhyOptions) -> None:
        """Ask the cell that is pointed at."""
        self.problem = ""
        try:
            question = make_question(self._session, options)
        except InputError as error:
            self.problem = str(error)
            self.changed.emit()
            return
        encoders = self._session.encoders
        self._asking = self._asked(options)

        def body(stop: threading.Event) -> Generator[Any, None, WhyHere]:
            from napari_c3r.core.explain import WhyRun

            yield "loading the encoder"
            with encoders.use(question.encoder_source) as encoder:
                run = WhyRun(question.job(encoder))
                for step in run.steps():
                    yield step
                    if stop.is_set():
                        break
                return run.result()

        self._jobs.start("ask one cell", body, self._take)
        self.changed.emit()

    def request_stop(self) -> None:
        """Stop after this batch; maps that are whole by then are kept."""
        self._jobs.request_stop()

    def release(self) -> None:
        """Forget the work and disconnect from the session."""
        self._jobs.discard()
        self._session.changed.disconnect(self._on_session, missing_ok=True)

    def _asked(self, options: WhyOptions) -> Asked | None:
        result, row = self._session.result.current, self._session.selection.current
        if result is None or row is None:
            return None
        return result.id, str(result.table.obs_names[row]), options

    def _take(self, found: WhyHere) -> None:
        assert self._asking is not None
        self._session.why_answers.take(self._asking, found)

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
            if self.running and (self._asking is None or self._asking[0] != kept):
                self._jobs.discard()
        if change.part in (Part.RESULT, Part.CURRENT):
            self.problem = ""
        if change.part in (Part.RESULT, Part.CURRENT, Part.CELLS, Part.ROLES, Part.MAP):
            self.changed.emit()
