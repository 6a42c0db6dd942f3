"""Figures of wells and groups: each a `Drawing`, the same on screen, on paper and in a report."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_c3r.core.lazy import lazy_names

if TYPE_CHECKING:
    from napari_c3r.core.profiles.figures.bars import comparison_figure
    from napari_c3r.core.profiles.figures.doses import dose_figure
    from napari_c3r.core.profiles.figures.marks import marks_figure
    from napari_c3r.core.profiles.figures.plate import plate_figure
    from napari_c3r.core.profiles.figures.similarity import similarity_figure

__getattr__ = lazy_names(
    __name__,
    {
        "comparison_figure": "bars",
        "dose_figure": "doses",
        "marks_figure": "marks",
        "plate_figure": "plate",
        "similarity_figure": "similarity",
    },
)

__all__ = [
    "comparison_figure",
    "dose_figure",
    "marks_figure",
    "plate_figure",
    "similarity_figure",
]
