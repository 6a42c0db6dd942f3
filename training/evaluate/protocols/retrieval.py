"""Do vectors find the others of their kind? The measures of JUMP-Ret, to the letter of its code."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import precision_recall_curve
from sklearn.preprocessing import MultiLabelBinarizer

from training.evaluate.metrics import cosine_similarity


@dataclass(frozen=True)
class Retrieval:
    """What retrieval over a set of vectors gives.

    Attributes
    ----------
    precision
        ``(n,)``, the mean of each query's lagged curve; NaN for rows that are no queries.
    nearest
        ``(n,)``, whether the most similar row matches.
    """

    precision: NDArray[np.float64]
    nearest: NDArray[np.bool_]

    @property
    def mean_average_precision(self) -> float:
        """Over the queries; NaN without any."""
        known = self.precision[~np.isnan(self.precision)]
        return float(known.mean()) if len(known) else float("nan")

    @property
    def accuracy(self) -> float:
        """Share of all rows whose nearest matches; rows that nothing matches are misses."""
        return float(self.nearest.mean()) if len(self.nearest) else float("nan")


def retrieve(
    vectors: NDArray[np.floating],
    match: NDArray[np.bool_],
    groups: NDArray[np.generic] | None = None,
) -> Retrieval:
    """Let each row look for those that match it, by the cosine.

    Parameters
    ----------
    vectors
        ``(n, d)``.
    match
        ``(n, n)``, from `matches`.
    groups
        ``(n,)``. The nearest is sought in other groups; precision is over all rows in any case.
    """
    similarity = similarities(vectors)
    candidates = None if groups is None else groups[:, None] != groups[None]
    return Retrieval(
        lagged_precision(match, similarity), nearest_matches(match, similarity, candidates)
    )


def similarities(vectors: NDArray[np.floating]) -> NDArray[np.float64]:
    """``(n, n)`` cosines within [-1, 1], and -1 of a row with itself."""
    cosines = cosine_similarity(np.asarray(vectors, np.float64)).clip(-1, 1)
    np.fill_diagonal(cosines, -1)
    return cosines


def matches(labels: Sequence[str] | Sequence[Collection[str]]) -> NDArray[np.bool_]:
    """Which two different rows have a label in common, ``(n, n)``.

    Parameters
    ----------
    labels
        One of each row, or several, or none.
    """
    several = [[label] if isinstance(label, str) else list(label) for label in labels]
    member = MultiLabelBinarizer().fit_transform(several).astype(np.float64)
    common = member @ member.T > 0
    np.fill_diagonal(common, False)
    return np.asarray(common)


def lagged_curves(
    match: NDArray[np.bool_], similarity: NDArray[np.floating]
) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
    """Precision of each query over a grid of n values of recall, from 1 to 0.

    The best precision at this recall or a higher one, read one step late: each point of the grid
    holds what belongs to the point before it, and so do the first two hold the share of matches
    among all rows. A perfect ranking reaches ``(n - 2 + 2 k / n) / n`` with k matches, not 1.

    Parameters
    ----------
    match, similarity
        ``(n, n)``; a row is a candidate of itself that does not match, usually of similarity -1.

    Returns
    -------
    queries
        Rows with more than one match.
    curves
        ``(queries, n)``.
    """
    n = len(match)
    grid = np.linspace(0.0, 1.0, n)[::-1]
    queries = np.flatnonzero(match.sum(axis=1) > 1)
    curves = np.empty((len(queries), n))
    for curve, row in zip(curves, queries, strict=True):
        precision, recall, _ = precision_recall_curve(match[row], similarity[row])
        # Recall falls: as many points lie above a value of the grid as come before it.
        above = len(recall) - np.searchsorted(recall[::-1], grid, side="right")
        late = np.concatenate([[0], above[:-1]])
        curve[:] = np.maximum.accumulate(precision)[late]
    return queries, curves


def lagged_precision(
    match: NDArray[np.bool_], similarity: NDArray[np.floating]
) -> NDArray[np.float64]:
    """Mean of the curve of each row, ``(n,)``; NaN for rows that are no queries."""
    queries, curves = lagged_curves(match, similarity)
    means = np.full(len(match), np.nan)
    means[queries] = curves.mean(axis=1)
    return means


def nearest_matches(
    match: NDArray[np.bool_],
    similarity: NDArray[np.floating],
    candidates: NDArray[np.bool_] | None = None,
) -> NDArray[np.bool_]:
    """Whether each row's most similar row matches it; the first of equally similar ones counts.

    Parameters
    ----------
    match, similarity
        ``(n, n)``.
    candidates
        ``(n, n)``; what is none gets the similarity -1 and no match.
    """
    if candidates is not None:
        match, similarity = match & candidates, np.where(candidates, similarity, -1)
    return np.asarray(match[np.arange(len(match)), similarity.argmax(axis=1)])
