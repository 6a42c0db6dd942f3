"""Plate maps as files: CSV and TSV in any encoding and separator, Excel; lists and grids."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import TYPE_CHECKING, Final

from napari_c3r.core.errors import InputError
from napari_c3r.core.metadata.grid import Rows, from_grids, is_grid

if TYPE_CHECKING:
    import pandas as pd

EXCEL: Final = (".xlsx", ".xlsm")
TEXT: Final = (".csv", ".tsv", ".txt", ".tab")


def read_metadata(path: str | Path) -> pd.DataFrame:
    """Read a plate map.

    Parameters
    ----------
    path
        A table with one row per well, or a grid drawn as a plate; in Excel every sheet that is a
        grid is a variable, called as the sheet.

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
    sheets = _sheets(path)
    grids = {name: rows for name, rows in sheets.items() if is_grid(rows)}
    if grids:
        return from_grids(grids)
    rows = next((rows for rows in sheets.values() if len(rows) > 1), None)
    if rows is None:
        raise InputError(f"'{path}' has no rows below its first line")
    return _as_list(rows, path)


def _sheets(path: Path) -> dict[str, Rows]:
    suffix = path.suffix.lower()
    if suffix not in (*EXCEL, *TEXT):
        raise InputError(
            f"'{path}' is no plate map that is read; save it as one of {', '.join(EXCEL + TEXT)}"
        )
    try:
        sheets = _excel(path) if suffix in EXCEL else {path.stem: _text(path.read_bytes())}
    except FileNotFoundError as error:
        raise InputError(f"There is no file '{path}'") from error
    except Exception as error:
        # openpyxl and zipfile raise a dozen kinds for a damaged file.
        raise InputError(f"'{path}' cannot be read ({error}); save it again") from error
    return {
        name: [row for row in rows if any(c.strip() for c in row)] for name, rows in sheets.items()
    }


def _text(content: bytes) -> Rows:
    text = _decoded(content)
    lines = [line for line in text.splitlines()[:20] if line.strip()]
    # The separator that splits the first lines into equally many parts, and most of them.
    separator = max(",;\t|", key=lambda one: min((line.count(one) for line in lines), default=0))
    return [list(row) for row in csv.reader(io.StringIO(text, newline=""), delimiter=separator)]


def _decoded(content: bytes) -> str:
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return content.decode("utf-16")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("cp1252", errors="replace")


def _excel(path: Path) -> dict[str, Rows]:
    from openpyxl import load_workbook

    book = load_workbook(path, read_only=True, data_only=True)
    try:
        return {
            sheet.title: [
                [_written(cell) for cell in row] for row in sheet.iter_rows(values_only=True)
            ]
            for sheet in book.worksheets
        }
    finally:
        book.close()


def _written(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, float) and value == int(value):
        return str(int(value))
    return str(value)


def _as_list(rows: Rows, path: Path) -> pd.DataFrame:
    import pandas as pd

    names = [name.strip() for name in rows[0]]
    while names and not names[-1]:
        names.pop()
    named = [name for name in names if name]
    if len(named) < len(names) or len(set(named)) < len(named):
        wrong = next((n for n in named if named.count(n) > 1), "")
        raise InputError(
            f"'{path}' has the column '{wrong}' without a name or twice; name each one"
        )
    width = len(names)
    cells = [[cell.strip() or None for cell in [*row, *[""] * width][:width]] for row in rows[1:]]
    return pd.DataFrame(cells, columns=names, dtype=object)
