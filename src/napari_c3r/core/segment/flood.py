"""Watershed whose outcome at a place hangs on what is around it alone."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from skimage.segmentation import watershed


def flooded(
    height: NDArray[np.float32], seeds: NDArray[np.int32], mask: NDArray[np.bool_]
) -> NDArray[np.int32]:
    """Share out the ground among seeds.

    The order in which seeds of equal height begin would hang on all others of the image. It is
    made that of their pixels, row by row, by less than what tells two heights apart.

    Parameters
    ----------
    height
        (Y, X); low ground is flooded first.
    seeds
        (Y, X) labels.
    mask
        Where there is ground.

    Returns
    -------
    (Y, X) labels, 0 off the mask.
    """
    ground = height.astype(np.float64)
    begin = np.flatnonzero(seeds)
    own = ground.ravel()[begin]
    step = np.abs(np.spacing(own.astype(np.float32))).astype(np.float64) / 4
    ground.ravel()[begin] = own - step * (1 - np.arange(len(begin)) / max(len(begin), 1))
    found: NDArray[np.int32] = watershed(ground, seeds, mask=mask).astype(np.int32)
    return found
