"""Pixels and labels brought from one grid to another."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from napari_c3r.core.segment.compiled import compiled

Places = tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.float64], NDArray[np.float64]]
"""Between which two lines of pixels each line lies, and the weights of both."""


@compiled
def between(pixels: NDArray[np.float32], rows: Places, columns: Places) -> NDArray[np.float32]:
    """Interpolate linearly at places between pixels.

    Parameters
    ----------
    pixels
        (Y, X).
    rows, columns
        The n places along each axis.
    """
    above, below, from_above, from_below = rows
    left, right, from_left, from_right = columns
    found = np.empty((len(above), len(left)), np.float32)
    for y in range(len(above)):
        up, down = from_above[y], from_below[y]
        upper, lower = pixels[above[y]], pixels[below[y]]
        for x in range(len(left)):
            value = upper[left[x]] * up * from_left[x]
            value += upper[right[x]] * up * from_right[x]
            value += lower[left[x]] * down * from_left[x]
            value += lower[right[x]] * down * from_right[x]
            found[y, x] = value
    return found


@compiled
def enlarged(
    labels: NDArray[np.int32],
    around: NDArray[np.int64],
    at: tuple[int, int],
    small: tuple[int, int],
    scale: tuple[float, float],
    part: tuple[int, int, int, int],
) -> NDArray[np.int32]:
    """Labels of a coarse grid on a plane; each pixel goes to the one that covers it most.

    How far a label covers a pixel is interpolated linearly between the centres of the grid. The
    border of the plane is no outline: what touches it continues beyond it.

    Parameters
    ----------
    labels
        (y, x) labels 1..n on the grid, or a part of it.
    around
        Their boxes, from :func:`~napari_c3r.core.segment.pieces.boxes`.
    at
        Where in the grid the part begins.
    small
        Height and width of the whole grid.
    scale
        How many pixels of the plane a pixel of the grid is long, along each axis.
    part
        First row, end of the rows, first column and end of the columns of the plane that are asked
        for.
    """
    result = np.zeros((part[1] - part[0], part[3] - part[2]), np.int32)
    cover = np.empty(result.shape, np.float32)
    for y in range(cover.shape[0]):
        for x in range(cover.shape[1]):
            cover[y, x] = 0.5
    for label in range(1, len(around)):
        top, bottom = around[label, 0], around[label, 1]
        left, right = around[label, 2], around[label, 3]
        if top == bottom:
            continue
        first_y, end_y = _reach(top + at[0], bottom + at[0], scale[0], part[0], part[1])
        first_x, end_x = _reach(left + at[1], right + at[1], scale[1], part[2], part[3])
        for y in range(first_y, end_y):
            place = (y + 0.5) / scale[0] - (top + at[0]) - 0.5
            row = int(np.floor(place))
            up, down = np.float32(1 - (place - row)), np.float32(max(1 - abs(place - row - 1), 0.0))
            for x in range(first_x, end_x):
                place = (x + 0.5) / scale[1] - (left + at[1]) - 0.5
                column = int(np.floor(place))
                share = 0.0
                for step in range(2):
                    side = np.float32(1 - abs(place - (column + step)))
                    at_x = _inside(column + step, right - left, left + at[1], small[1])
                    if at_x < 0:
                        continue
                    line = np.float32(0)
                    at_y = _inside(row, bottom - top, top + at[0], small[0])
                    if at_y >= 0 and labels[top + at_y, left + at_x] == label:
                        line += up
                    at_y = _inside(row + 1, bottom - top, top + at[0], small[0])
                    if at_y >= 0 and labels[top + at_y, left + at_x] == label:
                        line += down
                    share += np.float64(line) * np.float64(side)
                if np.float32(share) > cover[y - part[0], x - part[2]]:
                    cover[y - part[0], x - part[2]] = np.float32(share)
                    result[y - part[0], x - part[2]] = label
    return result


@compiled
def _reach(begin: int, end: int, scale: float, least: int, most: int) -> tuple[int, int]:
    """Pixels of the plane over a stretch of the grid and a pixel of the grid around it."""
    first = max(int(max(begin - 1, 0) * scale), least)
    return first, min(int(np.ceil((end + 1) * scale)), most)


@compiled
def _inside(place: int, length: int, begin: int, whole: int) -> int:
    """Where a label's box is asked for; -1 beyond it, unless the image ends there."""
    if place < 0:
        return 0 if begin == 0 else -1
    if place >= length:
        return length - 1 if begin + length == whole else -1
    return place
