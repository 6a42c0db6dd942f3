"""Groups of cells, numbered by size."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from napari_c3r.core.errors import InputError
from napari_c3r.core.options import OptionInfo, check_setting, check_value
from napari_c3r.core.reduce.batches import batches_of
from napari_c3r.core.reduce.components import N_COMPONENTS, components_of, vectors_of
from napari_c3r.core.reduce.controls import Controls
from napari_c3r.core.reduce.maps import map_cells
from napari_c3r.core.reduce.options import MapOptions
from napari_c3r.core.reduce.sample import FITTED, MAX_FITTED, chunks, fitted_rows
from napari_c3r.core.table.result import KEY

if TYPE_CHECKING:
    from anndata import AnnData

NOISE = "noise"
"""Cluster of the cells that HDBSCAN leaves out."""

# Neighbours that make a point dense. With more, half of a small field becomes noise.
_MIN_SAMPLES = 3
# Cells that say where one belongs that was not fitted.
_VOTERS = 5


def cluster(
    adata: AnnData,
    *,
    method: Literal["hdbscan", "kmeans"] = "hdbscan",
    n_clusters: int = 4,
    min_cluster_size: int | None = None,
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
        map with its defaults where there is none. ``"kmeans"`` divides all cells into a
        given number of groups by their principal components.
    n_clusters
        Groups for ``"kmeans"``; lowered where there are fewer cells.
    min_cluster_size
        Fewest cells that HDBSCAN calls a group; by default 5 or one in fifty, whichever is
        more.
    seed
        Of k-means' starting points, and of the map if it has to be made.
    controls, batch, batch_method
        As for :func:`map_cells`, for k-means and for the map if it has to be made.
    max_fitted
        Of more cells, only so many, drawn evenly from all fields, are grouped. With HDBSCAN, each
        of the others belongs to the cluster that most of its five nearest cells on the map are in,
        and with k-means to that of the nearest centre. What is kept of the clusters says so.

    Returns
    -------
    AnnData
        The same object, with ``obs["cluster"]``: categories ``"0"``, ``"1"``, … from the
        largest group to the smallest, and ``"noise"``.

    Raises
    ------
    InputError
        No cell, an unknown method, a seed out of range, or a group size or count below 1.
    """
    check_setting(MapOptions, "seed", seed)
    check_setting(MapOptions, "max_fitted", max_fitted)
    vectors_of(adata)
    rows = fitted_rows(adata.obs, max_fitted, seed)
    count = len(adata) if rows is None else len(rows)
    if method == "hdbscan":
        size = max(5, count // 50) if min_cluster_size is None else min_cluster_size
        _require_positive("min_cluster_size", size)
        if "X_umap" not in adata.obsm:
            seen: dict[str, Any] = {"controls": controls, "batch": batch}
            seen["batch_method"] = batch_method
            map_cells(adata, seed=seed, **seen, max_fitted=max_fitted)
        numbers = _hdbscan(np.asarray(adata.obsm["X_umap"]), size, rows)
        settings: dict[str, Any] = {"method": "HDBSCAN on the map", "min_cluster_size": size}
    elif method == "kmeans":
        _require_positive("n_clusters", n_clusters)
        batches = batches_of(batch, batch_method)
        components = components_of(adata, N_COMPONENTS, controls, rows, batches=batches, seed=seed)
        numbers = _kmeans(components, n_clusters, seed, rows)
        settings = {"method": "k-means on the principal components", "n_clusters": n_clusters}
        if controls is not None:
            settings["controls"] = list(controls)
        if batches is not None:
            settings |= batches.facts()
    else:
        raise InputError(f"No clustering method {method!r}; choose 'hdbscan' or 'kmeans'")
    if rows is not None:
        settings[FITTED] = count
    adata.obs["cluster"] = _categories(numbers)
    adata.uns.setdefault(KEY, {})["cluster"] = {**settings, "seed": seed}
    return adata


def _hdbscan(
    points: NDArray[np.float32], min_cluster_size: int, rows: NDArray[np.intp] | None
) -> NDArray[np.intp]:
    if rows is not None:
        return _voted(points, rows, _hdbscan(points[rows], min_cluster_size, None))
    if len(points) <= min_cluster_size:
        return np.zeros(len(points), np.intp)
    from fast_hdbscan import HDBSCAN

    model = HDBSCAN(min_cluster_size=max(min_cluster_size, 2), min_samples=_MIN_SAMPLES)
    numbers = np.asarray(model.fit_predict(points.astype(np.float64)), np.intp)
    # Without any group the honest answer is one group, not "all of this is noise".
    return numbers if (numbers >= 0).any() else np.zeros(len(points), np.intp)


def _voted(
    points: NDArray[np.float32], rows: NDArray[np.intp], numbers: NDArray[np.intp]
) -> NDArray[np.intp]:
    """Groups of all points from those of some: the one that most of the nearest are of."""
    from scipy.spatial import KDTree

    found = np.empty(len(points), np.intp)
    found[rows] = numbers
    others = np.setdiff1d(np.arange(len(points)), rows, assume_unique=True)
    tree, voters = KDTree(points[rows]), min(_VOTERS, len(rows))
    for part in chunks(len(others)):
        _, nearest = tree.query(points[others[part]], k=voters)
        votes = numbers[nearest.reshape(-1, voters)]
        same = (votes[:, :, None] == votes[:, None, :]).sum(axis=2)
        found[others[part]] = votes[np.arange(len(votes)), same.argmax(axis=1)]
    return found


def _kmeans(
    components: NDArray[np.float32], n_clusters: int, seed: int, rows: NDArray[np.intp] | None
) -> NDArray[np.intp]:
    from sklearn.cluster import KMeans

    fitted = components if rows is None else components[rows]
    distinct = len(np.unique(fitted, axis=0))
    model = KMeans(min(n_clusters, distinct), n_init=10, random_state=seed).fit(fitted)
    return np.asarray(model.labels_ if rows is None else model.predict(components), np.intp)


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


def _require_positive(name: str, value: int) -> None:
    check_value("int", OptionInfo(name, "", minimum=1), value, name)
