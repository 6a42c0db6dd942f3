"""Structures that fill or line the cell: cytosol, ER and plasma membrane."""

from __future__ import annotations

import numpy as np

from napari_c3r.core.simulate.cells import Cells
from napari_c3r.core.simulate.filaments import Threads, draw, scatter
from napari_c3r.core.simulate.scene import Scene, line_um
from napari_c3r.core.simulate.texture import Field, blur, network, noise


def whole_cell(scene: Scene, rng: np.random.Generator) -> Field:
    """Draw the cell's thickness: what a widefield microscope sees of a stain that is everywhere."""
    cells = scene.cells
    return cells.height * (1 + 0.06 * noise(cells.shape, 1.5 / cells.pixel_size_um, rng))


def cytosol(scene: Scene, rng: np.random.Generator) -> Field:
    """Draw evenly filled cytoplasm, as bright as the cell is thick, weaker in the nucleus."""
    cells = scene.cells
    grain = 1 + 0.12 * noise(cells.shape, 0.6 / cells.pixel_size_um, rng)
    grain += 0.1 * noise(cells.shape, 3.0 / cells.pixel_size_um, rng)
    nuclear = cells.each(lambda line: line.cytosol.nuclear)[cells.labels]
    share = np.where(cells.enclosed, nuclear, np.float32(1))
    return np.maximum(grain, 0) * cells.height * share * _holes(cells, rng)


def reticulum(scene: Scene, rng: np.random.Generator) -> Field:
    """Draw the ER: dense round the nucleus and on one side, thinning to a net further out."""
    cells = scene.cells
    labels = cells.labels
    outside = np.maximum(cells.from_nucleus_um, 0)
    reach = np.maximum(cells.each(lambda line: line.reticulum.reach_um), 0.1)[labels]
    polarity = cells.each(lambda line: line.reticulum.polarity)[labels]
    patchy = np.exp(0.3 * noise(cells.shape, 5 / cells.pixel_size_um, rng))
    density = np.exp(-outside / reach) * (1 + polarity * cells.side) * patchy
    density += np.float32(0.13) * (1 - np.exp(-cells.edge_um / 1.5))
    threads = _nets(cells, rng)
    grain = np.exp(0.3 * noise(cells.shape, 0.45 / cells.pixel_size_um, rng))
    sheet = np.exp(-outside / (0.5 * reach))
    body = density * grain * (0.15 + 0.85 * np.maximum(threads, 0.5 * sheet))
    body *= _holes(cells, rng)
    envelope = cells.each(lambda c: c.reticulum.envelope * c.nucleus.envelope)[labels]
    ring = envelope * np.exp(-np.square(cells.from_nucleus_um / line_um(cells, 0.4)))
    body = np.where(cells.enclosed, np.float32(0.14) * grain, body)
    amount = cells.each(lambda line: line.reticulum.amount)[labels]
    return np.asarray((body + ring * patchy * grain) * amount, np.float32)


def plasma_membrane(scene: Scene, rng: np.random.Generator) -> Field:
    """Draw a line along the edge, ruffles on it, and a faint surface."""
    cells = scene.cells
    line = np.exp(-np.square(cells.edge_um / line_um(cells, 0.4)))
    line *= np.exp(0.35 * noise(cells.shape, 4 / cells.pixel_size_um, rng))
    ruffles = np.maximum(noise(cells.shape, 1.2 / cells.pixel_size_um, rng) - 0.6, 0)
    ruffles *= np.exp(-cells.edge_um / np.float32(2.2))
    surface = 0.14 * np.exp(0.25 * noise(cells.shape, 0.8 / cells.pixel_size_um, rng))
    return np.asarray((line + ruffles + surface) * (cells.labels > 0), np.float32)


def _nets(cells: Cells, rng: np.random.Generator) -> Field:
    """Draw a net, in every cell of the mesh size of its line."""
    mesh = np.maximum(cells.each(lambda line: line.reticulum.mesh_um) / cells.pixel_size_um, 2.0)
    return network(cells.shape, mesh[cells.labels], rng)


def _holes(cells: Cells, rng: np.random.Generator) -> Field:
    """Draw vacuoles and other bodies that leave the cytoplasm dark: 1, but 0.3 in a hole."""
    number = cells.area_um2 * cells.each(lambda line: line.cytosol.holes)
    density = ((cells.from_nucleus_um > 1) & (cells.edge_um > 1)).astype(np.float32)
    y, x, _ = scatter(cells, density, number, rng)
    size = np.exp(0.35 * rng.standard_normal(y.size)).astype(np.float32)
    points = draw(Threads(y, x, size), cells.shape, cells.pixel_size_um)
    return 1 - 0.7 * np.minimum(blur(points, 0.5 / cells.pixel_size_um) * 1.4, 1)
