"""Nuclei of one lobe or many: how the lobes lie and how large they are."""

from __future__ import annotations

import numpy as np

from napari_c3r.core.simulate.parameters import Nucleus
from napari_c3r.core.simulate.shapes import Floats, nucleus_outline

Lobes = tuple[tuple[float, float, Floats], ...]
"""Offset y, offset x and outline of each lobe, in µm from the middle of the cell."""

_OVERLAP = 1.12  # lobes that touch overlap, so that their areas add up to more than the nucleus's


def draw_lobes(spec: Nucleus, radius_um: float, axis: float, rng: np.random.Generator) -> Lobes:
    """Draw the lobes of one nucleus, and its micronuclei.

    Parameters
    ----------
    spec
        Numbers, arrangement and shapes.
    radius_um
        Radius of the disc of the area of all lobes.
    axis
        Direction of the cell's long axis, in radians.
    """
    count = int(rng.integers(spec.lobes[0], spec.lobes[1] + 1))
    if count == 1:
        tilt = axis + 0.25 * rng.standard_normal()
        main: Lobes = ((0.0, 0.0, nucleus_outline(spec, radius_um, tilt, rng)),)
    else:
        small = radius_um / np.sqrt(count) * _OVERLAP
        main = {"ring": _ring, "heap": _heap, "row": _row}[spec.arrangement](
            spec, count, small, axis, rng
        )
    if spec.micronuclei == 0:
        return main
    return main + _micronuclei(spec, radius_um, rng)


def _lobe(spec: Nucleus, size: float, tilt: float, rng: np.random.Generator) -> Floats:
    return nucleus_outline(spec, size * np.exp(spec.lobe_cv * rng.standard_normal()), tilt, rng)


def _ring(spec: Nucleus, count: int, small: float, axis: float, rng: np.random.Generator) -> Lobes:
    """Lay lobes round a circle."""
    lobes = []
    start = rng.uniform(0, 2 * np.pi)
    reach = 0.8 if count == 2 else max(0.95, 0.67 / np.sin(np.pi / count))
    for index in range(count):
        direction = start + 2 * np.pi * index / count + 0.2 * rng.standard_normal()
        away = small * spec.spread * reach * rng.uniform(0.9, 1.05)
        outline = _lobe(spec, small, rng.uniform(0, np.pi), rng)
        lobes.append((away * np.sin(direction), away * np.cos(direction), outline))
    return tuple(lobes)


def _heap(spec: Nucleus, count: int, small: float, axis: float, rng: np.random.Generator) -> Lobes:
    """Add each lobe next to one that is there already."""
    places = np.zeros((1, 2))
    while len(places) < count:
        beside = places[rng.integers(len(places), size=8)]
        direction = rng.uniform(0, 2 * np.pi, 8)
        away = 1.55 * small * spec.spread
        tried = beside + away * np.column_stack([np.sin(direction), np.cos(direction)])
        apart = np.linalg.norm(tried[:, None] - places[None], axis=2).min(axis=1)
        # Of places that keep apart take the one nearest to the middle, so that the heap is round.
        score = np.linalg.norm(tried, axis=1) + 4 * np.maximum(0.9 * away - apart, 0)
        places = np.vstack([places, tried[np.argmin(score)]])
    places -= places.mean(axis=0)
    return tuple(
        (float(y), float(x), _lobe(spec, small, rng.uniform(0, np.pi), rng)) for y, x in places
    )


def _row(spec: Nucleus, count: int, small: float, axis: float, rng: np.random.Generator) -> Lobes:
    """Lay lobes side by side, their long sides facing: two nuclei, or sister chromosomes."""
    tilt = axis + 0.2 * rng.standard_normal()
    lobes = []
    for index in range(count):
        width = 2 * small / np.sqrt(spec.elongation)
        away = (index - (count - 1) / 2) * width * spec.spread * rng.uniform(0.92, 1.08)
        outline = _lobe(spec, small, tilt + 0.12 * rng.standard_normal(), rng)
        lobes.append((away * np.cos(tilt), -away * np.sin(tilt), outline))
    return tuple(lobes)


def _micronuclei(spec: Nucleus, radius_um: float, rng: np.random.Generator) -> Lobes:
    lobes = []
    for _ in range(rng.poisson(spec.micronuclei)):
        direction = rng.uniform(0, 2 * np.pi)
        away = radius_um * rng.uniform(1.15, 1.6)
        size = radius_um * rng.uniform(0.1, 0.24)
        outline = nucleus_outline(spec, size, rng.uniform(0, np.pi), rng)
        lobes.append((away * np.sin(direction), away * np.cos(direction), outline))
    return tuple(lobes)
