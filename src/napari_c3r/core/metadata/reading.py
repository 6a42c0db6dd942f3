"""Plate maps and tables of labels as files: lists and grids, with every value as it is written."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

from napari_c3r.core.errors import InputError
from napari_c3r.core.metadata.grid import from_grids, is_grid
from napari_c3r.core.metadata.text_file import EXCEL, Rows, read_sheets
from napari_c3r.core.text import shortened

if TYPE_CHECKING:
    import pandas as pd

TEXT: Final = (".csv", ".tsv", ".txt", ".tab")
PACKED: Final = (".gz", ".bz2", ".xz", ".zip")


def read_metadata(path: str | Path) -> pd.DataFrame:
    """Read a plate map, or another table of what is known of wells, images or cells.

    Parameters
    ----------
    path
        A table with one row per well, or a grid drawn as a plate; in Excel every sheet that is a
        grid is a variable, called as the sheet. As text it may be packed.

    Returns
    -------
    pandas.DataFrame
        Text as it is written: ``0041``, ``1E05``, ``None`` and ``NA`` are values, and only what
        is empty is missing (None).

    Raises
    ------
    InputError
        No such file, one that cannot be read, or one without a row.
    """
    path = Path(path)
    _require_suffix(path)
    sheets = read_sheets(path)
    grids = {name: rows for name, rows in sheets.items() if is_grid(rows)}
    if grids:
        return from_grids(grids)
    rows = next((rows for rows in sheets.values() if len(rows) > 1), None)
    if rows is None:
        raise InputError(f"'{path}' has no rows below its first line")
    return _as_list(rows, path)


def _require_suffix(path: Path) -> None:
    """Refuse what is surely no table; a name without a suffix may be one."""
    name = Path(path.stem) if path.suffix.lower() in PACKED else path
    if name.suffix.lower() not in ("", *EXCEL, *TEXT):
        raise InputError(
            f"'{path}' is no plate map that is read; save it as one of {', '.join(EXCEL + TEXT)}"
        )


def _as_list(rows: Rows, path: Path) -> pd.DataFrame:
    import pandas as pd

    names = rows[0]
    wrong = next((name for name in names if not name or names.count(name) > 1), None)
    if wrong is not None:
        raise InputError(
            f"'{path}' has the column {shortened(wrong)} without a name or twice; name each one"
        )
    cells = [[cell or None for cell in row] for row in rows[1:]]
    return pd.DataFrame(cells, columns=names, dtype=object)
