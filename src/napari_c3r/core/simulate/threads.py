"""Structures made of threads and dots: cytoskeleton, mitochondria, Golgi and vesicles."""

from __future__ import annotations

import numpy as np

from napari_c3r.core.simulate.cells import Cells
from napari_c3r.core.simulate.filaments import Habit, Start, Threads, draw, grow, scatter
from napari_c3r.core.simulate.scene import Scene, line_um
from napari_c3r.core.simulate.texture import Field, blur, noise


def microtubules(scene: Scene, rng: np.random.Generator) -> Field:
    """Draw long filaments from the centrosome and from anywhere, turning along the cell's edge."""
    cells = scene.cells
    number = cells.each(lambda line: line.microtubules.number) * cells.area_um2 / 1000
    density = (cells.from_nucleus_um > 0.5) & (cells.edge_um > 0.5)
    near = np.exp(-np.maximum(cells.from_nucleus_um, 0) / np.float32(12.0))
    y, x, label = scatter(cells, density * near, number, rng)
    central = rng.random(label.size) < cells.each(lambda c: c.microtubules.centrosomal)[label]
    spread = 0.6 / cells.pixel_size_um
    for axis, place in enumerate((y, x)):
        around = cells.centrosome[label, axis] + spread * rng.standard_normal(label.size)
        place[central] = around[central]
    start = (y, x, label)
    size = label.size
    heading = _outward(cells, start) + 0.75 * rng.standard_normal(size, dtype=np.float32)
    anywhere = rng.uniform(-np.pi, np.pi, size).astype(np.float32)
    heading = np.where(central, anywhere, heading)
    length = cells.each(lambda line: line.microtubules.length_um)[label]
    length = length * np.exp(0.4 * rng.standard_normal(size, dtype=np.float32))
    curl = cells.each(lambda line: line.microtubules.curl)[label]
    habit = Habit(over_nucleus=0.2, edge_um=1.6, along_edge_um=1.5)
    threads = grow(cells, start, heading, length, curl, rng, habit)
    amount = cells.each(lambda line: line.microtubules.amount)[cells.labels]
    image = draw(threads, cells.shape, cells.pixel_size_um)
    return np.asarray(amount * image * np.float32(0.3), np.float32)


def actin(scene: Scene, rng: np.random.Generator) -> Field:
    """Draw stress fibres along the cell and a cortex along its edge."""
    cells = scene.cells
    number = cells.each(lambda line: line.actin.fibres) * cells.area_um2 / 1000
    density = (cells.edge_um > 0.8) * (0.35 + (cells.from_nucleus_um > 0))
    start = scatter(cells, density, number, rng)
    label = start[2]
    disorder = np.deg2rad(cells.each(lambda line: line.actin.disorder_deg))[label]
    heading = cells.axis[label] + np.pi * rng.integers(0, 2, label.size)
    heading = heading + disorder * rng.standard_normal(label.size)
    length = cells.each(lambda line: line.actin.length_um)[label]
    length = length * np.exp(0.4 * rng.standard_normal(label.size, dtype=np.float32))
    habit = Habit(over_nucleus=1.0, edge_um=0.6, along_edge_um=6.0)
    threads = grow(cells, start, heading, length, 0.025, rng, habit)
    image = draw(threads, cells.shape, cells.pixel_size_um) * np.float32(0.5)
    cortex = np.exp(-np.square(cells.edge_um / line_um(cells, 0.5)))
    cortex *= np.exp(0.5 * noise(cells.shape, 5 / cells.pixel_size_um, rng))
    image += cells.each(lambda line: line.actin.cortex)[cells.labels] * cortex * np.float32(0.8)
    amount = cells.each(lambda line: line.actin.amount)[cells.labels]
    return np.asarray(amount * image, np.float32)


