"""Multinomial logistic regression on standardised vectors, every name counting alike."""

from __future__ import annotations

import warnings
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from napari_c3r.core.learn.folds import make_folds

GRID = (1e-4, 1e-3, 1e-2, 1e-1, 1.0, 10.0)
"""Inverse strengths of the penalty among which one is chosen."""

DEFAULT_C = 1e-2
"""Where there are too few examples to choose by; between the best on the sets tried."""

_INNER_FOLDS = 3
# Of fits that are used, and of those that only tell which penalty is best.
_TOLERANCE, _COARSE = 1e-4, 1e-3
_MOST_STEPS = 300
_WORSE = 2


@dataclass(frozen=True, eq=False)
class Linear:
    """What gives every cell a score for each name.

    Attributes
    ----------
    weights, offsets
        (D, names) and (names,), for standardised vectors. The softmax of the scores is the
        probability of each name if all were equally common.
    """

    weights: NDArray[np.float64]
    offsets: NDArray[np.float64]

    def __call__(self, standard: NDArray[np.floating]) -> NDArray[np.float64]:
        """Scores (n, names) of standardised vectors (n, D)."""
        return np.asarray(standard @ self.weights + self.offsets, np.float64)


def rotated(standard: NDArray[np.float64]) -> NDArray[np.float64]:
    """The same vectors (n, D) in the space that they span, in at most n columns.

    The L2 penalty does not change when the axes are turned, so the fit is the same, and of few
    examples much quicker.
    """
    if len(standard) >= standard.shape[1]:
        return standard
    left, values, _ = np.linalg.svd(standard, full_matrices=False)
    return np.asarray(left * values)


class Fitting:
    """A fit that can be repeated with a weaker penalty, from where the one before ended.

    Parameters
    ----------
    standard
        Standardised vectors, (n, D).
    codes
        Name of each, (n,), 0 to the number of names − 1, all of them there. Each name weighs the
        same however many examples it has.
    tolerance
        The steepest slope of the loss, per example, at which it ends.
    """

    def __init__(
        self,
        standard: NDArray[np.float64],
        codes: NDArray[np.intp],
        tolerance: float = _TOLERANCE,
    ) -> None:
        from sklearn.linear_model import LogisticRegression

        self._standard, self._codes = standard, codes
        self._model = LogisticRegression(
            class_weight="balanced", warm_start=True, tol=tolerance, max_iter=_MOST_STEPS
        )

    def at(self, c: float) -> Linear:
        """Fit with `c` as inverse strength of the L2 penalty, as in scikit-learn."""
        from sklearn.exceptions import ConvergenceWarning

        with warnings.catch_warnings():
            # Names that are told apart without error have no steepest slope; it is near enough.
            warnings.simplefilter("ignore", ConvergenceWarning)
            model = self._model.set_params(C=c).fit(self._standard, self._codes)
        weights, offsets = model.coef_.T.copy(), model.intercept_.copy()
        if weights.shape[1] == 1:
            weights, offsets = np.hstack([-weights, weights]) / 2, np.append(-offsets, offsets) / 2
        return Linear(weights, offsets)


def choose_c(
    standard: NDArray[np.float64],
    codes: NDArray[np.intp],
    groups: NDArray[np.intp],
    seed: int,
) -> float:
    """Choose the strength of the penalty by the log loss in groups left out.

    Every name weighs the same. The penalty becomes weaker until the loss has grown twice. Of two
    that are equally good it is the stronger; `DEFAULT_C` where no group can be left out.
    """
    folds = make_folds(codes, groups, seed, _INNER_FOLDS)
    if not folds:
        # A name is of one group here: of single cells, some can be left out all the same.
        folds = make_folds(codes, np.arange(len(codes)), seed, _INNER_FOLDS)
    if not folds:
        return DEFAULT_C
    weight = 1 / np.bincount(codes)[codes]
    fits = [Fitting(standard[learned], codes[learned], _COARSE) for learned, _ in folds]
    best, least, worse = GRID[0], np.inf, 0
    for c in GRID:
        loss = 0.0
        for fitting, (_, left) in zip(fits, folds, strict=True):
            told = log_softmax(fitting.at(c)(standard[left]))
            loss -= float(weight[left] @ told[np.arange(len(left)), codes[left]])
        if loss < least - 1e-9:
            best, least, worse = c, loss, 0
        else:
            worse += 1
        # Weak penalties take the longest to fit.
        if worse == _WORSE:
            break
    return best


def log_softmax(scores: NDArray[np.float64]) -> NDArray[np.float64]:
    """Logarithms of probabilities, (n, names), from scores."""
    shifted = scores - scores.max(axis=1, keepdims=True)
    return np.asarray(shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True)))
