"""Cells drawn from their populations, and places for them in a field."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from napari_c3r.core.simulate.nuclei import Lobes, draw_lobes
from napari_c3r.core.simulate.parameters import CellLine, Population
from napari_c3r.core.simulate.shapes import Floats, cell_outline
from napari_c3r.core.simulate.texture import Field, noise

_GRID = 64  # squares along each side of the map of crowded and empty patches
_TRIES = 80


@dataclass(frozen=True)
class Plan:
    """One cell before it is put on the pixel grid; lengths in µm, y and x in µm."""

    population: int
    y: float
    x: float
    axis: float
    polarity: float
    radius: float
    outline: Floats
    lobes: Lobes
    """Offset y, offset x and outline of each lobe of the nucleus."""

    @property
    def nucleus_radius(self) -> float:
        """Radius of the disc that holds all lobes."""
        return max(float(np.hypot(dy, dx) + table.max()) for dy, dx, table in self.lobes)


def plan_cells(
    populations: Sequence[Population],
    extent_um: tuple[float, float],
    count: int,
    rng: np.random.Generator,
    clustering: float = 1.0,
) -> list[Plan]:
    """Draw `count` cells and find places for them where their nuclei keep apart.

    Cells gather in patches, the more the higher `clustering` is. Where there is no room left, a
    cell is left out.
    """
    shares = np.cumsum([population.share for population in populations])
    member = np.searchsorted(shares / shares[-1], (np.arange(count) + 0.5) / count)
    crowding = np.float32(clustering) * noise((_GRID, _GRID), 14, rng)
    placed: list[Plan] = []
    taken = np.empty((count, 4))  # y, x, radius of the nucleus, radius of the cell
    for index in rng.permutation(member):
        plan = _draw_cell(populations[index].cell_line, int(index), rng)
        place = _find_place(plan, taken[: len(placed)], extent_um, crowding, rng)
        if place is not None:
            taken[len(placed)] = (*place, plan.nucleus_radius, plan.radius)
            placed.append(replace(plan, y=place[0], x=place[1]))
    return placed


def _find_place(
    plan: Plan,
    taken: Floats,
    extent_um: tuple[float, float],
    crowding: Field,
    rng: np.random.Generator,
) -> tuple[float, float] | None:
    """Try places, the crowded ones first, and ask for less room with each."""
    tries = rng.random((_TRIES, 2))
    cell = (tries * _GRID).astype(int)
    likely = crowding[cell[:, 0], cell[:, 1]] + 0.8 * rng.standard_normal(_TRIES)
    places = tries[np.argsort(-likely, kind="stable")] * extent_um
    away = np.hypot(places[:, :1] - taken[:, 0], places[:, 1:] - taken[:, 1])
    nuclei = taken[:, 2] + plan.nucleus_radius + 0.5
    bodies = np.linspace(0.66, 0.31, _TRIES)[:, None] * (taken[:, 3] + plan.radius)
    free = np.flatnonzero((away > np.maximum(nuclei, bodies)).all(axis=1))
    return (float(places[free[0], 0]), float(places[free[0], 1])) if free.size else None


def _draw_cell(line: CellLine, population: int, rng: np.random.Generator) -> Plan:
    axis = float(rng.uniform(0, np.pi))
    size = rng.standard_normal()
    radius = line.outline.radius_um * float(np.exp(line.outline.size_cv * size))
    shared = 0.6 * size + 0.8 * rng.standard_normal()  # large cells tend to have large nuclei
    nucleus = line.nucleus.radius_um * float(np.exp(line.nucleus.size_cv * shared))
    lobes = draw_lobes(line.nucleus, nucleus, axis, rng)
    return Plan(
        population=population,
        y=0.0,
        x=0.0,
        axis=axis,
        polarity=axis + float(np.pi * rng.integers(2) + 0.6 * rng.standard_normal()),
        radius=radius,
        outline=cell_outline(line.outline, radius, axis, rng),
        lobes=lobes,
    )
