"""A user's own table of cells, such as CellProfiler's, joined to a result."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_c3r.core.lazy import lazy_names

if TYPE_CHECKING:
    from napari_c3r.core.joined.join import join_table, plan_join, ways_to_join
    from napari_c3r.core.joined.match import CellMatch, JoinedColumns
    from napari_c3r.core.joined.reading import read_cell_table

__getattr__ = lazy_names(
    __name__,
    {
        "CellMatch": "match",
        "JoinedColumns": "match",
        "join_table": "join",
        "plan_join": "join",
        "read_cell_table": "reading",
        "ways_to_join": "join",
    },
)

__all__ = [
    "CellMatch",
    "JoinedColumns",
    "join_table",
    "plan_join",
    "read_cell_table",
    "ways_to_join",
]
