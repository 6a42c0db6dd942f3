"""Vectors -> map and clusters. Nothing here invents structure: seeds and settings are kept."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from napari_c3r.core.errors import InputError
from napari_c3r.core.reduce.controls import Controls, sphered
from napari_c3r.core.table.result import KEY

if TYPE_CHECKING:
    from anndata import AnnData

N_COMPONENTS = 50
"""Principal components that the map and the clusters are made from."""

NOISE = "noise"
"""Cluster of the cells that HDBSCAN leaves out."""

_NEIGHBOURS, _MIN_DIST = 15, 0.1
# UMAP starts from a spectral layout, which needs a few more points than dimensions.
_MIN_FOR_UMAP = 5
# How strongly two maps are held together. With simulated groups between which a few cells change,
# the others lie 20 times nearer to their places than without, and those that change still jump; ten
# times as much would hold these back too.
_ALIGNMENT = 0.1


def principal_components(
    vectors: NDArray[np.float32], n_components: int = N_COMPONENTS, *, standardise: bool = True
) -> NDArray[np.float32]:
    """Standardise the columns and rotate them onto their principal axes.

    Parameters
    ----------
    vectors
        (cells, D).
    n_components
        Greatest number of components kept.
    standardise
        Whether columns count alike, however much they vary; if not, they are only centred.

    Returns
    -------
    ndarray
        (cells, min(n_components, cells - 1, D)) float32, at least one column; constant
        columns count for nothing. The sign of each axis is fixed, so that the same vectors
        give the same components.
    """
    from sklearn.decomposition import PCA

    spread = vectors.std(axis=0, dtype=np.float64)
    varying = spread > 1e-7 * np.maximum(np.abs(vectors).max(axis=0, initial=0.0), 1e-30)
    if len(vectors) < 2 or not varying.any():
        return np.zeros((len(vectors), 1), np.float32)
    used = vectors[:, varying].astype(np.float64)
    standard = used - used.mean(axis=0)
    if standardise:
        standard /= used.std(axis=0)
    count = min(n_components, len(vectors) - 1, standard.shape[1])
    # The covariance solver is exact, deterministic and fast for tall tables.
    solver = "covariance_eigh" if len(vectors) > 2 * standard.shape[1] else "full"
    return PCA(count, svd_solver=solver).fit_transform(standard).astype(np.float32)


def map_cells(
    adata: AnnData,
    *,
    seed: int = 0,
    n_neighbors: int = _NEIGHBOURS,
    min_dist: float = _MIN_DIST,
    n_components: int = N_COMPONENTS,
    controls: Controls | None = None,
) -> AnnData:
    """Lay the cells out in two dimensions with UMAP, after principal components.

    Distances on such a map are no evidence: it keeps neighbourhoods, not distances or
    densities (McInnes, Healy and Melville 2018, section 6).

    Parameters
    ----------
    adata
        Result of :func:`napari_c3r.embed`; changed in place.
    seed
        The same seed gives the same map on the same machine.
    n_neighbors
        Neighbours that count as local; lowered where there are fewer cells.
    min_dist
        How tightly UMAP may pack points, in its own units.
    n_components
        Principal components used.
    controls
        A column and the value that control cells have in it, as in ``("well", "A01")``: the
        map is then made of vectors seen against these, plate by plate
        (:func:`napari_c3r.core.reduce.controls.sphered`). The table's vectors stay as they are.

    Returns
    -------
    AnnData
        The same object, with ``obsm["X_umap"]`` (cells, 2) float32 and the settings in its
        provenance.

    Raises
    ------
    InputError
        No cell, vectors that are not finite, or too few controls.
    """
    vectors = _vectors(adata)
    components = _components(adata, n_components, controls)
    adata.obsm["X_umap"] = _umap(components, seed, n_neighbors, min_dist)
    adata.uns.setdefault(KEY, {})["map"] = {
        "method": "UMAP after PCA" if len(vectors) > _MIN_FOR_UMAP else "PCA (too few cells)",
        "seed": seed,
        "n_neighbors": min(n_neighbors, max(len(vectors) - 1, 1)),
        "min_dist": min_dist,
        "n_components": components.shape[1],
        **_said(controls),
    }
    return adata


def _components(
    adata: AnnData, n_components: int, controls: Controls | None
) -> NDArray[np.float32]:
    if controls is None:
        return principal_components(_vectors(adata), n_components)
    # In units of how controls vary, columns that vary more do so for a reason.
    return principal_components(sphered(adata, controls), n_components, standardise=False)


def _said(controls: Controls | None) -> dict[str, list[str]]:
    return {} if controls is None else {"controls": list(controls)}


def flat_map(vectors: NDArray[np.float32], *, seed: int = 0) -> NDArray[np.float32]:
    """Lay vectors (n, D) out in two dimensions, (n, 2), as :func:`map_cells` does by default.

    Parameters
    ----------
    vectors
        (n, D) finite.
    seed
        As for :func:`map_cells`.
    """
    return _umap(principal_components(vectors), seed, _NEIGHBOURS, _MIN_DIST)


def aligned_maps(
    first: NDArray[np.float32], second: NDArray[np.float32], *, seed: int = 0
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Lay two sets of vectors of the same cells out together, so that the maps can be compared.

    Two maps made one after the other differ all over, even where the second begins with the
    first: groups that do not touch drift apart anyhow. Aligned UMAP (Dadu et al. 2023) pulls every
    cell towards its place on the other map while both are laid out.

    Parameters
    ----------
    first, second
        (n, D) and (n, D'), finite.
    seed
        As for :func:`map_cells`.

    Returns
    -------
    tuple of ndarray
        Two maps (n, 2).
    """
    parts = [principal_components(vectors) for vectors in (first, second)]
    n = len(first)
    if n <= _MIN_FOR_UMAP:
        return _plain(parts[0]), _plain(parts[1])
    import umap

    model = umap.AlignedUMAP(
        n_neighbors=min(_NEIGHBOURS, n - 1),
        min_dist=_MIN_DIST,
        random_state=seed,
        alignment_regularisation=_ALIGNMENT,
        alignment_window_size=1,
    )
    with warnings.catch_warnings():
        # Unlike UMAP it cannot be told that a seeded run is single threaded, and warns of it.
        warnings.filterwarnings("ignore", "n_jobs value", UserWarning)
        model.fit(parts, relations=[{row: row for row in range(n)}])
    one, other = (np.asarray(points, np.float32) for points in model.embeddings_)
    return one, other


