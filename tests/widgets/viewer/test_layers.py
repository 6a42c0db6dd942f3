"""Layers to images and back, on a viewer model without a window."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from napari.components import ViewerModel

from napari_c3r.core.errors import InputError
from napari_c3r.core.figures.composites import Appearance
from napari_c3r.readers import image_layers as as_layer_data
from napari_c3r.widgets.viewer import layers
from napari_c3r.widgets.viewer.gathering import image_layers


@pytest.fixture
def viewer():
    return ViewerModel()


def noise(*shape):
    return np.random.default_rng(0).random(shape).astype(np.float32)


def test_one_layer_per_channel(viewer):
    viewer.add_image(noise(30, 40), name="DAPI", scale=(0.5, 0.5), units=("um", "um"))
    viewer.add_image(noise(30, 40), name="GFP", scale=(0.5, 0.5), units=("um", "um"))
    image = layers.read_layers(image_layers(viewer))
    assert image.channel_names == ("DAPI", "GFP")
    assert image.shape == (2, 30, 40)
    assert image.pixel_size_um == 0.5
    np.testing.assert_array_equal(image.channel("GFP"), viewer.layers["GFP"].data)


def test_other_units_become_micrometres(viewer):
    viewer.add_image(noise(30, 40), name="a", scale=(200, 200), units=("nm", "nm"))
    assert layers.read_layers(list(viewer.layers)).pixel_size_um == pytest.approx(0.2)


def test_a_scale_without_a_unit_is_taken_as_micrometres_and_said(viewer):
    viewer.add_image(noise(30, 40), name="a", scale=(0.3, 0.3))
    image = layers.read_layers(list(viewer.layers))
    assert image.pixel_size_um == pytest.approx(0.3)
    assert "taken as micrometres" in image.notes[0]
    viewer.layers.clear()
    viewer.add_image(noise(30, 40), name="a")
    assert layers.read_layers(list(viewer.layers)).pixel_size_um is None


def test_one_layer_with_a_channel_axis(viewer):
    stack = noise(3, 30, 40)
    viewer.add_image(stack, name="stack")
    image = layers.read_layers(image_layers(viewer))
    assert image.channel_names == ("stack 1", "stack 2", "stack 3")
    np.testing.assert_array_equal(image.data.compute(), stack)
    assert "taken as channels" in image.notes[0]


def test_of_stacks_the_slice_shown_is_used(viewer):
    first, second = noise(9, 30, 40), noise(9, 30, 40) + 1
    viewer.add_image(first, name="a")
    viewer.add_image(second, name="b")
    viewer.dims.set_current_step(0, 4)
    image = layers.read_layers(list(viewer.layers), viewer.dims.point)
    np.testing.assert_array_equal(image.channel("b"), second[4])
    assert image.notes == ("The image is a stack; the slice shown, slice = 4, is used",)
    assert (image.name, image.position) == ("a slice=4", (("slice", 4),))


def test_multiscale_layers_give_their_finest_level(viewer):
    full = noise(64, 64)
    viewer.add_image([full, full[::2, ::2]], multiscale=True, name="a")
    np.testing.assert_array_equal(layers.read_layers(list(viewer.layers)).channel("a"), full)


def test_what_a_reader_knew_comes_back(viewer, data_dir):
    from napari_c3r.core.images import read_image

    path = data_dir / "fields" / "bbbc022_20585" / "plate1_A14_site1_Ch1.tiff"
    image = read_image(path)
    for data, options, _ in as_layer_data(image):
        viewer.add_image(data, **options)
    again = layers.read_layers(image_layers(viewer))
    assert again.channel_names == image.channel_names
    assert again.pixel_size_um == image.pixel_size_um
    assert (again.name, again.well, again.site) == (image.name, image.well, image.site)
    assert again.source == image.source
    np.testing.assert_array_equal(again.data.compute(), image.data.compute())


def test_only_the_topmost_image_of_several_is_taken(viewer):
    for name in ("one", "two"):
        for channel in ("DNA", "RNA"):
            metadata = {layers.KEY: {"image": name, "channel": channel, "pixel_size_um": None}}
            viewer.add_image(noise(8, 8), name=f"{name} {channel}", metadata=metadata)
    image = layers.read_layers(image_layers(viewer))
    assert (image.name, image.channel_names) == ("two", ("DNA", "RNA"))


@pytest.mark.parametrize(
    ("arrays", "said"),
    [
        ([], "No image layers are visible"),
        ([noise(8, 8), noise(8, 9)], "differ in size: 'a0' 8 × 8, 'a1' 9 × 8"),
    ],
)
def test_what_is_no_image_is_one_line(viewer, arrays, said):
    for number, array in enumerate(arrays):
        viewer.add_image(array, name=f"a{number}")
    with pytest.raises(InputError, match=said):
        layers.read_layers(list(viewer.layers))


def test_equal_names_are_told_apart(viewer):
    for number in range(2):
        metadata = {layers.KEY: {"channel": "DNA", "image": "x", "pixel_size_um": None}}
        viewer.add_image(noise(8, 8), name=f"l{number}", metadata=metadata)
    assert layers.read_layers(list(viewer.layers)).channel_names == ("DNA", "DNA (2)")


def test_our_layers_are_reused_and_the_user_s_selection_kept(viewer):
    mine = viewer.add_image(noise(8, 8), name="mine", scale=(0.5, 0.5))
    first = layers.show_labels(viewer, layers.CELLS, np.ones((8, 8), int), contour=2)
    assert tuple(first.scale) == (0.5, 0.5)
    assert first.contour == 2
    assert viewer.layers.selection == {mine}
    first.name = "renamed"
    again = layers.show_labels(viewer, layers.CELLS, np.full((8, 8), 2))
    assert again is first
    assert (first.data == 2).all()
    assert len(viewer.layers) == 2


def test_a_picture_is_the_middle_in_the_layer_s_colour():
    plane = np.zeros((100, 100), np.uint16)
    plane[40:60, 40:60] = 1000
    look = replace(Appearance.of_colour("#ff0000"), limits=(0.0, 1000.0))
    drawn = layers.Picture(plane, look).draw(30)
    assert drawn.shape[2] == 4
    assert drawn[len(drawn) // 2, len(drawn) // 2].tolist() == [255, 0, 0, 255]
    assert drawn[0, 0].tolist() == [0, 0, 0, 255]
