"""Bright specks and remains between the cells, in and out of focus."""

from __future__ import annotations

import numpy as np

from napari_c3r.core.simulate.filaments import Threads, draw
from napari_c3r.core.simulate.texture import Field, blur


def draw_debris(
    shape: tuple[int, int], pixel_size_um: float, per_mm2: float, rng: np.random.Generator
) -> Field:
    """Clumps of specks at random places: most small and sharp, a few wide and out of focus."""
    area_mm2 = shape[0] * shape[1] * pixel_size_um**2 / 1e6
    image = np.zeros(shape, np.float32)
    for share, light, size_um in ((0.7, 2.0, 0.35), (0.25, 14.0, 0.8), (0.05, 70.0, 3.0)):
        clumps = rng.poisson(share * per_mm2 * area_mm2)
        specks = rng.integers(1, 5, clumps)
        place = np.repeat(rng.uniform(0, 1, (clumps, 2)) * shape, specks, axis=0)
        place += rng.normal(0, 1.5 * size_um / pixel_size_um, place.shape)
        brightness = light * np.exp(0.6 * rng.standard_normal(len(place)))
        y, x, weight = (v.astype(np.float32) for v in (*place.T, brightness))
        image += blur(draw(Threads(y, x, weight), shape, pixel_size_um), size_um / pixel_size_um)
    return image
