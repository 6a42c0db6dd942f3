"""What a plane that is read in parts is like as a whole: its range, and its liveliest fields.

The parts have the same places in every survey, so that what is found does not hang on how the
plane is worked on afterwards.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage as ndi

from napari_c3r.core.cells.labels import ArrayLike, read
from napari_c3r.core.errors import InputError
from napari_c3r.core.segment.plane import Box

FIELD_PX = 2048
"""Side of the fields that a large plane is divided into, in pixels: that of usual cameras."""

FIELDS = 9
"""How many fields stand for all."""

# Fields that are livelier than this share of the liveliest ones hold cells; others may be empty.
_LIVELY = 0.5
# Detail is looked for in means of so many pixels a side.
_COARSE = 8


@dataclass(frozen=True)
class Survey:
    """What a plane is like.

    Attributes
    ----------
    darkest, brightest
        Its finite extremes.
    fields
        Where it is lively, at most `FIELDS` places, evenly chosen from the liveliest on.
    """

    darkest: float
    brightest: float
    fields: tuple[Box, ...]


def survey(plane: ArrayLike, what: str, side: int = FIELD_PX) -> Survey:
    """Look at a (Y, X) plane once, part by part.

    Parameters
    ----------
    plane
        In memory or lazy.
    what
        How to call it in an error.
    side
        Of the fields, in pixels.

    Raises
    ------
    InputError
        There is no finite pixel.
    """
    shape = (plane.shape[0], plane.shape[1])
    fields = [
        (rows, columns) for rows in _parts(shape[0], side) for columns in _parts(shape[1], side)
    ]
    detail = np.zeros(len(fields))
    low, high = np.inf, -np.inf
    for number, box in enumerate(fields):
        pixels = read(plane, *box).astype(np.float32)
        finite = np.isfinite(pixels)
        if finite.any():
            low = min(low, float(pixels[finite].min()))
            high = max(high, float(pixels[finite].max()))
            detail[number] = _detail(np.where(finite, pixels, pixels[finite].min()))
    if low > high:
        raise InputError(
            f"{what} has no finite pixel, only NaN or infinity: choose another channel."
        )
    order = np.argsort(-detail, kind="stable")
    lively = order[detail[order] >= _LIVELY * np.percentile(detail, 95)]
    chosen = lively[np.unique(np.linspace(0, len(lively) - 1, FIELDS).round().astype(int))]
    return Survey(low, high, tuple(fields[number] for number in chosen))


def _parts(length: int, side: int) -> list[slice]:
    """Equal parts of about a length, none of them a sliver."""
    count = max(1, round(length / side))
    ends = [round(length * number / count) for number in range(count + 1)]
    return [slice(*pair) for pair in pairwise(ends)]


def _detail(pixels: NDArray[np.float32]) -> float:
    """How much a field varies over a few dozen pixels, single bright spots aside."""
    rows, columns = (length // _COARSE * _COARSE for length in pixels.shape)
    if not rows or not columns:
        return float(pixels.std())
    coarse = pixels[:rows, :columns].reshape(rows // _COARSE, _COARSE, columns // _COARSE, _COARSE)
    means = coarse.mean(axis=(1, 3))
    away = np.abs(means - ndi.gaussian_filter(means, 5))
    return float(np.minimum(away, np.percentile(away, 99)).mean())
