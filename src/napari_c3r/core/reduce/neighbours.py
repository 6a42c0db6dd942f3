"""Which cells are alike: cosine similarity in the space of the vectors."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from napari_c3r.core.errors import InputError


class Similarity:
    """Cosine similarity between cells.

    Parameters
    ----------
    vectors
        (cells, D), not copied. A vector of length zero, or one with a value that is not
        finite, is like no other.
    """

    def __init__(self, vectors: NDArray[np.float32]) -> None:
        self._vectors = vectors
        with np.errstate(over="ignore", invalid="ignore"):
            lengths = np.sqrt(np.einsum("ij,ij->i", vectors, vectors, dtype=np.float64))
        self.comparable = np.isfinite(lengths) & (lengths > 0)
        self._lengths = np.where(self.comparable, lengths, 1.0)

    def __len__(self) -> int:
        return len(self._vectors)

    def to(self, row: int, rows: NDArray[np.intp] | None = None) -> NDArray[np.float64]:
        """Similarity of cells to one cell.

        Parameters
        ----------
        row
            The cell to compare with.
        rows
            Which cells, (n,); None: all.

        Returns
        -------
        ndarray
            (n,) in −1 to 1, NaN where cells cannot be compared.
        """
        if not self.comparable[row]:
            return np.full(len(self) if rows is None else len(rows), np.nan)
        return self._along(self._vectors[row] / self._lengths[row], rows)

    def nearest(self, row: int, count: int) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
        """Find the cells most like one cell, the most similar first.

        Returns
        -------
        rows, similarity
            (at most `count`,) each, without the cell itself; ties in the order of the rows.

        Raises
        ------
        InputError
            There is no such row.
        """
        if not 0 <= row < len(self):
            raise InputError(f"There is no row {row}: the table has {len(self)} cells")
        similarity = self.to(row)
        similarity[row] = np.nan
        rows = smallest(-similarity, count)
        return rows, similarity[rows]

    def medoid(self, rows: NDArray[np.intp]) -> int | None:
        """Find the cell most like all others of a group, None where none can be compared.

        The sum of a cell's similarities to a group is its similarity to the group's sum of
        unit vectors, so this takes one pass and not one for each pair.
        """
        rows = rows[self.comparable[rows]]
        if not len(rows):
            return None
        weights = np.zeros(len(self))
        weights[rows] = 1 / self._lengths[rows]
        centre = weights[rows] @ self._vectors[rows]
        return int(rows[np.argmax(self._along(centre, rows))])

    def _along(
        self, direction: NDArray[np.float64], rows: NDArray[np.intp] | None
    ) -> NDArray[np.float64]:
        chosen = slice(None) if rows is None else rows
        # In the vectors' own precision: a wider one would copy all of them.
        with np.errstate(over="ignore", invalid="ignore"):
            products = self._vectors[chosen] @ direction.astype(self._vectors.dtype)
        similarity = products.astype(np.float64) / self._lengths[chosen]
        similarity[~self.comparable[chosen]] = np.nan
        return similarity


def smallest(values: NDArray[np.floating], count: int) -> NDArray[np.intp]:
    """Positions of the smallest finite values, smallest first, ties in order."""
    finite = np.flatnonzero(np.isfinite(values))
    if len(finite) > count > 0:
        limit = np.partition(values[finite], count - 1)[count - 1]
        finite = finite[values[finite] <= limit]
    return finite[np.argsort(values[finite], kind="stable")][: max(count, 0)]
