"""How nuclei are found in a part of a plane as they would be in the whole."""

from __future__ import annotations

from threading import Lock
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from skimage.segmentation import relabel_sequential

from napari_c3r.core.cells.labels import ArrayLike, read
from napari_c3r.core.segment.levels import Levels
from napari_c3r.core.segment.methods import FindNuclei
from napari_c3r.core.segment.nuclei import REACH, REACH_PX, WORKING_DIAMETER, nuclei_on_grid
from napari_c3r.core.segment.plane import Box, Grid, checked_plane

# Of a coarser grid, so many pixels a side are worked on at once, and of the plane so many: 0.6 GB.
_GRID_SIDE, _PLANE_SIDE = 3200, 7168
# So many such tiles at once; of more, each is smaller. More than so many would be mostly overlap.
_FULL_TILES, _MOST_TILES = 2, 8
_TILE_STEP = 1024
# Other tools see parts of this size, which does not change, with so many nuclei around.
_OTHERS_PX, _OTHERS_REACH, _OTHERS_LEAST_PX = 2048, 6.0, 128


class Finder(Protocol):
    """Finds the nuclei of a plane in tiles of a size."""

    @property
    def tile_px(self) -> int:
        """Side of a tile, in pixels."""
        ...

    @property
    def threads(self) -> int:
        """How many tiles may be worked on at a time."""
        ...

    def find(self, tile: Box) -> tuple[NDArray[np.int32], Box]:
        """Nuclei of a tile and of what is around it.

        Returns
        -------
        labels, part
            Numbered through, and the part of the plane that they are of. Nuclei that begin in the
            tile are whole.
        """
        ...


class ContrastFinder:
    """Nuclei by local contrast: the same whatever the tiles.

    Parameters
    ----------
    plane
        (Y, X), in memory or lazy.
    diameter_px
        The usual nucleus diameter.
    levels
        Of the whole plane.
    darkest
        What pixels that are not finite become.
    tile_px
        Side of the tiles; None: as memory asks for.
    threads
        How many tiles are worked on at a time.
    """

    def __init__(
        self,
        plane: ArrayLike,
        diameter_px: float,
        levels: Levels,
        darkest: float,
        tile_px: int | None = None,
        threads: int = 1,
    ) -> None:
        self._plane, self._levels, self._darkest = plane, levels, darkest
        self.threads = threads
        zoom = min(1.0, WORKING_DIAMETER / diameter_px)
        self._grid, self._diameter = Grid.of(plane.shape, zoom), diameter_px * zoom
        self._reach = REACH * self._diameter + REACH_PX
        self.tile_px = tile_px or tile_side(self._grid, self._reach, threads)
        self._reading = Lock()

    def find(self, tile: Box) -> tuple[NDArray[np.int32], Box]:
        """Nuclei of a tile and of what is around it."""
        box = self._grid.around(tile, self._reach)
        with self._reading:
            part = read(self._plane, *self._grid.needed(box))
        pixels = checked_plane(part, darkest=self._darkest)
        del part
        labels = nuclei_on_grid(pixels, self._grid, box, self._diameter, self._levels)
        return labels, self._grid.under(box)


class OthersFinder:
    """Nuclei by a method that knows nothing of tiles: it sees parts that always are the same.

    Parameters
    ----------
    plane, darkest
        As for :class:`ContrastFinder`.
    method
        Finds the nuclei of a plane.
    diameter_px
        The usual nucleus diameter, where it is known.
    """

    tile_px = _OTHERS_PX
    # They have threads of their own, or a device.
    threads = 1

    def __init__(
        self, plane: ArrayLike, method: FindNuclei, diameter_px: float | None, darkest: float
    ) -> None:
        self._plane, self._method, self._darkest = plane, method, darkest
        self._diameter = diameter_px
        self._reach = max(_OTHERS_LEAST_PX, round(_OTHERS_REACH * (diameter_px or 0)))

    def find(self, tile: Box) -> tuple[NDArray[np.int32], Box]:
        """Nuclei of a tile and of what is around it."""
        rows, columns = widened(tile, self._reach, self._plane.shape)
        pixels = checked_plane(read(self._plane, rows, columns), darkest=self._darkest)
        found = np.asarray(self._method(pixels, self._diameter)).astype(np.int32)
        return relabel_sequential(found)[0].astype(np.int32), (rows, columns)


def tiles_at_once(threads: int) -> int:
    """How many tiles are worked on at a time where so many threads are allowed."""
    return min(threads, _MOST_TILES)


def tile_side(grid: Grid, reach: float, at_once: int = 1) -> int:
    """Side of the largest tiles, in pixels, that memory of little over a gigabyte allows.

    Parameters
    ----------
    grid
        On which a tile is worked on.
    reach
        How far around it, in pixels of the grid.
    at_once
        How many tiles are worked on at a time.
    """
    zoom = grid.small[0] / grid.shape[0]
    share = min(1.0, (_FULL_TILES / at_once) ** 0.5)
    side = min((share * _GRID_SIDE - 2 * reach) / zoom, share * _PLANE_SIDE - 2 * reach / zoom)
    return max(1, int(side / _TILE_STEP)) * _TILE_STEP


def tiles(shape: tuple[int, int], side: int) -> list[Box]:
    """Cover a plane with square tiles, in reading order."""
    return [
        (slice(y, min(y + side, shape[0])), slice(x, min(x + side, shape[1])))
        for y in range(0, shape[0], side)
        for x in range(0, shape[1], side)
    ]


def widened(tile: Box, reach: int, shape: tuple[int, ...]) -> Box:
    """A tile with so many pixels around it as the plane has."""
    rows, columns = (
        slice(max(0, edge.start - reach), min(side, edge.stop + reach))
        for edge, side in zip(tile, shape, strict=True)
    )
    return rows, columns
