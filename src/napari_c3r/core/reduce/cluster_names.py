"""Clusters that keep their names: from one clustering to the next, merged, split and renamed.

A cluster is called by its number, which its colour goes by, and by what a person adds to it, as in
``"3 mitotic"``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from napari_c3r.core.errors import InputError
from napari_c3r.core.table.remembered import remembered

if TYPE_CHECKING:
    import pandas as pd

NOISE = "noise"
"""Cluster of the cells that HDBSCAN leaves out."""

COLUMN = "cluster"
"""Column of ``obs`` with the clusters, and what is kept of how they were made in ``uns``."""

_NUMBERED = re.compile(r"(\d{1,9})(?:\s+(.*))?", re.DOTALL)


def number_of(name: str) -> int | None:
    """The number that a cluster's name begins with, by which it is coloured; None without one."""
    match = _NUMBERED.fullmatch(name)
    return None if match is None else int(match[1])


def words_of(name: str) -> str:
    """What a person called a cluster; empty where it has its number alone."""
    match = _NUMBERED.fullmatch(name)
    if match is None:
        return "" if name == NOISE else name
    return (match[2] or "").strip()


@dataclass(frozen=True)
class Kept:
    """What became of the names when cells were clustered anew.

    Attributes
    ----------
    kept
        Name by name of the new clustering that was called so before, the share of the old
        cluster's cells that are in the new one of its name.
    lost
        Names that a person gave and that no cluster has now, with the new clusters that most of
        their cells are in.
    """

    kept: Mapping[str, float]
    lost: Mapping[str, tuple[str, ...]]

    @property
    def sentence(self) -> str:
        """What became of the names that a person gave; empty where there were none."""
        told = [
            f"‘{name}’ is where {share:.0%} of its cells are"
            for name, share in self.kept.items()
            if words_of(name)
        ]
        for name, others in self.lost.items():
            where = " and ".join(others) if others else "noise"
            told.append(f"‘{name}’ is no cluster any more: its cells are in {where}")
        return "; ".join(told)


def keep_names(before: pd.Series, after: pd.Series) -> tuple[pd.Series, Kept]:
    """Call new clusters as those before that most of their cells were in.

    Pairs are made one to one, such that as many cells as possible keep their cluster's name
    (Kuhn 1955), between clusters of which one holds half of the other; all others get the lowest
    numbers that are free.

    Parameters
    ----------
    before, after
        Categories of cells, by the names of rows; the two may have different rows.

    Returns
    -------
    names, kept
        `after` with other categories, in the order of their numbers, and what became of the names.
    """
    import pandas as pd
    from scipy.optimize import linear_sum_assignment

    old, new = _named(before), _named(after)
    codes_old = before.reindex(after.index).cat.codes.to_numpy()
    codes_new = after.cat.codes.to_numpy()
    known = codes_old >= 0
    table = np.zeros((len(before.cat.categories), len(after.cat.categories)), np.int64)
    np.add.at(table, (codes_old[known], codes_new[known]), 1)
    rows = before.cat.categories.get_indexer(pd.Index(old))
    columns = after.cat.categories.get_indexer(pd.Index(new))
    overlap = table[np.ix_(rows, columns)]
    of_old = np.maximum(table.sum(axis=1)[rows], 1)
    of_new = np.maximum(np.bincount(codes_new, minlength=table.shape[1])[columns], 1)
    share_old, share_new = overlap / of_old[:, None], overlap / of_new[None, :]
    fits = (overlap > 0) & ((share_old >= 0.5) | (share_new >= 0.5))
    pairs = zip(*linear_sum_assignment(-np.where(fits, overlap, 0)), strict=True)
    taken = {int(b): int(a) for a, b in pairs if fits[a, b]}
    free = _free_numbers(old[a] for a in taken.values())
    called = {
        name: old[taken[place]] if place in taken else str(next(free))
        for place, name in enumerate(new)
    }
    kept = {old[a]: float(share_old[a, b]) for b, a in sorted(taken.items())}
    lost = {
        name: tuple(called[new[b]] for b in np.argsort(-share_old[a])[:2] if share_old[a, b] > 0.2)
        for a, name in enumerate(old)
        if words_of(name) and a not in taken.values()
    }
    return _in_order(after, called), Kept(kept, lost)


def called(column: pd.Series, names: Mapping[str, str]) -> pd.Series:
    """Call clusters otherwise.

    Parameters
    ----------
    column
        Clusters of cells.
    names
        Other names by those that they have; a cluster that is not among them keeps its own.

    Raises
    ------
    InputError
        There is no cluster of such a name.
    """
    unknown = [name for name in names if name not in set(map(str, column.cat.categories))]
    if unknown:
        raise InputError(
            f"There is no cluster '{unknown[0]}' to call '{names[unknown[0]]}'; they are "
            f"{', '.join(map(str, column.cat.categories))}"
        )
    return _in_order(column, names)


