"""Channels in the viewer: their first look, their balance, and one of them alone."""

from __future__ import annotations

import numpy as np
import pytest
from napari.components import ViewerModel
from qtpy.QtCore import Qt
from qtpy.QtTest import QTest

from napari_c3r.core.figures.composites import viewer_gain
from napari_c3r.core.figures.looks import channel_looks
from napari_c3r.core.images import Image
from napari_c3r.readers import image_layers
from napari_c3r.widgets.viewer import gathering
from napari_c3r.widgets.viewer.appearance import channel_appearances
from napari_c3r.widgets.viewer.channel_view import ALONE, channel_view_of

NAMES = ("DNA", "ER", "RNA", "AGP", "Mito")


def painted(viewer, name="field"):
    pixels = np.random.default_rng(0).integers(0, 4000, (5, 24, 24)).astype(np.uint16)
    image = Image.from_array(pixels, NAMES, name=name)
    added = [
        viewer.add_image(np.asarray(plane), **options) for plane, options, _ in image_layers(image)
    ]
    viewer.layers.selection = set()
    return added


def visible(layers):
    return [layer.name for layer in layers if layer.visible]


@pytest.fixture
def model():
    return ViewerModel()


def test_an_image_opens_with_nucleus_and_readout_and_is_taken_whole(model):
    layers = painted(model)
    assert visible(layers) == ["DNA", "RNA"]
    looks = channel_appearances(model, NAMES)
    assert [name for name in NAMES if looks[name].shown] == ["DNA", "RNA"]
    assert {look.opacity for look in looks.values()} == {1.0}
    assert gathering.image_layers(model) == layers


def test_what_the_user_shows_is_seen_in_pictures_and_stays_in_balance(model):
    layers = painted(model)
    channel_view_of(model)
    layers[4].visible = True
    shown = [layers[0], layers[2], layers[4]]
    looks = channel_looks(NAMES)
    gain = viewer_gain([looks[layer.name].colour for layer in shown])
    assert gain < 0.75
    assert [layer.opacity for layer in shown] == pytest.approx([gain] * 3)
    layers[4].opacity *= 0.5
    layers[2].visible = False
    layers[0].contrast_limits = (10, 20)
    followed = channel_appearances(model, NAMES)
    assert followed["Mito"].opacity == pytest.approx(0.5)
    assert followed["DNA"].opacity == pytest.approx(1)
    assert followed["DNA"].limits == (10, 20)
    assert not followed["RNA"].shown
    layers[0].visible = False
    assert layers[4].opacity == pytest.approx(0.5)


def test_a_user_s_layers_are_never_balanced(model):
    painted(model)
    own = [model.add_image(np.ones((24, 24)), name=name, colormap="red") for name in "ab"]
    channel_view_of(model)
    own[0].visible = False
    own[0].visible = True
    assert [layer.opacity for layer in own] == [1.0, 1.0]


def test_grey_layers_have_our_look_only_in_pictures(model):
    pixels = np.random.default_rng(1).random((24, 24))
    for name in NAMES:
        model.add_image(pixels, name=name)
    ours = channel_looks(NAMES)
    looks = channel_appearances(model, NAMES)
    for name in NAMES:
        np.testing.assert_array_equal(looks[name].colours, ours[name].colours)
        assert looks[name].shown == ours[name].shown
        assert looks[name].limits is None
    assert all(layer.colormap.name == "gray" and layer.visible for layer in model.layers)
    # What the user does to one of them counts.
    model.layers["Mito"].contrast_limits = (0.2, 0.4)
    model.layers["ER"].visible = False
    looks = channel_appearances(model, NAMES)
    assert looks["Mito"].limits == pytest.approx((0.2, 0.4))
    assert [name for name in NAMES if looks[name].shown] == ["DNA", "RNA", "AGP", "Mito"]


def test_a_grey_image_of_one_channel_stays_grey(model):
    model.add_image(np.ones((24, 24)), name="DNA")
    look = channel_appearances(model, ("DNA",))["DNA"]
    assert look.colour == "#ffffff"


@pytest.mark.gl
def test_a_key_shows_a_channel_alone_and_again_what_was_visible(viewer, user):
    layers = painted(viewer)
    channel_view_of(viewer)
    canvas = getattr(viewer, "__wrapped__", viewer).window._qt_viewer.canvas.native
    user.ready(canvas)
    canvas.setFocus()
    key = getattr(Qt.Key, f"Key_{ALONE}")
    viewer.layers.selection.active = layers[3]
    QTest.keyClick(canvas, key)
    assert visible(layers) == ["AGP"]
    assert layers[3].opacity == 1
    # Another channel is one key away.
    viewer.layers.selection.active = layers[1]
    QTest.keyClick(canvas, key)
    assert visible(layers) == ["ER"]
    QTest.keyClick(canvas, key)
    assert visible(layers) == ["DNA", "RNA"]
