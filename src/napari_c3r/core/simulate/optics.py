"""From expected light to the counts of a camera."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from napari_c3r.core.simulate.cells import Cells
from napari_c3r.core.simulate.parameters import Optics
from napari_c3r.core.simulate.texture import Field, blur

_DEFOCUS_UM = (0.3, 1.0, 2.0, 4.0)  # bounds of the classes in which cells are blurred


def through_lens(light: Field, optics: Optics, pixel_size_um: float) -> Field:
    """Blur by the point spread function, part of it far out of focus; keeps the total light."""
    sharp = blur(light, optics.psf_um / pixel_size_um)
    if optics.haze == 0:
        return sharp
    wide = blur(light, optics.haze_um / pixel_size_um)
    return sharp + np.float32(optics.haze) * (wide - sharp)


def lift(light: Field, cells: Cells) -> Field:
    """Blur the light of the cells that rise out of focus, each about as much as its line says."""
    defocus = cells.each(lambda line: line.body.defocus_um)
    level = np.digitize(defocus, _DEFOCUS_UM)
    for index in np.unique(level[level > 0]):
        chosen = level == index
        raised = np.where(chosen[cells.labels], light, np.float32(0))
        light = light - raised
        light += blur(raised, float(defocus[chosen].mean()) / cells.pixel_size_um)
    return light


def illumination(shape: tuple[int, int], shading: float, rng: np.random.Generator) -> Field:
    """Uneven excitation: 1 at a point near the middle, `1 - shading` at the corners."""
    middle = rng.uniform(-0.25, 0.25, 2)
    y = np.linspace(-1, 1, shape[0], dtype=np.float32)[:, None] - np.float32(middle[0])
    x = np.linspace(-1, 1, shape[1], dtype=np.float32)[None, :] - np.float32(middle[1])
    return 1 - np.float32(shading / 2) * (y * y + x * x)


def detect(light: Field, optics: Optics, rng: np.random.Generator) -> NDArray[np.uint16]:
    """Turn light into counts: shot noise, read noise, gain, offset, rounding and saturation.

    Shot noise is drawn from the normal distribution of the Poisson distribution's mean and
    variance, which is close to it for the background levels that `Optics` allows.
    """
    electrons = light * np.float32(optics.photons) + np.float32(optics.background)
    spread = np.sqrt(electrons + np.float32(optics.read_noise**2))
    electrons += spread * rng.standard_normal(light.shape, dtype=np.float32)
    counts = np.rint(electrons * np.float32(optics.gain) + np.float32(optics.offset))
    return np.clip(counts, 0, 2**optics.bits - 1).astype(np.uint16)
