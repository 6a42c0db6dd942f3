"""Cells of one well are not independent: what is drawn again is wells, or fields, not cells."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from napari_c3r.core.diagnose.compare import Estimate
from napari_c3r.core.diagnose.intervals import BOOTSTRAPS

if TYPE_CHECKING:
    import pandas as pd

FEW = 6
"""Fewer wells or fields than this give no more than a rough interval."""

Statistic = Callable[[NDArray[np.float64]], NDArray[np.float64]]


@dataclass(frozen=True, eq=False)
class Units:
    """Groups of cells that are drawn together.

    Attributes
    ----------
    codes
        Unit of every cell, (n,), from 0.
    noun
        What a unit is: ``"well"``, ``"field"`` or ``"cell"``.
    """

    codes: NDArray[np.intp]
    noun: str

    @classmethod
    def of(cls, obs: pd.DataFrame) -> Units:
        """Wells where there are several, else fields; where all cells are of one, the cells.

        Parameters
        ----------
        obs
            One row per cell.
        """
        fields = _codes(obs, ("image",))
        if "well" in obs and obs["well"].notna().all():
            wells = _codes(obs, ("plate", "well"))
            if wells.max(initial=0) > 0:
                return cls(wells, "well")
        if fields.max(initial=0) > 0:
            return cls(fields, "field")
        return cls(np.arange(len(obs), dtype=np.intp), "cell")

    @property
    def count(self) -> int:
        """How many there are."""
        return len(np.unique(self.codes))

    @property
    def words(self) -> str:
        """Their number and what they are."""
        return f"{self.count} {self.noun}{'' if self.count == 1 else 's'}"

    @property
    def note(self) -> str:
        """What the user should know of intervals over these units; empty where all is well."""
        if self.noun == "cell":
            return (
                "All cells are of one field, so the intervals take them as independent, which "
                "makes them too narrow; compare several fields or wells"
            )
        if self.count < FEW:
            return f"With {self.words}, the intervals are rough"
        return ""

    def only(self, rows: NDArray[np.intp]) -> Units:
        """The units of some of the cells."""
        return Units(np.unique(self.codes[rows], return_inverse=True)[1].astype(np.intp), self.noun)

    def draws(self, seed: int, strata: NDArray[np.intp] | None = None) -> NDArray[np.float64]:
        """How often each unit is in every draw, (`BOOTSTRAPS`, units).

        Parameters
        ----------
        seed
            The same seed gives the same draws, which pairs what is compared.
        strata
            A group for each unit, (units,); as many are drawn of each as there are.
        """
        rng, count = np.random.default_rng(seed), self.count
        groups = np.zeros(count, np.intp) if strata is None else strata
        drawn = np.zeros((BOOTSTRAPS, count))
        for group in np.unique(groups):
            here = np.flatnonzero(groups == group)
            drawn[:, here] = rng.multinomial(
                len(here), np.full(len(here), 1 / len(here)), BOOTSTRAPS
            )
        return drawn

    def mean(self, values: NDArray[np.float64], seed: int) -> Estimate:
        """Mean of values (n,) over the cells, with its 95 % interval over the units."""
        sums, sizes = (np.bincount(self.codes, weights=w) for w in (values, np.ones(len(values))))
        return bootstrapped(lambda drawn: (drawn @ sums) / (drawn @ sizes), self.draws(seed))


def bootstrapped(statistic: Statistic, draws: NDArray[np.float64]) -> Estimate:
    """A statistic of weighted units, and its 95 % percentile interval.

    Parameters
    ----------
    statistic
        From weights (b, units) to numbers (b,).
    draws
        From `Units.draws`.
    """
    value = statistic(np.ones((1, draws.shape[1])))[0]
    low, high = np.nanpercentile(statistic(draws), (2.5, 97.5))
    return Estimate(float(value), float(low), float(high))


def _codes(obs: pd.DataFrame, columns: tuple[str, ...]) -> NDArray[np.intp]:
    import pandas as pd

    known = [name for name in columns if name in obs]
    if not known:
        return np.zeros(len(obs), np.intp)
    text = obs[known].astype(str).agg("\n".join, axis=1)
    return pd.factorize(text)[0].astype(np.intp)
