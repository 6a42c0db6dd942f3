"""Nuclei and cells of an image that is too large to be worked on in one piece.

1. The plane of the nuclei is looked at once; a few of its liveliest fields tell what the image is
   like: size of the nuclei, background, noise (`survey`, `levels`).
2. Nuclei are found tile by tile, each with what is around it. A tile owns those that begin in it.
3. They are numbered in reading order.
4. Cells are grown tile by tile.

A nucleus and a cell come out the same in every tile that they are seen in whole, so how large the
tiles are changes nothing. Several are worked on at a time; what they hold is put together one by
one, in reading order.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from threading import Lock

import numpy as np
from numpy.typing import NDArray

from napari_c3r.core.cells.labels import ArrayLike, read
from napari_c3r.core.cores import allowed_threads, side_by_side
from napari_c3r.core.errors import NoCellsError
from napari_c3r.core.segment.cells import (
    CELL_REACH,
    CELL_REACH_PX,
    DEFAULT_REACH,
    WORKING_DIAMETER,
    cells_on_grid,
    expand_nuclei,
)
from napari_c3r.core.segment.cells import measure_levels as measure_cell_levels
from napari_c3r.core.segment.disk_labels import CHUNK, DiskLabels
from napari_c3r.core.segment.levels import Levels
from napari_c3r.core.segment.methods import SegmentMethod
from napari_c3r.core.segment.nuclei import measure_levels as measure_nucleus_levels
from napari_c3r.core.segment.parts import (
    ContrastFinder,
    Finder,
    OthersFinder,
    tile_side,
    tiles,
    tiles_at_once,
    widened,
)
from napari_c3r.core.segment.plane import (
    Box,
    Grid,
    checked_plane,
    first_pixels,
    in_reading_order,
    numbered,
)
from napari_c3r.core.segment.survey import FIELD_PX, Survey, survey

LARGE_PX = 4096 * 4096
"""Images of more pixels are worked on in tiles."""


def is_large(shape: tuple[int, ...]) -> bool:
    """Whether an image, (…, Y, X), is worked on in tiles."""
    return shape[-2] * shape[-1] > LARGE_PX


@dataclass(frozen=True, eq=False)
class LargeField:
    """An image to be segmented in tiles.

    Parameters
    ----------
    plane
        (Y, X) nucleus channel, in memory or lazy.
    body
        (Y, X) channel that shows the cells; None widens the nuclei.
    method
        Finds the nuclei.
    diameter_px
        The usual nucleus diameter; None finds it.
    distance_px
        How far nuclei are widened without a cell channel; None: 0.6 diameters.
    tile_px
        Side of the tiles; None: as memory asks for. It changes nothing of what is found.
    field_px
        Side of the fields that stand for the whole.
    threads
        With how many to compute; None: those allowed. It changes nothing of what is found.
    """

    plane: ArrayLike
    body: ArrayLike | None
    method: SegmentMethod
    diameter_px: float | None = None
    distance_px: float | None = None
    tile_px: int | None = None
    field_px: int = FIELD_PX
    threads: int | None = None

    @cached_property
    def known(self) -> Survey:
        """What the plane of the nuclei is like; it is read for this once.

        Raises
        ------
        InputError
            It has no finite pixel.
        """
        return survey(self.plane, "The nucleus channel", self.field_px)

    def find(self) -> tuple[DiskLabels, DiskLabels]:
        """Nuclei and cells, as :func:`napari_c3r.segment_cells` gives them.

        Raises
        ------
        NoCellsError
            There is no nucleus.
        """
        known = self.known
        usual = self.diameter_px
        if usual is None and self.method.usual_diameter is not None:
            usual = self._diameter_in(known)
        nuclei, areas = self._nuclei(self._finder(known, usual))
        if not len(areas):
            raise NoCellsError
        usual = usual or float(np.median(np.sqrt(4 * areas / np.pi)))
        if self.body is None:
            return nuclei, self._widened(nuclei, self.distance_px or DEFAULT_REACH * usual)
        return nuclei, self._grown(nuclei, usual, known)

    @cached_property
    def _at_once(self) -> int:
        return tiles_at_once(self.threads or allowed_threads())

    @cached_property
    def _reading(self) -> Lock:
        """Not all that images are read from can be read from at two places at a time."""
        return Lock()

    def _read(self, array: ArrayLike, box: Box) -> NDArray[np.generic]:
        with self._reading:
            return read(array, *box)

    def _pixels(self, box: Box, known: Survey) -> NDArray[np.float32]:
        return checked_plane(self._read(self.plane, box), darkest=known.darkest)

    def _diameter_in(self, known: Survey) -> float:
        """The median of the diameters in the fields that stand for all."""
        usual_diameter = self.method.usual_diameter
        assert usual_diameter is not None

        def look(box: Box) -> float | None:
            with suppress(NoCellsError):
                return usual_diameter(self._pixels(box, known))
            return None

        at_once = self._at_once if self.method.by_parts else 1
        told = side_by_side(look, known.fields, at_once)
        found = [diameter for diameter in told if diameter is not None]
        if not found:
            raise NoCellsError("nothing in it has the shape of a nucleus")
        return float(np.median(found))

    def _finder(self, known: Survey, usual: float | None) -> Finder:
        if not self.method.by_parts or usual is None:
            return OthersFinder(self.plane, self.method.find, usual, known.darkest)
        zoom = min(1.0, WORKING_DIAMETER / usual)

        def look(box: Box) -> Levels | None:
            levels, pixels = Levels(), self._pixels(box, known)
            grid = Grid.of(pixels.shape, zoom)
            return levels if measure_nucleus_levels(pixels, grid, usual * zoom, levels) else None

        found = side_by_side(look, known.fields, self._at_once)
        told = [levels for levels in found if levels is not None]
        if not told:
            raise NoCellsError("none of its liveliest fields holds any")
        return ContrastFinder(
            self.plane,
            usual,
            Levels.usual(told),
            known.darkest,
            tile_px=self.tile_px,
            threads=self._at_once,
        )

    def _nuclei(self, finder: Finder) -> tuple[DiskLabels, NDArray[np.int64]]:
        """Labels in reading order, and the area of each."""
        nuclei = DiskLabels(self.shape)
        begin, areas, count = [np.zeros((0, 3), np.int64)], [np.zeros(0, np.int64)], 0
        places = tiles(self.shape, finder.tile_px)
        found = side_by_side(finder.find, places, finder.threads)
        for tile, (labels, part) in zip(places, found, strict=True):
            first = first_pixels(labels) + np.array([0, part[0].start, part[1].start])
            own = first[_inside(first[:, 1:], tile)]
            if not len(own):
                continue
            numbers = np.zeros(int(labels.max()) + 1, np.int32)
            numbers[own[:, 0]] = np.arange(count + 1, count + 1 + len(own))
            areas.append(np.bincount(labels.ravel(), minlength=len(numbers))[own[:, 0]])
            begin.append(np.column_stack([numbers[own[:, 0]], own[:, 1:]]))
            count += len(own)
            _add(nuclei, numbers[labels], part)
        numbers = in_reading_order(np.concatenate(begin), count)
        for block in tiles(self.shape, 2 * CHUNK):
            labels = nuclei[block]
            if labels.any():
                nuclei[block] = numbers[labels]
        sizes = np.zeros(count, np.int64)
        sizes[numbers[1:] - 1] = np.concatenate(areas)
        return nuclei, sizes

    def _widened(self, nuclei: DiskLabels, distance_px: float) -> DiskLabels:
        reach = int(np.ceil(distance_px)) + 2

        def widen(tile: Box) -> tuple[NDArray[np.int32], Box]:
            around = widened(tile, reach, self.shape)
            return expand_nuclei(self._labels(nuclei, around), distance_px), around

        return self._put_together(widen, tiles(self.shape, self.tile_px or 2 * CHUNK))

    def _grown(self, nuclei: DiskLabels, usual: float, known: Survey) -> DiskLabels:
        body = self.body
        assert body is not None
        zoom = min(1.0, WORKING_DIAMETER / usual)
        grid, diameter = Grid.of(self.shape, zoom), usual * zoom
        levels, darkest = self._body_levels(nuclei, known, usual)
        reach = CELL_REACH * diameter + CELL_REACH_PX

        def grow(tile: Box) -> tuple[NDArray[np.int32], Box]:
            box = grid.around(tile, reach)
            part = grid.under(box)
            labels, numbers = numbered(self._labels(nuclei, part))
            if len(numbers) == 1:
                return labels, part
            pixels = checked_plane(self._read(body, grid.needed(box)), darkest=darkest)
            return numbers[cells_on_grid(labels, pixels, grid, box, diameter, levels)], part

        side = self.tile_px or tile_side(grid, reach, self._at_once)
        return self._put_together(grow, tiles(self.shape, side))

    def _labels(self, nuclei: DiskLabels, box: Box) -> NDArray[np.int32]:
        with self._reading:
            return nuclei[box]

    def _put_together(
        self, find: Callable[[Box], tuple[NDArray[np.int32], Box]], places: list[Box]
    ) -> DiskLabels:
        """Labels of which each tile is found with what is around it."""
        cells = DiskLabels(self.shape)
        found = side_by_side(find, places, self._at_once)
        for tile, (labels, part) in zip(places, found, strict=True):
            if labels.any():
                _put(cells, labels, part, tile)
        return cells

    def _body_levels(self, nuclei: DiskLabels, known: Survey, usual: float) -> tuple[Levels, float]:
        """What the cell channel is like, and its darkest pixel, by the fields that stand for all.

        Raises
        ------
        InputError
            None of them has a finite pixel.
        """
        body, zoom = self.body, min(1.0, WORKING_DIAMETER / usual)
        assert body is not None

        def look(box: Box) -> tuple[Levels, float] | None:
            labels, numbers = numbered(self._labels(nuclei, box))
            if len(numbers) == 1:
                return None
            pixels = checked_plane(self._read(body, box), "The cell channel")
            levels, grid = Levels(), Grid.of(pixels.shape, zoom)
            measure_cell_levels(labels, pixels, grid, usual * zoom, levels)
            return levels, float(pixels.min())

        found = side_by_side(look, known.fields, self._at_once)
        told = [each for each in found if each is not None]
        levels = Levels.usual(levels for levels, _ in told)
        return levels, min((darkest for _, darkest in told), default=0.0)

    @property
    def shape(self) -> tuple[int, int]:
        """Height and width, in pixels."""
        return self.plane.shape[0], self.plane.shape[1]


def _inside(places: NDArray[np.int64], box: Box) -> NDArray[np.bool_]:
    (y, x), (rows, columns) = places.T, box
    found: NDArray[np.bool_] = (
        (y >= rows.start) & (y < rows.stop) & (x >= columns.start) & (x < columns.stop)
    )
    return found


def _add(image: DiskLabels, labels: NDArray[np.int32], part: Box) -> None:
    """Write what is not 0 of a part of a label image, where nothing is yet."""
    rows, columns = (np.flatnonzero(labels.any(axis=axis)) for axis in (1, 0))
    if not len(rows):
        return
    inner = slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1)
    outer = (
        slice(inner[0].start + part[0].start, inner[0].stop + part[0].start),
        slice(inner[1].start + part[1].start, inner[1].stop + part[1].start),
    )
    before = image[outer]
    image[outer] = np.where(before > 0, before, labels[inner])


def _put(image: DiskLabels, labels: NDArray[np.int32], part: Box, tile: Box) -> None:
    """Write the pixels of a tile, out of a part of a label image around it."""
    rows, columns = (
        slice(edge.start - at.start, edge.stop - at.start)
        for edge, at in zip(tile, part, strict=True)
    )
    image[tile] = labels[rows, columns]
