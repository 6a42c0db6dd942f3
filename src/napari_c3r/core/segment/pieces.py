"""Shapes of single labels: their boxes, spurs and holes, and how convex they are."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from napari_c3r.core.segment.compiled import compiled

_SPUR = 2
"""Spurs narrower than twice so many pixels are taken off."""

# Of a pixel, as the pieces of a cell are told apart; 0 is the frame around all.
_GROUND, _BODY, _KEPT, _OUTSIDE = range(1, 5)


def connected(cells: NDArray[np.int32], seeds: NDArray[np.int32]) -> NDArray[np.int32]:
    """Keep of each cell the piece that holds its nucleus, without spurs and holes.

    Parameters
    ----------
    cells, seeds
        (Y, X) labels of the same numbers; a cell holds its seed.
    """
    result = np.zeros_like(cells)
    _keep_pieces(cells, seeds, boxes(cells), result)
    return result


def solidity(labels: NDArray[np.int32]) -> NDArray[np.float64]:
    """How convex labels are: area over that of the convex hull, as scikit-image measures it.

    Parameters
    ----------
    labels
        (Y, X) labels 1..n.

    Returns
    -------
    ndarray
        (n,), at most 1.
    """
    return _solidity(labels, boxes(labels))


@compiled
def boxes(labels: NDArray[np.int32]) -> NDArray[np.int64]:
    """First row, end of the rows, first column and end of the columns of labels, by label.

    A label that is nowhere has a box of no rows, as has 0.
    """
    height, width = labels.shape
    highest = 0
    for y in range(height):
        for x in range(width):
            highest = max(highest, labels[y, x])
    found = np.zeros((highest + 1, 4), np.int64)
    for y in range(height):
        for x in range(width):
            label = labels[y, x]
            if label == 0:
                continue
            box = found[label]
            if box[1] == 0:
                box[0], box[2] = y, x
            box[1] = y + 1
            box[2], box[3] = min(box[2], x), max(box[3], x + 1)
    return found


@compiled
def _keep_pieces(
    cells: NDArray[np.int32],
    seeds: NDArray[np.int32],
    around: NDArray[np.int64],
    result: NDArray[np.int32],
) -> None:
    for label in range(1, len(around)):
        top, bottom = around[label, 0], around[label, 1]
        left, right = around[label, 2], around[label, 3]
        if top == bottom:
            continue
        height, width = bottom - top, right - left
        # Opened on a wider field, so that a cell cut by the image's border is not worn away.
        wide = np.zeros((height + 2 * _SPUR + 2, width + 2 * _SPUR + 2), np.bool_)
        for y in range(1, height + 2 * _SPUR + 1):
            row = min(max(y - 1 - _SPUR, 0), height - 1) + top
            for x in range(1, width + 2 * _SPUR + 1):
                column = min(max(x - 1 - _SPUR, 0), width - 1) + left
                wide[y, x] = cells[row, column] == label
        for turn in range(2 * _SPUR):
            wide = _worn(wide, turn >= _SPUR)
        _keep_piece(seeds, wide, (top, bottom, left, right), label, cells, result)


@compiled
def _keep_piece(
    seeds: NDArray[np.int32],
    wide: NDArray[np.bool_],
    box: tuple[int, int, int, int],
    label: int,
    cells: NDArray[np.int32],
    result: NDArray[np.int32],
) -> None:
    """Write the piece of a cell without spurs that its seed is in, and the holes of that piece."""
    top, bottom, left, right = box
    height, width = bottom - top, right - left
    # Ground around the box, so that what is outside of the piece hangs together, and a frame.
    stride = width + 4
    state = np.zeros((height + 4) * stride, np.int8)
    places = np.empty(len(state), np.int64)
    count = 0
    for y in range(height + 2):
        for x in range(width + 2):
            p = (y + 1) * stride + x + 1
            state[p] = _GROUND
            if y == 0 or x == 0 or y > height or x > width:
                continue
            if seeds[top + y - 1, left + x - 1] == label:
                state[p] = _KEPT
                places[count] = p
                count += 1
            elif wide[y + _SPUR, x + _SPUR]:
                state[p] = _BODY
    _spread(state, places, count, stride, _BODY, _KEPT)
    for p in range(len(state)):
        if state[p] == _BODY:
            state[p] = _GROUND
    places[0] = stride + 1
    state[places[0]] = _OUTSIDE
    _spread(state, places, 1, stride, _GROUND, _OUTSIDE)
    for y in range(height):
        for x in range(width):
            here = cells[top + y, left + x]
            if (here == label or here == 0) and state[(y + 2) * stride + x + 2] != _OUTSIDE:
                result[top + y, left + x] = label


@compiled
def _worn(mask: NDArray[np.bool_], wider: bool) -> NDArray[np.bool_]:
    """A mask in a frame of nothing, narrower or wider by a pixel along the axes."""
    found = np.zeros(mask.shape, np.bool_)
    width = mask.shape[1] - 2
    for y in range(1, mask.shape[0] - 1):
        above, row, below = mask[y - 1, 1:], mask[y], mask[y + 1, 1:]
        here, right, own = row[1:], row[2:], found[y, 1:]
        if wider:
            for x in range(width):
                own[x] = here[x] | above[x] | below[x] | row[x] | right[x]
        else:
            for x in range(width):
                own[x] = here[x] & above[x] & below[x] & row[x] & right[x]
    return found


@compiled
def _spread(
    state: NDArray[np.int8],
    places: NDArray[np.int64],
    count: int,
    stride: int,
    over: int,
    mark: int,
) -> None:
    """Mark what joins the first `count` places along edges of pixels and has the state `over`."""
    while count > 0:
        count -= 1
        p = places[count]
        for q in (p - stride, p - 1, p + 1, p + stride):
            if state[q] == over:
                state[q] = mark
                places[count] = q
                count += 1


@compiled
def _solidity(labels: NDArray[np.int32], around: NDArray[np.int64]) -> NDArray[np.float64]:
    """A pixel is a diamond of half a pixel each way; all here is counted in half pixels."""
    found = np.empty(len(around) - 1)
    for label in range(1, len(around)):
        top, bottom = around[label, 0], around[label, 1]
        left, right = around[label, 2], around[label, 3]
        if top == bottom:
            continue
        area, rows = 0, 2 * (bottom - top) + 1
        # How far right, and how far left, the label reaches in each half row.
        reach = np.empty((2, rows), np.int64)
        for at in range(rows):
            reach[0, at] = reach[1, at] = -4 * (right + 1)
        for y in range(top, bottom):
            for x in range(left, right):
                if labels[y, x] != label:
                    continue
                area += 1
                for row, half in ((0, 0), (1, 1), (2, 0)):
                    at = 2 * (y - top) + row
                    reach[0, at] = max(reach[0, at], 2 * x + half)
                    reach[1, at] = max(reach[1, at], half - 2 * x)
        hull = 0
        right_end, left_end = _hull(reach[0]), _hull(reach[1])
        for y in range(bottom - top):
            hull += right_end[2 * y + 1] + left_end[2 * y + 1] + 1
        found[label - 1] = area / hull
    return found


@compiled
def _hull(reach: NDArray[np.int64]) -> NDArray[np.int64]:
    """The least concave line over reaches in half pixels: its last whole pixel by half row."""
    corner = np.empty(len(reach), np.int64)
    count = 0
    for row in range(len(reach)):
        while count > 1:
            first, last = corner[count - 2], corner[count - 1]
            ahead = (reach[last] - reach[first]) * (row - first)
            if ahead > (reach[row] - reach[first]) * (last - first):
                break
            count -= 1
        corner[count] = row
        count += 1
    found = np.empty(len(reach), np.int64)
    for number in range(count - 1):
        first, last = corner[number], corner[number + 1]
        long = last - first
        for row in range(first, last + 1):
            place = reach[first] * (last - row) + reach[last] * (row - first)
            found[row] = place // (2 * long)
    return found
