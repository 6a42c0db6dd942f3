"""Structures of the nucleus: chromatin, nucleoplasm, bodies and the nuclear membrane."""

from __future__ import annotations

import numpy as np

from napari_c3r.core.simulate.cells import Cells
from napari_c3r.core.simulate.filaments import Threads, clumps, draw, scatter
from napari_c3r.core.simulate.scene import Scene, line_um
from napari_c3r.core.simulate.texture import Field, blur, noise

_GRAINS_UM = (0.7, 1.4, 2.8)  # sizes between which a cell's chromatin is mixed


def chromatin(scene: Scene, rng: np.random.Generator) -> Field:
    """Draw DNA: grainy, poor in the nucleoli, brighter in cells that have copied their genome."""
    cells = scene.cells
    labels = cells.labels
    texture = 0.9 * _grain(cells, rng)
    texture += 0.5 * noise(cells.shape, 3.5 / cells.pixel_size_um, rng)
    contrast = cells.each(lambda line: line.chromatin.contrast)[labels]
    copied = rng.random(cells.count + 1) < 0.3
    content = np.where(copied, 1.65, 1.0) * np.exp(0.1 * rng.standard_normal(copied.size))
    content = (content * cells.each(lambda line: line.chromatin.amount)).astype(np.float32)
    inside = np.minimum(cells.from_nucleus_um, 0)
    dome = 0.72 + 0.28 * (1 - np.exp(inside / np.float32(1.8)))
    hollow = cells.each(lambda line: line.chromatin.hollow)
    if hollow.any():
        dome *= 1 - hollow[labels] * (1 - np.exp(np.minimum(inside + 1, 0) / np.float32(1.5)))
    holes = 1 - 0.4 * np.minimum(scene.draw("nucleoli"), 1)
    image = content[labels] * np.exp(contrast * texture) * dome * holes
    return np.where(cells.nuclei > 0, image, np.float32(0)) * np.float32(0.7)


def _grain(cells: Cells, rng: np.random.Generator) -> Field:
    """Draw noise whose bumps have each cell's own size, standard deviation 1."""
    grain = np.maximum(cells.each(lambda line: line.chromatin.grain_um), 0.05)
    step = np.log2(1.4 * grain / _GRAINS_UM[0])
    weights = np.array([np.maximum(1 - np.abs(step - i), 0) for i in range(len(_GRAINS_UM))])
    weights[0, step < 0] = weights[-1, step > len(_GRAINS_UM) - 1] = 1
    weights /= np.sqrt(np.square(weights).sum(axis=0))
    texture = np.zeros(cells.shape, np.float32)
    for size, weight in zip(_GRAINS_UM, weights.astype(np.float32), strict=True):
        if weight[1:].any():
            texture += weight[cells.labels] * noise(cells.shape, size / cells.pixel_size_um, rng)
    return texture


def nucleoplasm(scene: Scene, rng: np.random.Generator) -> Field:
    """Draw protein in the nucleus but not in the nucleoli, finely speckled; in mitosis all over."""
    cells = scene.cells
    texture = 1 + 0.18 * noise(cells.shape, 0.5 / cells.pixel_size_um, rng)
    texture += 0.1 * noise(cells.shape, 2.5 / cells.pixel_size_um, rng)
    holes = 1 - 0.75 * np.minimum(scene.draw("nucleoli"), 1)
    open_nucleus = cells.each(lambda line: not line.nucleus.envelope)
    image = np.where(cells.enclosed, texture * holes, np.float32(0))
    if open_nucleus.any():
        image += np.float32(0.4) * open_nucleus[cells.labels] * cells.height * texture
    return image * np.float32(0.85)


def nuclear_membrane(scene: Scene, rng: np.random.Generator) -> Field:
    """Draw a ring at the nuclear envelope, with a faint veil over the nucleus."""
    cells = scene.cells
    whole = cells.each(lambda line: line.nucleus.envelope)[cells.labels]
    ring = np.exp(-np.square(cells.from_nucleus_um / line_um(cells, 0.28))) * whole
    uneven = 1 + 0.2 * noise(cells.shape, 2.0 / cells.pixel_size_um, rng)
    veil = np.where(cells.enclosed, np.float32(0.16), np.float32(0))
    veil += np.float32(0.12) * (1 - whole) * cells.height
    return (ring * uneven + veil * uneven) * (cells.labels > 0)


