"""Bands of a cell, from its middle to its edge: the same places in cells of any shape."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage as ndi

from napari_c3r.core.explain.places import Pixels

Mask = NDArray[np.bool_]

WITH_NUCLEUS: Final = (
    "middle of the nucleus",
    "rim of the nucleus",
    "beside the nucleus",
    "half way to the edge",
    "edge of the cell",
)
"""Two halves of the nucleus, three thirds of the rest, each by depth."""

WITHOUT_NUCLEUS: Final = (
    "middle of the cell",
    "near the middle",
    "half way to the edge",
    "near the edge",
    "edge of the cell",
)
"""Fifths of the way from the cell's middle to its edge."""


def bands_of(cell: Mask, nucleus: Mask | None) -> NDArray[np.intp]:
    """Which band each pixel of a crop is in, (S, S); -1 beside the cell.

    Parameters
    ----------
    cell
        Which pixels are the cell's, (S, S).
    nucleus
        Which are its nucleus', None where that is not known.
    """
    found = np.full(cell.shape, -1, np.intp)
    if not cell.any():
        return found
    # Beyond the crop's border there is no cell.
    edge = ndi.distance_transform_edt(np.pad(cell, 1))[1:-1, 1:-1]
    if nucleus is None or not (nucleus & cell).any():
        middle = np.argwhere(cell).mean(axis=0)
        out = np.hypot(*(np.indices(cell.shape) - middle[:, None, None]))
        found[cell] = _fifth((out / (out + edge))[cell], len(WITHOUT_NUCLEUS))
        return found
    inside = nucleus & cell
    depth = ndi.distance_transform_edt(np.pad(inside, 1))[1:-1, 1:-1]
    found[inside] = np.where(depth[inside] > depth.max() / 2, 0, 1)
    rest = cell & ~inside
    away = ndi.distance_transform_edt(~inside)
    found[rest] = 2 + _fifth((away / (away + edge))[rest], 3)
    return found


def _fifth(share: NDArray[np.float64], parts: int) -> NDArray[np.intp]:
    return np.minimum((share * parts).astype(np.intp), parts - 1)


def band_covered(crop: Pixels, fill: Pixels, channel: int, where: Mask) -> Pixels:
    """A crop with some pixels of one channel covered, (C, S, S)."""
    found = crop.copy()
    found[channel][where] = fill[channel][where]
    return found


def scattered_pixels(cell: Mask, count: int, rng: np.random.Generator) -> Mask:
    """About as many pixels of a cell as a band has, in small squares anywhere in it, (S, S)."""
    small = max(1, cell.shape[0] // 28)
    y, x = (axis // small for axis in np.indices(cell.shape))
    square = y * (cell.shape[1] // small + 1) + x
    there = np.unique(square[cell])
    size = np.bincount(square[cell])
    order = rng.permutation(there)
    taken = order[: int(np.searchsorted(np.cumsum(size[order]), count)) + 1]
    return np.asarray(cell & np.isin(square, taken))
