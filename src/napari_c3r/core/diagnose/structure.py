"""What a set of vectors says about the cells: who is whose neighbour, and who forms a group."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from napari_c3r.core.reduce.components import principal_components

Columns = Sequence[tuple[str, str]]


@dataclass(frozen=True, eq=False)
class Structure:
    """The cells as one set of vectors arranges them. Comparable between vectors of any length.

    Attributes
    ----------
    similarity
        (n, n) float32, cosine between vectors from which their common mean was taken.
    member
        (n, n) boolean; row i marks the k nearest of cell i.
    clusters
        (n,) number of each cell's k-means cluster.
    """

    similarity: NDArray[np.float32]
    member: NDArray[np.bool_]
    clusters: NDArray[np.intp]


def centred_directions(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    """Take the mean over the cells from vectors (n, D), and scale each to length 1.

    What all cells have in common tells none apart: with it left in, the cosine between any
    two is close to 1. A vector that equals the mean stays 0.
    """
    centred = vectors - vectors.mean(axis=0, dtype=np.float64).astype(np.float32)
    lengths = np.linalg.norm(centred, axis=1, keepdims=True)
    # Below the rounding of the mean, a direction is that of the rounding.
    real = lengths > 1e-6 * np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.where(real, centred / np.where(lengths > 0, lengths, 1), 0).astype(np.float32)


def structure(vectors: NDArray[np.float32], *, k: int, n_clusters: int, seed: int = 0) -> Structure:
    """Arrange the cells.

    Parameters
    ----------
    vectors
        (n, D) finite.
    k
        Neighbours, 1 to n − 1.
    n_clusters
        Groups of the k-means on the principal components, as `napari_c3r.cluster` makes them.
    seed
        Of the k-means.
    """
    from sklearn.cluster import KMeans

    directions = centred_directions(vectors)
    similarity = directions @ directions.T
    components = principal_components(vectors)
    distinct = len(np.unique(components, axis=0))
    model = KMeans(min(n_clusters, distinct), n_init=5, random_state=seed)
    return Structure(
        similarity, nearest(similarity, k), np.asarray(model.fit_predict(components), np.intp)
    )


def nearest(similarity: NDArray[np.float32], k: int) -> NDArray[np.bool_]:
    """Mark the k most similar others of each cell, (n, n)."""
    others = similarity.copy()
    np.fill_diagonal(others, -np.inf)
    found = np.argpartition(-others, k - 1, axis=1)[:, :k]
    member = np.zeros(similarity.shape, bool)
    np.put_along_axis(member, found, True, axis=1)
    return member


def neighbours_changed(a: NDArray[np.bool_], b: NDArray[np.bool_]) -> NDArray[np.float64]:
    """How many of the neighbours that `nearest` marks are others, (n,), 0 to k."""
    return np.asarray(a.sum(axis=1) - (a & b).sum(axis=1), np.float64)


def cosine_shift(
    a: NDArray[np.float32], b: NDArray[np.float32], columns_a: Columns, columns_b: Columns
) -> NDArray[np.float64] | None:
    """One minus the cosine between each cell's two vectors, 0 to 2, where they can be compared.

    Two vectors of a cell can be compared where they are outputs of the same kind. With
    concepts read out jointly that is always so. With concepts read out one at a time, only
    the columns of concepts that both have are compared. The mean over the cells is taken from
    each side first: a shift that all cells make together moves none relative to another.

    Parameters
    ----------
    a, b
        (n, D) and (n, D').
    columns_a, columns_b
        Concept label and readout part of every column.

    Returns
    -------
    ndarray or None
        (n,), or None when no concept is read out in both.
    """
    shared = shared_columns(columns_a, columns_b)
    if shared is None:
        return None
    left, right = a[:, shared[0]], b[:, shared[1]]
    x, y = centred_directions(left), centred_directions(right)
    cosine = np.einsum("ij,ij->i", x, y, dtype=np.float64)
    # Two cells that are both the mean have not moved.
    both_mean = ~x.any(axis=1) & ~y.any(axis=1)
    return np.where(both_mean, 0.0, np.clip(1 - cosine, 0, 2))


def shared_columns(
    columns_a: Columns, columns_b: Columns
) -> tuple[NDArray[np.intp], NDArray[np.intp]] | None:
    """Columns of two kinds of vectors that are outputs of the same kind, pair by pair.

    Parameters
    ----------
    columns_a, columns_b
        Concept label and readout part of every column.

    Returns
    -------
    tuple of ndarray, or None
        Numbers of the columns in each; None when no concept is read out in both.
    """
    of_a, of_b = (np.array([label for label, _ in c], object) for c in (columns_a, columns_b))
    labels_a, labels_b = list(dict.fromkeys(of_a)), list(dict.fromkeys(of_b))
    if len(labels_a) == 1 and len(labels_b) == 1 and len(of_a) == len(of_b):
        return np.arange(len(of_a)), np.arange(len(of_b))
    common = [label for label in labels_a if (of_a == label).sum() == (of_b == label).sum()]
    if not common:
        return None
    left, right = (
        np.concatenate([np.flatnonzero(of == label) for label in common]) for of in (of_a, of_b)
    )
    return left, right


def cka(a: NDArray[np.float32], b: NDArray[np.float32]) -> float:
    """Centred kernel alignment of two similarity matrices, 1 for the same arrangement.

    Kornblith et al. (2019) with the unbiased estimator of Song et al. (2012, eq. 5), whose
    value is 0 on average for unrelated vectors however few the cells and long the vectors;
    it can therefore fall a little below 0. 0 where one of the two tells no cells apart.

    Parameters
    ----------
    a, b
        (n, n), n at least 4.
    """
    scale = _hsic(a, a) * _hsic(b, b)
    return float(_hsic(a, b) / np.sqrt(scale)) if scale > 0 else 0.0


def _hsic(a: NDArray[np.float32], b: NDArray[np.float32]) -> float:
    """Unbiased Hilbert–Schmidt independence criterion, with the diagonals left out."""
    n = len(a)
    diagonal_a, diagonal_b = np.diagonal(a).astype(float), np.diagonal(b).astype(float)
    rows_a = a.sum(axis=1, dtype=np.float64) - diagonal_a
    rows_b = b.sum(axis=1, dtype=np.float64) - diagonal_b
    trace = np.einsum("ij,ij->", a, b, dtype=np.float64) - float(diagonal_a @ diagonal_b)
    middle = rows_a.sum() * rows_b.sum() / ((n - 1) * (n - 2))
    return float((trace + middle - 2 * float(rows_a @ rows_b) / (n - 2)) / (n * (n - 3)))


def rand_index(a: NDArray[np.intp], b: NDArray[np.intp]) -> float:
    """Adjusted Rand index of two clusterings (Hubert and Arabie 1985): 1 same, 0 by chance."""
    from sklearn.metrics import adjusted_rand_score

    return float(adjusted_rand_score(a, b))
