"""Discs painted into pixels, for as many points as there are."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def top_discs(at: NDArray[np.floating], radius: float, size: tuple[int, int]) -> NDArray[np.intp]:
    """Which of many discs is seen in each pixel.

    Parameters
    ----------
    at
        Middles (N, 2) as x and y in pixels, in the order of painting; the last lies on top.
    radius
        Of all of them, in pixels.
    size
        Width and height.

    Returns
    -------
    intp (height, width): rows of `at`; −1 where there is no disc.
    """
    width, height = size
    middles = np.floor(at).astype(np.intp)
    near = np.flatnonzero(
        ((middles > -radius) & (middles < (width + radius, height + radius))).all(axis=1)
    )
    top = np.full((height, width), -1, dtype=np.intp)
    for dx, dy in _offsets(radius):
        x, y = (middles[near] + (dx, dy)).T
        seen = (x >= 0) & (x < width) & (y >= 0) & (y < height)
        x, y = x[seen], y[seen]
        # Of points that share a pixel the last assigned stays, and `near` ascends.
        top[y, x] = np.maximum(top[y, x], near[seen])
    return top


def _offsets(radius: float) -> list[tuple[int, int]]:
    """Whole-pixel offsets within `radius`, at least the middle one."""
    reach = int(radius)
    steps = range(-reach, reach + 1)
    return [(x, y) for x in steps for y in steps if x * x + y * y <= max(radius, 0.5) ** 2]
