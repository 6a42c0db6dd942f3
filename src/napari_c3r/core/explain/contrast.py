"""Who is compared with whom: sets of cells of a table, and the way from one to the other."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from napari_c3r.core.errors import InputError
from napari_c3r.core.explain.reference import Reference, Vectors
from napari_c3r.core.table.annotate import COLUMN
from napari_c3r.core.table.titles import GATE
from napari_c3r.core.text import shortened

if TYPE_CHECKING:
    import pandas as pd
    from anndata import AnnData

Mask = NDArray[np.bool_]

LIKE_IT: Final = 4
"""Cells like it whose mean, with its own, tells a cell's way from the reference."""

MIN_REFERENCE: Final = 6
"""Reference cells whose pixels are at hand, below which they say nothing of how such cells vary."""

ALL_OTHERS: Final = "all other cells"

_BLOCK = 1 << 16


@dataclass(frozen=True, eq=False)
class CellSet:
    """Some cells of a table.

    Attributes
    ----------
    name
        What they are called within a sentence, such as ``"cluster 3"``.
    rows
        Which rows they are, bool (cells,).
    """

    name: str
    rows: Mask


Cells = CellSet | tuple[str, str] | Mask
"""Cells by a column and its value, such as ``("cluster", "3")``, or one by one."""


def cell_set(table: AnnData, chosen: Cells, name: str = "the reference cells") -> CellSet:
    """Find cells of a table.

    Parameters
    ----------
    table
        A result.
    chosen
        A column and its value, or bool (cells,).
    name
        What cells that were chosen one by one are called.

    Raises
    ------
    InputError
        No such column or value, or another number of cells.
    """
    import pandas as pd

    if isinstance(chosen, CellSet):
        return chosen
    if isinstance(chosen, tuple):
        column, value = chosen
        if column not in table.obs:
            raise InputError(
                f"The table has no column {shortened(column)}; its columns are "
                f"{', '.join(map(str, table.obs.columns))}"
            )
        rows = _with_value(table.obs[column], str(value))
        if not rows.any():
            there = ", ".join(map(str, pd.unique(table.obs[column].dropna())[:12]))
            raise InputError(f"No cell has {column} {shortened(value)}; there are {there}")
        return CellSet(_called(column, str(value)), rows)
    rows = np.asarray(chosen)
    if rows.dtype != bool or rows.shape != (len(table),):
        raise InputError(
            f"Cells are chosen by an array of {rows.dtype} {rows.shape}; give a column and its "
            f"value, or true and false for each of the {len(table)} cells"
        )
    return CellSet(name, rows)


def _with_value(values: pd.Series, value: str) -> Mask:
    """Where a column has a value, as text; a million categories are not each made text."""
    import pandas as pd

    if isinstance(values.dtype, pd.CategoricalDtype):
        which = np.flatnonzero(values.cat.categories.astype(str) == value)
        return np.asarray(np.isin(values.cat.codes.to_numpy(), which))
    if pd.api.types.is_bool_dtype(values.dtype):
        return np.asarray(values.to_numpy(bool) == (value == "True"))
    return np.asarray((values.astype(str) == value).to_numpy(bool))


def _called(column: str, value: str) -> str:
    if column == "cluster":
        return f"cluster {value}"
    if column == COLUMN:
        return f"the cells named {value}"
    if column.startswith(GATE) and value == "True":
        return f"gate “{column.removeprefix(GATE)}”"
    return f"the cells with {column} {value}"


def rest_of(cells: CellSet) -> CellSet:
    """All cells but some."""
    return CellSet(ALL_OTHERS, ~cells.rows)


@dataclass(frozen=True, eq=False)
class Way:
    """The way from reference cells to some cells, as a direction and a measure.

    Attributes
    ----------
    direction
        Of length 1, (D,).
    scale
        Standard deviation of the reference cells along it.
    """

    direction: NDArray[np.float64]
    scale: float

    @classmethod
    def between(
        cls, there: NDArray[np.float64], here: NDArray[np.float64], vectors: Vectors, rows: Mask
    ) -> Way:
        """From the mean vector of some cells to that of others.

        Parameters
        ----------
        there, here
            Where it begins and ends, (D,).
        vectors
            Of the table, (cells, D).
        rows
            The reference cells, by which it is measured.
        """
        way = here - there
        length = float(np.linalg.norm(way))
        direction = way / length if length > 0 else way
        along = along_rows(vectors, np.flatnonzero(rows), direction)
        spread = float(along[np.isfinite(along)].std())
        return cls(direction, spread if spread > 0 else 1.0)

    def far(self, ways: NDArray[np.floating]) -> NDArray[np.float64]:
        """How far along it some movements (…, D) are, in standard deviations."""
        return np.asarray(ways @ self.direction / self.scale, np.float64)


def along_rows(
    vectors: Vectors, rows: NDArray[np.intp], direction: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Where cells of some rows lie along a direction, (rows,)."""
    parts = (rows[n : n + _BLOCK] for n in range(0, len(rows), _BLOCK))
    return np.concatenate([np.zeros(0), *(vectors[part] @ direction for part in parts)])


def mean_of(vectors: Vectors, rows: NDArray[np.intp]) -> NDArray[np.float64]:
    """Mean vector of some rows, (D,)."""
    total = np.zeros(vectors.shape[1])
    for n in range(0, len(rows), _BLOCK):
        total += vectors[rows[n : n + _BLOCK]].sum(axis=0, dtype=np.float64)
    return total / max(len(rows), 1)


def partners(
    reference: Reference,
    vector: Vectors,
    among: Mask,
    but: int,
    count: int,
    drawn: np.random.Generator | None,
) -> NDArray[np.intp]:
    """Reference cells for whose channels a cell's are exchanged.

    Parameters
    ----------
    reference
        The vectors of the table.
    vector
        The cell's, (D,).
    among
        Which cells may be it, bool (cells,).
    but
        The cell's own row.
    count
        How many.
    drawn
        Draws them at random; None takes those nearest to the cell, so that what differs between
        cells of any kind differs little between these (a nearest unlike neighbour; Goyal et al.
        2019).

    Returns
    -------
    ndarray
        Rows, at most `count`.
    """
    free = among.copy()
    free[but] = False
    count = min(count, int(free.sum()))
    if drawn is not None:
        return np.sort(drawn.permutation(np.flatnonzero(free))[:count]).astype(np.intp)
    return reference.nearest(vector[None], count, but, among=free)[0]
