"""Which cells make a batch: so many antibodies, so many cells of each, spread over plates.

Nothing here remembers anything: a batch follows from the seed and its number alone, so a run goes
on from its step number.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

# What streams of random numbers are for; every purpose has numbers of its own.
SETS, SHARE, ORDER, CELLS, STEP, SHARED_STEP, HOST_STEP = range(7)


def random_stream(*key: int) -> np.random.Generator:
    """Random numbers that follow from a seed, a purpose and any further numbers."""
    return np.random.default_rng(np.random.SeedSequence(key))


def derived_seed(*key: int) -> int:
    """A seed below 2**63 that follows from others."""
    return int(np.random.SeedSequence(key).generate_state(1, np.uint64)[0] >> np.uint64(1))


def draw_sets(weights: Sequence[float], batches: int, seed: int) -> NDArray[np.int64]:
    """Which set every batch of a run is from.

    Parameters
    ----------
    weights
        Of each set, above 0.
    batches
        How many. A longer run begins as a shorter one does.
    seed
        Of the run.

    Returns
    -------
    ndarray
        int64 ``(batches,)``.
    """
    share = np.cumsum(weights) / np.sum(weights)
    drawn = np.searchsorted(share, random_stream(seed, SETS).random(batches), side="right")
    return np.minimum(drawn, len(weights) - 1)


class Sampler:
    """Draws the rows of batches from one crop set.

    Parameters
    ----------
    table
        One row per crop, with the columns `id`, `cell_line` and `plate`. A crop without an `id`
        stands for itself.
    rows
        Positions in the table that may be drawn.
    classes_per_batch, samples_per_class
        Ids of a batch, over all processes, and crops of each.
    seed
        Of the run.
    share
        Part of the ids that is used.
    whole_experiments
        Whether the ids of an experiment, which is what has a cell line of its own, follow each
        other, so that a batch has all ids of a few.

    Attributes
    ----------
    experiments
        int64, the experiment of every id, the first of them where it is in several.
    """

    def __init__(
        self,
        table: pd.DataFrame,
        rows: NDArray[np.int64],
        *,
        classes_per_batch: int,
        samples_per_class: int,
        seed: int,
        share: float = 1.0,
        whole_experiments: bool = False,
    ) -> None:
        self.classes_per_batch, self.samples_per_class = classes_per_batch, samples_per_class
        self._seed = seed
        used = table.iloc[rows]
        names = _id_names(used["id"], rows)
        codes, self.ids = pd.factorize(names, sort=True)
        strata = used.groupby(["cell_line", "plate"], sort=True, dropna=False).ngroup().to_numpy()
        order = np.argsort(codes, kind="stable")
        splits = np.cumsum(np.bincount(codes))[:-1]
        self._rows = np.split(rows[order], splits)
        self._strata = np.split(strata[order], splits)
        wanted = max(1, round(share * len(self.ids)))
        self._used = np.sort(random_stream(seed, SHARE).permutation(len(self.ids))[:wanted])
        lines = pd.factorize(used["cell_line"].fillna(""), sort=True)[0][order]
        self.experiments = np.array([part[0] for part in np.split(lines, splits)], np.int64)
        self._whole = whole_experiments

    @property
    def n_used(self) -> int:
        """Ids that are drawn from."""
        return len(self._used)

    def draw(self, number: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Draw a batch.

        Every pass over the ids is in an order of its own. Within an id, cell lines and plates take
        turns; crops repeat only where an id has too few.

        Parameters
        ----------
        number
            Of the batch, from 0.

        Returns
        -------
        rows
            int64 ``(samples_per_class, classes_per_batch)``, positions in the table.
        ids
            int64 ``(classes_per_batch,)``, indices into `ids`.
        """
        places = np.arange(number * self.classes_per_batch, (number + 1) * self.classes_per_batch)
        passes, within = np.divmod(places, self.n_used)
        orders = {p: self._order(p) for p in passes}
        ids = np.array([orders[p][w] for p, w in zip(passes, within, strict=True)], np.int64)
        random = random_stream(self._seed, CELLS, number)
        rows = np.stack([self._cells_of(index, random) for index in ids], axis=1)
        return rows, ids

    @property
    def used_rows(self) -> NDArray[np.int64]:
        """Positions in the table that are drawn from, in order."""
        return np.sort(np.concatenate([self._rows[index] for index in self._used]))

    def _order(self, number: int) -> NDArray[np.int64]:
        """The order of the ids in a pass."""
        random = random_stream(self._seed, ORDER, number)
        drawn = random.permutation(self._used)
        if not self._whole:
            return drawn
        place = random.permutation(self.experiments.max() + 1)
        return drawn[np.argsort(place[self.experiments[drawn]], kind="stable")]

    def _cells_of(self, index: int, random: np.random.Generator) -> NDArray[np.int64]:
        order = random.permutation(len(self._rows[index]))
        rows, strata = self._rows[index][order], self._strata[index][order]
        # A crop's turn is its place among those of its stratum: sorting by turns deals one crop
        # of every stratum, then the next of each. A random number orders the strata of a turn.
        _, groups = np.unique(strata, return_inverse=True)
        turn = pd.Series(groups).groupby(groups).cumcount().to_numpy()
        place = random.permutation(groups.max() + 1)[groups]
        dealt = rows[np.lexsort((place, turn))]
        return np.resize(dealt, self.samples_per_class)


def _id_names(column: pd.Series, rows: NDArray[np.int64]) -> NDArray[np.object_]:
    names = column.fillna("").astype(str).to_numpy(object)
    # No text from a table holds a line break, so these names are nobody's.
    alone = np.array([f"\n{row}" for row in rows], object)
    return np.where(names == "", alone, names)
