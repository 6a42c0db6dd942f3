"""Names that a person gives to cells, kept as a column of the result."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from napari_c3r.core.errors import InputError

if TYPE_CHECKING:
    import pandas as pd
    from anndata import AnnData

GivenNames: TypeAlias = "str | Sequence[str] | pd.Categorical[Any]"
"""One name for all cells, or one for each."""

COLUMN = "annotation"
"""Column of ``obs`` with the names; a cell without one has a missing value."""

ACCEPTED = "accepted"
"""Column of ``obs`` with the names that were suggested and accepted, not given by a person."""


def annotate(
    table: AnnData,
    chosen: NDArray[np.bool_],
    name: GivenNames,
    *,
    accepted: bool = False,
) -> AnnData:
    """Give cells a name. Groups that get the same name are one group from then on.

    Parameters
    ----------
    table
        Result of :func:`napari_c3r.embed`; changed in place.
    chosen
        Which cells, bool (cells,).
    name
        What to call them, without the spaces around it; an empty name takes theirs away. Or a name
        for each of the cells chosen, in the order of the table; categories are quickest.
    accepted
        Whether the names were suggested and accepted, which ``obs["accepted"]`` says then.

    Returns
    -------
    AnnData
        The same object, with the categorical column ``obs["annotation"]``. Names keep their
        order, and so their colours, from one call to the next.

    Raises
    ------
    InputError
        Flags of another length, or no cell chosen.
    """
    chosen = np.asarray(chosen, bool)
    if chosen.shape != (len(table),):
        raise InputError(f"{len(chosen)} flags for {len(table)} cells: give one for each cell")
    if not chosen.any():
        raise InputError("No cells are selected; select the cells to name")
    given = _given(name)
    if not isinstance(name, str) and len(given.codes) != chosen.sum():
        raise InputError(
            f"{len(given.codes)} names for {chosen.sum()} cells: give one for each cell"
        )
    table.obs[COLUMN] = _renamed(name_column(table), chosen, given)
    if accepted or ACCEPTED in table.obs:
        # What a person says of a cell takes the place of what was accepted.
        said = given if accepted else _given("")
        table.obs[ACCEPTED] = _renamed(name_column(table, ACCEPTED), chosen, said)
    return table


class _Given(NamedTuple):
    """Different names, empty ones for none, and which of them each cell has; one is for all.

    Where there is one for each, the last name is for cells without any, whose code is −1.
    """

    names: list[str]
    codes: NDArray[np.integer]


def _given(name: GivenNames) -> _Given:
    import pandas as pd

    if isinstance(name, str):
        return _Given([name.strip()], np.zeros(1, np.intp))
    if isinstance(name, pd.Categorical):
        names = [str(each).strip() for each in name.categories]
        return _Given([*names, ""], np.asarray(name.codes))
    codes, different = pd.factorize(np.array(list(name), object))
    return _Given([*(each.strip() for each in different), ""], codes)


def _renamed(column: Any, chosen: NDArray[np.bool_], given: _Given) -> Any:
    """A categorical column with other names for some rows."""
    import pandas as pd

    categories = list(column.cat.categories)
    # Of names for each cell, some may be for none.
    used = np.flatnonzero(np.bincount(given.codes[given.codes >= 0]))
    categories += [
        each
        for each in dict.fromkeys(given.names[code] for code in used)
        if each and each not in categories
    ]
    place = {each: number for number, each in enumerate(categories)}
    lookup = np.array([place.get(each, -1) for each in given.names], np.int32)
    codes = column.cat.codes.to_numpy().astype(np.int32)
    if len(given.codes) == 1:
        np.copyto(codes, lookup[given.codes[0]], where=chosen)
    else:
        codes[np.flatnonzero(chosen)] = lookup[given.codes]
    named = pd.Categorical.from_codes(codes, pd.Index(categories, dtype=object))
    return pd.Series(named, index=column.index, name=column.name)


def name_column(table: AnnData, name: str = COLUMN) -> Any:
    """The names of all cells as a categorical series, all missing where there is no such column.

    A column that came from a file as text or numbers becomes names too.

    Parameters
    ----------
    table
        Result of :func:`napari_c3r.embed`.
    name
        Of the column.
    """
    import pandas as pd

    if name not in table.obs:
        none = pd.Categorical.from_codes(np.full(len(table), -1), pd.Index([], dtype=object))
        return pd.Series(none, index=table.obs.index)
    column = table.obs[name]
    if isinstance(column.dtype, pd.CategoricalDtype):
        return column
    named = column.notna()
    return column.astype(str).where(named, None).astype("category")


def renamed_rows(before: pd.Series, now: pd.Series) -> NDArray[np.bool_]:
    """Which rows have another name in one categorical column than in another, bool (rows,)."""
    known = {name: place for place, name in enumerate(before.cat.categories)}
    place = np.array([*(known.get(name, len(known)) for name in now.cat.categories), -1])
    return np.asarray(place[now.cat.codes.to_numpy()] != before.cat.codes.to_numpy())


def names(table: AnnData) -> list[str]:
    """The names in use, in their order."""
    if COLUMN not in table.obs:
        return []
    column = name_column(table)
    return [str(name) for name, count in column.value_counts(sort=False).items() if count]


def carry_over(old: AnnData, new: AnnData) -> None:
    """Take the names of a table along to a later one, by image and label.

    Parameters
    ----------
    old
        Where names may have been given.
    new
        Changed in place. Cells that `old` does not have keep what they had.
    """
    for name in (COLUMN, ACCEPTED):
        if name not in old.obs:
            continue
        before, after = name_column(old, name), name_column(new, name)
        categories = list(dict.fromkeys([*before.cat.categories, *after.cat.categories]))
        taken = before.cat.set_categories(categories).reindex(new.obs.index)
        stayed = after.cat.set_categories(categories)
        known = new.obs.index.isin(old.obs.index)
        new.obs[name] = taken.where(known, stayed)
