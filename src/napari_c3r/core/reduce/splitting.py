"""A cluster in two, along the thinnest place of its own cells' graph."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from napari_c3r.core.errors import InputError
from napari_c3r.core.reduce.components import N_COMPONENTS, principal_components, vectors_of
from napari_c3r.core.reduce.cuts import N_NEIGHBOURS, Seen
from napari_c3r.core.reduce.graph import fuzzy_graph, nearest

if TYPE_CHECKING:
    from anndata import AnnData

_LEAST = 4
_MOST_IN_GRAPH = 20_000


def in_two(
    adata: AnnData, chosen: NDArray[np.bool_], *, seed: int = 0, seen: Seen | None = None
) -> NDArray[np.bool_]:
    """Divide cells into two groups by their own principal components and neighbours.

    The two are the normalised cut (Shi and Malik 2000) of the graph of their 15 nearest
    neighbours; of more than 20,000 cells, the halves of so many drawn at random take the others by
    the nearest centre.

    Parameters
    ----------
    adata
        Result of :func:`napari_c3r.embed`.
    chosen
        Which cells to divide, (cells,) bool.
    seed
        Of what is drawn by chance.
    seen
        Against which controls, and with which batches brought together; None: as they are.

    Returns
    -------
    ndarray
        (cells,) bool: those of the smaller group.

    Raises
    ------
    InputError
        Fewer than four cells, or cells that are all alike.
    """
    rows = np.flatnonzero(chosen)
    if len(rows) < _LEAST:
        raise InputError(f"{len(rows)} cells are too few to divide; choose a cluster of 4 or more")
    if seen in (None, Seen()):
        parts = principal_components(vectors_of(adata)[rows], N_COMPONENTS)
    else:
        assert seen is not None
        whole = seen.components(adata, seed)
        parts = principal_components(whole[rows], N_COMPONENTS, standardise=False)
    if not parts.any():
        raise InputError("These cells have the same vector; there is nothing to divide them by")
    first = _halves(parts, seed)
    smaller = first if first.sum() * 2 <= len(first) else ~first
    found = np.zeros(len(adata), bool)
    found[rows[smaller]] = True
    return found


def _halves(parts: NDArray[np.float32], seed: int) -> NDArray[np.bool_]:
    if len(parts) <= _MOST_IN_GRAPH:
        return _cut(parts, seed)
    drawn = np.random.default_rng(seed).choice(len(parts), _MOST_IN_GRAPH, replace=False)
    half = _cut(parts[drawn], seed)
    centres = [parts[drawn[part]].mean(axis=0) for part in (half, ~half)]
    near, far = (((parts - centre) ** 2).sum(axis=1) for centre in centres)
    return np.asarray(near < far)


def _cut(parts: NDArray[np.float32], seed: int) -> NDArray[np.bool_]:
    """The normalised cut of the neighbour graph; of a graph in pieces, the largest and the rest."""
    from scipy.sparse import identity
    from scipy.sparse.csgraph import connected_components, laplacian
    from scipy.sparse.linalg import eigsh

    k = min(N_NEIGHBOURS, len(parts))
    none = np.empty((0, parts.shape[1]), np.float32)
    indices, distances, _ = nearest(parts, k, seed, none, 1)
    graph = fuzzy_graph(indices, distances, seed)
    count, piece = connected_components(graph, directed=False)
    if count > 1:
        return np.asarray(piece == np.bincount(piece).argmax())
    normal, roots = laplacian(graph.astype(np.float64), normed=True, return_diag=True)
    start = np.random.default_rng(seed).random(len(parts))
    # The largest eigenvalues of 2 − L are the smallest of L, and found without solving for it.
    _, vectors = eigsh(2 * identity(len(parts)) - normal, k=2, which="LA", v0=start)
    order = vectors[:, 0] / roots
    return _best_cut(graph, order)


def _best_cut(graph: Any, order: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Where along an order the normalised cut is least, both sides having two cells or more."""
    from scipy.sparse import csr_matrix

    ranked = np.argsort(order, kind="stable")
    weights = csr_matrix(graph)[ranked][:, ranked].tocoo()
    n = len(ranked)
    low, high = np.minimum(weights.row, weights.col), np.maximum(weights.row, weights.col)
    # A weight between two places is cut by every cut between them; it stands in both directions.
    steps = np.bincount(low, weights.data / 2, n) - np.bincount(high, weights.data / 2, n)
    crossing = np.cumsum(steps)[:-1]
    left = np.cumsum(np.bincount(weights.row, weights.data, n))
    cost = crossing / np.maximum(left[:-1], 1e-12)
    cost += crossing / np.maximum(left[-1] - left[:-1], 1e-12)
    cost[0] = cost[-1] = np.inf
    found = np.zeros(n, bool)
    found[ranked[: int(np.argmin(cost)) + 1]] = True
    return found
