"""How values are distributed, of all cells and of some of them."""

from __future__ import annotations

from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from napari_c3r.core.figures.colouring import Values

BINS = 48


class Histogram:
    """Counts of values between the limits of their colours; values beyond count at the ends.

    Parameters
    ----------
    values
        Numbers of cells with the limits of their colours.
    """

    def __init__(self, values: Values) -> None:
        self.values = values

    @cached_property
    def _bins(self) -> NDArray[np.uint8]:
        """The bin of each cell, `BINS` for one without a value."""
        numbers, (low, high) = self.values.values, self.values.limits
        scale = BINS / (high - low) if high > low else 0.0
        with np.errstate(invalid="ignore", over="ignore"):
            place = np.clip((numbers - np.float32(low)) * np.float32(scale), 0, BINS - 1)
        return np.where(np.isfinite(numbers), place, BINS).astype(np.uint8)

    @cached_property
    def everything(self) -> NDArray[np.intp]:
        """Cells in each bin, (BINS,)."""
        return np.bincount(self._bins, minlength=BINS + 1)[:BINS]

    def of(self, chosen: NDArray[np.bool_]) -> NDArray[np.intp]:
        """Chosen cells in each bin, (BINS,), from bool (cells,)."""
        return np.bincount(self._bins[chosen], minlength=BINS + 1)[:BINS]
