"""Sample data for napari's File menu: simulated fields with their ground truth."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from napari_c3r.core.simulate import SimulatedField, simulate_field
from napari_c3r.core.simulate.presets import PROTEINS
from napari_c3r.core.stains import channel_colours

LayerData = tuple[Any, dict[str, Any], str]

# Dark enough that five overlapping stains keep their colours apart.
_CONTRAST_PERCENTILES = (50.0, 99.9)
_HPA_PATTERNS = ("nucleoplasm", "nucleoli", "mitochondria", "Golgi", "plasma membrane")


def cell_painting() -> list[LayerData]:
    """Five-channel Cell Painting field of about a hundred cells of four phenotypes.

    Returns napari layer data: one image layer for each channel, and the true cells as a hidden
    labels layer whose features tell the phenotype.
    """
    return _layers(
        simulate_field("cell-painting", shape=(768, 768), seed=3), "cell-painting-sample"
    )


def hpa() -> list[LayerData]:
    """Four-channel field in the manner of the Human Protein Atlas, with five protein patterns.

    Returns napari layer data as `cell_painting` does.
    """
    populations = [protein for protein in PROTEINS if protein.name in _HPA_PATTERNS]
    simulated = simulate_field("hpa", shape=(1280, 1280), seed=3, phenotypes=populations)
    return _layers(simulated, "hpa-sample")


def _layers(simulated: SimulatedField, name: str) -> list[LayerData]:
    image = replace(simulated.image, name=name)
    colours = channel_colours(image.channel_names)
    pixel_size = image.pixel_size_um
    shared = {"scale": (pixel_size, pixel_size), "units": ("micrometer", "micrometer")}
    known = {"image": name, "pixel_size_um": pixel_size}
    layers: list[LayerData] = []
    for channel in image.channel_names:
        plane = np.asarray(image.channel(channel))
        low, high = np.percentile(plane, _CONTRAST_PERCENTILES)
        options = {
            "name": channel,
            "colormap": colours[channel],
            "contrast_limits": (float(low), float(high)),
            "blending": "additive",
            "metadata": {"napari_c3r": {"channel": channel, **known}},
            **shared,
        }
        layers.append((plane, options, "image"))
    truth = {
        "name": "cells (truth)",
        "visible": False,
        "features": simulated.truth.rename(columns={"label": "index"}),
        "metadata": {"napari_c3r": known},
        **shared,
    }
    layers.append((simulated.cells, truth, "labels"))
    return layers
