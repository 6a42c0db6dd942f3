"""The cells that have a name, as examples for those that have none."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from napari_c3r.core.errors import InputError
from napari_c3r.core.learn.options import Unit
from napari_c3r.core.table.annotate import ACCEPTED, COLUMN, name_column
from napari_c3r.core.table.titles import GATE

if TYPE_CHECKING:
    import pandas as pd
    from anndata import AnnData

MIN_EXAMPLES = 3
"""Cells that every name needs."""

MAX_PER_NAME = 1000
"""Cells of a name that are learned from; of more, so many are drawn evenly from all fields."""

MAX_NAMES = 100
"""Names that are told apart."""


@dataclass(frozen=True, eq=False)
class Examples:
    """Cells with names.

    Attributes
    ----------
    rows
        Of the table, (n,), rising.
    codes
        The name of each, (n,), as its place among `names`.
    names
        In the order of the column, at least two.
    groups
        What each is left out together with, (n,), numbers from 0.
    unit
        What a group is: ``"well"``, ``"field"`` or ``"cell"``.
    counts
        How many cells have each name, (names,), whether they are learned from or not.
    notes
        Sentences for the user.
    """

    rows: NDArray[np.intp]
    codes: NDArray[np.intp]
    names: tuple[str, ...]
    groups: NDArray[np.intp]
    unit: str
    counts: NDArray[np.intp]
    notes: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def shares(self) -> NDArray[np.float64]:
        """Share of each name among the examples, (names,)."""
        return np.bincount(self.codes, minlength=len(self.names)) / len(self)


def examples_of(
    adata: AnnData,
    names: str | Sequence[str] = COLUMN,
    unit: Unit | str = Unit.AUTO,
    seed: int = 0,
) -> Examples:
    """Find the examples in a table.

    Parameters
    ----------
    adata
        Result of :func:`napari_c3r.embed`.
    names
        A column of names, missing where a cell has none; or several columns of truth values, such
        as gates, each of which is a name: a gate's own, a column's else. A cell that is in several
        of them is no example. Beside them there may be ``"annotation"``: a cell that a person
        named has that name, whichever groups it is in.
    unit
        What is left out as a whole when suggestions are tested.
    seed
        Of the cells that are drawn where there are very many.

    Raises
    ------
    InputError
        No such column, fewer than two names, or a name with fewer than three cells.
    """
    codes, known, notes = _codes_of(adata, names)
    counts = np.bincount(codes[codes >= 0], minlength=len(known))
    there = np.flatnonzero(counts)
    known = tuple(known[code] for code in there)
    require_enough(known, counts[there])
    place = np.full(len(counts), -1, np.intp)
    place[there] = np.arange(len(there))
    codes = np.where(codes >= 0, place[codes], -1)
    counts = counts[there]
    rows = np.flatnonzero(codes >= 0)
    drawn = _drawn(adata.obs, rows, codes[rows], seed)
    if len(drawn) < len(rows):
        notes.append(
            f"Learned from {len(drawn):,} of {len(rows):,} named cells, at most {MAX_PER_NAME:,} "
            "of each name, drawn evenly from all fields"
        )
    groups, chosen, said = _grouped(adata.obs, drawn, codes[drawn], known, Unit(unit))
    made = Examples(drawn, codes[drawn], known, groups, chosen, counts)
    return replace(made, notes=(*notes, *said))


def _codes_of(
    adata: AnnData, names: str | Sequence[str]
) -> tuple[NDArray[np.intp], tuple[str, ...], list[str]]:
    """The name of every cell as a number, −1 for none; the names; and what is to be said."""
    columns = [names] if isinstance(names, str) else list(names)
    for column in columns:
        if column not in adata.obs and column != COLUMN:
            raise InputError(
                f"The table has no column '{column}' of names; its columns are "
                f"{', '.join(map(str, adata.obs.columns))}"
            )
    if len(columns) == 1 and (isinstance(names, str) or columns == [COLUMN]):
        (name,) = columns
        given = names_by_hand(adata) if name == COLUMN else name_column(adata, name)
        known = tuple(str(name) for name in given.cat.categories)
        return given.cat.codes.to_numpy().astype(np.intp), known, []
    flags = [column for column in columns if column != COLUMN]
    called = [column.removeprefix(GATE) for column in flags]
    inside = np.stack([adata.obs[column].fillna(False).to_numpy(bool) for column in flags])
    several = inside.sum(axis=0) > 1
    codes = np.where(inside.any(axis=0) & ~several, inside.argmax(axis=0), -1).astype(np.intp)
    if COLUMN in columns:
        given = names_by_hand(adata)
        every = list(dict.fromkeys([*map(str, given.cat.categories), *called]))
        place = np.array([*(every.index(name) for name in called), -1], np.intp)
        by_hand = given.cat.codes.to_numpy()
        codes, called = np.where(by_hand >= 0, by_hand, place[codes]), every
        several &= by_hand < 0
    notes = []
    if several.any():
        notes.append(f"{int(several.sum()):,} cells are in several of the groups and no examples")
    return codes, tuple(called), notes


def names_by_hand(adata: AnnData) -> pd.Series:
    """The names that a person gave, as categories, missing where there is none.

    A name that was suggested and accepted unseen is left out: what is learned from one's own
    suggestions only confirms them.

    Parameters
    ----------
    adata
        Result of :func:`napari_c3r.embed`.
    """
    given: pd.Series = name_column(adata)
    if ACCEPTED not in adata.obs:
        return given
    accepted = name_column(adata, ACCEPTED).cat.set_categories(given.cat.categories)
    codes = accepted.cat.codes.to_numpy()
    return given.mask((codes >= 0) & (codes == given.cat.codes.to_numpy()))


def example_names(adata: AnnData, names: str | Sequence[str] = COLUMN) -> pd.Series:
    """The name that each cell is an example of, as categories, missing where it is none.

    Parameters
    ----------
    adata, names
        As for `examples_of`.
    """
    import pandas as pd

    codes, known, _ = _codes_of(adata, names)
    made = pd.Categorical.from_codes(codes, pd.Index(known, dtype=object))
    return pd.Series(made, index=adata.obs_names)


def name_counts(adata: AnnData, names: str | Sequence[str] = COLUMN) -> dict[str, int]:
    """How many cells have each name, without those that none has.

    Parameters
    ----------
    adata, names
        As for `examples_of`.
    """
    codes, known, _ = _codes_of(adata, names)
    counts = np.bincount(codes[codes >= 0], minlength=len(known))
    return {name: int(count) for name, count in zip(known, counts, strict=True) if count}


def require_enough(names: Sequence[str], counts: NDArray[np.intp]) -> None:
    """Refuse names that nothing can be learned from.

    Parameters
    ----------
    names, counts
        Of the cells that have a name, and how many have it.

    Raises
    ------
    InputError
        Fewer than two names, very many, or a name with fewer than three cells.
    """
    if len(names) < 2:
        told = f"only '{names[0]}' is given" if names else "no cell has a name"
        raise InputError(
            f"Two names are needed to tell cells apart, and {told}; name some cells of each kind"
        )
    if len(names) > MAX_NAMES:
        raise InputError(
            f"There are {len(names)} names, and at most {MAX_NAMES} are told apart; "
            "choose a column with fewer"
        )
    if counts.min() < MIN_EXAMPLES:
        place = int(counts.argmin())
        cells = "cell" if counts[place] == 1 else "cells"
        raise InputError(
            f"'{names[place]}' has {counts[place]} {cells}; name at least {MIN_EXAMPLES} of each"
        )


def _drawn(
    obs: pd.DataFrame, rows: NDArray[np.intp], codes: NDArray[np.intp], seed: int
) -> NDArray[np.intp]:
    from napari_c3r.core.reduce.sample import fitted_rows

    parts = []
    for code in np.unique(codes):
        here = rows[codes == code]
        chosen = fitted_rows(obs.iloc[here], MAX_PER_NAME, seed)
        parts.append(here if chosen is None else here[chosen])
    return np.sort(np.concatenate(parts))


def _grouped(
    obs: pd.DataFrame,
    rows: NDArray[np.intp],
    codes: NDArray[np.intp],
    names: Sequence[str],
    unit: Unit,
) -> tuple[NDArray[np.intp], str, list[str]]:
    """What the examples are left out together with, what that is, and what is to be said of it."""
    tried = {
        Unit.AUTO: (Unit.WELL, Unit.FIELD),
        Unit.WELL: (Unit.WELL,),
        Unit.FIELD: (Unit.FIELD,),
        Unit.CELL: (),
    }[unit]
    why = ""
    for each in tried:
        groups = _numbers(obs.iloc[rows], each)
        if groups is None:
            why = why or f"it is not known which {each} they are of"
            continue
        spread = [len(np.unique(groups[codes == code])) for code in range(len(names))]
        if min(spread) > 1:
            return groups, str(each), []
        lonely = names[int(np.argmin(spread))]
        single = len(np.unique(groups)) == 1
        why = f"all examples are of one {each}" if single else f"'{lonely}' is of one {each} alone"
    alone = np.arange(len(rows))
    if unit is Unit.CELL:
        return alone, str(Unit.CELL), []
    return (
        alone,
        str(Unit.CELL),
        [
            f"Tested on cells left out, as {why}: other fields may be told apart less well. "
            "Name some cells of each kind in another field"
        ],
    )


def _numbers(obs: pd.DataFrame, unit: Unit) -> NDArray[np.intp] | None:
    import pandas as pd

    if unit is Unit.FIELD:
        return pd.factorize(obs["image"])[0].astype(np.intp)
    if "well" not in obs or obs["well"].isna().any():
        return None
    well: Any = obs["well"].astype(str)
    if "plate" in obs:
        well = obs["plate"].astype(str) + "\0" + well
    return pd.factorize(well)[0].astype(np.intp)
