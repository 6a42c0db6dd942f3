"""How it is found: a generator that may be stopped after any step."""

from __future__ import annotations

import threading
from collections.abc import Generator
from dataclasses import asdict
from typing import Any

from napari_c3r.core.diagnose import FlipRun
from napari_c3r.core.diagnose.analyse import MIN_CELLS
from napari_c3r.core.diagnose.registry import (
    DiagnosticContext,
    answer_steps,
    diagnostics,
)
from napari_c3r.core.errors import InputError
from napari_c3r.session.diagnoses import Diagnosis
from napari_c3r.widgets.diagnostics.options import DiagnosticsJob


def diagnose(
    job: DiagnosticsJob, run: FlipRun, stop: threading.Event
) -> Generator[Any, None, Diagnosis]:
    """Run what is left of a flip report, and every diagnostic that was chosen on its cells."""
    done = total = 0
    for progress in run.steps():
        yield progress
        done, total = progress.done, progress.total
        # Comparing is quick compared with embedding, and what is done is to be compared anyway.
        if stop.is_set() and done < total:
            break
    if done < min(total, MIN_CELLS):
        raise InputError(
            f"Stopped after {done} cells, too few to compare; let {MIN_CELLS} of them be done"
        )
    report = run.result()
    clusters = None
    if job.clusters is not None:
        clusters = job.clusters.reindex(report.obs.index).astype(str).tolist()
    chosen = diagnostics(job.options.asked)
    # What the cells were embedded for is compared; the rest can wait for the other cells.
    waiting = [
        each.name
        for each in chosen
        if stop.is_set()
        and each.variants is None
        and not (each.single_channels or each.second_encoder)
    ]
    answers = yield from answer_steps(
        [each.name for each in chosen if each.name not in waiting],
        DiagnosticContext(report, clusters, job.options.seed),
    )
    answers.reasons.update(dict.fromkeys(waiting, "Not asked, as the run was stopped"))
    return Diagnosis(
        job.result_id,
        job.options.asked,
        job.options.seed,
        report,
        answers,
        job.clusters,
        cells_left=total - done,
        run=run,
        options=asdict(job.options),
        state=run.state() if done < total else None,
    )
