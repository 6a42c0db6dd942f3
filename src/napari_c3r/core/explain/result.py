"""What was found of one cell: which channel and which place hold its vector where it is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from napari_c3r.core.errors import InputError
from napari_c3r.core.explain import words
from napari_c3r.core.explain.chance import more_than_random, share_at_least
from napari_c3r.core.explain.places import Covers, Pixels, spread

if TYPE_CHECKING:
    import pandas as pd

ALL: Final = "all channels"
"""What the map is called for which every channel is covered at once."""

LEFT_OUT: Final = "left out"
"""How a channel was taken away: the encoder embeds without it."""
LEVEL: Final = 0.05
"""Up to this adjusted p-value, a place or a channel does more than chance."""

Values = NDArray[np.float64]
Mask = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class ChannelEffect:
    """What taking one channel away does to the cell.

    Attributes
    ----------
    channel, role
        Its name, and the role that it has.
    how
        `LEFT_OUT` or `EMPTY`.
    neighbours
        How many of the cell's k nearest are others then, 0 to k.
    moved
        One minus the cosine of the cell's vector before and after, 0 to 2.
    p
        How often turning and shifting the crop changes as many neighbours.
    """

    channel: str
    role: str
    how: str
    neighbours: float
    moved: float
    p: float


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
    neighbours
        How many of its k nearest are others then, (n,), 0 to k.
    held
        How much less like its k nearest the cell is then, as a mean of cosines, (n,): above 0, the
        place holds the cell at its neighbours; below, it keeps it away from them.
    random_covers, random_moved, random_neighbours
        The same of as many pixels covered in small squares at random, (draws, m, 3) and (draws,).
    """

    channel: str
    covers: Covers
    moved: Values
    neighbours: Values
    held: Values
    random_covers: Covers
    random_moved: Values
    random_neighbours: Values

    @cached_property
    def p(self) -> Values:
        """How likely as many pixels anywhere do as much, adjusted for all places, (n,)."""
        return more_than_random(self.moved, self.random_moved)

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
class WhyHere:
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
    k
        Neighbours that are looked at: ten, or half the others in a small table.
    neighbours
        Their rows in the table, (k,), nearest first.
    channels
        What taking each channel away does, in image order.
    turned
        How many neighbours turning and shifting the crop changes, (draws,).
    maps
        All channels covered at once, then each alone; fewer where it was stopped early.
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
    k: int
    neighbours: NDArray[np.intp]
    channels: tuple[ChannelEffect, ...]
    turned: Values
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
    def ranked(self) -> tuple[ChannelEffect, ...]:
        """The channels, the one that holds the cell most first."""
        return tuple(sorted(self.channels, key=lambda each: (-each.neighbours, -each.moved)))

    @property
    def holding(self) -> tuple[ChannelEffect, ...]:
        """The channels that change more neighbours than chance does, the strongest first."""
        chance = float(self.turned.mean())
        return tuple(
            each for each in self.ranked if each.p <= LEVEL and each.neighbours >= chance + 1
        )

    @property
    def sentence(self) -> str:
        """What holds the cell where it is."""
        return words.sentence(self)

    @property
    def caption(self) -> str:
        """How it was found out, and how it is to be read."""
        return words.caption(self)

    @property
    def channel_table(self) -> pd.DataFrame:
        """One row for each channel: what taking it away does, beside what chance does."""
        import pandas as pd

        names = ("channel", "role", "how", "neighbours", "moved", "p")
        rows = [{name: getattr(each, name) for name in names} for each in self.channels]
        return pd.DataFrame(rows, columns=list(names)).assign(
            of=self.k, chance_neighbours=float(self.turned.mean())
        )

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
                        "neighbours": found.neighbours,
                        "held": found.held,
                        "random_moved": float(np.mean(found.random_moved)),
                        "p": found.p,
                    }
                )
            )
        return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame()


def chance_of(neighbours: float, turned: Values) -> float:
    """How often turning and shifting a crop changes as many neighbours."""
    return share_at_least(neighbours, turned)
