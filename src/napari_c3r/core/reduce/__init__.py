"""Vectors made fewer: principal components, maps, clusters and nearest neighbours."""

from __future__ import annotations

from napari_c3r.core.reduce.clusters import NOISE, cluster
from napari_c3r.core.reduce.maps import map_cells

__all__ = ["NOISE", "cluster", "map_cells"]
