"""Labels in three dimensions as one label image."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import dask.array as da

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


def lazily_projected(labels: Any) -> da.Array:
    """As `project_labels`, of labels that are looked at when they are asked for.

    Parameters
    ----------
    labels
        (Z, Y, X), in memory or lazy.

    Returns
    -------
    dask array
        (Y, X) of the same type, in chunks of whole rows.
    """
    import dask.array as da

    depth, _, width = labels.shape
    if not isinstance(labels, da.Array):
        # Without a name of its own dask would go through all pixels for one.
        labels = da.from_array(labels, chunks=(depth, "auto", width), name=False)
    whole = labels.rechunk({0: -1})
    empty = np.empty((0, 0), labels.dtype)
    return whole.map_blocks(project_labels, drop_axis=0, dtype=labels.dtype, meta=empty)
