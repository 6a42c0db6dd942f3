"""Microtubules and the centrosome, actin and focal adhesions."""

from __future__ import annotations

import numpy as np

from napari_c3r.core.simulate.cells import Cells
from napari_c3r.core.simulate.filaments import (
    FilamentStyle,
    Numbers,
    Start,
    Threads,
    clumps,
    draw,
    grow,
    outward,
    scatter,
)
from napari_c3r.core.simulate.scene import Scene, line_um
from napari_c3r.core.simulate.texture import Field, blur, noise

_BUNDLE = 0.85  # share of the filaments that a full bundling joins to others
_PIECES = 6  # of which a clump of actin is made
_POLE_UM = 4.5  # from the middle of a spindle to its poles


def microtubules(scene: Scene, rng: np.random.Generator) -> Field:
    """Draw long filaments from the centrosome and from anywhere, turning along the cell's edge."""
    cells = scene.cells
    joined = 1 - _BUNDLE * cells.each(lambda line: line.microtubules.bundling)
    number = cells.each(lambda line: line.microtubules.number) * cells.area_um2 / 1000 * joined
    poles = cells.each(lambda line: line.microtubules.poles)
    start, central = _starts(cells, number, poles, rng)
    label = start[2]
    size = label.size
    heading = outward(cells, start) + 0.75 * rng.standard_normal(size, dtype=np.float32)
    heading = np.where(central, _from_pole(cells, start, poles, rng), heading)
    length = cells.each(lambda line: line.microtubules.length_um)[label]
    length = length * np.exp(0.4 * rng.standard_normal(size, dtype=np.float32))
    curl = cells.each(lambda line: line.microtubules.curl)[label]
    over = cells.each(lambda c: c.microtubules.over_nucleus if c.nucleus.envelope else 1.0)
    style = FilamentStyle(over_nucleus=over[label], edge_um=1.6, along_edge_um=1.5)
    threads = grow(cells, start, heading, length, curl, rng, style)
    image = draw(_bundled(cells, threads, joined, rng), cells.shape, cells.pixel_size_um)
    diffuse = cells.each(lambda line: line.microtubules.diffuse)
    if diffuse.any():
        fluid = np.where(cells.enclosed, np.float32(0.35), np.float32(1)) * cells.height
        image += np.float32(3) * diffuse[cells.labels] * fluid
    amount = cells.each(lambda line: line.microtubules.amount)[cells.labels]
    return np.asarray(amount * image * np.float32(0.3), np.float32)


def _starts(
    cells: Cells, number: Numbers, poles: Field, rng: np.random.Generator
) -> tuple[Start, Numbers]:
    """Give where filaments start, and which of them start at a centrosome."""
    reach = np.maximum(cells.each(lambda line: line.microtubules.reach_um), 0.5)[cells.labels]
    density = np.exp(-np.maximum(cells.from_nucleus_um, 0) / reach) * (cells.edge_um > 0.5)
    over = np.square(cells.each(lambda line: line.microtubules.over_nucleus))[cells.labels]
    density *= np.where(cells.enclosed & (cells.from_nucleus_um < 0.5), over, np.float32(1))
    y, x, label = scatter(cells, density, number, rng)
    central = rng.random(label.size) < cells.each(lambda c: c.microtubules.centrosomal)[label]
    place = _centrosomes(cells, poles)[label, (rng.random(label.size) < 0.5).astype(int)]
    spread = 0.6 / cells.pixel_size_um
    for axis, at in enumerate((y, x)):
        around = place[:, axis] + spread * rng.standard_normal(label.size)
        at[central] = around[central]
    return (y, x, label), central


def _centrosomes(cells: Cells, poles: Field) -> Field:
    """Rows and columns of the two centrosomes of every cell `(n + 1, 2, 2)`; they may coincide."""
    across = np.column_stack([np.cos(cells.axis), -np.sin(cells.axis)])
    reach = np.where(poles == 2, _POLE_UM / cells.pixel_size_um, 0)[:, None] * across
    ends = np.stack([cells.centre + reach, cells.centre - reach], axis=1)
    beside = np.repeat(cells.centrosome[:, None], 2, axis=1)
    return np.where((poles > 0)[:, None, None], ends, beside).astype(np.float32)


def _from_pole(cells: Cells, start: Start, poles: Field, rng: np.random.Generator) -> Field:
    """Any direction, but from the pole of a spindle mostly towards its middle."""
    label = start[2]
    anywhere = rng.uniform(-np.pi, np.pi, label.size)
    inwards = outward(cells, start) + np.pi + 0.45 * rng.standard_normal(label.size)
    spindle = (poles[label] == 2) & (rng.random(label.size) < 0.75)
    return np.where(spindle, inwards, anywhere).astype(np.float32)


def _bundled(cells: Cells, threads: Threads, joined: Field, rng: np.random.Generator) -> Threads:
    """Make threads brighter and wider where each stands for a bundle."""
    if (joined[1:] == 1).all():
        return threads
    of_point = joined[cells.labels[cells.pixel(threads.y, threads.x)]]
    width = 0.45 * (1 - of_point) / np.float32(cells.pixel_size_um)
    y, x = (
        at + width * rng.standard_normal(at.size, dtype=np.float32) for at in (threads.y, threads.x)
    )
    return Threads(y, x, threads.weight / of_point)


