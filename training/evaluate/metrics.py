"""The numbers of the table, each on plain arrays."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats
from sklearn.decomposition import PCA
from sklearn.metrics import average_precision_score

RESAMPLES: Final = 1000
INTERVAL: Final = (2.5, 97.5)


def standardised(
    vectors: NDArray[np.floating], like: NDArray[np.floating] | None = None
) -> NDArray[np.float64]:
    """Subtract each feature's mean and divide by its standard deviation.

    Parameters
    ----------
    vectors
        ``(n, d)``.
    like
        ``(m, d)``, whose means and deviations count; by default those of `vectors`. A feature that
        is constant there is only centred.

    Returns
    -------
    ndarray
        float64 ``(n, d)``.
    """
    reference = np.asarray(vectors if like is None else like, np.float64)
    spread = reference.std(axis=0)
    # Rounding alone makes a constant float32 feature deviate by about this share of its size.
    constant = spread <= 1e-6 * np.abs(reference).max(axis=0)
    return (vectors - reference.mean(axis=0)) / np.where(constant, 1, spread)


def principal_components(
    vectors: NDArray[np.floating], count: int, *, whiten: bool
) -> NDArray[np.float64]:
    """The first principal components, of unit variance each where `whiten`.

    Parameters
    ----------
    vectors
        ``(n, d)``.
    count
        How many, as far as n and d allow.
    whiten
        Whether components are divided by their standard deviation.
    """
    # A component without variance cannot be whitened; standardised data has rank n - 1 at most.
    count = min(count, vectors.shape[1], len(vectors) - 1)
    pca = PCA(count, whiten=whiten, svd_solver="full")
    return pca.fit_transform(np.asarray(vectors, np.float64))


def cosine_similarity(vectors: NDArray[np.floating]) -> NDArray[np.float64]:
    """``(n, n)`` cosines between rows; 0 with a row of zeros."""
    norm = np.linalg.norm(vectors, axis=1, keepdims=True)
    unit = vectors / np.where(norm > 0, norm, 1)
    return unit @ unit.T


def matches_across_groups(
    similarity: NDArray[np.floating], labels: ArrayLike, groups: ArrayLike
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """How well each item finds the others of its label among the items of other groups.

    Parameters
    ----------
    similarity
        ``(n, n)``, the higher the more alike.
    labels, groups
        n of each. The items of an item's own group, itself among them, are no candidates.

    Returns
    -------
    nearest
        ``(n,)``, 1 where the most similar candidate has the item's label, else 0.
    precision
        ``(n,)``, average precision of ranking the candidates: over those of the item's label, the
        mean of the share of such items at its rank and above (``average_precision_score``).

    Both are NaN for an item whose label is in no other group.
    """
    labels, groups = np.asarray(labels), np.asarray(groups)
    nearest, precision = np.full((2, len(labels)), np.nan)
    for i, row in enumerate(similarity):
        candidates = groups != groups[i]
        relevant = labels[candidates] == labels[i]
        if relevant.any():
            nearest[i] = relevant[row[candidates].argmax()]
            precision[i] = average_precision_score(relevant, row[candidates])
    return nearest, precision


def vote_across_groups(
    similarity: NDArray[np.floating], labels: ArrayLike, groups: ArrayLike, k: int
) -> NDArray[np.generic]:
    """Label of each item by the vote of its k most similar items of other groups.

    Parameters
    ----------
    similarity
        ``(n, n)`` cosines.
    labels, groups
        n of each.
    k
        Voters, fewer where other groups have not as many.

    Returns
    -------
    ndarray
        ``(n,)`` labels. Of equal counts the one wins whose voters are more similar in sum.
    """
    groups = np.asarray(groups)
    names, codes = np.unique(np.asarray(labels), return_inverse=True)
    reach = np.where(groups[:, None] == groups[None], -np.inf, similarity)
    voters = np.argsort(-reach, axis=1, kind="stable")[:, :k]
    weight = np.take_along_axis(reach, voters, axis=1)
    # A vote counts 1; its cosine, brought below 1 / k, only decides between equal counts.
    weight = np.where(np.isfinite(weight), 1 + (1 + weight) / (4 * k), 0)
    votes = np.stack([(weight * (codes[voters] == c)).sum(axis=1) for c in range(len(names))])
    return names[votes.argmax(axis=0)]


@dataclass(frozen=True)
class Estimate:
    """A number, and the 95 % interval of its bootstrap.

    Attributes
    ----------
    value, low, high
        On the scale of the metric.
    """

    value: float
    low: float
    high: float


def mean_over_groups(
    scores: NDArray[np.floating], groups: ArrayLike, classes: ArrayLike | None = None, seed: int = 0
) -> Estimate:
    """Mean score, or mean of the classes' mean scores, bootstrapped over groups.

    Whole groups are drawn with replacement, since items of one group are not independent. What the
    items are compared with stays as it is.

    Parameters
    ----------
    scores
        ``(n,)``; NaN is left out.
    groups
        n, what is drawn.
    classes
        n, for the mean of class means: with scores of right (1) and wrong (0) the balanced
        accuracy. A class that a draw lacks is left out of that draw's mean.
    seed
        Of the draws; equal seeds draw the same groups for every row of a table.
    """
    kept = ~np.isnan(scores)
    _, group = np.unique(np.asarray(groups)[kept], return_inverse=True)
    same = np.zeros(len(scores)) if classes is None else np.asarray(classes)
    _, label = np.unique(same[kept], return_inverse=True)
    total, count = np.zeros((2, group.max() + 1, label.max() + 1))
    np.add.at(total, (group, label), scores[kept])
    np.add.at(count, (group, label), 1)
    draws = np.random.default_rng(seed).multinomial(
        len(total), np.full(len(total), 1 / len(total)), RESAMPLES
    )
    drawn_count = draws @ count
    with np.errstate(invalid="ignore"):
        means = np.nanmean((draws @ total) / np.where(drawn_count > 0, drawn_count, np.nan), axis=1)
    value = float((total.sum(axis=0) / count.sum(axis=0)).mean())
    low, high = np.percentile(means, INTERVAL)
    return Estimate(value, float(low), float(high))


def effective_rank(vectors: NDArray[np.floating]) -> float:
    """In how many directions vectors really vary (Roy and Vetterli, EUSIPCO 2007).

    Parameters
    ----------
    vectors
        ``(n, d)``.

    Returns
    -------
    float
        ``exp(H)``, H the entropy of the singular values of their covariance matrix over its trace:
        from 1, all on a line, to ``min(n - 1, d)``, equally wide in every direction; 0 if all
        vectors are equal.
    """
    centred = np.asarray(vectors, np.float64)
    centred = centred - centred.mean(axis=0)
    variances = np.linalg.svd(centred, compute_uv=False) ** 2
    if not variances.sum() > 0:
        return 0.0
    return float(np.exp(stats.entropy(variances)))


def z_prime(positive: ArrayLike, negative: ArrayLike) -> float:
    """Z′ factor of two sets of control wells (Zhang, Chung and Oldenburg, 1999).

    Returns
    -------
    float
        ``1 - 3 (s₊ + s₋) / |m₊ - m₋|`` with means m and sample standard deviations s: 1 at best,
        above 0.5 an excellent assay, minus infinity where the means are equal.
    """
    positive, negative = np.asarray(positive, float), np.asarray(negative, float)
    apart = abs(positive.mean() - negative.mean())
    if apart == 0:
        return -np.inf
    return float(1 - 3 * (positive.std(ddof=1) + negative.std(ddof=1)) / apart)