def nucleoli(scene: Scene, rng: np.random.Generator) -> Field:
    """Draw round to lobed bodies well inside the nucleus."""
    cells = scene.cells
    image = np.zeros(cells.shape, np.float32)
    fewest = cells.each(lambda line: line.nucleoli.number[0])
    most = cells.each(lambda line: line.nucleoli.number[1])
    radius = cells.each(lambda line: line.nucleoli.radius_um)
    deep = (cells.from_nucleus_um < -1.4 * radius[cells.labels]) & cells.enclosed
    number = fewest + (most - fewest) * rng.random(fewest.size, dtype=np.float32)
    y, x, label = scatter(cells, deep.astype(np.float32), number, rng)
    sizes = radius[label] * np.exp(0.28 * rng.standard_normal(label.size)) / cells.pixel_size_um
    for py, px, size in zip(y, x, sizes, strict=True):
        _add_bump(image, py, px, size, rng)
    inside = cells.from_nucleus_um < -0.4
    amount = cells.each(lambda line: line.nucleoli.amount)[cells.labels]
    return np.asarray(inside * amount / (1 + np.exp(-9 * (image - 0.55))), np.float32)


def speckles(scene: Scene, rng: np.random.Generator) -> Field:
    """Draw many small irregular patches in the nucleus, next to the nucleoli."""
    cells = scene.cells
    number = cells.each(lambda line: line.speckles.number)
    radius = cells.each(lambda line: line.speckles.radius_um)
    free = cells.enclosed * (1 - np.minimum(scene.draw("nucleoli"), 1))
    start = scatter(cells, free * (cells.from_nucleus_um < -0.7), number, rng)
    pieces = rng.integers(1, 4, start[2].size)
    y, x, label = clumps(cells, start, pieces, radius[start[2]], rng)
    image = _spots(cells, y, x, radius[label], rng)
    veil = np.float32(0.12) * cells.enclosed
    amount = cells.each(lambda line: line.speckles.amount)[cells.labels]
    return np.asarray(amount * (image + veil), np.float32)


def nuclear_bodies(scene: Scene, rng: np.random.Generator) -> Field:
    """Draw a few bright round dots in the nucleus."""
    cells = scene.cells
    number = cells.each(lambda line: line.speckles.bodies)
    radius = cells.each(lambda line: line.speckles.body_um)
    deep = (cells.from_nucleus_um < -0.6) & cells.enclosed
    y, x, label = scatter(cells, deep.astype(np.float32), number, rng)
    image = _spots(cells, y, x, radius[label], rng)
    amount = cells.each(lambda line: line.speckles.amount)[cells.labels]
    return np.asarray(amount * 1.4 * image, np.float32)


def _spots(cells: Cells, y: Field, x: Field, radius_um: Field, rng: np.random.Generator) -> Field:
    """Add up round spots of about 1 at their middle, in two sizes about their radii."""
    image = np.zeros(cells.shape, np.float32)
    if radius_um.size == 0:
        return image
    middle = np.median(radius_um)
    light = np.exp(0.35 * rng.standard_normal(y.size)).astype(np.float32)
    for chosen in (radius_um <= middle, radius_um > middle):
        if chosen.any():
            size = max(float(np.mean(radius_um[chosen])), 0.35 * cells.pixel_size_um)
            weight = light[chosen] * np.float32(2 * np.pi * size**2)
            points = draw(Threads(y[chosen], x[chosen], weight), cells.shape, cells.pixel_size_um)
            image += blur(points, size / cells.pixel_size_um)
    return image


def _add_bump(image: Field, y: float, x: float, size: float, rng: np.random.Generator) -> None:
    """Add a soft ellipse that is 0.6 high at `size` pixels from its middle."""
    reach = int(2.6 * size) + 2
    top, left = max(int(y) - reach, 0), max(int(x) - reach, 0)
    part = image[top : int(y) + reach + 1, left : int(x) + reach + 1]
    rows = (np.arange(part.shape[0], dtype=np.float32) + np.float32(top - y))[:, None]
    columns = (np.arange(part.shape[1], dtype=np.float32) + np.float32(left - x))[None, :]
    angle, stretch = rng.uniform(0, np.pi), np.exp(0.18 * rng.standard_normal())
    sine, cosine = np.float32(np.sin(angle)), np.float32(np.cos(angle))
    u = (rows * cosine - columns * sine) * np.float32(stretch / size)
    v = (rows * sine + columns * cosine) * np.float32(1 / (stretch * size))
    part += np.exp(-0.5 * (u * u + v * v))
