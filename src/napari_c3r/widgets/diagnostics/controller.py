"""Running the diagnostics off the GUI thread, and forgetting what is out of date."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Generator
from contextlib import nullcontext
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from qtpy.QtCore import QObject, Signal

from napari_c3r.core.diagnose import FlipReport, FlipRun, Kind
from napari_c3r.core.diagnose.entries import ENCODERS, SWAP
from napari_c3r.core.diagnose.second import as_second
from napari_c3r.core.errors import InputError
from napari_c3r.session import Change, OutdatedReason, Part, Session
from napari_c3r.session.diagnoses import Diagnosis
from napari_c3r.widgets.common.jobs import Jobs
from napari_c3r.widgets.diagnostics.diagnosis import diagnose
from napari_c3r.widgets.diagnostics.options import (
    DiagnosticsJob,
    DiagnosticsOptions,
    disabled_reason,
    make_job,
    options_again,
    outdated_reason,
)

if TYPE_CHECKING:
    from napari_c3r.core.diagnose.flip_state import FlipState
    from napari_c3r.core.embed.estimate import Estimate
    from napari_c3r.core.embed.job import EmbedJob

ASK, ESTIMATE, MAPS, REPORT = "ask", "estimate", "maps", "report"
Maps = tuple[NDArray[np.float32], NDArray[np.float32]]


@dataclass(eq=False)
class _Work:
    """A job, and what was done of it before."""

    job: DiagnosticsJob
    run: FlipRun | None = None
    seconds: float = 0.0
    state: FlipState | None = None


class DiagnosticsController(QObject):
    """Runs diagnostics on a session's result, one job at a time.

    Signals
    -------
    changed
        What is known, running or wrong is other than before.
    progressed
        With an `EmbedProgress`, or a sentence.
    answered
        With a `Diagnosis`, or None where there is none any more.
    mapped
        With the name that was asked for and the maps before and after.
    written
        With the path of the report.
    """

    changed = Signal()
    progressed = Signal(object)
    answered = Signal(object)
    mapped = Signal(str, object)
    written = Signal(str)

    def __init__(self, session: Session, parent: QObject) -> None:
        super().__init__(parent)
        self._session = session
        self.problem = ""
        self._work: _Work | None = None
        self._estimates: dict[tuple[int, str], Estimate] = {}
        self._maps: dict[str, Maps] = {}
        self._working = {name: Jobs(self) for name in (ASK, ESTIMATE, MAPS, REPORT)}
        for jobs in self._working.values():
            jobs.failed.connect(self._on_failed)
            jobs.finished.connect(self.changed)
        self._working[ASK].progressed.connect(lambda _, step: self.progressed.emit(step))
        session.changed.connect(self._on_session)

    @property
    def diagnosis(self) -> Diagnosis | None:
        """What was found last."""
        return self._session.diagnoses.current

    @property
    def running(self) -> bool:
        """Whether diagnostics are running."""
        return self._working[ASK].running is not None

    @property
    def mapping(self) -> bool:
        """Whether maps are being laid out."""
        return self._working[MAPS].running is not None

    @property
    def writing(self) -> bool:
        """Whether a report is being written."""
        return self._working[REPORT].running is not None

    @property
    def busy(self) -> bool:
        """Whether anything is under way."""
        return any(jobs.running is not None for jobs in self._working.values())

    @property
    def outdated(self) -> OutdatedReason | None:
        """Why what was found no longer holds, or None."""
        found = self.diagnosis
        return None if found is None else outdated_reason(self._session, found.result_id)

    def estimate(self, source: str) -> Estimate | None:
        """What embedding the result's cells once costs with an encoder, None while not known."""
        result = self._session.result.current
        return None if result is None else self._estimates.get((result.id, source))

    def start(self, options: DiagnosticsOptions) -> None:
        """Run diagnostics from the beginning."""
        try:
            self._start(_Work(make_job(self._session, options)))
        except InputError as error:
            self._on_failed(ASK, str(error))

    @property
    def can_resume(self) -> bool:
        """Whether a run was stopped that still fits the result."""
        found = self.diagnosis
        return found is not None and found.can_go_on and not self.outdated

    def resume(self) -> None:
        """Take up the run that was stopped, here or in a session that was saved."""
        found = self.diagnosis
        if found is None or not self.can_resume:
            return
        try:
            job = make_job(self._session, options_again(found.options))
        except InputError as error:
            self._on_failed(ASK, str(error))
            return
        self._start(_Work(job, found.run, found.seconds, found.state))

    def refuse(self, line: str) -> None:
        """Say what is wrong with a choice; nothing with an empty line."""
        self.problem = line
        self.changed.emit()

    def request_stop(self) -> None:
        """Stop after this batch; what is done by then is compared and kept."""
        self._working[ASK].request_stop()

    def _start(self, work: _Work) -> None:
        self._work, self.problem = work, ""
        self._working[ESTIMATE].discard()
        encoders = self._session.encoders

        def body(stop: threading.Event) -> Generator[Any, None, Diagnosis]:
            began = time.perf_counter()
            if work.run is None:
                yield "loading the encoder"
            source = work.job.encoder_source
            other = work.job.options.second_encoder
            with encoders.use(source), encoders.use(other) if other else nullcontext():
                if work.run is None:
                    # What was found outlives the network, for its report.
                    second = encoders.reloading(other) if other else None
                    work.run = FlipRun(work.job.job(encoders.reloading(source), second))
                    if work.state is not None:
                        work.run.go_on_from(work.state)
                found = yield from diagnose(work.job, work.run, stop)
            work.seconds += time.perf_counter() - began
            found = replace(found, seconds=work.seconds)
            # Made ready here to be saved, which the window would feel.
            _ = found.kept
            return found

        self._working[ASK].start(ASK, body, self._take)
        self.changed.emit()

    def _take(self, found: Diagnosis) -> None:
        self._session.diagnoses.take(found)

    def find_cost(self, second: str | None = None) -> None:
        """Find out in the background what embedding the cells once costs, with each encoder."""
        result = self._session.result.current
        if result is None or self.busy or disabled_reason(self._session):
            return
        wanted = [source for source in (result.encoder_source, second) if source]
        missing = [source for source in wanted if (result.id, source) not in self._estimates]
        if not missing:
            return
        job = make_job(self._session, DiagnosticsOptions((SWAP.name,)))
        count, encoders = len(job.fields[0].wanted), self._session.encoders

        def body(_: threading.Event) -> Generator[str, None, dict[tuple[int, str], Estimate]]:
            from napari_c3r.core.embed.estimate import estimate

            found = {}
            for source in missing:
                yield "embedding a few crops"
                once = job.field_job(encoders.get(job.encoder_source))
                if source != job.encoder_source:
                    once = as_second(once, encoders.get(source))
                found[job.result_id, source] = estimate(once, count)
            return found

        def take(found: dict[tuple[int, str], Estimate]) -> None:
            self._estimates |= found

        self._working[ESTIMATE].start(ESTIMATE, body, take)

    def show_maps(self, name: str) -> None:
        """Lay out the cells as assigned, and under a variant or by the second encoder.

        Maps that are known come at once. The second encoder is called as its diagnostic is.
        """
        found = self.diagnosis
        if found is None:
            return
        if name in self._maps:
            self.mapped.emit(name, self._maps[name])
            return
        start, report = self._places(found.report), found.report
        second = report.second.vectors if report.second and name == ENCODERS.name else None

        def body(_: threading.Event) -> Generator[str, None, Maps]:
            from napari_c3r.core.diagnose.maps import paired_maps

            yield "laying out the maps"
            other = report.vectors[name] if second is None else second
            first, seed = report.vectors[str(Kind.ASSIGNED)], found.seed
            return paired_maps(first, other, start=start, seed=seed)

        def take(maps: Maps) -> None:
            self._maps[name] = maps
            self.mapped.emit(name, maps)

        self._working[MAPS].start(MAPS, body, take)
        self.changed.emit()

    def _places(self, report: FlipReport) -> NDArray[np.float32] | None:
        """Where the explorer's map has these cells, None where it does not have them all."""
        result = self._session.result.current
        if result is None or not self._session.result.has_map or self.outdated:
            return None
        rows = result.table.obs_names.get_indexer(report.obs.index)
        if (rows < 0).any():
            return None
        return np.asarray(result.table.obsm["X_umap"][rows], np.float32)

    def write(self, path: str) -> None:
        """Write the report."""
        found = self.diagnosis
        if found is None:
            return
        fields = self._fields(found)

        def body(_: threading.Event) -> Generator[str, None, Path]:
            from napari_c3r.core.diagnose.report import require_report, write_answers
            from napari_c3r.core.diagnose.reread import EarlierRun

            yield "writing"
            require_report(Path(path))
            run = found.run or EarlierRun(found.report, fields)
            return write_answers(run, found.answers, Path(path), seed=found.seed)[0]

        self.problem = ""
        self._working[REPORT].start(REPORT, body, lambda page: self.written.emit(str(page)))
        self.changed.emit()

    def _fields(self, found: Diagnosis) -> Callable[[], list[EmbedJob]]:
        """What reads the cells' pictures again, where what was found came from a file."""
        why, job = str(self.outdated or ""), None
        if found.run is None and not why:
            try:
                job = make_job(self._session, DiagnosticsOptions(found.asked, seed=found.seed))
            except InputError as error:
                why = str(error)
        encoders = self._session.encoders

        def fields() -> list[EmbedJob]:
            if job is None:
                raise InputError(f"these cells are not those shown now, {why}")
            with encoders.use(job.encoder_source) as encoder:
                return [job.field_job(encoder, number) for number in range(len(job.fields))]

        return fields

    def _on_session(self, change: Change) -> None:
        if change.part is Part.DIAGNOSIS:
            self._maps = {}
            self._working[MAPS].discard()
            self.answered.emit(self.diagnosis)
            self.changed.emit()
        if change.part is not Part.RESULT:
            return
        result, work = self._session.result.current, self._work
        if work is not None and (result is None or result.id != work.job.result_id):
            if self.running:
                self._working[ASK].discard()
                self.problem = "Stopped, as other cells were embedded meanwhile"
            self._work = None
        self._working[ESTIMATE].discard()
        self.changed.emit()

    def _on_failed(self, name: str, line: str) -> None:
        # Without an estimate one can do.
        if name != ESTIMATE:
            self.problem = line
            self.changed.emit()

    def release(self) -> None:
        """Forget all work and disconnect from the session."""
        for jobs in self._working.values():
            jobs.discard()
        self._session.changed.disconnect(self._on_session, missing_ok=True)
