"""What the diagnostics found of the session's cells, kept with the session."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any

from psygnal import Signal

from napari_c3r.core.errors import InputError
from napari_c3r.core.text import shortened
from napari_c3r.session.changes import Cause, Change, Part
from napari_c3r.session.history import History
from napari_c3r.session.kept import Kept

if TYPE_CHECKING:
    import pandas as pd

    from napari_c3r.core.diagnose import FlipReport, FlipRun
    from napari_c3r.core.diagnose.flip_state import FlipState
    from napari_c3r.core.diagnose.registry import DiagnosticAnswers
    from napari_c3r.session.result import Result

_OF_RESULT, _ASKED, _SEED = "of_result", "asked", "seed"
_SECONDS, _LEFT, _FOUND, _OPTIONS = "seconds", "cells_left", "found", "options"


@dataclass(frozen=True, eq=False)
class Diagnosis:
    """What was found.

    Attributes
    ----------
    result_id
        Of the result whose cells were asked; 0 for one that is not here any more.
    asked
        Names of the diagnostics.
    seed
        Of all that was drawn.
    report
        Of the cells that were done.
    answers
        What each diagnostic found, or why it found nothing.
    clusters
        Name of each cell's cluster by the name of its row; None where there is no map.
    seconds
        How long it took.
    cells_left
        Cells that a stopped run has yet to embed.
    run
        Reads pictures of the cells, and goes on where it was stopped; None where it was kept in a
        file.
    options
        What was chosen, as plain values; empty where a version before this one kept it.
    state
        What a run that was stopped has done, with which another one goes on.
    """

    result_id: int
    asked: tuple[str, ...]
    seed: int
    report: FlipReport
    answers: DiagnosticAnswers
    clusters: pd.Series | None = None
    seconds: float = 0.0
    cells_left: int = 0
    run: FlipRun | None = None
    options: Mapping[str, Any] = field(default_factory=dict)
    state: FlipState | None = None

    @cached_property
    def kept(self) -> Kept:
        """All of it but which result it is of; it is made once, best by a worker."""
        from napari_c3r.core.diagnose.kept import pack_found

        facts, arrays = pack_found(self.report, self.answers, self.clusters, self.state)
        told = {_ASKED: list(self.asked), _SEED: self.seed}
        told |= {_SECONDS: self.seconds, _LEFT: self.cells_left, _FOUND: facts}
        told[_OPTIONS] = dict(self.options)
        return Kept(told, arrays)

    @property
    def can_go_on(self) -> bool:
        """Whether it was stopped, and what it has done by then is known."""
        return self.cells_left > 0 and bool(self.options) and (self.run or self.state) is not None

    @property
    def n_bytes(self) -> int:
        """Memory that its vectors take."""
        return sum(int(vectors.nbytes) for vectors in self.report.vectors.values())


class Diagnoses:
    """The last answer of the diagnostics.

    Parameters
    ----------
    result
        Has the cells.
    history
        Takes note of an answer that takes the place of another.

    Attributes
    ----------
    current
        The last answer; None before anything was asked. It may be of a result that is not
        displayed any more: see `Diagnosis.result_id`.
    changed
        With a :class:`Change`.
    """

    changed = Signal(Change)

    def __init__(self, result: Result, history: History) -> None:
        self._result, self._history = result, history
        self.current: Diagnosis | None = None

    def take(self, found: Diagnosis | None, cause: Cause = Cause.USER) -> None:
        """Take what was found; what it takes the place of can be brought back."""
        before = self.current
        if found is before:
            return
        self.current = found
        self.changed.emit(Change(Part.DIAGNOSIS, cause))
        if cause is Cause.USER and before is not None:
            put = partial(self.take, cause=Cause.UNDONE)
            self._history.record_choice(
                "ask the diagnostics again", put, before, found, n_bytes=before.n_bytes
            )

    def keep(self) -> Kept | None:
        """What a saved session keeps of it."""
        found, result = self.current, self._result.current
        if found is None:
            return None
        of_result = result is not None and result.id == found.result_id
        return Kept({**found.kept.facts, _OF_RESULT: of_result}, found.kept.arrays)

    def restore(self, kept: Kept) -> None:
        """Undo `keep`.

        What is not of all cells as they are embedded here is taken as out of date.

        Raises
        ------
        InputError
            It was kept by a later version, or is damaged.
        """
        if not kept.facts:
            self.take(None, Cause.RESTORED)
            return
        self.take(_read(kept, self._result), Cause.RESTORED)


def _read(kept: Kept, result: Result) -> Diagnosis:
    from napari_c3r.core.diagnose.kept import unpack_found

    facts: dict[str, Any] = dict(kept.facts)
    found = facts.get(_FOUND)
    if not isinstance(found, dict):
        raise InputError(f"they are {shortened(found)}, which is no answer; run them again")
    report, answers, clusters, state = unpack_found(found, kept.arrays)
    now, fits = result.current, False
    if now is not None and facts.get(_OF_RESULT):
        fits = bool(report.obs.index.isin(now.all_rows.obs_names).all())
    try:
        return Diagnosis(
            now.id if now is not None and fits else 0,
            tuple(str(name) for name in facts[_ASKED]),
            int(facts[_SEED]),
            report,
            answers,
            clusters,
            float(facts[_SECONDS]),
            int(facts[_LEFT]),
            options=dict(facts.get(_OPTIONS, {})),
            state=state,
        )
    except (KeyError, TypeError, ValueError) as error:
        raise InputError("they cannot be read, so they are left out; run them again") from error
