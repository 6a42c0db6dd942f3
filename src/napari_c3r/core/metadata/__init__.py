"""What was done to a well: plate maps, joined to cells and wells, and what their columns mean."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_c3r.core.lazy import lazy_names

if TYPE_CHECKING:
    from napari_c3r.core.metadata.join import MetadataMatch, annotate, match_of
    from napari_c3r.core.metadata.plate_map import PlateMap, find_plate_maps
    from napari_c3r.core.metadata.reading import read_metadata
    from napari_c3r.core.metadata.roles import Design, design_of, guess_design, set_design

__getattr__ = lazy_names(
    __name__,
    {
        "Design": "roles",
        "MetadataMatch": "join",
        "PlateMap": "plate_map",
        "annotate": "join",
        "design_of": "roles",
        "find_plate_maps": "plate_map",
        "guess_design": "roles",
        "match_of": "join",
        "read_metadata": "reading",
        "set_design": "roles",
    },
)

__all__ = [
    "Design",
    "MetadataMatch",
    "PlateMap",
    "annotate",
    "design_of",
    "find_plate_maps",
    "guess_design",
    "match_of",
    "read_metadata",
    "set_design",
]
