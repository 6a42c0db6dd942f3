"""Who is near a vector among the cells of a table, whatever their number."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Vectors = NDArray[np.float32]

_BLOCK = 1 << 24
"""Numbers that are worked on at once."""


class Reference:
    """The vectors of a table, seen from their common mean.

    What all cells have in common tells none apart, as in the diagnostics: cosines are of vectors
    from which the mean was taken.

    Parameters
    ----------
    vectors
        (cells, D), not copied. A vector with a value that is not finite, or one that equals the
        mean, is near no other.
    """

    def __init__(self, vectors: Vectors) -> None:
        self._vectors = vectors
        self.comparable = np.ones(len(vectors), bool)
        total, count = np.zeros(vectors.shape[1]), 0
        for block in self._blocks():
            finite = np.isfinite(vectors[block]).all(axis=1)
            self.comparable[block] = finite
            total += vectors[block][finite].sum(axis=0, dtype=np.float64)
            count += int(finite.sum())
        self.mean = (total / max(count, 1)).astype(np.float32)
        self._lengths = np.ones(len(vectors), np.float32)
        for block in self._blocks():
            centred = vectors[block] - self.mean
            with np.errstate(invalid="ignore", over="ignore"):
                lengths = np.linalg.norm(centred, axis=1)
            self.comparable[block] &= lengths > 0
            self._lengths[block] = np.where(self.comparable[block], lengths, 1)

    def __len__(self) -> int:
        return len(self._vectors)

    def directions(self, vectors: Vectors) -> Vectors:
        """Vectors (m, D) seen from the mean, each of length 1; the mean itself stays 0."""
        return unit(vectors - self.mean)

    def nearest(
        self, vectors: Vectors, k: int, but: int, *, among: NDArray[np.bool_] | None = None
    ) -> NDArray[np.intp]:
        """The rows of the k cells nearest to each of some vectors, (m, k), nearest first.

        Parameters
        ----------
        vectors
            (m, D).
        k
            How many; fewer than there are comparable cells.
        but
            The row that is left out: the cell whose vectors they are.
        among
            Which rows may be found, bool (cells,); all by default.
        """
        allowed = self.comparable if among is None else self.comparable & among
        directions = self.directions(vectors)
        each = max(1, _BLOCK // max(len(self), 1))
        found = [
            self._nearest(directions[n : n + each], k, but, allowed)
            for n in range(0, len(vectors), each)
        ]
        return np.concatenate(found) if found else np.zeros((0, k), np.intp)

    def similarity(self, vectors: Vectors, rows: NDArray[np.intp]) -> NDArray[np.float64]:
        """Cosine of each of some vectors (m, D) to the cells of some rows, (m, rows)."""
        there = unit(self._vectors[rows] - self.mean)
        return np.asarray(self.directions(vectors) @ there.T, np.float64)

    def _nearest(
        self, directions: Vectors, k: int, but: int, allowed: NDArray[np.bool_]
    ) -> NDArray[np.intp]:
        cosines = np.empty((len(directions), len(self)), np.float32)
        offset = directions @ self.mean
        for block in self._blocks():
            with np.errstate(invalid="ignore", over="ignore"):
                products = directions @ self._vectors[block].T - offset[:, None]
            cosines[:, block] = products / self._lengths[block]
        cosines[:, ~allowed] = -np.inf
        cosines[:, but] = -np.inf
        rows = np.argpartition(-cosines, k - 1, axis=1)[:, :k]
        order = np.argsort(-np.take_along_axis(cosines, rows, axis=1), axis=1, kind="stable")
        return np.asarray(np.take_along_axis(rows, order, axis=1), np.intp)

    def _blocks(self) -> list[slice]:
        step = max(1, _BLOCK // max(self._vectors.shape[1], 1))
        return [slice(n, n + step) for n in range(0, len(self._vectors), step)]


def unit(vectors: Vectors) -> Vectors:
    """Vectors (m, D) scaled to length 1; those of length 0 stay so."""
    lengths = np.linalg.norm(vectors, axis=-1, keepdims=True)
    return np.asarray(vectors / np.where(lengths > 0, lengths, 1), np.float32)


def apart(a: Vectors, b: Vectors) -> NDArray[np.float64]:
    """One minus the cosine of directions (m, D) and (m, D) or (D,), 0 to 2."""
    return np.clip(1 - (a * b).sum(axis=-1, dtype=np.float64), 0, 2)
