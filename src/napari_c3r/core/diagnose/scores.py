"""How well the neighbourhoods of cells agree with labels the user has."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import pandas as pd

ALIKE = "alike"
"""Score: how many of a cell's k nearest share its label."""

SCORES = (ALIKE, "accuracy", "map", "silhouette")
"""Names of all scores."""

VOTES = 5
"""Nearest labelled cells that vote in the accuracy."""


@dataclass(frozen=True, eq=False)
class Labelled:
    """The cells with a label that another cell shares.

    Attributes
    ----------
    rows
        Which of all cells, (m,).
    codes
        Class of each, (m,), 0 to the number of classes − 1.
    classes
        Their names.
    notes
        What was left out, in sentences.
    """

    rows: NDArray[np.intp]
    codes: NDArray[np.intp]
    classes: tuple[str, ...]
    notes: tuple[str, ...]


def labelled_cells(values: pd.Series[Any], column: str) -> tuple[Labelled | None, str]:
    """Find the cells that labels can be judged by, or say in one sentence why there are none.

    Parameters
    ----------
    values
        Label of every cell; a missing one is not judged.
    column
        What the labels are called.

    Returns
    -------
    labelled, problem
        None and a sentence where there are not two classes of two cells.
    """
    known = values.notna().to_numpy()
    text = values.astype(str).to_numpy(dtype=object)
    names, counts = np.unique(text[known].astype(str), return_counts=True)
    if not len(names):
        return None, f"The label column '{column}' is empty for these cells, so it tells nothing"
    if len(names) == 1:
        return None, (
            f"The label column '{column}' has the single value '{names[0]}' for these "
            f"{int(known.sum())} cells, so there is nothing to tell apart"
        )
    several = names[counts > 1]
    if len(several) < 2:
        return None, (
            f"The label column '{column}' has {len(names)} values for {int(known.sum())} cells and "
            "fewer than two of them occur more than once, so no cell has another to be found by"
        )
    rows = np.flatnonzero(known & np.isin(text.astype(str), several))
    notes = []
    if not known.all():
        notes.append(f"{int((~known).sum())} cells have no '{column}' and are not judged by it")
    if len(several) < len(names):
        notes.append(
            f"{len(names) - len(several)} values of '{column}' occur once and are not judged"
        )
    codes = np.searchsorted(several, text[rows].astype(str)).astype(np.intp)
    return Labelled(rows, codes, tuple(str(name) for name in several), tuple(notes)), ""


def label_scores(
    similarity: NDArray[np.float32], labelled: Labelled, k: int
) -> dict[str, NDArray[np.float64]]:
    """Score every labelled cell by where the others of its class are.

    Parameters
    ----------
    similarity
        (n, n) of all cells.
    labelled
        The cells to judge; the others take no part.
    k
        Neighbours looked at.

    Returns
    -------
    dict
        Four arrays (m,). ``"alike"``: how many of the k nearest are of the cell's class; where
        there are fewer than k others, in proportion. ``"accuracy"``: 1 where the nearest cells,
        weighted by similarity, vote for the cell's class, else 0. ``"map"``: average precision of
        the cell's class in the list of all others, nearest first. ``"silhouette"``: −1 to 1
        (Rousseeuw 1987), by cosine distance.
    """
    part = similarity[np.ix_(labelled.rows, labelled.rows)].copy()
    one_hot = np.eye(len(labelled.classes), dtype=np.float32)[labelled.codes]
    silhouette = _silhouettes(part, labelled.codes, one_hot)
    np.fill_diagonal(part, -np.inf)
    return {
        ALIKE: _alike(part, labelled.codes, k),
        "accuracy": votes(part, labelled.codes),
        "map": average_precisions(part, labelled.codes),
        "silhouette": silhouette,
    }


def average_precisions(
    similarity: NDArray[np.float32], codes: NDArray[np.intp]
) -> NDArray[np.float64]:
    """Average precision of every cell as a query for its own class.

    The mean, over the other cells of the class, of the share of the class among all cells at
    least as near: as copairs defines it with positives of the same and negatives of another
    label (Kalinin et al. 2025).

    Parameters
    ----------
    similarity
        (m, m); −∞ for pairs that take no part, such as a cell with itself.
    codes
        Class of each cell; every cell takes part with another of its class.
    """
    order = np.argsort(-similarity, axis=1, kind="stable")
    taking_part = np.take_along_axis(similarity, order, axis=1) > -np.inf
    hit = (codes[order] == codes[:, None]) & taking_part
    precision = np.cumsum(hit, axis=1) / np.arange(1, hit.shape[1] + 1)
    return np.asarray((precision * hit).sum(axis=1) / hit.sum(axis=1))


def _alike(similarity: NDArray[np.float32], codes: NDArray[np.intp], k: int) -> NDArray[np.float64]:
    count = min(k, len(codes) - 1)
    nearest = np.argpartition(-similarity, count - 1, axis=1)[:, :count]
    return np.asarray((codes[nearest] == codes[:, None]).mean(axis=1) * k)


def votes(similarity: NDArray[np.float32], codes: NDArray[np.intp]) -> NDArray[np.float64]:
    """1 where the `VOTES` nearest, weighted by similarity, vote for a cell's own class, else 0.

    Parameters
    ----------
    similarity
        (m, m); −∞ for pairs that take no part, such as a cell with itself.
    codes
        Class of each cell, from 0.
    """
    one_hot = np.eye(int(codes.max()) + 1, dtype=np.float32)[codes]
    count = min(VOTES, len(codes) - 1)
    nearest = np.argpartition(-similarity, count - 1, axis=1)[:, :count]
    found = np.take_along_axis(similarity, nearest, axis=1)
    weights = np.where(found > -np.inf, 2 + found, 0)
    won = np.einsum("ij,ijc->ic", weights, one_hot[nearest]).argmax(axis=1)
    return (won == codes).astype(np.float64)


def _silhouettes(
    similarity: NDArray[np.float32], codes: NDArray[np.intp], one_hot: NDArray[np.float32]
) -> NDArray[np.float64]:
    distance = 1 - similarity.astype(np.float64)
    np.fill_diagonal(distance, 0)
    totals, sizes = distance @ one_hot, one_hot.sum(axis=0)
    every = np.arange(len(codes))
    own = totals[every, codes] / (sizes[codes] - 1)
    means = totals / sizes
    means[every, codes] = np.inf
    other = means.min(axis=1)
    greater = np.maximum(own, other)
    return np.where(greater > 0, (other - own) / np.where(greater > 0, greater, 1), 0.0)
