"""Pixels that would set the range of a crop alone: hot and dead ones of a camera, cosmic rays.

An encoder sees every channel of a crop within its own range. One pixel that is far outside of what
all others cover leaves nothing of that range to the cell.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

# A pixel is hot if it lies further from the crop's mean than this many times all others. Of 8,092
# crops of cells from 15 public data sets none has such a pixel, and one that lies just below moves
# a vector by 6 % of the median distance to the most similar cell.
FACTOR = 5.0
# Light spreads by diffraction: what is one or two pixels large and falls to a fifth beside them is
# no image of a thing.
MAX_CONNECTED_PX = 2
# More of them than this (and than a thousandth of the pixels) are what the channel shows; in the
# smallest crops already one of 64 pixels may be.
MAX_PX = 4
_MAX_SHARE = 1e-3
_MAX_SHARE_SMALL = 1 / 64
# Hot pixels that differ by more than the factor come to light one after the other.
_MAX_ROUNDS = 8


def replace_hot_pixels(crop: NDArray[np.float32]) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """Replace the pixels that set the range of a channel alone by the median of those beside them.

    Parameters
    ----------
    crop
        (C, height, width), in pixels of the image: resampling spreads a hot pixel over those
        beside it.

    Returns
    -------
    replaced, hot
        The crop itself where there is no such pixel, else a copy; and in which channels there
        were some, (C,).
    """
    hot = np.zeros(len(crop), bool)
    pending = np.arange(len(crop))
    replaced = crop
    for _ in range(_MAX_ROUNDS):
        pending = pending[_may_be_hot(replaced[pending])]
        found = {int(channel): _replaced(replaced[channel]) for channel in pending}
        found = {channel: plane for channel, plane in found.items() if plane is not None}
        if not found:
            break
        replaced = replaced.copy() if replaced is crop else replaced
        for channel, plane in found.items():
            replaced[channel], hot[channel] = plane, True
    return replaced, hot


def _may_be_hot(planes: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Which planes, (C, y, x), have so few pixels far above or below their mean, (C,)."""
    most = _most(planes[0].size) if len(planes) else 0
    # Infinite pixels and NaN compare with nothing, and are refused later with their place.
    with np.errstate(invalid="ignore", over="ignore"):
        middle = planes.mean(axis=(1, 2))
        few = np.zeros(len(planes), bool)
        for extreme, beyond in (
            (planes.max(axis=(1, 2)), np.greater),
            (planes.min(axis=(1, 2)), np.less),
        ):
            limit = middle + (extreme - middle) / np.float32(FACTOR)
            count = np.count_nonzero(beyond(planes, limit[:, None, None]), axis=(1, 2))
            few |= (count > 0) & (count <= most)
    return few


def _replaced(plane: NDArray[np.float32]) -> NDArray[np.float32] | None:
    """A plane without its hot pixels, None where those few are no hot pixels."""
    middle = plane.mean()
    hot = np.zeros(plane.shape, bool)
    for extreme, sign in ((plane.max(), 1), (plane.min(), -1)):
        limit = middle + (extreme - middle) / np.float32(FACTOR)
        far = sign * plane > sign * limit
        if 0 < np.count_nonzero(far) <= _most(plane.size) and _are_points(far):
            hot |= far
    if not hot.any():
        return None
    result = plane.copy()
    for y, x in np.argwhere(hot):
        beside = np.s_[max(y - 1, 0) : y + 2, max(x - 1, 0) : x + 2]
        others = plane[beside][~hot[beside]]
        result[y, x] = np.median(others if len(others) else plane[~hot])
    return result


def _most(pixels: int) -> int:
    return min(max(MAX_PX, int(_MAX_SHARE * pixels)), int(_MAX_SHARE_SMALL * pixels))


def _are_points(mask: NDArray[np.bool_]) -> bool:
    from scipy import ndimage as ndi

    numbered, _ = ndi.label(mask, np.ones((3, 3)))
    return bool(np.bincount(numbered.ravel())[1:].max() <= MAX_CONNECTED_PX)
