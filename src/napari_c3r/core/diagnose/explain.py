"""What else could explain the map of a flip report's cells."""

from __future__ import annotations

from collections.abc import Generator, Sequence

from napari_c3r.core.diagnose.confounds import MIN_CELLS, Confounds, confound_steps
from napari_c3r.core.diagnose.flip_result import FlipReport
from napari_c3r.core.diagnose.variants import Kind


def explain(report: FlipReport, *, seed: int = 0) -> Confounds | None:
    """Ask what else explains the roles as assigned; see :func:`explain_steps`."""
    steps = explain_steps(report, seed=seed)
    while True:
        try:
            next(steps)
        except StopIteration as stop:
            return stop.value


def explain_steps(
    report: FlipReport, *, clusters: Sequence[str] | None = None, seed: int = 0
) -> Generator[str, None, Confounds | None]:
    """Ask what else explains the roles as assigned, yielding what was just looked at.

    Parameters
    ----------
    report
        Its vectors as assigned are explained.
    clusters
        Name of each cell's cluster; None makes clusters as :func:`napari_c3r.cluster` does.
    seed
        Of clusters, folds and permutations.

    Yields
    ------
    str
        In words. The generator's value is a `Confounds`, or None where there are too few cells.
    """
    from anndata import AnnData

    from napari_c3r.core.reduce import cluster

    vectors = report.vectors[str(Kind.ASSIGNED)]
    if len(vectors) < MIN_CELLS:
        return None
    if clusters is None:
        clusters = cluster(AnnData(vectors), seed=seed).obs["cluster"].astype(str).tolist()
        yield "clusters"
    return (yield from confound_steps(vectors, report.obs, clusters=clusters, seed=seed))
