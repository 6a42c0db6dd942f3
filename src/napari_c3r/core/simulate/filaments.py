"""Threads that grow through cells, all of a field at once, and their drawing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_c3r.core.simulate.cells import Cells
from napari_c3r.core.simulate.texture import Field

Start = tuple[Field, Field, NDArray[np.int32]]
"""Row, column and cell of places; rows and columns in pixels."""
Numbers = NDArray[Any]

_STEP_PX = 1.0  # short enough that a drawn thread has no gaps


@dataclass(frozen=True)
class FilamentStyle:
    """How threads behave where they meet the nucleus and the edge of their cell."""

    over_nucleus: float | Numbers = 0.0
    """Share of the threads that pass over or under the nucleus, 0 to 1; one or of each thread."""
    edge_um: float = 1.0
    """Distance from the edge at which a thread turns to run along it."""
    along_edge_um: float = 1e6
    """Mean length that a thread still grows while it is that near to the edge."""


_INDOORS = FilamentStyle()


@dataclass(frozen=True)
class Threads:
    """Points along all threads `(n,)`, in pixels, each worth `length_um` of its thread."""

    y: Field
    x: Field
    weight: Field


def scatter(cells: Cells, density: Numbers, number: Numbers, rng: np.random.Generator) -> Start:
    """Random places in cells: `number[label]` expected in each cell, spread as `density` is.

    Parameters
    ----------
    cells
        Where the cells are.
    density
        Relative density `(Y, X)`, at least 0.
    number
        Expected places in each cell `(n + 1,)`, indexed by label.
    """
    labels = cells.labels.ravel()
    density = np.where(labels > 0, density.ravel(), np.float32(0))
    total = np.bincount(labels, weights=density, minlength=cells.count + 1)
    share = number / np.maximum(total, 1e-9)
    cumulative = np.cumsum(density * share[labels])
    places = np.sort(rng.uniform(0, cumulative[-1], rng.poisson(cumulative[-1])))
    index = np.minimum(np.searchsorted(cumulative, places), labels.size - 1)
    y, x = np.divmod(index, cells.labels.shape[1])
    jitter = rng.uniform(-0.5, 0.5, (2, index.size))
    return (
        (y + jitter[0]).astype(np.float32),
        (x + jitter[1]).astype(np.float32),
        labels[index],
    )


def grow(
    cells: Cells,
    start: Start,
    heading: Numbers,
    length_um: Numbers,
    curl: Numbers | float,
    rng: np.random.Generator,
    style: FilamentStyle = _INDOORS,
) -> Threads:
    """Let threads grow from their starts: persistent random walks that stay in their cell.

    Near the cell's edge and at the nucleus a thread turns to run along it; one that leaves its
    cell all the same ends there.

    Parameters
    ----------
    start
        y, x and cell of each thread, as `scatter` gives them.
    heading
        First direction of each thread, radians from the x axis towards y.
    length_um, curl
        Length of each thread, and its turning in radians for each square root of a micrometre.
    style
        What threads do at the nucleus and at the edge.
    """
    step_um = _STEP_PX * cells.pixel_size_um
    count = start[0].size
    place = np.stack(start[:2])
    tips = _Tips(
        place=place,
        pixel=_flat(cells, place),
        label=start[2],
        way=np.stack([np.sin(heading), np.cos(heading)]).astype(np.float32),
        turn=(np.broadcast_to(curl, count) * np.sqrt(step_um)).astype(np.float32),
        shy=rng.random(count) >= np.broadcast_to(style.over_nucleus, count),
        steps=np.maximum((length_um / step_um).astype(np.int32), 1),
    )
    drawn = [np.zeros((2, 0), np.float32)]
    while tips.label.size:
        tips = tips.advanced(cells, style, rng)
        drawn.append(tips.place)
        tips = tips.those(tips.steps > 0)
    y, x = np.concatenate(drawn, axis=1)
    return Threads(y, x, np.full(y.size, step_um, np.float32))


def _flat(cells: Cells, place: Field) -> NDArray[np.intp]:
    """Index of the pixels at places `(2, n)` in a map laid flat."""
    row, column = cells.pixel(*place)
    return row * cells.shape[1] + column


@dataclass
class _Tips:
    """The growing ends of threads: place, cell, direction and manners of each."""

    place: Field
    pixel: NDArray[np.intp]
    label: NDArray[np.int32]
    way: Field
    turn: Field
    shy: NDArray[np.bool_]
    steps: NDArray[np.int32]
    """Still to grow."""

    def those(self, chosen: NDArray[np.bool_]) -> _Tips:
        """Some of the tips."""
        if chosen.all():
            return self
        keep = np.flatnonzero(chosen)
        return _Tips(
            self.place[:, keep],
            self.pixel[keep],
            self.label[keep],
            self.way[:, keep],
            self.turn[keep],
            self.shy[keep],
            self.steps[keep],
        )

    def advanced(self, cells: Cells, style: FilamentStyle, rng: np.random.Generator) -> _Tips:
        """Grow by a step; gives those tips that continue."""
        wobble = self.turn * rng.standard_normal(self.turn.size, dtype=np.float32)
        vy, vx = self.way
        way = self._steered(vy + wobble * vx, vx - wobble * vy, cells, style.edge_um)
        place = self.place + np.float32(_STEP_PX) * way
        pixel = _flat(cells, place)
        ending = rng.random(pixel.size) < _STEP_PX * cells.pixel_size_um / style.along_edge_um
        ending &= cells.edge_um.ravel()[pixel] < style.edge_um
        kept = (cells.labels.ravel()[pixel] == self.label) & ~ending
        steps = self.steps - 1
        return _Tips(place, pixel, self.label, way, self.turn, self.shy, steps).those(kept)

    def _steered(self, vy: Field, vx: Field, cells: Cells, edge_um: float) -> Field:
        """Take away the part of a direction that leads out of the cell or into the nucleus."""
        slope_y = cells.edge_slope[0].ravel()[self.pixel]
        slope_x = cells.edge_slope[1].ravel()[self.pixel]
        outward = np.minimum(vy * slope_y + vx * slope_x, 0)
        edge = cells.edge_um.ravel()[self.pixel]
        outward *= np.maximum(1 - edge / np.float32(edge_um), 0)
        vy, vx = vy - outward * slope_y, vx - outward * slope_x

        shy = np.flatnonzero(self.shy & (cells.from_nucleus_um.ravel()[self.pixel] < 0.5))
        from_y, from_x = self.place[:, shy] - cells.centre[self.label[shy]].T
        distance = np.maximum(np.hypot(from_y, from_x), np.float32(1e-3))
        from_y, from_x = from_y / distance, from_x / distance
        inward = np.minimum(vy[shy] * from_y + vx[shy] * from_x, 0)
        vy[shy] -= inward * from_y
        vx[shy] -= inward * from_x

        speed = np.maximum(np.hypot(vy, vx), np.float32(1e-3))
        return np.asarray(np.stack([vy, vx]) / speed, np.float32)


def draw(threads: Threads, shape: tuple[int, int], pixel_size_um: float) -> Field:
    """Add up points on a pixel grid, shared between the four nearest pixels.

    Returns length per area, 1/µm: a thread blurred by s µm has a peak of about 0.4 / s, whatever
    the pixel size.
    """
    rows, columns = shape
    top, left = np.floor(threads.y).astype(np.int32), np.floor(threads.x).astype(np.int32)
    down, right = threads.y - top, threads.x - left
    inside = (top >= -1) & (top < rows) & (left >= -1) & (left < columns)
    index = np.where(inside, (top + 1) * (columns + 2) + left + 1, 0)  # on a grid with a rim
    weight = np.where(inside, threads.weight, np.float32(0))
    lower = weight * down
    upper = weight - lower
    image = np.zeros((rows + 2) * (columns + 2))
    for offset, share in ((0, upper), (columns + 2, lower)):
        second = share * right
        image += np.bincount(index + offset, weights=share - second, minlength=image.size)
        image += np.bincount(index + (offset + 1), weights=second, minlength=image.size)
    inner = image.reshape(rows + 2, columns + 2)[1:-1, 1:-1]
    return (inner / pixel_size_um**2).astype(np.float32)


def outward(cells: Cells, start: Start) -> Field:
    """Direction from the cell's centre to each start, in radians."""
    y, x, label = start
    angle = np.arctan2(y - cells.centre[label, 0], x - cells.centre[label, 1])
    return np.asarray(angle, np.float32)


def clumps(
    cells: Cells, start: Start, pieces: NDArray[Any], spread_um: Field, rng: np.random.Generator
) -> Start:
    """Put `pieces` places round each start, normally spread by `spread_um` of their start."""
    spread = np.repeat(spread_um / np.float32(cells.pixel_size_um), pieces)
    y, x = (
        np.repeat(at, pieces) + spread * rng.standard_normal(spread.size, dtype=np.float32)
        for at in start[:2]
    )
    return y.astype(np.float32), x.astype(np.float32), np.repeat(start[2], pieces)
