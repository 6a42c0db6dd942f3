"""Cells drawn from their populations, and places for them in a field."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from napari_c3r.core.simulate.parameters import CellLine, Population
from napari_c3r.core.simulate.shapes import Floats, cell_outline, nucleus_outline
from napari_c3r.core.simulate.texture import Field, noise

_GRID = 64  # squares along each side of the map of crowded and empty patches
_TRIES = 80

Lobes = tuple[tuple[float, float, Floats], ...]


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
) -> list[Plan]:
    """Draw `count` cells and find places for them where their nuclei keep apart.

    Cells gather in patches. Where there is no room left, a cell is left out.
    """
    shares = np.cumsum([population.share for population in populations])
    member = np.searchsorted(shares / shares[-1], (np.arange(count) + 0.5) / count)
    crowding = noise((_GRID, _GRID), 14, rng)
    placed: list[Plan] = []
    for index in rng.permutation(member):
        plan = _draw_cell(populations[index].cell_line, int(index), rng)
        place = _find_place(plan, placed, extent_um, crowding, rng)
        if place is not None:
            placed.append(replace(plan, y=place[0], x=place[1]))
    return placed


def _find_place(
    plan: Plan,
    placed: Sequence[Plan],
    extent_um: tuple[float, float],
    crowding: Field,
    rng: np.random.Generator,
) -> tuple[float, float] | None:
    """Try places, the crowded ones first, and ask for less room with each."""
    tries = rng.random((_TRIES, 2))
    cell = (tries * _GRID).astype(int)
    likely = crowding[cell[:, 0], cell[:, 1]] + 0.8 * rng.standard_normal(_TRIES)
    places = tries[np.argsort(-likely, kind="stable")] * extent_um
    others = np.array([(p.y, p.x) for p in placed]).reshape(-1, 2)
    nuclei = np.array([p.nucleus_radius for p in placed]) + plan.nucleus_radius + 0.5
    bodies = np.array([p.radius for p in placed]) + plan.radius
    for room, (y, x) in zip(np.linspace(0.66, 0.31, _TRIES), places, strict=True):
        away = np.hypot(others[:, 0] - y, others[:, 1] - x)
        if (away > np.maximum(nuclei, room * bodies)).all():
            return float(y), float(x)
    return None


def _draw_cell(line: CellLine, population: int, rng: np.random.Generator) -> Plan:
    axis = float(rng.uniform(0, np.pi))
    size = rng.standard_normal()
    radius = line.outline.radius_um * float(np.exp(line.outline.size_cv * size))
    shared = 0.6 * size + 0.8 * rng.standard_normal()  # large cells tend to have large nuclei
    nucleus = line.nucleus.radius_um * float(np.exp(line.nucleus.size_cv * shared))
    lobes = _draw_lobes(line, nucleus, axis, rng)
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


def _draw_lobes(line: CellLine, radius: float, axis: float, rng: np.random.Generator) -> Lobes:
    count = int(rng.integers(line.nucleus.lobes[0], line.nucleus.lobes[1] + 1))
    if count == 1:
        tilt = axis + 0.25 * rng.standard_normal()
        return ((0.0, 0.0, nucleus_outline(line.nucleus, radius, tilt, rng)),)
    lobes = []
    start = rng.uniform(0, 2 * np.pi)
    small = radius / np.sqrt(count) * 1.12
    for index in range(count):
        direction = start + 2 * np.pi * index / count + 0.2 * rng.standard_normal()
        away = small * (0.8 if count == 2 else 0.95) * rng.uniform(0.9, 1.05)
        table = nucleus_outline(
            line.nucleus, small * rng.uniform(0.8, 1.15), rng.uniform(0, np.pi), rng
        )
        lobes.append((away * np.sin(direction), away * np.cos(direction), table))
    return tuple(lobes)
