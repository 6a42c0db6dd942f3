"""What a user shows by examples: names for the other cells, and the cells that are alike.

The names below load on first use, so that options can be listed without what computes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_c3r.core.lazy import lazy_names

if TYPE_CHECKING:
    from napari_c3r.core.learn.columns import suggest_names
    from napari_c3r.core.learn.options import LearnOptions
    from napari_c3r.core.learn.similar import similar_cells
    from napari_c3r.core.learn.suggestion import learn

_HOMES = {
    "LearnOptions": "options",
    "learn": "suggestion",
    "similar_cells": "similar",
    "suggest_names": "columns",
}

__all__ = ["LearnOptions", "learn", "similar_cells", "suggest_names"]

__getattr__ = lazy_names(__name__, _HOMES)