def centrosome(scene: Scene, rng: np.random.Generator) -> Field:
    """Draw one or two dots next to the nucleus, or at the poles of a spindle."""
    cells = scene.cells
    poles = cells.each(lambda line: line.microtubules.poles)
    place = _centrosomes(cells, poles)[1:].reshape(-1, 2)
    apart = np.float32(0.5 / cells.pixel_size_um)
    place = place + apart * rng.standard_normal(place.shape, dtype=np.float32)
    light = np.exp(0.3 * rng.standard_normal(len(place))).astype(np.float32)
    y, x = place.T
    image = blur(
        draw(Threads(y, x, light), cells.shape, cells.pixel_size_um), 0.3 / cells.pixel_size_um
    )
    return np.asarray(1.2 * image * (cells.labels > 0), np.float32)


def actin(scene: Scene, rng: np.random.Generator) -> Field:
    """Draw stress fibres along the cell, a cortex along its edge, clumps and a veil."""
    cells = scene.cells
    labels = cells.labels
    image = _stress_fibres(cells, rng) * np.float32(0.5)
    width = np.maximum(cells.each(lambda line: line.actin.cortex_um), line_um(cells, 0.0))
    cortex = np.exp(-np.square(cells.edge_um / width[labels]))
    patchiness = cells.each(lambda line: line.actin.patchiness)[labels]
    cortex *= np.exp(patchiness * noise(cells.shape, 5 / cells.pixel_size_um, rng))
    image += cells.each(lambda line: line.actin.cortex)[labels] * cortex * np.float32(0.8)
    number = cells.each(lambda line: line.actin.aggregates) * cells.area_um2 / 1000
    if number.any():
        image += _aggregates(cells, number, rng)
    diffuse = cells.each(lambda line: line.actin.diffuse)
    if diffuse.any():
        rough = np.exp(patchiness * noise(cells.shape, 2.5 / cells.pixel_size_um, rng))
        image += diffuse[labels] * cells.height * rough
    return np.asarray(cells.each(lambda line: line.actin.amount)[labels] * image, np.float32)


def _stress_fibres(cells: Cells, rng: np.random.Generator) -> Field:
    number = cells.each(lambda line: line.actin.fibres) * cells.area_um2 / 1000
    density = (cells.edge_um > 0.8) * (0.35 + (cells.from_nucleus_um > 0))
    start = scatter(cells, density, number, rng)
    label = start[2]
    disorder = np.deg2rad(cells.each(lambda line: line.actin.disorder_deg))[label]
    heading = cells.axis[label] + np.pi * rng.integers(0, 2, label.size)
    heading = heading + disorder * rng.standard_normal(label.size)
    length = cells.each(lambda line: line.actin.length_um)[label]
    length = length * np.exp(0.4 * rng.standard_normal(label.size, dtype=np.float32))
    style = FilamentStyle(over_nucleus=1.0, edge_um=0.6, along_edge_um=6.0)
    threads = grow(cells, start, heading, length, 0.025, rng, style)
    return draw(threads, cells.shape, cells.pixel_size_um)


def _aggregates(cells: Cells, number: Numbers, rng: np.random.Generator) -> Field:
    """Draw clumps of filaments of unequal size."""
    start = scatter(cells, (cells.edge_um > 0.6).astype(np.float32), number, rng)
    size = cells.each(lambda line: line.actin.aggregate_um)[start[2]]
    size = size * np.exp(0.4 * rng.standard_normal(size.size, dtype=np.float32))
    y, x, _ = clumps(cells, start, np.full(size.size, _PIECES), size, rng)
    light = Threads(y, x, np.repeat(np.float32(5.0 / _PIECES) * size, _PIECES))
    image = blur(draw(light, cells.shape, cells.pixel_size_um), 0.3 / cells.pixel_size_um)
    return image * (cells.labels > 0)


def adhesions(scene: Scene, rng: np.random.Generator) -> Field:
    """Draw short streaks near the cell's edge that point outwards, on a faint veil."""
    cells = scene.cells
    number = cells.each(lambda line: line.actin.adhesions) * cells.area_um2 / 1000
    rim = np.exp(-cells.edge_um / np.float32(3)) * (cells.edge_um > 0.5) + np.float32(0.02)
    start = scatter(cells, rim, number, rng)
    size = start[2].size
    heading = outward(cells, start) + 0.3 * rng.standard_normal(size)
    length = 1.8 * np.exp(0.4 * rng.standard_normal(size))
    threads = grow(
        cells, start, heading, length, 0.05, rng, FilamentStyle(over_nucleus=1.0, edge_um=0.3)
    )
    image = blur(draw(threads, cells.shape, cells.pixel_size_um), 0.25 / cells.pixel_size_um)
    return np.asarray((image + 0.08 * cells.height) * (cells.labels > 0), np.float32)
