"""What channels contribute to the way from reference cells, beside what they do in those."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import pandas as pd

Values = NDArray[np.float64]

LEVEL: Final = 0.05
"""Up to this adjusted p-value, a place or a channel does more than chance."""

FAR_AHEAD: Final = 3.0
"""From so many times as far as any other on, the first channel is said without a doubt."""

_ROUNDING: Final = 0.05
"""Standard deviations that contributions are taken to vary by at least."""


@dataclass(frozen=True, eq=False)
class ChannelEffect:
    """What one channel contributes to the way from the reference cells.

    Attributes
    ----------
    channel, role
        Its name, and the role that it has.
    way
        How far along the way it brings the cell, in standard deviations of the reference cells.
        All channels together make the whole way.
    low, high
        Of a cell, the least and the most over the cells it was compared with; of a group, the 95 %
        interval of the mean over its cells.
    usual, usual_low, usual_high
        The same of reference cells among themselves: mean, and 90 % of them.
    p
        How likely a reference cell's channel does as much, adjusted for all channels.
    """

    channel: str
    role: str
    way: float
    low: float
    high: float
    usual: float
    usual_low: float
    usual_high: float
    p: float

    @property
    def beyond(self) -> float:
        """How far it brings the cell beyond what it does in reference cells."""
        return self.way - self.usual

    @property
    def is_sure(self) -> bool:
        """Whether it does more than it does in reference cells."""
        return self.p <= LEVEL and self.beyond > 0


class ByChannel:
    """What the answer of a cell and that of a group have alike.

    Attributes
    ----------
    channels
        What each channel contributes to the way from the reference cells, in image order.
    compared
        What the reference cells are called.
    """

    channels: tuple[ChannelEffect, ...]
    compared: str

    @property
    def ranked(self) -> tuple[ChannelEffect, ...]:
        """The channels, the one that contributes most beyond what it usually does first."""
        return tuple(sorted(self.channels, key=lambda each: -each.beyond))

    @property
    def named(self) -> tuple[ChannelEffect, ...]:
        """The channels that contribute more than in reference cells, the strongest first."""
        return tuple(each for each in self.ranked if each.is_sure)

    @property
    def is_clear(self) -> bool:
        """Whether the first channel named brings it far more beyond the usual than any other does.

        That a channel does more than in reference cells is not yet that it is the one: a cell may
        be odd in several.
        """
        if not self.named:
            return False
        first = self.named[0]
        others = [each for each in self.channels if each is not first]
        return all(first.beyond >= FAR_AHEAD * each.beyond for each in others)

    @property
    def channel_table(self) -> pd.DataFrame:
        """One row for each channel: what it contributes, beside what it does in others."""
        import pandas as pd

        names = list(ChannelEffect.__dataclass_fields__)
        rows = [{name: getattr(each, name) for name in names} for each in self.channels]
        return pd.DataFrame(rows, columns=names).assign(compared_with=self.compared)


def of_one(
    names: Sequence[str], roles: Sequence[str], ways: Values, usual: Values
) -> tuple[ChannelEffect, ...]:
    """Judge the channels of one cell.

    A cell's contribution is a further draw from those of reference cells, if nothing is odd about
    its channel: the tail is that of the t distribution, corrected for the number of channels
    (Benjamini and Hochberg 1995).

    Parameters
    ----------
    names, roles
        Of the channels.
    ways
        What each contributes against each of some reference cells, (m, C).
    usual
        What each contributes in reference cells, (n, C), n at least 2.
    """
    mean = ways.mean(axis=0)
    width = _width(usual) * np.sqrt(1 + 1 / len(usual))
    return _effects(names, roles, mean, (ways.min(axis=0), ways.max(axis=0)), usual, width)


def of_group(
    names: Sequence[str], roles: Sequence[str], ways: Values, usual: Values
) -> tuple[ChannelEffect, ...]:
    """Judge the channels of a group of cells.

    As `of_one` for the mean of `ways`, (cells, C): by Welch's t-test against the reference cells.
    """
    from scipy.stats import t

    mean, n = ways.mean(axis=0), len(ways)
    error = ways.std(axis=0, ddof=1) / np.sqrt(n)
    half = t.ppf(0.975, n - 1) * error
    width = np.sqrt(error**2 + _width(usual) ** 2 / len(usual))
    return _effects(names, roles, mean, (mean - half, mean + half), usual, width)


def _width(usual: Values) -> Values:
    return np.asarray(usual.std(axis=0, ddof=1))


def _effects(
    names: Sequence[str],
    roles: Sequence[str],
    mean: Values,
    around: tuple[Values, Values],
    usual: Values,
    width: Values,
) -> tuple[ChannelEffect, ...]:
    from scipy.stats import false_discovery_control, t

    there = usual.mean(axis=0)
    # What a reduced precision alone does is no effect.
    score = (mean - there) / np.maximum(width, _ROUNDING)
    p = false_discovery_control(t.sf(score, len(usual) - 1))
    low, high = np.quantile(usual, (0.05, 0.95), axis=0)
    columns = (mean, *around, there, low, high, p)
    return tuple(
        ChannelEffect(name, role, *map(float, values))
        for name, role, values in zip(names, roles, np.stack(columns, axis=1), strict=True)
    )
