"""The result, its provenance and its files."""

from __future__ import annotations

from napari_c3r.core.table.expressions import rows_where
from napari_c3r.core.table.files import read, write
from napari_c3r.core.table.formats import (
    TableFormat,
    provenance_path,
    register_format,
    table_formats,
)
from napari_c3r.core.table.joining import join_results
from napari_c3r.core.table.result import KEY, make_result, roles_of, window_px

__all__ = [
    "KEY",
    "TableFormat",
    "join_results",
    "make_result",
    "provenance_path",
    "read",
    "register_format",
    "roles_of",
    "rows_where",
    "table_formats",
    "window_px",
    "write",
]
