"""What was found of one cell: which channel and which place hold its vector where it is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from napari_c3r.core.errors import InputError
from napari_c3r.core.explain import words
from napari_c3r.core.explain.chance import more_than_random
from napari_c3r.core.explain.effects import LEVEL, ByChannel, ChannelEffect
from napari_c3r.core.explain.places import Covers, Pixels, spread
from napari_c3r.core.explain.words import ALL

if TYPE_CHECKING:
    import pandas as pd

Values = NDArray[np.float64]
Mask = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class PlaceMap:
    """What covering each place of the crop does to the cell.

    Attributes
    ----------
    channel
        The channel that is covered, or `ALL`.
    covers
        The places that hold something to cover, (n, 1, 3), in pixels of the crop.
    moved
        One minus the cosine of the cell's vector before and after, (n,), 0 to 2.
    back
        How far back along the way from the reference cells that brings it, in their standard
        deviations, (n,): above 0, the place is part of what sets the cell apart from them.
    random_covers, random_moved
        The same of as many pixels covered in small squares at random, (draws, m, 3) and (draws,).
    passed_over
        Places that were not covered, as those near them do little.
    """

    channel: str
    covers: Covers
    moved: Values
    back: Values
    random_covers: Covers
    random_moved: Values
    passed_over: int = 0

    @cached_property
    def p(self) -> Values:
        """How likely as many pixels anywhere do as much, adjusted for all places, (n,)."""
        return more_than_random(self.moved, self.random_moved, self.passed_over)

    @property
    def above(self) -> Mask:
        """Which places do more than random ones, (n,)."""
        return np.asarray(self.p <= LEVEL)

    def heat(self, side: int) -> Values:
        """How far each pixel's places move the vector, (side, side); NaN where none lies."""
        return spread(self.covers, self.moved, side)

    def random_heat(self, side: int) -> Values:
        """The same of as many pixels at random, (side, side)."""
        return spread(self.random_covers, self.random_moved, side)


@dataclass(frozen=True, eq=False)
class WhyHere(ByChannel):
    """Which channel and which place hold one cell's vector where it is.

    Attributes
    ----------
    image, label
        The cell.
    channel_names, crop
        Channels that take part, and the crop as the encoder gets it, (C, S, S), in the image's
        units.
    cell, nucleus
        Which of its pixels are the cell's and its nucleus', (S, S); None where not known.
    corner
        First row and column of the crop in the image; may lie off it.
    window_px
        Side of the crop in the image's pixels.
    neighbours
        Rows in the table of the ten cells nearest to it, nearest first; fewer in a small table.
    compared
        What the reference cells are called.
    partners
        Rows of those for whose channels its own were exchanged, (m,).
    n_usual
        Reference cells of which the same was asked.
    channels
        What each channel contributes to the way from the reference cells, in image order.
    maps
        Of the channels that contribute most, of all channels at once, and of the others where
        every map was asked for; fewer where it was stopped early.
    settings
        How it was made.
    notes
        What else is to be known, in sentences.
    job_id
        Of the job.
    """

    image: str
    label: int
    channel_names: tuple[str, ...]
    crop: Pixels
    cell: Mask | None
    nucleus: Mask | None
    corner: tuple[int, int]
    window_px: int
    neighbours: NDArray[np.intp]
    compared: str
    partners: NDArray[np.intp]
    n_usual: int
    channels: tuple[ChannelEffect, ...]
    maps: tuple[PlaceMap, ...]
    settings: Mapping[str, Any] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    job_id: int = 0

    @property
    def side(self) -> int:
        """Of the crop, in its own pixels."""
        return int(self.crop.shape[-1])

    @property
    def scale(self) -> float:
        """Pixels of the image for one of the crop, along each axis."""
        return self.window_px / self.side

    @property
    def translate(self) -> tuple[float, float]:
        """Row and column of the image where the middle of the crop's first pixel lies."""
        shift = (self.scale - 1) / 2
        return self.corner[0] + shift, self.corner[1] + shift

    def map_of(self, channel: str = ALL) -> PlaceMap:
        """The map of a channel.

        Raises
        ------
        InputError
            There is none of that name.
        """
        for found in self.maps:
            if found.channel == channel:
                return found
        names = ", ".join(f"'{found.channel}'" for found in self.maps) or "none"
        raise InputError(f"There is no map of '{channel}'; there are {names}")

    def heat_in_image(self, shape: tuple[int, int], channel: str = ALL) -> NDArray[np.float32]:
        """The map of a channel in the image's own pixels, (Y, X); NaN beside the crop.

        Parameters
        ----------
        shape
            Height and width of the image.
        channel
            Which map.
        """
        heat, whole = self.map_of(channel).heat(self.side), np.full(shape, np.nan, np.float32)
        at = [
            self._crop_index(start, length)
            for start, length in zip(self.corner, shape, strict=True)
        ]
        (rows, y), (columns, x) = at
        whole[np.ix_(rows, columns)] = heat[np.ix_(y, x)]
        return whole

    def _crop_index(self, start: int, length: int) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
        """Pixels of the image that the crop covers along an axis, and the crop's there."""
        inside = np.arange(max(start, 0), min(start + self.window_px, length))
        return inside, ((inside - start + 0.5) / self.scale).astype(np.intp)

    @property
    def way(self) -> float:
        """How far the cell is from the reference cells, in their standard deviations."""
        return float(sum(each.way for each in self.channels))

    @property
    def sentence(self) -> str:
        """What holds the cell where it is."""
        return words.sentence(self)

    @property
    def caption(self) -> str:
        """How it was found out, and how it is to be read."""
        return words.caption(self)

    @property
    def table(self) -> pd.DataFrame:
        """One row for each place of each map, in pixels of the image."""
        import pandas as pd

        parts = []
        for found in self.maps:
            y, x, side = found.covers[:, 0].T * self.scale
            parts.append(
                pd.DataFrame(
                    {
                        "image": self.image,
                        "label": self.label,
                        "channel": found.channel,
                        "y_px": y + self.corner[0],
                        "x_px": x + self.corner[1],
                        "side_px": side,
                        "moved": found.moved,
                        "back": found.back,
                        "random_moved": float(np.mean(found.random_moved)),
                        "p": found.p,
                    }
                )
            )
        return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame()
