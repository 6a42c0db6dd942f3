"""Cells grown from their nuclei, on a channel that shows how far they reach.

1. The channel is brought to the size at which a nucleus is `WORKING_DIAMETER` pixels wide.
2. Around each nucleus the channel's brightness there sets what this cell's cytoplasm is like, so
   that dim cells next to bright ones keep theirs.
3. The ground is shared out by watershed: along the dark lines between cells, and by distance
   where there are none.
4. Each cell ends where its channel falls to a share of its own brightness over the background.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage as ndi

from napari_c3r.core.segment.blur import blurred
from napari_c3r.core.segment.flood import flooded
from napari_c3r.core.segment.levels import Levels, medians
from napari_c3r.core.segment.nearest import expanded, nearest_label
from napari_c3r.core.segment.pieces import connected
from napari_c3r.core.segment.plane import Box, Grid

WORKING_DIAMETER = 24.0
# How far a cell may reach from its nucleus, in nucleus diameters, on a cell channel.
MAX_REACH = 2.5
# How far a nucleus is widened where no channel shows the cell, in nucleus diameters.
DEFAULT_REACH = 0.6
# The ring round a nucleus in which the cytoplasm is measured, in nucleus diameters.
RING = 0.25
# A cell ends where its channel falls below this share of its cytoplasm over the background.
MIN_SHARE = 0.2
# How far a cell depends on what is around it, in nucleus diameters: the background's reach, the
# cell's own on both sides of its nucleus, and that of the filters.
CELL_REACH, CELL_REACH_PX = 5 * MAX_REACH + 2 * MAX_REACH + 3.5, 8
# How much a nucleus diameter of distance weighs against the cell's full brightness.
DISTANCE_WEIGHT = 0.35


def expand_nuclei(nuclei: NDArray[np.int32], distance_px: float) -> NDArray[np.int32]:
    """Widen every nucleus by a set distance, up to its neighbours.

    Parameters
    ----------
    nuclei
        (Y, X) labels.
    distance_px
        In pixels.
    """
    return expanded(nuclei, distance_px)


def grow_cells(
    nuclei: NDArray[np.int32], plane: NDArray[np.float32], diameter_px: float
) -> NDArray[np.int32]:
    """Grow nuclei to cells on a channel of the cell's body.

    Parameters
    ----------
    nuclei
        (Y, X) labels 1..n.
    plane
        (Y, X) channel that shows the cells, any intensity scale.
    diameter_px
        The usual nucleus diameter in pixels.

    Returns
    -------
    ndarray
        (Y, X) labels, each cell holding its nucleus.
    """
    zoom = min(1.0, WORKING_DIAMETER / diameter_px)
    grid = Grid.of(plane.shape, zoom)
    return cells_on_grid(nuclei, plane, grid, grid.whole, diameter_px * zoom, Levels())


def cells_on_grid(
    nuclei: NDArray[np.int32],
    pixels: NDArray[np.float32],
    grid: Grid,
    box: Box,
    diameter: float,
    levels: Levels,
) -> NDArray[np.int32]:
    """Grow the nuclei of a part of a plane.

    Parameters
    ----------
    nuclei
        Labels 1..n of the pixels that ``grid.under(box)`` tells.
    pixels
        The plane, or of it what ``grid.needed(box)`` tells.
    grid
        On which a nucleus is `diameter` wide.
    box
        The part, on the grid. Cells near its edges are not what they are in the whole.
    diameter
        The usual one of a nucleus, in pixels of the grid.
    levels
        Those of the whole plane; empty: what the part itself tells.

    Returns
    -------
    Labels of the pixels of `nuclei`.
    """
    seeds = grid.sample_labels(nuclei, box)
    grown = _grown(seeds, grid.shrink(pixels, box), diameter, levels)
    cells = grid.enlarge_labels(grown, box)
    # What was lost in the coarser image comes back: no cell without all of its nucleus.
    return np.where(nuclei > 0, nuclei, cells).astype(np.int32)


def measure_levels(
    nuclei: NDArray[np.int32],
    pixels: NDArray[np.float32],
    grid: Grid,
    diameter: float,
    levels: Levels,
) -> None:
    """Measure the levels by which cells are grown in a plane.

    Parameters
    ----------
    nuclei, pixels, grid, diameter
        As for :func:`cells_on_grid`, of a whole plane.
    levels
        Filled in.
    """
    seeds = grid.sample_labels(nuclei)
    height = _height(grid.shrink(pixels), seeds, diameter, levels)
    ring = np.where(seeds > 0, 0, expanded(seeds, RING * diameter))
    _cytoplasm(seeds, ring, height, levels)


def _grown(
    seeds: NDArray[np.int32], plane: NDArray[np.float32], diameter: float, levels: Levels
) -> NDArray[np.int32]:
    height = _height(plane, seeds, diameter, levels)
    nearest, squared = nearest_label(seeds, MAX_REACH * diameter)
    distance = np.sqrt(squared, dtype=np.float64)
    ring = np.where((seeds == 0) & (distance <= RING * diameter), nearest, 0)
    level = _cytoplasm(seeds, ring, height, levels)
    brightness = np.clip(height / level[nearest], 0, 1)
    near = nearest > 0
    ground = flooded(DISTANCE_WEIGHT * distance / diameter - brightness, seeds, near)
    bright = height > MIN_SHARE * level[ground]
    return connected(np.where(bright | (seeds > 0), ground, 0).astype(np.int32), seeds)


def _height(
    plane: NDArray[np.float32], seeds: NDArray[np.int32], diameter: float, levels: Levels
) -> NDArray[np.float32]:
    """Brightness over the background, smoothed."""
    smooth = blurred(plane, diameter / 16)
    return smooth - _background(smooth, seeds, diameter, levels)


def _background(
    smooth: NDArray[np.float32], seeds: NDArray[np.int32], diameter: float, levels: Levels
) -> NDArray[np.float32]:
    """Brightness without cells: the darkest of the surroundings, far enough to leave a cell."""
    reach = max(3, round(2 * MAX_REACH * diameter))
    darkest = ndi.minimum_filter(smooth, size=reach)
    background = blurred(darkest, reach / 2)
    # In a crowd the darkest place may still be a cell; there the whole image's darkest counts.
    floor = levels.of("floor", lambda: np.percentile(smooth, 1))
    crowded = ndi.uniform_filter((seeds > 0).astype(np.float32), 2 * reach) > _CROWDED
    return np.where(crowded, floor, np.maximum(background, floor)).astype(np.float32)


# Share of the surroundings covered by nuclei above which there is no free ground among the cells.
_CROWDED = 0.3


def _cytoplasm(
    seeds: NDArray[np.int32], ring: NDArray[np.int32], height: NDArray[np.float32], levels: Levels
) -> NDArray[np.float32]:
    """Brightness of every cell in the ring round its nucleus, by label; infinite for 0."""
    count = int(seeds.max())
    level, inside = medians(height, ring, count), medians(height, seeds, count)
    # A nucleus without free surroundings lends its own brightness.
    level = np.where(np.isfinite(level) & (level > 0), level, inside)
    if (level > 0).any():
        usual = levels.of("cytoplasm", lambda: np.median(level[level > 0]))
    else:
        usual = levels.values.get("cytoplasm", 1.0)
    level = np.maximum(level, 0.1 * usual)
    return np.concatenate([[np.inf], level]).astype(np.float32)
