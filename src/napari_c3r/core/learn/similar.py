"""Which cells are like those of a chosen set, by all of the vector or by chosen channels of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from napari_c3r.core.errors import InputError
from napari_c3r.core.learn.scale import Scale, pieces
from napari_c3r.core.profiles.marks import vector_parts
from napari_c3r.core.reduce.neighbours import smallest

if TYPE_CHECKING:
    from anndata import AnnData


class LikeSet(StrEnum):
    """What being like a set of cells means."""

    MEAN = "mean"
    """Like what the set has in common: its mean direction."""
    NEAREST = "nearest"
    """Like at least one of its cells, for a set of several kinds."""


@dataclass(frozen=True, eq=False)
class SimilarCells:
    """Cells ranked by how like a set they are.

    Attributes
    ----------
    rows
        The most similar first, (k,), without the set itself; ties in the order of the table.
    similarity
        Their cosine, (k,) in −1 to 1.
    of_all
        That of every cell of the table, (cells,) float32, the set's own among them; NaN where a
        cell cannot be compared.
    """

    rows: NDArray[np.intp]
    similarity: NDArray[np.float32]
    of_all: NDArray[np.float32]


def similar_cells(
    adata: AnnData,
    like: Sequence[int] | NDArray[np.integer] | NDArray[np.bool_],
    count: int | None = None,
    *,
    channels: Sequence[str] | None = None,
    by: LikeSet | str = LikeSet.MEAN,
    among: NDArray[np.bool_] | None = None,
) -> SimilarCells:
    """Rank all cells by how like a set of cells they are.

    The columns of the vectors are standardised over the table first, so that each counts alike,
    and compared by cosine.

    Parameters
    ----------
    adata
        Result of :func:`napari_c3r.embed`.
    like
        The set: rows, or a flag for each cell.
    count
        How many to rank; None: all others.
    channels
        Concept channels whose part of the vector is compared; None: all of it.
    by
        ``"mean"``: by the mean of the set's directions; ``"nearest"``: by the cell of the set
        that is most alike.
    among
        Which cells to rank, such as those of a gate, bool (cells,); None: all.

    Returns
    -------
    SimilarCells
        Most similar first.

    Raises
    ------
    InputError
        No cell in the set, a row that is not there, no such channel or way to compare, or a set
        that is no different from the mean of all cells.
    """
    if by not in list(LikeSet):
        ways = " or ".join(repr(str(way)) for way in LikeSet)
        raise InputError(f"by is {by!r}; give {ways}")
    rows = _rows_of(like, len(adata))
    vectors = np.asarray(adata.X)
    columns = columns_of_channels(adata, channels)
    scale = Scale.of(vectors)
    scale = replace(scale, factor=np.where(columns, scale.factor, 0).astype(np.float32))
    directions = _unit(scale(vectors[rows]))
    # Neither NaN nor nought is a direction.
    directions = directions[np.abs(directions).sum(axis=1) > 0]
    if by == LikeSet.MEAN and len(directions):
        directions = _unit(directions.mean(axis=0, keepdims=True))
    if not directions.any():
        raise InputError(
            "The chosen cells have nothing in common that tells them from the others in "
            "these channels; choose other cells, or more channels"
        )
    found = np.empty(len(vectors), np.float32)
    for part in pieces(len(vectors)):
        standard = scale(vectors[part])
        lengths = _lengths(standard)
        # A cell without direction is like nothing.
        with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
            found[part] = (standard @ directions.T).max(axis=1) / lengths
    others = -found.astype(np.float64)
    others[rows] = np.nan
    if among is not None:
        if np.shape(among) != (len(others),):
            raise InputError(
                f"among has {len(among)} flags for {len(others)} cells: give one for each cell"
            )
        others[~np.asarray(among, bool)] = np.nan
    ranked = smallest(others, len(vectors) if count is None else count)
    return SimilarCells(ranked, found[ranked], found)


def columns_of_channels(adata: AnnData, channels: Sequence[str] | None) -> NDArray[np.bool_]:
    """Which columns of the vectors are of some concept channels.

    Parameters
    ----------
    adata
        Result of :func:`napari_c3r.embed`. A column that is of several channels together is of
        none of them alone.
    channels
        Names of channels; None: all columns.

    Returns
    -------
    ndarray
        (D,) bool.

    Raises
    ------
    InputError
        No column is of one of the channels.
    """
    if channels is None:
        return np.ones(adata.n_vars, bool)
    parts = vector_parts(adata)
    chosen = np.zeros(adata.n_vars, bool)
    for name in channels:
        if name not in parts:
            known = ", ".join(f"'{each}'" for each in parts)
            raise InputError(
                f"No part of the vector is of the channel '{name}'; its parts are of {known}"
            )
        chosen[parts[name]] = True
    return chosen


def _rows_of(
    like: Sequence[int] | NDArray[np.integer] | NDArray[np.bool_], count: int
) -> NDArray[np.intp]:
    given = np.asarray(like)
    if given.dtype == bool:
        if given.shape != (count,):
            raise InputError(f"{given.size} flags for {count} cells: give one for each cell")
        given = np.flatnonzero(given)
    if not given.size:
        raise InputError("No cells are chosen to be compared with; choose one or more")
    rows = np.unique(given.astype(np.intp))
    if rows[0] < 0 or rows[-1] >= count:
        wrong = int(rows[0] if rows[0] < 0 else rows[-1])
        raise InputError(f"There is no row {wrong}: the table has {count} cells")
    return rows


def _lengths(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.asarray(np.sqrt(np.einsum("ij,ij->i", vectors, vectors)))


def _unit(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    """Rows at length 1, those of length nought left so."""
    lengths = _lengths(vectors)[:, None]
    return np.asarray(vectors / np.where(lengths > 0, lengths, 1), np.float32)
