"""Random stains on random microscopes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from napari_c3r.core.simulate.parameters import Antibody, Assay, Channel, Optics
from napari_c3r.core.simulate.presets import CONCANAVALIN, MITOTRACKER, PHALLOIDIN_WGA, SYTO_14


@dataclass(frozen=True)
class Stain:
    """What an assay shows in one channel: usual mixture, or None for the population's antibody."""

    name: str
    mixture: Mapping[str, float] | None


DNA = Stain("DNA", {"chromatin": 1.0})
TUBULIN = Stain("tubulin", {"microtubules": 0.5, "cytosol": 0.06})
ACTIN = Stain("actin", {"actin": 0.6, "cytosol": 0.05, "whole cell": 0.05})
PROTEIN = Stain("protein", None)
REPORTER = Stain("GFP reporter", None)
ER = Stain("ER", CONCANAVALIN.mixture)
RNA = Stain("RNA", SYTO_14.mixture)
AGP = Stain("AGP", PHALLOIDIN_WGA.mixture)
MITO = Stain("Mito", MITOTRACKER.mixture)


def draw_optics(rng: np.random.Generator, pixel_size_um: float) -> Optics:
    """Draw a microscope and camera, from a confocal's to a poor widefield's.

    Parameters
    ----------
    rng
        Of all draws.
    pixel_size_um
        Side of a pixel; the blur is seldom much smaller.
    """
    confocal = rng.random() < 0.25
    psf = pixel_size_um * rng.uniform(0.4, 1.4)
    if rng.random() < 0.1:
        psf += rng.uniform(0.3, 1.6)  # out of focus
    bits = int(rng.choice([8, 12, 16], p=[0.3, 0.35, 0.35]))
    photons = float(np.exp(rng.uniform(np.log(200), np.log(10000))))
    background = 10 + photons * float(np.exp(rng.uniform(np.log(0.005), np.log(0.25))))
    offset = float(rng.uniform(0.0, 0.03)) * 2**bits
    brightest = float(np.exp(rng.uniform(np.log(1.0), np.log(6.0))))  # fills the camera
    return Optics(
        psf_um=psf,
        haze=rng.uniform(0, 0.1) if confocal else rng.uniform(0.15, 0.65),
        haze_um=rng.uniform(1.5, 6.0),
        photons=photons,
        background=background,
        shading=rng.uniform(0, 0.4),
        read_noise=rng.uniform(1, 6),
        gain=(2**bits - offset) / (background + brightest * photons),
        offset=offset,
        bits=bits,
    )


def draw_pixel_size(rng: np.random.Generator) -> float:
    """Draw the side of a pixel: mostly that of a 20× lens, 0.25 to 1.1 µm in all."""
    if rng.random() < 0.65:
        return float(rng.uniform(0.5, 0.7))
    return float(np.exp(rng.uniform(np.log(0.35), np.log(1.1))))


def draw_assay(
    rng: np.random.Generator,
    stains: tuple[Stain, ...],
    *,
    name: str = "random",
    pixel_size_um: float | None = None,
) -> Assay:
    """Draw a protocol for given stains: strengths, cross-talk, optics, density.

    Parameters
    ----------
    rng
        Of all draws.
    stains
        What the channels show.
    name
        Of the assay.
    pixel_size_um
        None draws it.
    """
    size = draw_pixel_size(rng) if pixel_size_um is None else pixel_size_um
    common = draw_optics(rng, size)
    channels = []
    for index, stain in enumerate(stains):
        optics = _of_channel(common, draw_optics(rng, size), rng)
        if stain.mixture is None:
            # How much of a protein a cell makes varies more than how well a dye stains it.
            channels.append(Channel(stain.name, None, optics, rng.uniform(0.15, 0.8)))
            continue
        before = stains[index - 1].mixture if index else None
        antibody = Antibody(stain.name, _unclean(stain.mixture, before, rng))
        channels.append(Channel(stain.name, antibody, optics))
    return Assay(
        name=name,
        channels=tuple(channels),
        populations=(),
        pixel_size_um=size,
        cells_per_mm2=float(np.exp(rng.uniform(np.log(300), np.log(2200)))),
        debris_per_mm2=float(np.exp(rng.uniform(np.log(5), np.log(250)))),
        staining_cv=rng.uniform(0.1, 0.4),
        clustering=rng.uniform(0, 3),
    )


def _of_channel(common: Optics, own: Optics, rng: np.random.Generator) -> Optics:
    """Give the microscope of an assay with the light and the gain of a channel."""
    return replace(
        own,
        psf_um=common.psf_um * rng.uniform(0.85, 1.2),
        haze=common.haze * rng.uniform(0.7, 1.2),
        haze_um=common.haze_um,
        shading=common.shading,
    )


def _unclean(
    mixture: Mapping[str, float], before: Mapping[str, float] | None, rng: np.random.Generator
) -> dict[str, float]:
    """Vary a stain's strengths and add a veil, and what shines through from another channel."""
    light = {
        key: value * float(np.exp(0.3 * rng.standard_normal())) for key, value in mixture.items()
    }
    light["cytosol"] = light.get("cytosol", 0.0) + 0.12 * rng.random() ** 3
    if before is not None and rng.random() < 0.4:
        through = 0.2 * rng.random() ** 2
        for key, value in before.items():
            light[key] = light.get(key, 0.0) + through * value
    return light
