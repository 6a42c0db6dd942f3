"""Put a report together and write it."""

from __future__ import annotations

from pathlib import Path

from napari_c3r.core.diagnose.confounds import Confounds
from napari_c3r.core.diagnose.explain import explain
from napari_c3r.core.diagnose.flip import FlipRun
from napari_c3r.core.diagnose.report import sections
from napari_c3r.core.diagnose.report.page import Section, write_page

_MOVERS = 20
_TITLE = "Does the role matter?"


def write_report(
    run: FlipRun, path: Path, *, title: str = _TITLE, seed: int = 0
) -> tuple[Path, ...]:
    """Write what a run found, and what else could explain its map.

    Parameters
    ----------
    run
        A flip report that was run; its images are read again for a few thumbnails.
    path
        The HTML page; the Markdown and its pictures go beside it.
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
    return write_found(run, explain(run.result(), seed=seed), path, title=title, seed=seed)


def write_found(
    run: FlipRun, found: Confounds | None, path: Path, *, title: str = _TITLE, seed: int = 0
) -> tuple[Path, ...]:
    """Write a report whose explanations are known already; see :func:`write_report`.

    Parameters
    ----------
    run, path, title, seed
        As for :func:`write_report`.
    found
        What else could explain the map, or None to leave that section out.
    """
    report = run.result()
    strongest = max(report.results, key=lambda result: result.rank_shift.value).variant.name
    rows = report.most_moved(strongest, _MOVERS)
    parts: list[Section | None] = [
        sections.lead(report, found),
        sections.flips(report),
        sections.maps(report, seed),
        sections.movers(report, run.crops(rows), rows, strongest),
        sections.single_channels(report, seed),
        sections.explanations(found) if found is not None else None,
        sections.settings(report),
    ]
    return write_page(title, [part for part in parts if part is not None], path)