def _plain(components: NDArray[np.float32]) -> NDArray[np.float32]:
    """The first two components, of cells too few for a map."""
    flat = np.zeros((len(components), 2), np.float32)
    flat[:, : min(2, components.shape[1])] = components[:, :2]
    return flat


def _umap(
    components: NDArray[np.float32], seed: int, n_neighbors: int, min_dist: float
) -> NDArray[np.float32]:
    if len(components) <= _MIN_FOR_UMAP:
        return _plain(components)
    import umap

    model = umap.UMAP(
        n_neighbors=min(n_neighbors, len(components) - 1),
        min_dist=min_dist,
        random_state=seed,
        # A seeded run is single threaded; saying so keeps UMAP from warning.
        n_jobs=1,
    )
    return np.asarray(model.fit_transform(components), np.float32)


def cluster(
    adata: AnnData,
    *,
    method: Literal["hdbscan", "kmeans"] = "hdbscan",
    n_clusters: int = 4,
    min_cluster_size: int | None = None,
    seed: int = 0,
    controls: Controls | None = None,
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
    controls
        As for :func:`map_cells`, for k-means and for the map if it has to be made.

    Returns
    -------
    AnnData
        The same object, with ``obs["cluster"]``: categories ``"0"``, ``"1"``, … from the
        largest group to the smallest, and ``"noise"``.

    Raises
    ------
    InputError
        No cell, an unknown method, or a group size or count below 1.
    """
    vectors = _vectors(adata)
    if method == "hdbscan":
        size = max(5, len(vectors) // 50) if min_cluster_size is None else min_cluster_size
        _require_positive("min_cluster_size", size)
        if "X_umap" not in adata.obsm:
            map_cells(adata, seed=seed, controls=controls)
        numbers = _hdbscan(np.asarray(adata.obsm["X_umap"]), size)
        settings: dict[str, Any] = {"method": "HDBSCAN on the map", "min_cluster_size": size}
    elif method == "kmeans":
        _require_positive("n_clusters", n_clusters)
        numbers = _kmeans(_components(adata, N_COMPONENTS, controls), n_clusters, seed)
        settings = {"method": "k-means on the principal components", "n_clusters": n_clusters}
        settings |= _said(controls)
    else:
        raise InputError(f"No clustering method {method!r}; choose 'hdbscan' or 'kmeans'")
    adata.obs["cluster"] = _categories(numbers)
    adata.uns.setdefault(KEY, {})["cluster"] = {**settings, "seed": seed}
    return adata


# Neighbours that make a point dense. With more, half of a small field becomes noise.
_MIN_SAMPLES = 3


def _hdbscan(points: NDArray[np.float32], min_cluster_size: int) -> NDArray[np.intp]:
    if len(points) <= min_cluster_size:
        return np.zeros(len(points), np.intp)
    from fast_hdbscan import HDBSCAN

    model = HDBSCAN(min_cluster_size=max(min_cluster_size, 2), min_samples=_MIN_SAMPLES)
    numbers = np.asarray(model.fit_predict(points.astype(np.float64)), np.intp)
    # Without any group the honest answer is one group, not "all of this is noise".
    return numbers if (numbers >= 0).any() else np.zeros(len(points), np.intp)


def _kmeans(components: NDArray[np.float32], n_clusters: int, seed: int) -> NDArray[np.intp]:
    from sklearn.cluster import KMeans

    distinct = len(np.unique(components, axis=0))
    model = KMeans(min(n_clusters, distinct), n_init=10, random_state=seed)
    return np.asarray(model.fit_predict(components), np.intp)


def _categories(numbers: NDArray[np.intp]) -> Any:
    """Number the groups by size, ties by first member, so that names do not jump about."""
    import pandas as pd

    present, first, counts = np.unique(numbers, return_index=True, return_counts=True)
    groups = [
        number for _, _, number in sorted(zip(-counts, first, present, strict=True)) if number >= 0
    ]
    names = {number: str(rank) for rank, number in enumerate(groups)}
    values = [names.get(number, NOISE) for number in numbers]
    categories = [*names.values(), *([NOISE] if NOISE in values else [])]
    return pd.Categorical(values, categories=categories)


def _vectors(adata: AnnData) -> NDArray[np.float32]:
    vectors = np.asarray(adata.X, np.float32)
    if not len(vectors):
        raise InputError("The table has no cells; embed some first")
    if not np.isfinite(vectors).all():
        row = int(np.flatnonzero(~np.isfinite(vectors).all(axis=1))[0])
        raise InputError(
            f"The vector of cell '{adata.obs_names[row]}' has values that are not finite; "
            "embed the image again"
        )
    return vectors


def _require_positive(name: str, value: int) -> None:
    if value < 1:
        raise InputError(f"{name} is {value}; give a whole number of 1 or more")
