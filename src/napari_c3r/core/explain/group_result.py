"""What was found of a group of cells: which channel, and which part of the cells, set it apart."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from napari_c3r.core.explain import group_words
from napari_c3r.core.explain.effects import LEVEL, ByChannel, ChannelEffect

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, eq=False)
class BandEffect:
    """What covering one band of the cells does in one channel.

    Attributes
    ----------
    channel, band
        What is covered.
    back
        How far back along the way from the reference cells that brings the group's cells, in
        standard deviations of the reference cells, on average.
    low, high
        Its 95 % interval over cells.
    usual, usual_low, usual_high
        The same of reference cells: mean, and 90 % of them.
    random
        The same of the group's cells where as many of their pixels are covered at random.
    p
        How likely the group's band does no more than the reference cells', adjusted for all bands.
    """

    channel: str
    band: str
    back: float
    low: float
    high: float
    usual: float
    usual_low: float
    usual_high: float
    random: float
    p: float

    @property
    def is_sure(self) -> bool:
        """Whether it does more than in reference cells, and than pixels at random."""
        return self.p <= LEVEL and self.back > max(self.usual, self.random)


@dataclass(frozen=True, eq=False)
class WhyGroup(ByChannel):
    """Which channel, and which part of the cells, set a group of cells apart from others.

    Attributes
    ----------
    group, compared
        What the cells and the reference cells are called.
    n_cells, n_usual
        How many of each were asked.
    channels
        What each channel contributes to the way from the reference cells, in image order.
    bands
        What covering each part of the cells does, for the channels that contribute most.
    settings
        How it was made.
    notes
        What else is to be known, in sentences.
    job_id
        Of the job.
    """

    group: str
    compared: str
    n_cells: int
    n_usual: int
    channels: tuple[ChannelEffect, ...]
    bands: tuple[BandEffect, ...]
    settings: Mapping[str, Any] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    job_id: int = 0

    @property
    def sentence(self) -> str:
        """What sets the group apart."""
        return group_words.sentence(self)

    @property
    def caption(self) -> str:
        """How it was found out, and how it is to be read."""
        return group_words.caption(self)

    @property
    def table(self) -> pd.DataFrame:
        """One row for each band of each channel that was covered."""
        import pandas as pd

        names = list(BandEffect.__dataclass_fields__)
        rows = [{name: getattr(each, name) for name in names} for each in self.bands]
        return pd.DataFrame(rows, columns=names).assign(compared_with=self.compared)
