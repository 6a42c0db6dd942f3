"""What a user shows by examples: names for the other cells, and the cells that are alike.

The names below load on first use, so that options can be listed without what computes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_c3r.core.lazy import lazy_names

if TYPE_CHECKING:
    from napari_c3r.core.learn.similar import similar_cells

_HOMES = {"similar_cells": "similar"}

__all__ = ["similar_cells"]

__getattr__ = lazy_names(__name__, _HOMES)
