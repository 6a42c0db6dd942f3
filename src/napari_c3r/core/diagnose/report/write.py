"""Put a report together and write it."""

from __future__ import annotations

from pathlib import Path

from napari_c3r.core.diagnose.confounds import FEWEST_CELLS, Confounds, confounds
from napari_c3r.core.diagnose.flip import FlipRun
from napari_c3r.core.diagnose.report import sections
from napari_c3r.core.diagnose.report.page import Section, write_page
from napari_c3r.core.diagnose.variants import Kind

_MOVERS = 20


def write_report(
    run: FlipRun, path: Path, *, title: str = "Does the role matter?", seed: int = 0
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
    report = run.result()
    found = _confounds(run, seed)
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


def _confounds(run: FlipRun, seed: int) -> Confounds | None:
    """Of the roles as assigned, with clusters as the plugin makes them; None for few cells."""
    from anndata import AnnData

    from napari_c3r.core.reduce import cluster

    report = run.result()
    vectors = report.vectors[str(Kind.ASSIGNED)]
    if len(vectors) < FEWEST_CELLS:
        return None
    clusters = cluster(AnnData(vectors), seed=seed).obs["cluster"].astype(str).tolist()
    return confounds(vectors, report.obs, clusters=clusters, seed=seed)
