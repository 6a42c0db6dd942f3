"""The graph of nearest neighbours among cells."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

# With more cells, neighbours are found approximately, as UMAP does.
_MOST_EXACT = 4096


def nearest(
    points: NDArray[np.float32],
    count: int,
    seed: int,
    others: NDArray[np.float32],
    count_others: int,
) -> tuple[NDArray[np.intp], NDArray[np.float32], NDArray[np.intp]]:
    """Find the points nearest to each, by Euclidean distance.

    Parameters
    ----------
    points
        (n, D).
    count
        How many to find, each point itself among them.
    seed
        Of the search by chance where there are more than 4,096 points.
    others
        (m, D) that are not among the points.
    count_others
        How many points to find for each of the others.

    Returns
    -------
    indices, distances, indices of others
        (n, count) twice, and (m, at most count_others).
    """
    k = min(count_others, len(points))
    if len(points) <= _MOST_EXACT:
        from sklearn.neighbors import NearestNeighbors

        exact = NearestNeighbors(n_neighbors=count).fit(points)
        distances, indices = exact.kneighbors(points)
        found = np.empty((0, k), np.intp)
        if len(others):
            found = exact.kneighbors(others, k, return_distance=False)
    else:
        from pynndescent import NNDescent

        index = NNDescent(points, n_neighbors=count, random_state=seed, n_jobs=1)
        indices, distances = index.neighbor_graph
        found = np.empty((0, k), np.intp)
        if len(others):
            found, _ = index.query(others, k)
    return indices, np.asarray(distances, np.float32), np.asarray(found, np.intp)


def fuzzy_graph(indices: NDArray[np.intp], distances: NDArray[np.float32], seed: int) -> Any:
    """Weights between neighbours as UMAP gives them (McInnes, Healy and Melville 2018, section 3).

    Parameters
    ----------
    indices, distances
        (n, k) from :func:`nearest`.
    seed
        Of UMAP, which draws nothing where neighbours are given.

    Returns
    -------
    sparse matrix
        (n, n), symmetric, 0 to 1.
    """
    from scipy.sparse import csr_matrix

    n, k = indices.shape
    if n < 2 or k < 2:
        return csr_matrix((n, n), dtype=np.float32)
    from umap.umap_ import fuzzy_simplicial_set

    graph, _, _ = fuzzy_simplicial_set(
        np.empty((n, 1), np.float32),
        k,
        np.random.RandomState(seed),
        "euclidean",
        knn_indices=indices,
        knn_dists=distances,
    )
    return csr_matrix(graph)
