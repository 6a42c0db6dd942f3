"""Nuclei and cells of an image."""

from __future__ import annotations

from napari_c3r.core.segment.adapters import WEIGHTS_LICENCE
from napari_c3r.core.segment.nuclei import estimate_diameter, segment_nuclei
from napari_c3r.core.segment.score import f1_at_iou
from napari_c3r.core.segment.segmentation import METHODS, require_method, segment_cells

__all__ = [
    "METHODS",
    "WEIGHTS_LICENCE",
    "estimate_diameter",
    "f1_at_iou",
    "require_method",
    "segment_cells",
    "segment_nuclei",
]
