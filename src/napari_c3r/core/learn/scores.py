"""How right suggestions are, judged by examples whose field or well was left out."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

_Z = 1.959963984540054
BINS = 10


@dataclass(frozen=True)
class Share:
    """A share with its 95 % interval.

    Attributes
    ----------
    value
        The share, 0 to 1; NaN where nothing was counted.
    low, high
        Ends of the interval.
    """

    value: float
    low: float
    high: float

    @property
    def half_width(self) -> float:
        """Half of the interval's length."""
        return (self.high - self.low) / 2


@dataclass(frozen=True)
class NameScore:
    """How well one name is found.

    Attributes
    ----------
    name
        The name.
    count
        Examples of it that were tested.
    recall
        Share of them that got it.
    precision
        Share of the examples that got it to which it belongs; NaN where none got it.
    """

    name: str
    count: int
    recall: float
    precision: float


@dataclass(frozen=True, eq=False)
class Scores:
    """How right the suggestions for the examples are, each made without its group.

    Attributes
    ----------
    accuracy
        Share that is right. Groups count as drawn, not cells: where cells of a group are right or
        wrong together, the interval is wider.
    balanced
        Mean of the names' recalls.
    baseline
        What always suggesting the most common name would reach.
    names
        Name by name.
    log_loss, brier
        Of the calibrated probabilities: mean of −log p of the true name, and of the squared
        differences summed over the names.
    calibration_error
        Expected calibration error over ten bins of equally many examples.
    unit, n_groups, n
        What was left out (``"well"``, ``"field"``, ``"cell"``), how many of those, and examples.
    probability, right
        Of each example: that of the name suggested, and whether it is right, (n,).
    """

    accuracy: Share
    balanced: float
    baseline: float
    names: tuple[NameScore, ...]
    log_loss: float
    brier: float
    calibration_error: float
    unit: str
    n_groups: int
    n: int
    probability: NDArray[np.float64]
    right: NDArray[np.bool_]


def score(
    probabilities: NDArray[np.float64],
    codes: NDArray[np.intp],
    groups: NDArray[np.intp],
    names: Sequence[str],
    unit: str,
    n_folds: int,
) -> Scores:
    """Judge probabilities of examples that were left out.

    Parameters
    ----------
    probabilities
        (n, names), rows summing to 1.
    codes, groups
        Name of each, and what it was left out with, (n,).
    names, unit
        What codes and groups stand for.
    n_folds
        In how many parts they were left out.
    """
    chosen = probabilities.argmax(axis=1)
    right, best = chosen == codes, probabilities.max(axis=1)
    told = np.bincount(chosen, minlength=len(names))
    hits = np.bincount(codes[right], minlength=len(names))
    count = np.bincount(codes, minlength=len(names))
    with np.errstate(invalid="ignore", divide="ignore"):
        recall, precision = hits / count, hits / told
    truth = probabilities[np.arange(len(codes)), codes]
    hit = np.eye(len(names))[codes]
    return Scores(
        share_right(right, groups, overlap=1 / (n_folds - 1)),
        float(np.nanmean(recall)),
        float(count.max() / len(codes)),
        tuple(
            NameScore(str(name), int(n), float(r), float(p))
            for name, n, r, p in zip(names, count, recall, precision, strict=True)
        ),
        float(-np.log(np.maximum(truth, 1e-300)).mean()),
        float(((probabilities - hit) ** 2).sum(axis=1).mean()),
        calibration_error(best, right),
        unit,
        len(np.unique(groups)),
        len(codes),
        best,
        right,
    )


def share_right(right: NDArray[np.bool_], groups: NDArray[np.intp], overlap: float = 0.0) -> Share:
    """A share of cells with its 95 % interval, groups of cells taken as drawn.

    Wilson's interval (1927) for as many cells as would tell as much if each were drawn by itself:
    the variance between groups is that of a ratio estimate (Cochran 1977, section 6).

    Parameters
    ----------
    right, groups
        Of each cell, (n,).
    overlap
        Cells left out for each that is learned from: what is learned in several folds is much the
        same, so that their results vary together (Nadeau and Bengio 2003).
    """
    count = len(right)
    if not count:
        return Share(float("nan"), 0.0, 1.0)
    share = float(right.mean())
    _, group = np.unique(groups, return_inverse=True)
    n_groups = int(group.max()) + 1
    effective = float(count)
    if 1 < n_groups < count and 0 < share < 1:
        over = np.bincount(group, weights=right - share)
        variance = n_groups / (n_groups - 1) * float(over @ over) / count**2
        effective = count / max(1.0, variance / (share * (1 - share) / count))
    effective /= 1 + overlap
    centre = (share + _Z**2 / (2 * effective)) / (1 + _Z**2 / effective)
    half = _Z / (1 + _Z**2 / effective)
    half *= math.sqrt(share * (1 - share) / effective + _Z**2 / (4 * effective**2))
    return Share(share, max(0.0, centre - half), min(1.0, centre + half))


@dataclass(frozen=True)
class Bin:
    """Examples of about one probability.

    Attributes
    ----------
    probability
        Mean of what was told.
    right
        Share that is right.
    count
        How many.
    """

    probability: float
    right: Share
    count: int


def calibration_bins(
    probability: NDArray[np.float64],
    right: NDArray[np.bool_],
    most: int = BINS,
) -> list[Bin]:
    """Bins of equally many examples, rising in the probability told; at least ten in each.

    Parameters
    ----------
    probability, right
        Of each example, (n,).
    most
        Bins at most.
    """
    order = np.argsort(probability, kind="stable")
    count = max(1, min(most, len(order) // 10))
    return [
        Bin(float(probability[each].mean()), share_right(right[each], each), len(each))
        for each in np.array_split(order, count)
        if len(each)
    ]


def calibration_error(probability: NDArray[np.float64], right: NDArray[np.bool_]) -> float:
    """Expected calibration error (Naeini et al. 2015), bins of equally many examples."""
    bins = calibration_bins(probability, right)
    off = sum(each.count * abs(each.probability - each.right.value) for each in bins)
    return float(off / len(probability))
