"""Keys of cells and wells, compared however they are spelt, and the labels that they lead to."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from napari_c3r.core.errors import InputError
from napari_c3r.core.images.wells import well_name
from napari_c3r.core.text import shortened

if TYPE_CHECKING:
    import pandas as pd

KEYS: Final = ("image", "label", "plate", "well", "site")
"""Columns by which the rows of a table are matched to cells."""

_SITE = re.compile(r"(?:site|field|fld|fov|s|f)?[ _-]*0*([0-9]+)(?:\.0+)?", re.IGNORECASE)
_WHOLE = re.compile(r"0*([0-9]+)(?:\.0+)?")
_SHOWN = 4


@dataclass(frozen=True, eq=False)
class LabelMatch:
    """The label of every cell, from a table.

    Attributes
    ----------
    values
        In the order of the cells, None where there is none.
    notes
        What did not fit, in sentences.
    """

    values: pd.Series[Any]
    notes: tuple[str, ...]


def key_of(column: str, value: object) -> str:
    """A key as it is compared: without case, blanks, leading zeros of numbers, ways to spell wells.

    Parameters
    ----------
    column
        One of `KEYS`.
    value
        As it stands in a table; empty where it is missing.

    Returns
    -------
    str
        ``"A09"`` for the well ``a9``, ``A - 9`` or ``A009``. A plate keeps its zeros: ``0041`` is
        not ``41``.
    """
    if value is None or value != value:
        return ""
    text = " ".join(str(value).split())
    if column == "well":
        return well_name(text.upper())
    if column in ("site", "label"):
        found = (_SITE if column == "site" else _WHOLE).fullmatch(text)
        return found[1] if found else text.casefold()
    return text.casefold()


def column_called(columns: pd.Index[Any] | list[str], name: str) -> Any:
    """The column of a name, however it is written: ``well`` for ``Well``, None where it is missing.

    Raises
    ------
    InputError
        Two columns are so called.
    """
    if name in columns:
        return name
    found = [each for each in columns if plain_name(str(each)) == plain_name(name)]
    if len(found) > 1:
        listed = ", ".join(shortened(each) for each in found)
        raise InputError(f"Several columns could be '{name}': {listed}; rename all but one")
    return found[0] if found else None


def match_labels(obs: pd.DataFrame, column: str, table: pd.DataFrame) -> LabelMatch:
    """Look up the label of every cell in a table.

    Parameters
    ----------
    obs
        One row per cell.
    column
        Column of the table that has the labels.
    table
        Looked up by whichever of `KEYS` it has.

    Raises
    ------
    InputError
        There is no such column, the table has no key or one with two labels, or it fits no cell.
    """
    import pandas as pd

    labels = column_called(table.columns, column)
    if labels is None:
        listed = ", ".join(shortened(str(name)) for name in table.columns)
        raise InputError(f"No label column {shortened(column)}; the columns are {listed}")
    keys = {
        key: found
        for key in KEYS
        if key in obs.columns
        and obs[key].notna().any()
        and (found := column_called(table.columns, key)) is not None
        and found != labels
    }
    if not keys:
        raise InputError(
            f"The table of labels has none of the columns {', '.join(KEYS)}; "
            "add one, so that its rows can be matched to the cells"
        )
    exact = {key for key in keys if _differ_in_case(key, obs[key])}
    cells = _keys({key: obs[key] for key in keys}, exact)
    rows = _keys({key: table[found] for key, found in keys.items()}, exact)
    known = _one_label_each(rows, list(table[labels]), tuple(keys), column)
    values = pd.Series([known.get(key) for key in cells], dtype=object)
    if values.isna().all():
        first = ", ".join(f"{key} {shortened(obs[key].iloc[0])}" for key in keys)
        raise InputError(
            f"The table of labels fits none of the {len(obs)} cells by {', '.join(keys)}; "
            f"the first cell has {first} and the first row "
            f"{', '.join(f'{k} {shortened(table[c].iloc[0])}' for k, c in keys.items())}"
        )
    return LabelMatch(values, _notes(cells, known, tuple(keys), column))


def plain_name(name: str) -> str:
    """A column's name as it is compared: without case, separators and ``Metadata_``."""
    return re.sub(r"[\s_.-]+", "", name.casefold().removeprefix("metadata_"))


def _differ_in_case(key: str, values: pd.Series[Any]) -> bool:
    """Whether the cells have names that only their case tells apart."""
    different = values.dropna().unique()
    return len({key_of(key, value) for value in different}) < len(different)


def _keys(columns: Mapping[str, pd.Series[Any]], exact: set[str]) -> list[tuple[str, ...]]:
    parts = []
    for name, values in columns.items():
        # Of few different values, each is looked at once.
        spelt = {
            value: str(value).strip() if name in exact else key_of(name, value)
            for value in values.dropna().unique()
        }
        parts.append([spelt.get(value, "") for value in values])
    return list(zip(*parts, strict=True))


def _one_label_each(
    rows: list[tuple[str, ...]], labels: list[Any], keys: tuple[str, ...], column: str
) -> dict[tuple[str, ...], Any]:
    """The label of every key; refuse a key with two."""
    known: dict[tuple[str, ...], Any] = {}
    for row, label in zip(rows, labels, strict=True):
        if label is None or label != label or not all(row):
            continue
        before = known.setdefault(row, label)
        if before != label:
            raise InputError(
                f"The table of labels has several values of '{column}' for {_spelt(keys, row)}: "
                f"{shortened(before)} and {shortened(label)}; keep one, or add the columns image "
                "and label"
            )
    return known


def _notes(
    cells: list[tuple[str, ...]],
    known: dict[tuple[str, ...], Any],
    keys: tuple[str, ...],
    column: str,
) -> tuple[str, ...]:
    notes = []
    without = [key for key in cells if key not in known]
    if without:
        notes.append(
            f"{len(without)} of {len(cells)} cells got no '{column}' from the table of labels: "
            f"{_listed(keys, without)}"
        )
    there = set(cells)
    unused = [key for key in known if key not in there]
    if unused:
        notes.append(
            f"{len(unused)} of {len(known)} keys in the table of labels fit no cell: "
            f"{_listed(keys, unused)}"
        )
    return tuple(notes)


def _spelt(keys: tuple[str, ...], row: tuple[str, ...]) -> str:
    return ", ".join(f"{key} {value or '(none)'}" for key, value in zip(keys, row, strict=True))


def _listed(keys: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    different = list(dict.fromkeys(rows))
    shown = "; ".join(_spelt(keys, row) for row in different[:_SHOWN])
    more = len(different) - _SHOWN
    return f"{shown}; and {more} more" if more > 0 else shown
