"""The result and its files."""

from __future__ import annotations

from napari_c3r.core.table.files import provenance_path, read, write
from napari_c3r.core.table.result import KEY, join_results, make_result, roles_of, window_px

__all__ = [
    "KEY",
    "join_results",
    "make_result",
    "provenance_path",
    "read",
    "roles_of",
    "window_px",
    "write",
]
