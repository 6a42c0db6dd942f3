"""Organelles made of threads and dots: mitochondria, Golgi, vesicles and lipid droplets."""

from __future__ import annotations

import numpy as np

from napari_c3r.core.simulate.filaments import Threads, clumps, draw, grow, outward, scatter
from napari_c3r.core.simulate.scene import Scene
from napari_c3r.core.simulate.texture import Field, blur

_SIZES_UM = (0.14, 0.2, 0.3, 0.45, 0.7)  # bounds of the classes in which spots are blurred


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
    heading = outward(cells, start) + rng.standard_normal(label.size, dtype=np.float32)
    curl = cells.each(lambda line: line.mitochondria.curl)[label]
    threads = grow(cells, start, heading, length, curl, rng)
    image = blur(draw(threads, cells.shape, cells.pixel_size_um), 0.16 / cells.pixel_size_um)
    amount = cells.each(lambda line: line.mitochondria.amount)[labels]
    return np.asarray(amount * image * np.float32(0.55), np.float32)


def golgi(scene: Scene, rng: np.random.Generator) -> Field:
    """Draw curled ribbons in a heap next to the nucleus, and pieces elsewhere."""
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
        heading = outward(cells, start) + np.pi / 2 + 0.7 * rng.standard_normal(label.size)
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
    y, x, label = scatter(cells, density, number, rng)
    light = np.exp(0.6 * rng.standard_normal(y.size)).astype(np.float32)
    size = cells.each(lambda line: line.vesicles.size_um)[label] * np.where(light < 1, 0.85, 1.4)
    image = np.zeros(cells.shape, np.float32)
    classes = np.digitize(size, _SIZES_UM)
    for index in np.unique(classes):
        chosen = classes == index
        points = Threads(y[chosen], x[chosen], light[chosen])
        spots = draw(points, cells.shape, cells.pixel_size_um)
        image += blur(spots, float(size[chosen].mean()) / cells.pixel_size_um)
    amount = cells.each(lambda line: line.vesicles.amount)[cells.labels]
    return np.asarray(amount * image * np.float32(0.45), np.float32)


def lipid_droplets(scene: Scene, rng: np.random.Generator) -> Field:
    """Draw clusters of larger round bodies in the cytoplasm."""
    cells = scene.cells
    density = np.exp(-np.maximum(cells.from_nucleus_um, 0) / np.float32(7))
    density *= (cells.from_nucleus_um > 0.8) & (cells.edge_um > 1)
    number = cells.each(lambda line: line.vesicles.droplets) * cells.area_um2 / 1000
    start = scatter(cells, density, number / 2.5, rng)
    droplet = cells.each(lambda line: line.vesicles.droplet_um)
    pieces = rng.poisson(1.5, start[2].size) + 1
    y, x, label = clumps(cells, start, pieces, 1.6 * droplet[start[2]], rng)
    size = droplet[label]
    light = np.exp(0.4 * rng.standard_normal(y.size)) * (2 * np.pi * size**2)
    image = np.zeros(cells.shape, np.float32)
    classes = np.digitize(size, _SIZES_UM)
    for index in np.unique(classes):
        chosen = classes == index
        points = Threads(y[chosen], x[chosen], light[chosen].astype(np.float32))
        spots = draw(points, cells.shape, cells.pixel_size_um)
        width = max(float(size[chosen].mean()) / cells.pixel_size_um, 0.5)
        image += blur(spots, width)
    inside = (cells.from_nucleus_um > 0) | ~cells.enclosed
    return np.asarray(np.minimum(image, 2) * inside * (cells.labels > 0), np.float32)
