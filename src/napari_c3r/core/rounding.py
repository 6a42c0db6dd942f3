"""How places become pixels."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray


def half_up(values: ArrayLike) -> NDArray[np.intp]:
    """Round to the nearest whole number, halves always up.

    Halves to the even number, as numpy and Python round, would move a crop by the parity of its
    place: an image shifted by one pixel would give other crops.

    Parameters
    ----------
    values
        Numbers of any shape, finite.

    Returns
    -------
    ndarray
        Whole numbers of the same shape.
    """
    return np.floor(np.asarray(values, np.float64) + 0.5).astype(np.intp)
