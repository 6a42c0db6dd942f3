"""A user's own table joined to cells: by image and label, by well, or by position."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from napari_c3r.core.joined.kept import add_to, joined_by
from napari_c3r.core.joined.match import CHOSEN, CellTable, JoinedColumns
from napari_c3r.core.joined.reading import read_cell_table
from napari_c3r.core.joined.ways import Joining

if TYPE_CHECKING:
    import pandas as pd
    from anndata import AnnData


def join_table(
    table: AnnData,
    other: pd.DataFrame | str | Path,
    on: str | Sequence[str] | None = None,
    columns: Sequence[str] | None = None,
) -> AnnData:
    """Add the columns of a table of your own to the cells of a result.

    Parameters
    ----------
    table
        A result; changed in place.
    other
        A file, such as CellProfiler's ``Cells.csv``, or a frame: with a row per cell, image or
        well.
    on
        By what to match: ``("image", "label")``, ``("well", "site", "label")``, ``("image",
        "position")``, ``"well"``, …; found by itself when None. However the table calls them:
        ``ObjectNumber`` is a label, ``Location_Center_X`` and ``_Y`` a position.
    columns
        Which to add; all but keys when None.

    Returns
    -------
    AnnData
        The same object. Keys are compared in any spelling (``A9`` = ``a09``); numbers stay
        numbers, NaN for cells that the table lacks. What matched is in its provenance. A table of
        the same name that was joined before makes room.

    Raises
    ------
    InputError
        Nothing to match by, several rows of one cell, labels of other cells, or nothing that
        matches. The result is then as it was.
    """
    joined = plan_join(table, other, on, columns)
    add_to(table, joined)
    return table


def plan_join(
    table: CellTable,
    other: pd.DataFrame | str | Path,
    on: str | Sequence[str] | None = None,
    columns: Sequence[str] | None = None,
    name: str = "",
) -> JoinedColumns:
    """What `join_table` would add, without adding it.

    Parameters
    ----------
    table, other, on, columns
        As for `join_table`.
    name
        What the table is called; the name of its file by default.

    Raises
    ------
    InputError
        As for `join_table`.
    """
    if isinstance(other, str | Path):
        frame = read_cell_table(other)
        facts = facts_of_file(Path(other))
        name = name or facts["file"]
    else:
        frame, facts = other, {}
    name = name or "table"
    obs = table.obs.drop(columns=joined_by(table, name))
    joined = Joining(obs, frame, name).join(on, columns)
    match = joined.match
    facts |= {
        "name": name,
        "keys": list(match.keys),
        "columns": list(match.columns),
        "matched": match.matched,
        "unmatched": match.unmatched,
    }
    if columns is not None:
        facts[CHOSEN] = list(joined.theirs)
    return replace(joined, facts=facts)


def ways_to_join(table: CellTable, other: pd.DataFrame) -> list[tuple[str, ...]]:
    """By what a table could be matched to cells, the most exact first; for `on` of `join_table`."""
    return Joining(table.obs, other, "").possible()


def facts_of_file(path: Path) -> dict[str, Any]:
    """What provenance says of the file of a table."""
    with path.open("rb") as stream:
        return {
            "file": path.name,
            "size": path.stat().st_size,
            "sha256": hashlib.file_digest(stream, "sha256").hexdigest(),
        }