def new_names(cut: pd.Series, named: pd.Series) -> dict[str, str]:
    """What clusters are called by the names that they were cut with, where that is another.

    Parameters
    ----------
    cut, named
        The same clusters of the same cells, with either names.
    """
    codes, first = np.unique(cut.cat.codes.to_numpy(), return_index=True)
    told = {
        str(cut.cat.categories[code]): str(named.iloc[row])
        for code, row in zip(codes, first, strict=True)
        if code >= 0
    }
    return told if any(a != b for a, b in told.items()) else {}


def merged(column: pd.Series, names: Sequence[str]) -> pd.Series:
    """Make one cluster of several; it is called as the largest of them that has words, or is.

    Raises
    ------
    InputError
        There are not two of them.
    """
    chosen = [name for name in dict.fromkeys(names) if name in set(column.cat.categories)]
    if len(chosen) < 2:
        raise InputError("Merging takes two clusters; choose another one besides")
    cells = dict(zip(column.cat.categories, cells_of_each(column).tolist(), strict=True))
    ranked = sorted(
        chosen, key=lambda name: (not words_of(name), name == NOISE, -cells[name], _place(name))
    )
    return _in_order(column, dict.fromkeys(chosen, ranked[0]))


def split_off(column: pd.Series, chosen: NDArray[np.bool_]) -> tuple[pd.Series, str]:
    """Make a cluster of its own of some cells, by the lowest number that is free.

    Parameters
    ----------
    column
        Clusters of all cells.
    chosen
        (cells,) bool.

    Returns
    -------
    names, name
        The clusters, and what the new one is called.

    Raises
    ------
    InputError
        No cell is chosen, or they are a whole cluster already.
    """
    import pandas as pd

    if not chosen.any():
        raise InputError("No cells are selected; select those that are to be a cluster")
    here = column[chosen]
    if here.nunique() == 1 and int((column == here.iloc[0]).sum()) == int(chosen.sum()):
        raise InputError(f"The selected cells are cluster {here.iloc[0]} already; select others")
    # A cluster of which all cells are taken leaves its number.
    left = without_empty(column[~chosen])
    name = str(next(_free_numbers(_named(left))))
    found = column.cat.add_categories([] if name in column.cat.categories else [name])
    codes = found.cat.codes.to_numpy(copy=True)
    codes[chosen] = found.cat.categories.get_indexer(pd.Index([name]))[0]
    made = pd.Categorical.from_codes(codes, found.cat.categories)
    return _in_order(pd.Series(made, index=column.index, name=column.name), {}), name


def renamed(column: pd.Series, name: str, words: str) -> pd.Series:
    """Call a cluster by its number and by words, or by its number alone.

    Raises
    ------
    InputError
        There is no such cluster, or another one has these words.
    """
    if name not in set(column.cat.categories) or name == NOISE:
        raise InputError(f"There is no cluster '{name}' to name")
    words = " ".join(words.split())
    other = next((each for each in _named(column) if words_of(each) == words != ""), None)
    if other is not None and other != name:
        raise InputError(f"Cluster {other} is called '{words}' already; merge the two instead")
    number = number_of(name)
    number = next(_free_numbers(_named(column))) if number is None else number
    return _in_order(column, {name: f"{number} {words}".strip()})


def _named(column: pd.Series) -> list[str]:
    """The clusters that have cells, noise left out."""
    named = (str(column.cat.categories[code]) for code in _used(column))
    return [name for name in named if name != NOISE]


def _free_numbers(names: Iterable[str]) -> Any:
    """Numbers from 0 on that no name has."""
    taken = {number_of(name) for name in names}
    return (number for number in range(len(taken) + 10**6) if number not in taken)


def without_empty(column: pd.Series) -> pd.Series:
    """A categorical column without the categories that no cell is in.

    Of a million cells pandas sorts all codes for it, which takes twenty times as long.
    """
    used = _used(column)
    if len(used) == len(column.cat.categories):
        return column
    return column.cat.set_categories(column.cat.categories[used])


def _used(column: pd.Series) -> NDArray[np.intp]:
    """The codes of the categories that cells are in."""
    return np.flatnonzero(cells_of_each(column))


@remembered
def cells_of_each(column: pd.Series) -> NDArray[np.intp]:
    """How many cells are in each category of a categorical column, in their order."""
    codes, size = column.cat.codes.to_numpy().astype(np.intp), len(column.cat.categories) + 1
    return np.bincount(codes + 1, minlength=size)[1:]


def _in_order(column: pd.Series, called: Mapping[str, str]) -> pd.Series:
    """A column with other names of its categories, without empty ones, in the order of numbers."""
    import pandas as pd

    codes, categories = column.cat.codes.to_numpy(), list(map(str, column.cat.categories))
    names = [called.get(name, name) for name in categories]
    present = {names[code] for code in _used(column)}
    ordered = sorted(present, key=_place)
    place = {name: number for number, name in enumerate(ordered)}
    table = np.array([*(place.get(name, -1) for name in names), -1], np.intp)
    made = pd.Categorical.from_codes(table[codes], pd.Index(ordered, dtype=object))
    return pd.Series(made, index=column.index, name=column.name)


def _place(name: str) -> tuple[bool, float, str]:
    number = number_of(name)
    return name == NOISE, np.inf if number is None else number, name
