"""Scores turned into probabilities that hold in cells left out."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from napari_c3r.core.learn.logistic import log_softmax

PLATT_FROM = 100
"""Examples from which on every name has an offset of its own."""

TEMPERATURE, PLATT = "temperature", "Platt"


@dataclass(frozen=True, eq=False)
class Calibration:
    """One slope for all scores, and an offset for each name.

    Attributes
    ----------
    method
        ``"temperature"`` (one slope; Guo et al. 2017) or ``"Platt"`` (offsets too; Platt 1999, for
        several names known as vector scaling).
    slope, offsets
        A number, and (names,).
    """

    method: str
    slope: float
    offsets: NDArray[np.float64]

    def __call__(self, scores: NDArray[np.float64]) -> NDArray[np.float64]:
        """Logarithms of probabilities (n, names), if all names were equally common."""
        return log_softmax(self.slope * scores + self.offsets)


def calibrate(scores: NDArray[np.float64], codes: NDArray[np.intp]) -> Calibration:
    """Fit to the scores of examples that were left out.

    Every name weighs the same. That the logarithm of the slope and the offsets are about nought
    counts as much as a standard normal prior, without which a few examples that are all told apart
    would make every suggestion certain.

    Parameters
    ----------
    scores
        (n, names), from models that did not see the example.
    codes
        Name of each, (n,).

    Returns
    -------
    Calibration
        By temperature, and from `PLATT_FROM` examples on by Platt's method.
    """
    from scipy.optimize import minimize

    count, names = scores.shape
    has_offsets = count >= PLATT_FROM
    hit = np.eye(names)[codes]
    share = np.bincount(codes, minlength=names)
    weight = count / (np.count_nonzero(share) * np.maximum(share, 1))[codes]

    def loss(free: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        slope = float(np.exp(free[0]))
        told = log_softmax(slope * scores + free[1:])
        missed = weight[:, None] * (np.exp(told) - hit)
        gradient = np.append(slope * (missed * scores).sum(), missed.sum(axis=0)) + free
        value = -(weight * told[np.arange(count), codes]).sum() + (free @ free) / 2
        if not has_offsets:
            gradient[1:] = 0
        return float(value), gradient

    found = minimize(loss, np.zeros(1 + names), jac=True, method="L-BFGS-B")
    method = PLATT if has_offsets else TEMPERATURE
    return Calibration(method, float(np.exp(found.x[0])), np.asarray(found.x[1:]))


def estimate_prior(log_equal: NDArray[np.float64]) -> NDArray[np.float64]:
    """How common each name is among cells, by expectation and maximisation.

    After Saerens, Latinne and Decaestecker (2002). One cell of each name is thought in addition,
    so that none is excluded.

    Parameters
    ----------
    log_equal
        Logarithms of the probabilities of each name for cells without one, (n, names), as if all
        were equally common.

    Returns
    -------
    ndarray
        Shares, (names,), that sum to 1.
    """
    count, names = log_equal.shape
    likelihood = np.exp(log_equal)
    share = np.full(names, 1 / names)
    for _ in range(200):
        joint = likelihood * share
        sums = joint.sum(axis=1, keepdims=True)
        joint /= np.maximum(sums, 1e-300)
        updated = (joint.sum(axis=0) + 1) / (count + names)
        moved = np.abs(updated - share).max()
        share = updated
        if moved < 1e-6:
            break
    return share


def with_prior(log_equal: NDArray[np.float64], prior: NDArray[np.float64]) -> NDArray[np.float64]:
    """Probabilities (n, names) where names are as common as `prior` says, (names,)."""
    return np.exp(log_softmax(log_equal + np.log(prior)))
