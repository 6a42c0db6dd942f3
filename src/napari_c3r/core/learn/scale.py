"""The columns of the vectors on one scale, for tables of any length."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from napari_c3r.core.errors import InputError

MAX_MEASURED = 20_000
"""Of more cells, only so many, evenly spread over the table, tell mean and spread."""

# So many rows fit into a processor's cache; larger pieces take twice as long.
_ROWS = 2048


def pieces(count: int) -> Iterator[slice]:
    """Rows, so many at a time as are worked on quickest."""
    return (slice(start, min(start + _ROWS, count)) for start in range(0, count, _ROWS))


@dataclass(frozen=True, eq=False)
class Scale:
    """What standardises the columns: their mean and one over their spread, (D,) each.

    A constant column has the factor 0 and counts for nothing.
    """

    mean: NDArray[np.float32]
    factor: NDArray[np.float32]

    @classmethod
    def of(cls, vectors: NDArray[np.float32]) -> Scale:
        """Measure vectors (cells, D); those with a value that is not finite are passed over.

        Raises
        ------
        InputError
            No vector is left.
        """
        step = max(1, -(-len(vectors) // MAX_MEASURED))
        measured = vectors[::step].astype(np.float64)
        measured = measured[np.isfinite(measured).all(axis=1)]
        if not len(measured):
            raise InputError("No cell has a vector of finite numbers; embed the images first")
        mean, spread = measured.mean(axis=0), measured.std(axis=0)
        varying = spread > 1e-6 * np.maximum(np.abs(mean), 1e-30)
        factor = np.where(varying, 1 / np.where(varying, spread, 1), 0)
        return cls(mean.astype(np.float32), factor.astype(np.float32))

    def __call__(self, vectors: NDArray[np.float32]) -> NDArray[np.float32]:
        """Standardise vectors (n, D)."""
        standard = vectors - self.mean
        standard *= self.factor
        return standard