def mitochondria(scene: Scene, rng: np.random.Generator) -> Field:
    """Draw curved threads, most of them near the nucleus."""
    cells = scene.cells
    labels = cells.labels
    reach = np.maximum(cells.each(lambda line: line.mitochondria.reach_um), 0.1)[labels]
    polarity = cells.each(lambda line: line.mitochondria.polarity)[labels]
    density = np.exp(-np.maximum(cells.from_nucleus_um, 0) / reach)
    density *= 1 + polarity * cells.side
    density *= (cells.from_nucleus_um > 0.5) & (cells.edge_um > 0.7)
    number = cells.each(lambda line: line.mitochondria.number) * cells.area_um2 / 1000
    start = scatter(cells, density, number, rng)
    label = start[2]
    length = cells.each(lambda line: line.mitochondria.length_um)[label]
    length = length * np.exp(0.5 * rng.standard_normal(label.size, dtype=np.float32))
    heading = _outward(cells, start) + rng.standard_normal(label.size, dtype=np.float32)
    curl = cells.each(lambda line: line.mitochondria.curl)[label]
    threads = grow(cells, start, heading, length, curl, rng)
    image = blur(draw(threads, cells.shape, cells.pixel_size_um), 0.16 / cells.pixel_size_um)
    amount = cells.each(lambda line: line.mitochondria.amount)[labels]
    return np.asarray(amount * image * np.float32(0.55), np.float32)


def golgi(scene: Scene, rng: np.random.Generator) -> Field:
    """Draw curled ribbons in a heap beside the nucleus, and pieces elsewhere."""
    cells = scene.cells
    labels = cells.labels
    dispersion = cells.each(lambda line: line.golgi.dispersion)
    number = cells.each(lambda line: line.golgi.ribbons)
    heap = np.exp(-np.square((cells.from_nucleus_um - 1.6) / 1.3) + (cells.side - 1) * 9)
    anywhere = np.exp(-np.maximum(cells.from_nucleus_um, 0) / np.float32(9.0))
    free = (cells.from_nucleus_um > 0.4) & (cells.edge_um > 0.8)
    together = scatter(cells, heap * free, number * (1 - dispersion), rng)
    apart = scatter(cells, anywhere * free, number * dispersion, rng)
    whole = cells.each(lambda line: line.golgi.length_um)
    image = np.zeros(cells.shape, np.float32)
    for start, part in ((together, whole), (apart, 0.35 * whole)):
        label = start[2]
        length = part[label] * np.exp(0.5 * rng.standard_normal(label.size))
        heading = _outward(cells, start) + np.pi / 2 + 0.7 * rng.standard_normal(label.size)
        threads = grow(cells, start, heading, length, 0.8, rng)
        image += draw(threads, cells.shape, cells.pixel_size_um)
    image = blur(image, 0.2 / cells.pixel_size_um)
    amount = cells.each(lambda line: line.golgi.amount)[labels]
    return np.asarray(amount * image * np.float32(0.5), np.float32)


def vesicles(scene: Scene, rng: np.random.Generator) -> Field:
    """Draw round spots of unequal brightness in the cytoplasm."""
    cells = scene.cells
    reach = np.maximum(cells.each(lambda line: line.vesicles.reach_um), 0.1)[cells.labels]
    density = np.exp(-np.maximum(cells.from_nucleus_um, 0) / reach)
    density *= (cells.from_nucleus_um > 0.6) & (cells.edge_um > 0.8)
    number = cells.each(lambda line: line.vesicles.number) * cells.area_um2 / 1000
    y, x, _ = scatter(cells, density, number, rng)
    light = np.exp(0.6 * rng.standard_normal(y.size)).astype(np.float32)
    image = np.zeros(cells.shape, np.float32)
    for size, chosen in ((0.14, light < 1), (0.24, light >= 1)):
        points = Threads(y[chosen], x[chosen], light[chosen])
        spots = draw(points, cells.shape, cells.pixel_size_um)
        image += blur(spots, size / cells.pixel_size_um)
    amount = cells.each(lambda line: line.vesicles.amount)[cells.labels]
    return np.asarray(amount * image * np.float32(0.45), np.float32)


def _outward(cells: Cells, start: Start) -> Field:
    """Direction from the cell's centre to each start, in radians."""
    y, x, label = start
    angle = np.arctan2(y - cells.centre[label, 0], x - cells.centre[label, 1])
    return np.asarray(angle, np.float32)
