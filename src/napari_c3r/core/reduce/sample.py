"""Which cells of a very large table stand for all when a map is made, drawn evenly from fields."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from napari_c3r.core.reduce.batches import NOTES
from napari_c3r.core.table.result import KEY

if TYPE_CHECKING:
    import pandas as pd

MAX_FITTED = 200_000
"""Cells that maps and clusters are fitted to at most; others are placed among them."""

CHUNK = 65_536
"""Rows that are worked on at once where a table is too large for more."""

FITTED = "fitted_cells"
"""In what is kept of a map or of clusters: how many cells they were fitted to, if not to all."""

# What tells where a cell comes from, in the order of preference.
_ORIGIN = ("plate", "well", "image")


def fitted_rows(obs: pd.DataFrame, most: int, seed: int) -> NDArray[np.intp] | None:
    """Draw the cells that a map or clusters are fitted to.

    Parameters
    ----------
    obs
        The cells, with their ``image``, and ``plate`` and ``well`` where they are known.
    most
        How many to draw.
    seed
        The same one draws the same cells.

    Returns
    -------
    ndarray or None
        Rows in rising order, (most,): of every field as large a share as it has of all cells, to
        within one. None where there are no more cells than that, and all are taken.
    """
    if len(obs) <= most:
        return None
    known = [obs[name].astype(str).to_numpy() for name in _ORIGIN if name in obs]
    field = _groups(known, len(obs))
    counts = np.bincount(field)
    rng = np.random.default_rng(seed)
    share = counts * (most / len(obs))
    taken = np.floor(share).astype(np.intp)
    # The largest remainders first, and equal ones by lot.
    order = np.lexsort((rng.random(len(counts)), taken - share))
    taken[order[: most - int(taken.sum())]] += 1
    # Shuffled within its field, a cell is taken if it is among the first of it.
    shuffled = np.lexsort((rng.random(len(obs)), field))
    begin = np.cumsum(counts) - counts
    place = np.arange(len(obs)) - np.repeat(begin, counts)
    return np.sort(shuffled[place < np.repeat(taken, counts)])


def _groups(columns: list[NDArray[Any]], count: int) -> NDArray[np.intp]:
    """Numbers from 0 that tell rows apart that differ in any column."""
    group = np.zeros(count, np.intp)
    for column in columns:
        _, codes = np.unique(column, return_inverse=True)
        _, group = np.unique(group * (int(codes.max()) + 1) + codes, return_inverse=True)
    return group


def chunks(count: int) -> Iterator[slice]:
    """Rows, so many at a time as are worked on at once."""
    return (slice(start, min(start + CHUNK, count)) for start in range(0, count, CHUNK))


def map_notes(uns: Mapping[str, Any], n_cells: int) -> list[str]:
    """Sentences on what a map and clusters were made of, where that is not simply all cells.

    Parameters
    ----------
    uns
        Of the table.
    n_cells
        How many cells it has.
    """
    facts = uns.get(KEY, {})
    notes = []
    if fitted := facts.get("map", {}).get(FITTED):
        notes.append(
            f"The map was fitted to {fitted:,} of {n_cells:,} cells, drawn evenly from all fields; "
            "the others were placed among them"
        )
    if fitted := facts.get("cluster", {}).get(FITTED):
        notes.append(
            f"Clusters were found among {fitted:,} of {n_cells:,} cells; the others belong to that "
            "of the cells they are nearest to"
        )
    notes += map(str, facts.get("map", {}).get(NOTES, ()))
    return notes
