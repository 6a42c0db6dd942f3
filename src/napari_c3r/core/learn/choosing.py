"""Which cells to look at next, and which suggestions to accept."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from napari_c3r.core.learn.suggestion import Suggestion
from napari_c3r.core.reduce.neighbours import smallest

SURE = 0.9
"""Probability from which on a suggestion counts as sure."""

# Of so many cells to look at, one is unlike any example.
_EVERY = 4


MAX_LISTED = 1000
"""Cells of each kind that are listed to be looked at; more would be sorted for nobody."""


def unsure(
    suggestion: Suggestion, unnamed: NDArray[np.bool_], sure: float = SURE
) -> NDArray[np.bool_]:
    """Which cells are worth a look: those that are not sure, and those unlike any example.

    Parameters
    ----------
    suggestion, unnamed, sure
        As for `unsure_rows`.
    """
    known = unnamed & (suggestion.codes >= 0)
    return known & ((suggestion.probability < np.float32(sure)) | suggestion.unlike)


def unsure_rows(
    suggestion: Suggestion, unnamed: NDArray[np.bool_], sure: float = SURE
) -> NDArray[np.intp]:
    """The cells that a person's name would help with most, in the order to look at them.

    Those whose two best names are nearest to each other come first. Every fourth is one unlike any
    example, the farthest first, since of such cells probabilities tell nothing.

    Parameters
    ----------
    suggestion
        What is suggested.
    unnamed
        Cells without a name, (cells,).
    sure
        Cells with this probability or more are left out, unless they are unlike any example.

    Returns
    -------
    ndarray
        Rows, at most `MAX_LISTED` of each kind.
    """
    asked = unsure(suggestion, unnamed, sure)
    close, odd = (
        np.flatnonzero(asked & ~suggestion.unlike),
        np.flatnonzero(asked & suggestion.unlike),
    )
    margin = suggestion.probability[close] - suggestion.runner_up[close]
    close = close[smallest(margin, MAX_LISTED)]
    odd = odd[smallest(-suggestion.novelty[odd], MAX_LISTED)]
    # Places in one order: those of unlike cells are behind every third of the others.
    at = np.concatenate([np.arange(len(close)), (_EVERY - 1) * (np.arange(len(odd)) + 1) - 0.5])
    return np.concatenate([close, odd])[np.argsort(at, kind="stable")]


def accepted_rows(
    suggestion: Suggestion, unnamed: NDArray[np.bool_], least: float
) -> NDArray[np.intp]:
    """The cells without a name whose suggestion is to become one.

    Parameters
    ----------
    suggestion
        What is suggested.
    unnamed
        Cells without a name, (cells,).
    least
        Probability that a suggestion needs. Cells that are unlike any example are left out.
    """
    sure = suggestion.probability >= np.float32(least)
    return np.flatnonzero(unnamed & (suggestion.codes >= 0) & sure & ~suggestion.unlike)


def disagreeing_rows(suggestion: Suggestion) -> NDArray[np.intp]:
    """The examples for which another name is suggested without their group, surest first."""
    examples = suggestion.examples
    other = examples.rows[suggestion.codes[examples.rows] != examples.codes]
    return other[np.argsort(-suggestion.probability[other], kind="stable")]
