"""What was found, and how it is found: a generator that may be stopped after any step."""

from __future__ import annotations

import threading
from collections.abc import Generator
from dataclasses import dataclass
from typing import Any

from napari_c3r.core.diagnose import FlipReport, FlipRun
from napari_c3r.core.diagnose.analyse import MIN_CELLS
from napari_c3r.core.diagnose.confounds import Confounds
from napari_c3r.core.diagnose.explain import explain_steps
from napari_c3r.core.errors import InputError
from napari_c3r.widgets.diagnostics.options import DiagnosticsJob


@dataclass(frozen=True, eq=False)
class Diagnosis:
    """What was found.

    Attributes
    ----------
    asked
        The question.
    run
        It can be taken up again, and reads pictures of cells.
    report
        Of the cells that were done.
    confounds, unexplained
        What else explains the map, or why that is not known.
    seconds
        How long it took.
    cells_left
        Cells that a stopped run has yet to ask.
    """

    asked: DiagnosticsJob
    run: FlipRun
    report: FlipReport
    confounds: Confounds | None
    unexplained: str
    seconds: float = 0.0
    cells_left: int = 0


def answer(
    asked: DiagnosticsJob, run: FlipRun, stop: threading.Event
) -> Generator[Any, None, Diagnosis]:
    """Run what is left of a flip report, and ask what else explains its cells."""
    done = total = 0
    for progress in run.steps():
        yield progress
        done, total = progress.done, progress.total
        # Comparing is quick next to embedding, and what is done is to be compared anyway.
        if stop.is_set() and done < total:
            break
    if done < min(total, MIN_CELLS):
        raise InputError(
            f"Stopped after {done} cells, too few to compare; let {MIN_CELLS} of them be done"
        )
    report = run.result()
    found, why = None, "Not asked"
    if asked.question.confounds and stop.is_set():
        why = "Not asked, as the run was stopped"
    elif asked.question.confounds:
        clusters = None
        if asked.clusters is not None:
            clusters = asked.clusters.reindex(report.obs.index).astype(str).tolist()
        found = yield from _told(explain_steps(report, clusters=clusters, seed=asked.question.seed))
        why = "" if found else f"{len(report.obs)} cells are too few to say what explains them"
    return Diagnosis(asked, run, report, found, why, cells_left=total - done)


def _told(steps: Generator[str, None, Confounds | None]) -> Generator[str, None, Confounds | None]:
    """Pass on what was looked at, as text."""
    while True:
        try:
            step = next(steps)
        except StopIteration as end:
            found: Confounds | None = end.value
            return found
        yield f"what else explains the map: looked at {step}"
