"""Watershed whose outcome at a place hangs on what is around it alone."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from napari_c3r.core.segment.compiled import compiled


def flooded(
    height: NDArray[np.floating], seeds: NDArray[np.int32], mask: NDArray[np.bool_]
) -> NDArray[np.int32]:
    """Share out the ground among seeds, along edges of pixels.

    As ``skimage.segmentation.watershed`` does, except that the order in which seeds of equal height
    begin would there hang on all others of the image. It is made that of their pixels, row by row,
    by less than what tells two heights apart.

    Parameters
    ----------
    height
        (Y, X); low ground is flooded first, of equally low that which was reached first. Behind a
        rim all is as high as the rim.
    seeds
        (Y, X) labels.
    mask
        Where there is ground.

    Returns
    -------
    (Y, X) labels, 0 off the mask.
    """
    ground = np.pad(height.astype(np.float64), 1)
    labels = np.pad(np.where(mask, seeds, 0).astype(np.int32), 1)
    begin = np.flatnonzero(labels)
    own = ground.ravel()[begin]
    step = np.abs(np.spacing(own.astype(np.float32))).astype(np.float64) / 4
    ground.ravel()[begin] = own - step * (1 - np.arange(len(begin)) / max(len(begin), 1))
    dry = np.pad(mask & (seeds == 0), 1)
    _flood(ground.ravel(), labels.ravel(), dry.ravel(), labels.shape[1])
    return labels[1:-1, 1:-1].copy()


@compiled
def _flood(
    ground: NDArray[np.float64], labels: NDArray[np.int32], dry: NDArray[np.bool_], stride: int
) -> None:
    """Spread the labels of a framed image over the ground that is dry."""
    offsets = (-stride, -1, 1, stride)
    # A heap of the pixels to spread from: their height, and when they were reached over where.
    heights = np.empty(len(labels), np.float64)
    reached = np.empty(len(labels), np.int64)
    # Those as low as what they were reached from need no heap: they come in the order reached.
    pool = np.empty(len(labels), np.int64)
    count, age, first, end = 0, 0, 0, 0
    level = 0.0
    for p in range(len(labels)):
        if labels[p] > 0:
            age += 1
            if _is_beside_dry(dry, p, offsets):
                count = _push(heights, reached, count, ground[p], age << 32 | p)
    while count > 0 or first < end:
        if first < end and (count == 0 or heights[0] > level or reached[0] > pool[first]):
            p = pool[first] & 0xFFFFFFFF
            first += 1
        else:
            p, level = reached[0] & 0xFFFFFFFF, heights[0]
            count = _drop_first(heights, reached, count)
        for offset in offsets:
            q = p + offset
            if not dry[q]:
                continue
            labels[q], dry[q] = labels[p], False
            age += 1
            # Nothing can spread from a pixel among wet ones.
            if not _is_beside_dry(dry, q, offsets):
                continue
            if ground[q] <= level:
                pool[end] = age << 32 | q
                end += 1
            else:
                count = _push(heights, reached, count, ground[q], age << 32 | q)


@compiled
def _is_beside_dry(dry: NDArray[np.bool_], p: int, offsets: tuple[int, int, int, int]) -> bool:
    return dry[p + offsets[0]] or dry[p + offsets[1]] or dry[p + offsets[2]] or dry[p + offsets[3]]


@compiled
def _push(
    heights: NDArray[np.float64], reached: NDArray[np.int64], count: int, height: float, when: int
) -> int:
    at = count
    while at > 0:
        above = (at - 1) >> 1
        if heights[above] < height or (heights[above] == height and reached[above] < when):
            break
        heights[at], reached[at] = heights[above], reached[above]
        at = above
    heights[at], reached[at] = height, when
    return count + 1


@compiled
def _drop_first(heights: NDArray[np.float64], reached: NDArray[np.int64], count: int) -> int:
    count -= 1
    height, when = heights[count], reached[count]
    at = 0
    while 2 * at + 1 < count:
        below = 2 * at + 1
        other = below + 1
        if other < count and (
            heights[other] < heights[below]
            or (heights[other] == heights[below] and reached[other] < reached[below])
        ):
            below = other
        if height < heights[below] or (height == heights[below] and when < reached[below]):
            break
        heights[at], reached[at] = heights[below], reached[below]
        at = below
    heights[at], reached[at] = height, when
    return count
