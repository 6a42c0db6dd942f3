"""Which examples are left out together, so that no field or well is on both sides."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain

import numpy as np
from numpy.typing import NDArray

FOLDS = 5
_TRIES = 20

Fold = tuple[NDArray[np.intp], NDArray[np.intp]]
"""Positions that are learned from, and positions that are left out."""


def make_folds(
    codes: NDArray[np.intp], groups: NDArray[np.intp], seed: int, most: int = FOLDS
) -> list[Fold]:
    """Divide examples so that every name is learned from in every fold.

    Parameters
    ----------
    codes
        The name of each, (n,).
    groups
        What is left out together, (n,).
    seed
        The same one gives the same folds.
    most
        Folds at most.

    Returns
    -------
    list
        At least two folds of groups, each name about equally common in all of them; where that
        leaves a name without an example to learn from, a fold for each group. Empty where a name
        would lack examples even so: it is of one group alone.
    """
    spread = [len(np.unique(groups[codes == code])) for code in np.unique(codes)]
    if min(spread) < 2:
        return []
    for folds in chain(_stratified(codes, groups, seed, min(most, min(spread))), _single(groups)):
        known = np.unique(codes)
        if all(np.array_equal(np.unique(codes[learned]), known) for learned, _ in folds):
            return folds
    return []


def _stratified(
    codes: NDArray[np.intp], groups: NDArray[np.intp], seed: int, count: int
) -> Iterator[list[Fold]]:
    from sklearn.model_selection import StratifiedGroupKFold, StratifiedKFold

    alone = len(np.unique(groups)) == len(groups)
    kind = StratifiedKFold if alone else StratifiedGroupKFold
    for attempt in range(_TRIES):
        splitter = kind(count, shuffle=True, random_state=seed + attempt)
        found = splitter.split(codes[:, None], codes, None if alone else groups)
        yield [(np.asarray(learned), np.asarray(left)) for learned, left in found if len(left)]


def _single(groups: NDArray[np.intp]) -> Iterator[list[Fold]]:
    found = [np.flatnonzero(groups == group) for group in np.unique(groups)]
    every = np.arange(len(groups))
    yield [(np.setdiff1d(every, left, assume_unique=True), left) for left in found]
