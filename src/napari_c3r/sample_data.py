"""Sample data for napari's File menu: simulated fields with their ground truth."""

from __future__ import annotations

from typing import Any

import numpy as np

from napari_c3r.core.simulate import sample_field
from napari_c3r.core.table.result import KEY
from napari_c3r.readers import image_layers

LayerData = tuple[Any, dict[str, Any], str]


def cell_painting() -> list[LayerData]:
    """Five-channel Cell Painting field of about a hundred cells of four phenotypes.

    Returns napari layer data: one image layer for each channel, and the true cells as a hidden
    labels layer whose features say the phenotype.
    """
    return _layers("cell-painting")


def hpa() -> list[LayerData]:
    """Four-channel field in the manner of the Human Protein Atlas, with five protein patterns.

    Returns napari layer data as `cell_painting` does.
    """
    return _layers("hpa")


def _layers(kind: str) -> list[LayerData]:
    simulated = sample_field(kind)
    layers: list[LayerData] = []
    for plane, options, layer_type in image_layers(simulated.image):
        layers.append((np.asarray(plane), options, layer_type))
    shared = layers[0][1]
    truth = {
        "name": "cells (truth)",
        "visible": False,
        "features": simulated.truth.rename(columns={"label": "index"}),
        "scale": shared["scale"],
        "units": shared["units"],
        "metadata": {KEY: {"image": simulated.image.name}},
    }
    layers.append((simulated.cells, truth, "labels"))
    return layers
