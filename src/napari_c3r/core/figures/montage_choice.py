"""Which cells a montage shows: a few of all, or a few of each group."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from napari_c3r.core.errors import InputError
from napari_c3r.core.figures.facets import facets_of
from napari_c3r.core.figures.plot_columns import facet_groups
from napari_c3r.core.metadata.join import plate_map_columns
from napari_c3r.core.reduce.neighbours import Similarity
from napari_c3r.core.table.numbers import numbers_of
from napari_c3r.core.table.titles import GATE, MOVED

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from anndata import AnnData

MOST_GROUPS: Final = 96
"""Groups of a montage, at most: the first ones of more."""


GATES: Final = "gates"
"""Instead of a column: a group for each gate, which may overlap."""


class Choice(StrEnum):
    """Which cells of a group to show."""

    RANDOM = "random"
    MEDOID = "typical"
    OUTLIERS = "extreme"
    MOVED = "moved"
    ALIKE = "alike"


@dataclass(frozen=True)
class MontageChoice:
    """Which cells to show.

    Attributes
    ----------
    which
        Of each group: drawn at random; those most like the cell that is most like all others of
        the group, or least like it; those that the diagnostics moved most; or those most like one
        cell.
    count
        How many of each group, at most.
    by
        The column whose values are the groups; empty for one group.
    like
        The row that cells are to be like.
    moved
        The column with how far each cell moved; empty for the first that begins with `MOVED`.
    seed
        Of what is drawn at random: the same group gives the same cells.
    """

    which: Choice = Choice.RANDOM
    count: int = 40
    by: str = ""
    like: int | None = None
    moved: str = ""
    seed: int = 0


@dataclass(frozen=True, eq=False)
class Group:
    """Cells that stand together.

    Attributes
    ----------
    name
        Empty where there is one group only.
    rows
        Of the result.
    """

    name: str
    rows: NDArray[np.intp]


@dataclass(frozen=True, eq=False)
class ChosenGroup:
    """The cells of a group to show.

    Attributes
    ----------
    name
        Of the group.
    rows
        Of the result, in the order to show them in.
    total
        Cells of the group, shown or not.
    similarity
        To the cell that they are like, (rows,); None where they are chosen otherwise.
    """

    name: str
    rows: NDArray[np.intp]
    total: int
    similarity: NDArray[np.float64] | None = None


def row_columns(table: AnnData) -> tuple[str, ...]:
    """The columns whose values can be the rows of a montage, and `GATES` where there are some."""
    gates = gate_columns(table)
    groups = facet_groups(table, plate_map_columns(table))
    found = [name for _, entries in groups for name, _ in entries if name]
    return (*(name for name in found if name not in gates), *([GATES] if gates else []))


def groups_by(table: AnnData, column: str, rows: NDArray[np.intp]) -> tuple[Group, ...]:
    """Sort rows of a result by a column; cells without a value are in no group.

    Parameters
    ----------
    table
        The result.
    column
        As for `napari_c3r.core.figures.facets.facets_of`, or `GATES`; empty for one group of all.
    rows
        Which cells, (n,).

    Returns
    -------
    tuple of Group
        Those that have cells, in the order of the column.

    Raises
    ------
    InputError
        There is no such column, or it makes no groups.
    """
    rows = np.asarray(rows, np.intp)
    if not column:
        return (Group("", rows),)
    if column == GATES:
        flags = {name.removeprefix(GATE): table.obs[name] for name in gate_columns(table)}
        return groups_of_flags({n: flag.to_numpy(bool) for n, flag in flags.items()}, rows)
    facets = facets_of(table, column)
    codes = facets.codes[rows]
    order = np.argsort(codes, kind="stable")
    bounds = np.searchsorted(codes[order], np.arange(len(facets) + 1))
    parts = [rows[order[low:high]] for low, high in pairwise(bounds)]
    return tuple(
        Group(name, part) for name, part in zip(facets.names, parts, strict=True) if len(part)
    )


def groups_of_flags(
    flags: Mapping[str, NDArray[np.bool_]], rows: NDArray[np.intp]
) -> tuple[Group, ...]:
    """Groups that may overlap, such as gates: for each a flag (cells,), by its name."""
    found = (Group(name, rows[flag[rows]]) for name, flag in flags.items())
    return tuple(group for group in found if len(group.rows))


def gate_columns(table: AnnData) -> list[str]:
    """The columns of flags that are gates."""
    return [str(name) for name in table.obs.columns if str(name).startswith(GATE)]


def moved_columns(table: AnnData) -> list[str]:
    """The columns that say by how much the diagnostics moved each cell."""
    return [str(name) for name in table.obs.columns if str(name).startswith(MOVED)]


def choose_cells(
    table: AnnData, similarity: Similarity, groups: Sequence[Group], choice: MontageChoice
) -> tuple[ChosenGroup, ...]:
    """Choose the cells of each group to show.

    Parameters
    ----------
    table
        The result.
    similarity
        Of all its cells.
    groups
        From `groups_by` or `groups_of_flags`.
    choice
        Which of them.

    Raises
    ------
    InputError
        Nothing says how far cells moved, or no cell is given to be like.
    """
    moved: NDArray[np.float64] | None = None
    if choice.which is Choice.MOVED:
        known = moved_columns(table)
        if not choice.moved and not known:
            raise InputError(
                "Nothing says which cells move most: run the diagnostics and colour by a shift"
            )
        moved = numbers_of(table, choice.moved or known[0])
    if choice.which is Choice.ALIKE and choice.like is None:
        raise InputError("Point at a cell first, to see those that are like it")
    return tuple(_choose(similarity, group, choice, moved) for group in groups[:MOST_GROUPS])


def _choose(
    similarity: Similarity,
    group: Group,
    choice: MontageChoice,
    moved: NDArray[np.float64] | None,
) -> ChosenGroup:
    rows, alike = group.rows, None
    if choice.which is Choice.ALIKE:
        assert choice.like is not None
        # The cell itself is the first of its group.
        likeness = np.where(rows == choice.like, np.inf, similarity.to(choice.like, rows))
        order = _best(likeness, choice.count)
        chosen, alike = rows[order], np.minimum(likeness[order], 1.0)
    elif moved is not None:
        chosen = rows[_best(moved[rows], choice.count)]
    else:
        chosen = choose(similarity, rows, choice.which, choice.count, choice.seed)
    return ChosenGroup(group.name, chosen, len(rows), alike)


def _best(values: NDArray[np.float64], count: int) -> NDArray[np.intp]:
    """Places of the highest values, without those that are none; ties in their order."""
    known = np.flatnonzero(~np.isnan(values))
    return known[np.argsort(-values[known], kind="stable")][:count]


def choose(
    similarity: Similarity,
    rows: NDArray[np.intp],
    choice: Choice,
    count: int,
    seed: int = 0,
) -> NDArray[np.intp]:
    """Choose cells of one group at random, or by how like its typical cell they are.

    Parameters
    ----------
    similarity
        Of all cells of the table.
    rows
        The group, (n,).
    choice
        ``"random"``; ``"typical"``, those most like the cell that is most like all others; or
        ``"extreme"``, those least like it. Cells that cannot be compared are the last of the
        typical and the first of the extreme.
    count
        How many, at most.
    seed
        Of the random choice: the same group gives the same cells.

    Returns
    -------
    ndarray
        Rows, (at most count,), in the order to show them in.
    """
    rows = np.asarray(rows, np.intp)
    if choice is Choice.RANDOM:
        drawn = np.random.default_rng(seed).permutation(len(rows))[:count]
        return rows[np.sort(drawn)]
    centre = similarity.medoid(rows)
    if centre is None:
        return rows[:count]
    likeness = similarity.to(centre, rows)
    likeness = np.where(rows == centre, np.inf, likeness)
    likeness[np.isnan(likeness)] = -np.inf
    order = np.argsort(likeness if choice is Choice.OUTLIERS else -likeness, kind="stable")
    return rows[order[:count]]
