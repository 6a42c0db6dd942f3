"""Joined tables in a result: their columns, and what its provenance says of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from napari_c3r.core.joined.match import CellTable, JoinedColumns
from napari_c3r.core.table.result import KEY

if TYPE_CHECKING:
    from anndata import AnnData

JOINED: Final = "joined_tables"
"""Key under which a result says which tables were joined to it, in its provenance."""


def add_to(table: AnnData, joined: JoinedColumns) -> None:
    """Add planned columns to a result, or to the part of it that is shown."""
    import pandas as pd

    name = joined.match.name
    kept = table.obs.drop(columns=joined_by(table, name))
    values = joined.values.reindex(table.obs_names)
    table.obs = pd.concat([kept, values], axis=1)
    others = [facts for facts in joined_tables(table) if facts["name"] != name]
    _say(table, [*others, joined.facts])


def take_from(table: AnnData, name: str) -> None:
    """Take away what a table added, and what was said of it."""
    table.obs = table.obs.drop(columns=joined_by(table, name))
    _say(table, [facts for facts in joined_tables(table) if facts["name"] != name])


def joined_tables(table: CellTable) -> list[Mapping[str, Any]]:
    """What provenance says of the tables that were joined to a result, in their order."""
    facts = table.uns.get(KEY, {}).get(JOINED, {})
    return [
        {**facts[number], "columns": list(map(str, facts[number]["columns"]))}
        for number in sorted(facts, key=int)
    ]


def _say(table: AnnData, facts: Sequence[Mapping[str, Any]]) -> None:
    known = {key: value for key, value in table.uns.get(KEY, {}).items() if key != JOINED}
    if facts:
        known[JOINED] = {str(number): dict(each) for number, each in enumerate(facts)}
    table.uns[KEY] = known


def joined_by(table: CellTable, name: str) -> list[str]:
    """The columns that a table added."""
    known = [facts["columns"] for facts in joined_tables(table) if facts["name"] == name]
    return [column for column in (known[0] if known else []) if column in table.obs]
