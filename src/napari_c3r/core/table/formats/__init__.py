"""The formats of results, by suffix: add one with :func:`register_format`."""

from __future__ import annotations

from pathlib import Path

from napari_c3r.core.errors import InputError
from napari_c3r.core.table.formats.cpa import CPA
from napari_c3r.core.table.formats.csv import CSV, provenance_path
from napari_c3r.core.table.formats.format import TableFormat
from napari_c3r.core.table.formats.h5ad import H5AD
from napari_c3r.core.table.formats.parquet import PARQUET

__all__ = [
    "BUILT_IN",
    "DEFAULT_SUFFIX",
    "TableFormat",
    "format_of",
    "provenance_path",
    "register_format",
    "table_formats",
]

BUILT_IN: tuple[TableFormat, ...] = (CSV, PARQUET, H5AD, CPA)
"""The formats of the package itself; the plugin's manifest lists their suffixes."""

DEFAULT_SUFFIX = CSV.suffix
"""Of the file names that are proposed to a user."""

_formats: dict[str, TableFormat] = {each.suffix: each for each in BUILT_IN}


def register_format(new: TableFormat) -> None:
    """Add a format. From then on it is written and read wherever a result is.

    Parameters
    ----------
    new
        The format; its suffix must be free.

    Raises
    ------
    InputError
        Another format has the suffix.
    """
    if new.suffix in _formats:
        raise InputError(
            f"'{new.suffix}' is the suffix of the format {_formats[new.suffix].label}; "
            "choose another suffix"
        )
    _formats[new.suffix] = new


def table_formats() -> tuple[TableFormat, ...]:
    """Every format, in the order in which they are offered."""
    return tuple(_formats.values())


def format_of(path: Path) -> TableFormat:
    """The format of a file's suffix.

    Raises
    ------
    InputError
        No format has it.
    """
    suffix = path.suffix.lower()
    if suffix not in _formats:
        raise InputError(
            f"'{path.name}' ends in '{suffix}', which is not a format of results; "
            f"use {', '.join(_formats)}"
        )
    return _formats[suffix]
