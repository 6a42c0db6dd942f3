"""Put a report together and write it."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from napari_c3r.core.diagnose.flip import FlipRun
from napari_c3r.core.diagnose.flip_result import FlipReport
from napari_c3r.core.diagnose.registry import (
    DiagnosticAnswers,
    DiagnosticContext,
    answer,
    diagnostics,
)
from napari_c3r.core.diagnose.report import sections
from napari_c3r.core.errors import InputError
from napari_c3r.core.report.page import Section, write_page

_MOVERS = 20
_TITLE = "Does the role matter?"


class Pictured(Protocol):
    """A report whose cells can be looked at."""

    def result(self) -> FlipReport:
        """The report."""
        ...

    def crops(self, rows: NDArray[np.intp]) -> NDArray[np.float32]:
        """Crops of some of its cells, (n, C, side, side); `InputError` where there are none."""
        ...


def write_report(
    run: FlipRun, path: Path, *, title: str = _TITLE, seed: int = 0
) -> tuple[Path, ...]:
    """Write what a run found, with every diagnostic that its cells were embedded for.

    Parameters
    ----------
    run
        A flip report that was run; its images are read again for a few thumbnails.
    path
        The HTML page; the Markdown and its pictures go next to it.
    title
        Of the page.
    seed
        Of the maps, clusters and permutations.

    Returns
    -------
    tuple of Path
        The page, the pictures, the Markdown.

    Raises
    ------
    InputError
        Too few cells, or a path that cannot be written.
    """
    names = [
        each.name
        for each in diagnostics()
        if (
            each.default
            and each.variants is None
            and not (each.single_channels or each.second_encoder)
        )
        or (each.second_encoder and run.job.second is not None)
        or (each.variants is not None and each.variants.kind in run.job.kinds)
        or (each.single_channels and run.job.single_channels)
    ]
    answers = answer(names, DiagnosticContext(run.result(), seed=seed))
    return write_answers(run, answers, path, title=title, seed=seed)


def write_answers(
    run: Pictured, answers: DiagnosticAnswers, path: Path, *, title: str = _TITLE, seed: int = 0
) -> tuple[Path, ...]:
    """Write a report whose diagnostics are answered already; see :func:`write_report`.

    Parameters
    ----------
    run
        A run, or what was kept of one; without pictures of its cells the report says why.
    path, title, seed
        As for :func:`write_report`.
    answers
        What the diagnostics found; each has its section, in the order of the registry.
    """
    report = run.result()
    own: list[Section] = []
    with_section = []
    for each in diagnostics(answers.results):
        section = sections.of_diagnostic(each, answers.results[each.name])
        if section is not None:
            own.append(section)
            with_section.append(each)
    parts = [sections.lead(report, answers, with_section)]
    if report.results:
        strongest = report.strongest.variant.name
        rows = report.most_moved(strongest, _MOVERS)
        parts += [
            sections.flips(report),
            sections.maps(report, seed),
            _movers(run, rows, strongest),
        ]
    return write_page(title, [*parts, *own, sections.settings(report)], path)


def _movers(run: Pictured, rows: NDArray[np.intp], name: str) -> Section:
    try:
        return sections.movers(run.result(), run.crops(rows), rows, name)
    except InputError as error:
        return sections.movers_in_words(run.result(), rows, name, str(error))
