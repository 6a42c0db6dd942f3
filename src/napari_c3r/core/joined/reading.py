"""Tables of cells as files: CellProfiler's, any other as text, Excel or Parquet."""

from __future__ import annotations

import csv
import io
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Final

from napari_c3r.core.errors import InputError
from napari_c3r.core.guard import reason
from napari_c3r.core.joined.columns import IMAGE_NUMBER, POSITION, file_columns, known_columns
from napari_c3r.core.metadata.reading import read_metadata
from napari_c3r.core.metadata.text_file import EXCEL, read_text
from napari_c3r.core.text import shortened

if TYPE_CHECKING:
    import pandas as pd

SUFFIXES: Final = (".csv", ".tsv", ".txt", ".xlsx", ".parquet")
"""What is offered in dialogs; text may be packed too."""
MAX_BYTES = 4 * 2**30
_NAMES = ("Image", "Metadata_")


def read_cell_table(path: str | Path) -> pd.DataFrame:
    """Read a table with a row per cell, or per image or well.

    Parameters
    ----------
    path
        Text with any usual separator, packed or not; Excel; Parquet. Of CellProfiler's tables
        with two lines of titles the columns are called as in its pipelines:
        ``Cells_AreaShape_Area``. What the table of images beside it (``Image.csv``) says of an
        ``ImageNumber``, its files and its metadata, is added to the rows.

    Returns
    -------
    pandas.DataFrame
        Numbers as numbers; keys of plates, wells, sites and images as text, as written.

    Raises
    ------
    InputError
        No such file, one that cannot be read, or one without rows, in one line.
    """
    path = Path(path)
    if path.suffix.lower() == ".parquet":
        frame = _parquet(path)
    elif path.suffix.lower() in EXCEL:
        frame = _numbers(read_metadata(path))
    else:
        frame = _text(path)
    if not len(frame):
        raise InputError(f"'{path}' has no rows below its titles; choose another table")
    return _with_images(frame, path)


def _parquet(path: Path) -> pd.DataFrame:
    import pandas as pd

    if not path.is_file():
        raise InputError(f"There is no file '{path}'; check the name")
    try:
        return pd.read_parquet(path)
    # The library raises a dozen kinds for a damaged file.
    except Exception as error:
        raise InputError(f"The table '{path}' cannot be read ({reason(error)})") from error


def _text(path: Path) -> pd.DataFrame:
    import pandas as pd

    text, separator = read_text(path, MAX_BYTES)
    lines = islice(csv.reader(io.StringIO(text, newline=""), delimiter=separator), 2)
    head = [[name.strip() for name in line] for line in lines]
    if not head:
        raise InputError(f"'{path}' is empty; choose another table")
    names, skipped = (_of_two_lines(*head), 2) if _has_two_lines(head) else (head[0], 1)
    wrong = next((name for name in names if not name or names.count(name) > 1), None)
    if wrong is not None:
        raise InputError(
            f"'{path}' has the column {shortened(wrong)} without a name or twice; name each one"
        )
    as_text = _kept_as_text(names)
    try:
        return pd.read_csv(
            io.StringIO(text),
            sep=separator,
            header=None,
            names=names,
            skiprows=skipped,
            index_col=False,
            dtype=dict.fromkeys(as_text, object),
            skipinitialspace=True,
            float_precision="round_trip",
            low_memory=False,
        )
    except ValueError as error:
        raise InputError(f"The table '{path}' cannot be read ({reason(error)})") from error


def _kept_as_text(names: list[str]) -> list[str]:
    known = known_columns(names)
    keys = [name for ours, name in known.items() if ours not in (*POSITION, "label")]
    return list(dict.fromkeys([*keys, *file_columns(names)]))


def _has_two_lines(head: list[list[str]]) -> bool:
    """Whether groups of objects stand above the titles, as where they share a file."""
    return len(head) == 2 and len(set(head[0])) < len(head[0]) and IMAGE_NUMBER in head[1]


def _of_two_lines(groups: list[str], names: list[str]) -> list[str]:
    """Names with their objects before them; the first of what all of them have alone."""
    seen: set[str] = set()
    found = []
    for group, name in zip(groups, names, strict=True):
        plain = name in (IMAGE_NUMBER, "ObjectNumber") or group in _NAMES or name in _NAMES
        whole = name if plain and name not in seen else f"{group}_{name}"
        seen.add(whole)
        found.append(whole)
    return found


def _numbers(frame: pd.DataFrame) -> pd.DataFrame:
    """A table of text with its numbers as numbers."""
    import pandas as pd

    kept = set(_kept_as_text(list(frame.columns)))
    columns = {}
    for name, column in frame.items():
        numbers = pd.to_numeric(column, errors="coerce")
        is_number = str(name) not in kept and numbers.notna().sum() == column.notna().sum()
        columns[name] = numbers if is_number else column
    return pd.DataFrame(columns)


def _with_images(frame: pd.DataFrame, path: Path) -> pd.DataFrame:
    """Add what the table of images beside a table of objects says."""
    names = list(map(str, frame.columns))
    if IMAGE_NUMBER not in names or file_columns(names):
        return frame
    beside = _table_of_images(path)
    if beside is None:
        return frame
    images = _text(beside)
    if IMAGE_NUMBER not in images or images[IMAGE_NUMBER].duplicated().any():
        return frame
    known = known_columns(images.columns)
    told = [known[key] for key in ("plate", "well", "site") if key in known]
    told = [*file_columns(images.columns), *told]
    told = [name for name in dict.fromkeys(told) if name not in names]
    return frame.merge(images[[IMAGE_NUMBER, *told]], on=IMAGE_NUMBER, how="left")


def _table_of_images(path: Path) -> Path | None:
    """``Image.csv`` with the same beginning as a table, ``MyExpt_Nuclei.csv``."""
    start = path.stem.rpartition("_")[0]
    beginnings = [f"{start}_", ""] if start else [""]
    names = [f"{beginning}Image{path.suffix}" for beginning in beginnings]
    places = (path.with_name(name) for name in names)
    return next((place for place in places if place.is_file() and place != path), None)
