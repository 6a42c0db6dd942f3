"""Touching nuclei, parted where their common outline has a waist.

Thresholds cannot part two nuclei that are equally bright where they touch; their shape can.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage as ndi
from skimage.morphology import h_maxima
from skimage.segmentation import watershed

from napari_c3r.core.segment.pieces import boxes, solidity

# How much the distance to the outline must dip between two nuclei, in nucleus diameters.
MIN_DIP = 0.08
# An outline as convex as this has no waist.
CONVEX = 0.9
# Parts of less than this share of the whole are bumps, not nuclei.
MIN_SHARE = 0.2
# A waist is this much narrower than the narrower of the two parts, at most.
MAX_WAIST = 0.75


def split_touching(labels: NDArray[np.int32], diameter: float) -> NDArray[np.int32]:
    """Part every label that has a waist.

    Parameters
    ----------
    labels
        (Y, X) labels 1..n.
    diameter
        The usual nucleus diameter in pixels.

    Returns
    -------
    ndarray
        (Y, X) labels 1..m, m at least n.
    """
    result = labels.copy()
    highest = int(labels.max())
    around = boxes(labels)
    for label in np.flatnonzero(solidity(labels) <= CONVEX) + 1:
        top, bottom, left, right = around[label]
        box = slice(top, bottom), slice(left, right)
        parts = _parts(np.pad(labels[box] == label, 1), diameter)[1:-1, 1:-1]
        for part in range(2, int(parts.max()) + 1):
            highest += 1
            result[box][parts == part] = highest
    return result


def _parts(mask: NDArray[np.bool_], diameter: float) -> NDArray[np.int32]:
    """The parts of one object, 1..n; all 1 when it is a single nucleus."""
    depth = ndi.gaussian_filter(ndi.distance_transform_edt(mask), diameter / 30)
    seeds, count = ndi.label(h_maxima(depth, MIN_DIP * diameter) & mask)
    whole = mask.astype(np.int32)
    if count < 2:
        return whole
    parts: NDArray[np.int32] = watershed(-depth, seeds, mask=mask).astype(np.int32)
    areas = np.bincount(parts.ravel())[1:]
    if areas.min() < MIN_SHARE * areas.sum() / (count / 2):
        return whole
    widths = 2 * np.asarray(ndi.maximum(depth, parts, np.arange(1, count + 1)))
    return parts if _waist(parts) < MAX_WAIST * widths.min() else whole


def _waist(parts: NDArray[np.int32]) -> float:
    """Length of the longest border between two parts, in pixels."""
    lengths: dict[tuple[int, int], float] = {}
    for one, other in ((parts[1:], parts[:-1]), (parts[:, 1:], parts[:, :-1])):
        border = (one != other) & (one > 0) & (other > 0)
        pairs = np.sort(np.stack([one[border], other[border]], axis=1), axis=1)
        for pair, count in zip(*np.unique(pairs, axis=0, return_counts=True), strict=True):
            key = (int(pair[0]), int(pair[1]))
            # A slanting border is counted along both axes; squares add up to its length.
            lengths[key] = float(np.hypot(lengths.get(key, 0.0), count))
    return max(lengths.values(), default=0.0)
