"""Patches of a crop: where they lie, what covers them, and what they add up to over the crop."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from napari_c3r.core.crops.cut import BACKGROUND_PERCENTILE
from napari_c3r.core.explain.options import Fill
from napari_c3r.core.rounding import half_up

Covers = NDArray[np.intp]
"""(n, m, 3): each of n covers is m squares, of which first row, first column and side are given,
in pixels of the crop."""

Pixels = NDArray[np.float32]

PARTS: Final = 4
"""What is covered at random is so many times narrower than a patch, and in as many more pieces."""


def grid(side: int, places: int, overlap: int) -> Covers:
    """Patches that cover a crop evenly, each by itself.

    Parameters
    ----------
    side
        Of the crop, in pixels.
    places
        Patches that lie side by side along it; no more than it has pixels.
    overlap
        Steps in which a patch moves by its own side.

    Returns
    -------
    ndarray
        Covers of one square each, row by row, at most ``((places - 1) * overlap + 1) ** 2``.
    """
    places = min(places, side)
    width = -(-side // places)
    starts = np.linspace(0, side - width, (places - 1) * overlap + 1)
    starts = np.unique(half_up(starts)).astype(np.intp)
    y, x = (axis.ravel() for axis in np.meshgrid(starts, starts, indexing="ij"))
    return np.stack([y, x, np.full(len(y), width)], axis=1).astype(np.intp)[:, None]


def side_by_side(covers: Covers, overlap: int) -> NDArray[np.bool_]:
    """Which places of a grid are those that lie side by side, (n,).

    Parameters
    ----------
    covers
        From `grid`.
    overlap
        As it was made with.
    """
    y, x = (np.unique(covers[:, 0, axis], return_inverse=True)[1] for axis in (0, 1))
    return np.asarray((y % overlap == 0) & (x % overlap == 0))


def overlapping(covers: Covers, some: Covers) -> NDArray[np.bool_]:
    """Which places share pixels with one of some others, (n,)."""
    apart = np.abs(covers[:, None, 0, :2] - some[None, :, 0, :2])
    return np.asarray((apart < covers[:, None, 0, 2:]).all(axis=2).any(axis=1))


def filling(crop: Pixels, kind: Fill, side: int) -> Pixels:
    """What each pixel of a crop is covered with.

    Parameters
    ----------
    crop
        (C, S, S), in any units.
    kind
        As in `WhyOptions`.
    side
        Of a patch, in pixels.

    Returns
    -------
    ndarray
        (C, S, S).
    """
    from scipy import ndimage as ndi

    if kind == "blur":
        return np.asarray(ndi.gaussian_filter(crop, side, axes=(1, 2)), np.float32)
    background = np.percentile(crop, BACKGROUND_PERCENTILE, axis=(1, 2)).astype(np.float32)
    return np.broadcast_to(background[:, None, None], crop.shape)


def differing(crop: Pixels, fill: Pixels, channel: int | None, covers: Covers) -> NDArray[np.bool_]:
    """Which covers hide anything, (n,): an empty place looks the same when it is covered.

    Parameters
    ----------
    crop, fill
        (C, S, S).
    channel
        The channel that is covered, None for all of them.
    covers
        The places.
    """
    other = crop != fill
    plane = other.any(axis=0) if channel is None else other[channel]
    total = np.pad(plane.cumsum(0).cumsum(1), ((1, 0), (1, 0)))
    y, x, side = np.moveaxis(covers, -1, 0)
    inside = total[y + side, x + side] - total[y, x + side] - total[y + side, x] + total[y, x]
    return np.asarray((inside > 0).any(axis=1))


def scattered(
    crop: Pixels, fill: Pixels, channel: int | None, width: int, *, draws: int, seed: int
) -> Covers:
    """As many pixels as a patch has, in small squares anywhere where there is something to cover.

    Parameters
    ----------
    crop, fill, channel
        As for `differing`.
    width
        Side of a patch, in pixels.
    draws
        How many; each depends on the seed, the channel and its own number alone.
    seed
        At least 0.

    Returns
    -------
    ndarray
        (draws, m, 3), m being 16 where the patch can be divided by four and the channel has as
        many places; (0, 1, 3) where covering the channel would change nothing.
    """
    small = max(1, width // PARTS)
    squares = grid(crop.shape[-1], crop.shape[-1] // small, 1)[:, 0]
    squares = squares[differing(crop, fill, channel, squares[:, None])]
    if not len(squares):
        return np.zeros((0, 1, 3), np.intp)
    count = min(max(1, round(width**2 / int(squares[0, 2]) ** 2)), len(squares))
    which = 0 if channel is None else channel + 1
    streams = (np.random.default_rng([seed, which, draw]) for draw in range(draws))
    return np.stack([squares[rng.permutation(len(squares))[:count]] for rng in streams])


def covered(crop: Pixels, fill: Pixels, channel: int | None, covers: Covers) -> Pixels:
    """A crop with each of the covers on it, (n, C, S, S)."""
    found = np.repeat(crop[None], len(covers), axis=0)
    channels = slice(None) if channel is None else slice(channel, channel + 1)
    for each, squares in zip(found, covers.tolist(), strict=True):
        for y, x, side in squares:
            part = channels, slice(y, y + side), slice(x, x + side)
            each[part] = fill[part]
    return found


def spread(covers: Covers, values: NDArray[np.float64], side: int) -> NDArray[np.float64]:
    """The mean, at every pixel, of the values of the covers that lie on it.

    Parameters
    ----------
    covers
        The places.
    values
        Of each, (n,).
    side
        Of the crop.

    Returns
    -------
    ndarray
        (side, side), NaN where there is no cover.
    """
    sums, counts = np.zeros((side, side)), np.zeros((side, side))
    for squares, value in zip(covers.tolist(), values.tolist(), strict=True):
        for y, x, width in squares:
            sums[y : y + width, x : x + width] += value
            counts[y : y + width, x : x + width] += 1
    return np.where(counts > 0, sums / np.maximum(counts, 1), np.nan)
