"""Vectors made fewer: principal components, maps, clusters and nearest neighbours.

The names below load on first use, so that options can be listed without what computes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_c3r.core.lazy import lazy_names

if TYPE_CHECKING:
    from napari_c3r.core.reduce.cluster_names import NOISE
    from napari_c3r.core.reduce.clusters import cluster
    from napari_c3r.core.reduce.maps import map_cells
    from napari_c3r.core.reduce.stability import Stability, cluster_stability

_HOMES = {
    "NOISE": "cluster_names",
    "Stability": "stability",
    "cluster": "clusters",
    "cluster_stability": "stability",
    "map_cells": "maps",
}

__all__ = ["NOISE", "Stability", "cluster", "cluster_stability", "map_cells"]

__getattr__ = lazy_names(__name__, _HOMES)
