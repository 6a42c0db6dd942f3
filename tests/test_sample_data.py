"""Sample data as napari opens it."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from napari.components import ViewerModel
from napari.layers import Image, Labels

from napari_c3r import sample_data

SAMPLES = {
    sample_data.cell_painting: ("cell-painting-sample", 0.6, "DNA ER RNA AGP Mito"),
    sample_data.hpa: ("hpa-sample", 0.2, "microtubules protein nucleus ER"),
}


@pytest.fixture(scope="module", params=SAMPLES, ids=lambda sample: sample.__name__)
def opened(request: pytest.FixtureRequest) -> tuple[ViewerModel, str, float, list[str]]:
    sample: Callable[[], list[sample_data.LayerData]] = request.param
    viewer = ViewerModel()
    for data, options, kind in sample():
        getattr(viewer, f"add_{kind}")(data, **options)
    name, pixel_size, channels = SAMPLES[sample]
    return viewer, name, pixel_size, channels.split()


def test_one_layer_for_each_channel_and_the_truth(opened) -> None:
    viewer, _, _, channels = opened
    assert [layer.name for layer in viewer.layers] == [*channels, "cells (truth)"]
    assert all(isinstance(viewer.layers[channel], Image) for channel in channels)
    assert isinstance(viewer.layers["cells (truth)"], Labels)
    assert not viewer.layers["cells (truth)"].visible


def test_scale_and_units(opened) -> None:
    viewer, _, pixel_size, _ = opened
    for layer in viewer.layers:
        assert layer.scale == pytest.approx([pixel_size, pixel_size])
        assert [str(unit) for unit in layer.units] == ["micrometer", "micrometer"]


def test_channels_have_colours_of_their_own_and_contrast(opened) -> None:
    viewer, _, _, channels = opened
    layers = [viewer.layers[channel] for channel in channels]
    colours = {tuple(layer.colormap.colors[-1]) for layer in layers}
    assert len(colours) == len(channels)
    for layer in layers:
        assert layer.blending == "additive"
        low, high = layer.contrast_limits
        assert 0 < np.mean(layer.data < low) < 0.2
        assert 0 < np.mean(layer.data > high) < 0.01


def test_metadata_names_image_and_channel(opened) -> None:
    viewer, name, pixel_size, channels = opened
    for channel in channels:
        known = viewer.layers[channel].metadata["napari_c3r"]
        assert known["channel"] == channel
        assert known["image"] == name
        assert known["pixel_size_um"] == pixel_size
    truth = viewer.layers["cells (truth)"]
    assert truth.metadata["napari_c3r"] == {"image": name}


def test_truth_tells_the_phenotype_of_each_cell(opened) -> None:
    truth = opened[0].layers["cells (truth)"]
    labels = np.unique(truth.data)[1:]
    assert truth.features["index"].tolist() == labels.tolist()
    assert truth.features["phenotype"].nunique() >= 4
    assert len(labels) >= 40
