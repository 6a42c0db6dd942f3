"""Nuclei and cells of an image.

`options` is what the user may choose, `methods` the registry of ways to find nuclei, and
`segmentation` puts them together.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_c3r.core.lazy import lazy_names

if TYPE_CHECKING:
    from napari_c3r.core.segment.methods import (
        SegmentMethod,
        find_method,
        method_names,
        register_method,
        require_method,
    )
    from napari_c3r.core.segment.nuclei import estimate_diameter, segment_nuclei
    from napari_c3r.core.segment.nucleus_channel import nucleus_in_pixels, suggest_for_image
    from napari_c3r.core.segment.options import NO_CELL_CHANNEL, SegmentOptions
    from napari_c3r.core.segment.score import f1_at_iou
    from napari_c3r.core.segment.segmentation import find_cells, segment_cells

__all__ = [
    "NO_CELL_CHANNEL",
    "SegmentMethod",
    "SegmentOptions",
    "estimate_diameter",
    "f1_at_iou",
    "find_cells",
    "find_method",
    "method_names",
    "nucleus_in_pixels",
    "register_method",
    "require_method",
    "segment_cells",
    "segment_nuclei",
    "suggest_for_image",
]

__getattr__ = lazy_names(
    __name__,
    {
        "NO_CELL_CHANNEL": "options",
        "SegmentMethod": "methods",
        "SegmentOptions": "options",
        "estimate_diameter": "nuclei",
        "f1_at_iou": "score",
        "find_cells": "segmentation",
        "find_method": "methods",
        "method_names": "methods",
        "nucleus_in_pixels": "nucleus_channel",
        "register_method": "methods",
        "require_method": "methods",
        "segment_cells": "segmentation",
        "segment_nuclei": "nuclei",
        "suggest_for_image": "nucleus_channel",
    },
)
