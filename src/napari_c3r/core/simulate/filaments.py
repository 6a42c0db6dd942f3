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

_STEP_PX = 0.8  # short enough that a drawn thread has no gaps


@dataclass(frozen=True)
class Habit:
    """How threads behave where they meet the nucleus and the edge of their cell."""

    over_nucleus: float = 0.0
    """Share of the threads that pass over or under the nucleus, 0 to 1."""
    edge_um: float = 1.0
    """Distance from the edge at which a thread turns to run along it."""
    along_edge_um: float = 1e6
    """Mean length that a thread still grows while it is that near to the edge."""


_INDOORS = Habit()


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
    habit: Habit = _INDOORS,
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
    habit
        What threads do at the nucleus and at the edge.
    """
    step_um = _STEP_PX * cells.pixel_size_um
    steps = np.maximum((length_um / step_um).astype(np.int32), 1)
    order = np.argsort(-steps)  # longest first, so that those still growing are a leading part
    steps = steps[order]
    turn = np.broadcast_to(curl, order.shape)[order] * np.sqrt(step_um)
    tips = _Tips(
        start[0][order],
        start[1][order],
        start[2][order],
        np.sin(heading[order]).astype(np.float32),
        np.cos(heading[order]).astype(np.float32),
        turn.astype(np.float32),
        rng.random(order.size) >= habit.over_nucleus,
    )
    alive = np.ones(order.size, bool)
    y, x = [np.zeros(0, np.float32)], [np.zeros(0, np.float32)]
    for step in range(int(steps[0]) if steps.size else 0):
        growing = int(np.searchsorted(-steps, -step, side="left"))
        now = np.flatnonzero(alive[:growing])
        kept = tips.advance(now, cells, habit, rng)
        alive[now] = kept
        y.append(tips.y[now[kept]])
        x.append(tips.x[now[kept]])
    points = np.concatenate(y)
    return Threads(points, np.concatenate(x), np.full(points.size, step_um, np.float32))


@dataclass
class _Tips:
    """The growing ends of threads: place, cell, direction and manners of each."""

    y: Field
    x: Field
    label: NDArray[np.int32]
    vy: Field
    vx: Field
    turn: Field
    shy: NDArray[np.bool_]

    def advance(
        self, now: NDArray[np.intp], cells: Cells, habit: Habit, rng: np.random.Generator
    ) -> NDArray[np.bool_]:
        """Grow the tips `now` by a step; tells which of them go on."""
        wobble = self.turn[now] * rng.standard_normal(now.size, dtype=np.float32)
        vy, vx = self.vy[now], self.vx[now]
        vy, vx = self._steer(now, vy + wobble * vx, vx - wobble * vy, cells, habit.edge_um)
        self.vy[now], self.vx[now] = vy, vx
        self.y[now] += np.float32(_STEP_PX) * vy
        self.x[now] += np.float32(_STEP_PX) * vx
        row, column = cells.pixel(self.y[now], self.x[now])
        ending = rng.random(now.size) < _STEP_PX * cells.pixel_size_um / habit.along_edge_um
        ending &= cells.edge_um[row, column] < habit.edge_um
        return (cells.labels[row, column] == self.label[now]) & ~ending

    def _steer(
        self, now: NDArray[np.intp], vy: Field, vx: Field, cells: Cells, edge_um: float
    ) -> tuple[Field, Field]:
        """Take away the part of a direction that leads out of the cell or into the nucleus."""
        y, x, label = self.y[now], self.x[now], self.label[now]
        row, column = cells.pixel(y, x)
        slope_y, slope_x = cells.edge_slope[0][row, column], cells.edge_slope[1][row, column]
        outward = np.minimum(vy * slope_y + vx * slope_x, 0)
        outward *= np.maximum(1 - cells.edge_um[row, column] / np.float32(edge_um), 0)
        vy, vx = vy - outward * slope_y, vx - outward * slope_x

        from_y, from_x = y - cells.centre[label, 0], x - cells.centre[label, 1]
        distance = np.maximum(np.hypot(from_y, from_x), np.float32(1e-3))
        from_y, from_x = from_y / distance, from_x / distance
        inward = np.minimum(vy * from_y + vx * from_x, 0)
        inward *= (self.shy[now] & (cells.from_nucleus_um[row, column] < 0.5)).astype(np.float32)
        vy, vx = vy - inward * from_y, vx - inward * from_x

        speed = np.maximum(np.hypot(vy, vx), 1e-3)
        return (vy / speed).astype(np.float32), (vx / speed).astype(np.float32)


def draw(threads: Threads, shape: tuple[int, int], pixel_size_um: float) -> Field:
    """Add up points on a pixel grid, shared between the four nearest pixels.

    Returns length per area, 1/µm: a thread blurred by s µm has a peak of about 0.4 / s, whatever
    the pixel size.
    """
    top, left = np.floor(threads.y).astype(np.intp), np.floor(threads.x).astype(np.intp)
    down, right = threads.y - top, threads.x - left
    image = np.zeros(shape[0] * shape[1])
    for dy, wy in ((0, 1 - down), (1, down)):
        for dx, wx in ((0, 1 - right), (1, right)):
            row, column = top + dy, left + dx
            inside = (row >= 0) & (row < shape[0]) & (column >= 0) & (column < shape[1])
            index = np.where(inside, row * shape[1] + column, 0)
            weight = np.where(inside, threads.weight * wy * wx, 0)
            image += np.bincount(index, weights=weight, minlength=image.size)
    return (image / pixel_size_um**2).astype(np.float32).reshape(shape)
