"""Which of two sets of vectors of the same cells tells labels apart better, and how surely."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from napari_c3r.core.diagnose.compare import Estimate
from napari_c3r.core.diagnose.scores import Labelled, average_precisions, votes
from napari_c3r.core.diagnose.units import Units, bootstrapped

ACCURACY, PRECISION = "accuracy", "map"
SCORE_NAMES = {ACCURACY: "accuracy of five nearest", PRECISION: "mean average precision"}


@dataclass(frozen=True)
class ScorePair:
    """One score of both sets of vectors, as a mean over the classes.

    Attributes
    ----------
    name
        ``"accuracy"`` or ``"map"``; see `separate`.
    first, second
        Of each set.
    difference
        Second less first, its interval from pairs of the same draws.
    """

    name: str
    first: Estimate
    second: Estimate
    difference: Estimate

    @property
    def better(self) -> int | None:
        """0 or 1 for the set whose lead has an interval without 0, None for neither."""
        if self.difference.low > 0:
            return 1
        return 0 if self.difference.high < 0 else None


@dataclass(frozen=True)
class Separation:
    """How well two sets of vectors tell the classes of a label.

    Attributes
    ----------
    column
        What the labels are called.
    n_classes, n_cells
        What was judged.
    units
        What was drawn for the intervals, in words: ``"12 wells"``.
    scores
        The accuracy first, by which the sentence judges.
    notes
        Sentences on what was left out, and on how far the figures go.
    """

    column: str
    n_classes: int
    n_cells: int
    units: str
    scores: tuple[ScorePair, ...]
    notes: tuple[str, ...]

    def sentence(self, names: tuple[str, str]) -> str:
        """Which of two encoders tells the labels better.

        Parameters
        ----------
        names
            Of the encoders.
        """
        judged = self.scores[0]
        low, high = 100 * judged.difference.low, 100 * judged.difference.high
        chance = 1 / self.n_classes
        told = (
            f"the five nearest cells name it rightly for {judged.first.value:.0%} with "
            f"{names[0]} and for {judged.second.value:.0%} with {names[1]}, {chance:.0%} by chance "
            f"(difference {100 * judged.difference.value:+.1f} points, 95\u00a0% interval "
            f"{low:+.1f} to {high:+.1f} over {self.units})"
        )
        other = self.scores[1].better
        if other is not None and other != judged.better:
            # A sentence that was silent on it would be read as if both scores agreed.
            told += f"; by {SCORE_NAMES[PRECISION]} {names[other]} does"
        if judged.better is None:
            return f"Neither is seen to tell '{self.column}' better: {told}"
        return f"{names[judged.better]} tells '{self.column}' better: {told}"

    def status(self, names: tuple[str, str]) -> str:
        """The same in a few words."""
        better = self.scores[0].better
        return (
            f"{self.column}: no difference seen"
            if better is None
            else f"{self.column}: better by {names[better]}"
        )


def separate(
    similarities: tuple[NDArray[np.float32], NDArray[np.float32]],
    labelled: Labelled,
    units: Units,
    column: str,
    seed: int = 0,
) -> Separation:
    """Compare how well two sets of vectors tell labels.

    A cell is judged by cells of other wells (or fields) wherever every class that is judged has
    several, as what cells of one well have in common is not only their label. Scores are means over
    the classes, so that a rare one counts as much as a frequent one: how often the five nearest,
    weighted by similarity, vote for the cell's class, and the average precision of its class among
    all others, nearest first. Intervals are 95 %, from drawing wells (or fields), within classes
    where each has a single class.

    Parameters
    ----------
    similarities
        (n, n) of all cells, of each set.
    labelled
        The cells that have labels.
    units
        Of all cells.
    column
        What the labels are called.
    seed
        Of the draws.
    """
    labelled, units, apart, notes = _judged(labelled, units.only(labelled.rows), column)
    scores = [_scores(similarity, labelled, units, apart) for similarity in similarities]
    codes, n_units = labelled.codes, units.count
    counts = np.zeros((n_units, len(labelled.classes)))
    np.add.at(counts, (units.codes, codes), 1)
    alone = (counts > 0).sum(axis=1) == 1
    strata = counts.argmax(axis=1) if alone.all() else None
    draws = units.draws(seed, strata)
    pairs = []
    for name in SCORE_NAMES:
        sums = []
        for found in scores:
            total = np.zeros_like(counts)
            np.add.at(total, (units.codes, codes), found[name])
            sums.append(total)
        first, second = (bootstrapped(_Macro(total, counts), draws) for total in sums)
        difference = bootstrapped(_Macro(sums[1] - sums[0], counts), draws)
        pairs.append(ScorePair(name, first, second, difference))
    told = tuple(filter(None, (*labelled.notes, *notes, units.note)))
    return Separation(column, len(labelled.classes), len(codes), units.words, tuple(pairs), told)


@dataclass(frozen=True, eq=False)
class _Macro:
    """Mean over classes of the mean over cells, from sums and counts (units, classes)."""

    sums: NDArray[np.float64]
    counts: NDArray[np.float64]

    def __call__(self, drawn: NDArray[np.float64]) -> NDArray[np.float64]:
        counts = drawn @ self.counts
        # A class of which no unit was drawn takes no part in that draw.
        means = np.where(counts > 0, (drawn @ self.sums) / np.where(counts > 0, counts, 1), np.nan)
        return np.asarray(np.nanmean(means, axis=1))


def _judged(
    labelled: Labelled, units: Units, column: str
) -> tuple[Labelled, Units, bool, list[str]]:
    """Which cells are judged, whether by other units alone, and what is to be said of it."""
    if units.noun == "cell":
        return labelled, units, False, []
    pairs = np.unique(np.stack([labelled.codes, units.codes]), axis=1)
    spread = np.bincount(pairs[0], minlength=len(labelled.classes)) > 1
    if spread.sum() < 2:
        note = (
            f"Values of '{column}' are not in several {units.noun}s each, so that what tells "
            f"them may be the {units.noun}"
        )
        return labelled, units, False, [note]
    notes = []
    if not spread.all():
        left = len(spread) - int(spread.sum())
        notes.append(f"{left} values of '{column}' are in one {units.noun} only and are not judged")
    kept = np.flatnonzero(spread[labelled.codes])
    classes = tuple(name for name, is_kept in zip(labelled.classes, spread, strict=True) if is_kept)
    codes = np.searchsorted(np.flatnonzero(spread), labelled.codes[kept]).astype(np.intp)
    chosen = Labelled(labelled.rows[kept], codes, classes, labelled.notes)
    return chosen, units.only(kept), True, notes


def _scores(
    similarity: NDArray[np.float32], labelled: Labelled, units: Units, apart: bool
) -> dict[str, NDArray[np.float64]]:
    part = similarity[np.ix_(labelled.rows, labelled.rows)].copy()
    np.fill_diagonal(part, -np.inf)
    if apart:
        part[units.codes[:, None] == units.codes[None, :]] = -np.inf
    return {
        ACCURACY: votes(part, labelled.codes),
        PRECISION: average_precisions(part, labelled.codes),
    }
