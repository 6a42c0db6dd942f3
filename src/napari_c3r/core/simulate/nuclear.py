"""Structures of the nucleus: chromatin, nucleoplasm, nucleoli and the nuclear membrane."""

from __future__ import annotations

import numpy as np

from napari_c3r.core.simulate.filaments import scatter
from napari_c3r.core.simulate.scene import Scene, line_um
from napari_c3r.core.simulate.texture import Field, noise


def chromatin(scene: Scene, rng: np.random.Generator) -> Field:
    """Draw DNA: grainy, poor in the nucleoli, brighter in cells that have copied their genome."""
    cells = scene.cells
    labels = cells.labels
    grain = max(float(np.mean([p.cell_line.chromatin.grain_um for p in cells.populations])), 0.05)
    grain_px = grain / cells.pixel_size_um
    texture = 0.9 * noise(cells.shape, 1.4 * grain_px, rng)
    texture += 0.5 * noise(cells.shape, 5 * grain_px, rng)
    contrast = cells.each(lambda line: line.chromatin.contrast)[labels]
    copied = rng.random(cells.count + 1) < 0.3
    content = np.where(copied, 1.65, 1.0) * np.exp(0.1 * rng.standard_normal(copied.size))
    content = (content * cells.each(lambda line: line.chromatin.amount)).astype(np.float32)
    dome = 0.72 + 0.28 * (1 - np.exp(np.minimum(cells.from_nucleus_um, 0) / np.float32(1.8)))
    holes = 1 - 0.4 * np.minimum(scene.draw("nucleoli"), 1)
    image = content[labels] * np.exp(contrast * texture) * dome * holes
    return np.where(cells.nuclei > 0, image, np.float32(0)) * np.float32(0.7)


def nucleoplasm(scene: Scene, rng: np.random.Generator) -> Field:
    """Draw protein in the nucleus but not in the nucleoli, finely speckled."""
    cells = scene.cells
    texture = 1 + 0.18 * noise(cells.shape, 0.5 / cells.pixel_size_um, rng)
    texture += 0.1 * noise(cells.shape, 2.5 / cells.pixel_size_um, rng)
    holes = 1 - 0.75 * np.minimum(scene.draw("nucleoli"), 1)
    return np.where(cells.nuclei > 0, texture * holes, np.float32(0)) * np.float32(0.85)


def nuclear_membrane(scene: Scene, rng: np.random.Generator) -> Field:
    """Draw a ring at the nuclear envelope, with a faint veil over the nucleus."""
    cells = scene.cells
    ring = np.exp(-np.square(cells.from_nucleus_um / line_um(cells, 0.28)))
    uneven = 1 + 0.2 * noise(cells.shape, 2.0 / cells.pixel_size_um, rng)
    veil = np.where(cells.nuclei > 0, np.float32(0.16), np.float32(0))
    return (ring * uneven + veil * uneven) * (cells.labels > 0)


def nucleoli(scene: Scene, rng: np.random.Generator) -> Field:
    """Draw round to lobed bodies well inside the nucleus."""
    cells = scene.cells
    image = np.zeros(cells.shape, np.float32)
    fewest = cells.each(lambda line: line.nucleoli.number[0])
    most = cells.each(lambda line: line.nucleoli.number[1])
    radius = cells.each(lambda line: line.nucleoli.radius_um)
    deep = (cells.from_nucleus_um < -1.4 * radius[cells.labels]).astype(np.float32)
    number = fewest + (most - fewest) * rng.random(fewest.size, dtype=np.float32)
    y, x, label = scatter(cells, deep, number, rng)
    sizes = radius[label] * np.exp(0.28 * rng.standard_normal(label.size)) / cells.pixel_size_um
    for py, px, size in zip(y, x, sizes, strict=True):
        _add_bump(image, py, px, size, rng)
    inside = cells.from_nucleus_um < -0.4
    amount = cells.each(lambda line: line.nucleoli.amount)[cells.labels]
    return np.asarray(inside * amount / (1 + np.exp(-9 * (image - 0.55))), np.float32)


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
