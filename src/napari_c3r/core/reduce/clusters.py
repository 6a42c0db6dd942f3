"""Groups of cells, numbered by size."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from napari_c3r.core.options import OptionInfo, check_setting, check_value
from napari_c3r.core.reduce.batches import batches_of
from napari_c3r.core.reduce.cluster_names import COLUMN, NOISE
from napari_c3r.core.reduce.controls import Controls
from napari_c3r.core.reduce.cuts import Cuts, Seen, Value, cuts_of
from napari_c3r.core.reduce.options import MapOptions
from napari_c3r.core.reduce.sample import MAX_FITTED
from napari_c3r.core.table.result import KEY

if TYPE_CHECKING:
    from anndata import AnnData

_STEPS = 25
_RESOLUTIONS = 0.05, 20.0
_MOST_CLUSTERS = 40


def cluster(
    adata: AnnData,
    *,
    method: Literal["hdbscan", "leiden", "kmeans"] = "hdbscan",
    n_clusters: int = 4,
    min_cluster_size: int | None = None,
    resolution: float = 1.0,
    seed: int = 0,
    controls: Controls | None = None,
    batch: str | None = None,
    batch_method: str = "harmony",
    max_fitted: int = MAX_FITTED,
) -> AnnData:
    """Group the cells.

    Parameters
    ----------
    adata
        Result of :func:`napari_c3r.embed`; changed in place.
    method
        ``"hdbscan"`` finds dense groups on the map and calls the rest noise; it makes the
        map with its defaults where there is none. ``"leiden"`` divides the graph of each cell's
        15 nearest neighbours by their principal components (Traag, Waltman and van Eck 2019); it
        needs the extra ``leiden``. ``"kmeans"`` divides all cells into a given number of groups by
        their principal components.
    n_clusters
        Groups for ``"kmeans"``; lowered where there are fewer cells.
    min_cluster_size
        Fewest cells that HDBSCAN calls a group; by default 5 or one in fifty, whichever is
        more.
    resolution
        How fine ``"leiden"`` divides: more gives more groups.
    seed
        Of what Leiden and k-means draw, and of the map if it has to be made.
    controls, batch, batch_method
        As for :func:`map_cells`, for Leiden, k-means and the map if it has to be made.
    max_fitted
        Of more cells, only so many, drawn evenly from all fields, are grouped. With HDBSCAN, each
        of the others belongs to the cluster that most of its five nearest cells on the map are in,
        with Leiden of those nearest by their components, and with k-means to that of the nearest
        centre. What is kept of the clusters says so.

    Returns
    -------
    AnnData
        The same object, with ``obs["cluster"]``: categories ``"0"``, ``"1"``, … from the
        largest group to the smallest, and ``"noise"``.

    Raises
    ------
    InputError
        No cell, an unknown method, a seed out of range, or a group size, count or resolution that
        is not positive.
    """
    check_setting(MapOptions, "seed", seed)
    check_setting(MapOptions, "max_fitted", max_fitted)
    seen = Seen(controls, batches_of(batch, batch_method))
    cuts = cuts_of(adata, method, seed=seed, seen=seen, max_fitted=max_fitted)
    size = default_size(cuts.n_fitted) if min_cluster_size is None else min_cluster_size
    values: dict[str, Value] = {
        "min_cluster_size": size,
        "resolution": resolution,
        "n_clusters": n_clusters,
    }
    found = clusters_at(cuts, values[cuts.keyword])
    adata.obs[COLUMN] = found.column
    adata.uns.setdefault(KEY, {})[COLUMN] = found.facts
    return adata


@dataclass(frozen=True, eq=False)
class Clustering:
    """The clusters of one fineness.

    Attributes
    ----------
    column
        Pandas' categories, one for each cell: ``"0"``, ``"1"``, … by size, and ``"noise"``.
    facts
        How they were made, as kept in ``uns``.
    """

    column: Any
    facts: dict[str, Any]


def clusters_at(cuts: Cuts, value: Value) -> Clustering:
    """Cut clusters of a fineness out of what was prepared for it.

    Parameters
    ----------
    cuts
        The cells, prepared.
    value
        How fine: the smallest group, the resolution or the number of groups.

    Raises
    ------
    InputError
        A value that is not positive.
    """
    kind = "float" if cuts.keyword == "resolution" else "int"
    least = 1e-6 if kind == "float" else 1
    check_value(kind, OptionInfo(cuts.keyword, "", minimum=least), value, cuts.keyword)
    return Clustering(_categories(cuts.cut(value)), cuts.described(value))


def default_size(n_cells: int) -> int:
    """The smallest group that HDBSCAN takes by default."""
    return max(5, n_cells // 50)


def default_value(method: str, n_cells: int) -> Value:
    """How fine clusters of a method are by default."""
    return {"hdbscan": default_size(n_cells), "leiden": 1.0}.get(method, 4)


def finenesses(method: str, n_cells: int) -> list[Value]:
    """How fine clusters may be, from coarse to fine, the default among them.

    Parameters
    ----------
    method
        As for :func:`cluster`.
    n_cells
        How many cells are fitted.

    Returns
    -------
    list
        At most about 40: group sizes falling from a third of the cells to 3, resolutions rising
        from 0.05 to 20, or 2, 3, … clusters.
    """
    if method == "hdbscan":
        most = max(n_cells // 3, 5)
        sizes = {round(float(size)) for size in np.geomspace(3, most, _STEPS)}
        return sorted(sizes | {default_size(n_cells)}, reverse=True)
    if method == "leiden":
        steps = {round(float(each), 2) for each in np.geomspace(*_RESOLUTIONS, _STEPS)}
        return sorted(steps | {1.0})
    return list(range(2, max(min(_MOST_CLUSTERS, n_cells), 2) + 1))


def _categories(numbers: NDArray[np.intp]) -> Any:
    """Number the groups by size, ties by first member, so that names do not jump about."""
    import pandas as pd

    present, first, counts = np.unique(numbers, return_index=True, return_counts=True)
    groups = [
        number for _, _, number in sorted(zip(-counts, first, present, strict=True)) if number >= 0
    ]
    names = [str(rank) for rank in range(len(groups))]
    noise = bool((present < 0).any())
    code = {number: rank for rank, number in enumerate(groups)}
    codes = np.array([code.get(number, len(groups)) for number in present], np.intp)
    categories = pd.Index([*names, *([NOISE] if noise else [])])
    return pd.Categorical.from_codes(codes[np.searchsorted(present, numbers)], categories)
