"""Labels in three dimensions as one label image."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

# Rows that are looked at together hold about so many pixels of all slices.
_PIXELS_AT_ONCE = 1 << 24


def project_labels(labels: NDArray[Any]) -> NDArray[Any]:
    """The cell that most slices have at each pixel, as a projection of the intensities shows it.

    Background counts for nothing. Of cells in equally many slices at a pixel, that of the lower
    number is taken. A cell that is under others everywhere is lost.

    Parameters
    ----------
    labels
        (Z, Y, X) integers, 0 being background.

    Returns
    -------
    ndarray
        (Y, X) of the same type.
    """
    depth, height, width = labels.shape
    projected = np.zeros((height, width), labels.dtype)
    rows = max(1, _PIXELS_AT_ONCE // max(1, depth * width))
    for start in range(0, height, rows):
        block = np.sort(labels[:, start : start + rows], axis=0)
        run = np.zeros(block.shape[1:], np.int32)
        longest = np.zeros(block.shape[1:], np.int32)
        here = projected[start : start + rows]
        before = np.zeros_like(block[0])
        for plane in block:
            run = np.where(plane == before, run + 1, 1)
            wins = (run > longest) & (plane > 0)
            here[wins] = plane[wins]
            longest[wins] = run[wins]
            before = plane
    return projected
