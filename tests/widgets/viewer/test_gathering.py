"""Several files are one image of all their channels, whoever read them and in which order."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest
import tifffile
from napari.components import ViewerModel
from npe2 import PluginManager

from napari_c3r.core.errors import InputError
from napari_c3r.widgets.viewer import layers
from napari_c3r.widgets.viewer.gathering import image_layers, naming, opened_paths

PLATE = ("A01_s1_w1", "A01_s1_w2", "A01_s1_w3")
STAINS = ("dna-picture", "er-picture", "rna-picture")
FREE = ("one", "three", "two")


@pytest.fixture(scope="module", autouse=True)
def _readers():
    PluginManager.instance().discover()


@pytest.fixture
def viewer():
    return ViewerModel()


def pixels(number, size=(16, 20)):
    return np.random.default_rng(number).integers(0, 4000, size).astype(np.uint16)


def write(folder, names, first=0, size=(16, 20)):
    folder.mkdir(exist_ok=True)
    paths = [folder / f"{name}.tif" for name in names]
    for number, path in enumerate(paths):
        tifffile.imwrite(path, pixels(first + number, size))
    return [str(path) for path in paths]


def image_of(viewer):
    return layers.read_layers(image_layers(viewer))


@pytest.mark.parametrize("reader", ["napari", "napari-c3r"])
@pytest.mark.parametrize(
    ("names", "image", "channels"),
    [
        (PLATE, "A01_s1", ("w1", "w2", "w3")),
        (STAINS, "picture", ("dna", "er", "rna")),
        (FREE, "one", FREE),
    ],
)
def test_files_opened_one_by_one_are_one_image_in_any_order(
    tmp_path, reader, names, image, channels
):
    paths = write(tmp_path / "f", names)
    for order in permutations(range(3)):
        viewer = ViewerModel()
        viewer.open([paths[number] for number in order], plugin=reader)
        read = image_of(viewer)
        if names is not FREE:
            # The order of the files' names, whichever came first.
            assert read.channel_names == channels
        assert sorted(read.channel_names) == sorted(channels)
        assert read.name == image
        for number, channel in enumerate(channels):
            np.testing.assert_array_equal(read.channel(channel), pixels(number))
        assert set(map(str, read.source)) == set(paths)


@pytest.mark.parametrize("names", [PLATE, STAINS, FREE])
@pytest.mark.parametrize("reader", ["napari", "napari-c3r"])
def test_files_opened_as_a_stack_are_one_image(viewer, tmp_path, names, reader):
    paths = write(tmp_path / "f", names)
    if names is FREE and reader == "napari-c3r":
        pytest.skip("napari stacks what is no image by its names itself")
    viewer.open(paths, stack=True, plugin=reader)
    np.testing.assert_array_equal(image_of(viewer).data, [pixels(number) for number in range(3)])


@pytest.mark.parametrize("named", [False, True])
def test_a_channel_axis_split_into_layers_is_one_image(viewer, named):
    data = np.stack([pixels(number) for number in range(4)])
    name = ["a", "b", "c", "d"] if named else "stack"
    viewer.add_image(data, channel_axis=0, name=name)
    np.testing.assert_array_equal(image_of(viewer).data, data)


def test_files_of_two_fields_are_never_mixed(viewer, tmp_path):
    second = ("A02_s1_w1", "A02_s1_w2", "A02_s1_w3")
    for names in (PLATE, second):
        viewer.open(write(tmp_path / "f", names, first=len(names)), plugin="napari")
    assert image_of(viewer).name == "A02_s1"
    for layer in viewer.layers[3:]:
        layer.visible = False
    assert image_of(viewer).name == "A01_s1"


@pytest.mark.parametrize("reader", ["napari", "napari-c3r"])
def test_files_of_several_channels_stay_images_of_their_own(viewer, tmp_path, reader):
    for name in ("one", "two"):
        path = tmp_path / f"{name}.tif"
        data = np.stack([pixels(number) for number in range(3)])
        tifffile.imwrite(path, data, imagej=True, metadata={"axes": "CYX"})
        viewer.open(str(path), plugin=reader)
    image = image_of(viewer)
    assert (image.name, image.shape) == ("two", (3, 16, 20))


def test_what_lies_on_an_image_but_is_of_no_file_is_not_it(viewer, tmp_path):
    viewer.open(write(tmp_path / "f", PLATE), plugin="napari")
    viewer.add_image(pixels(9), name="blurred")
    assert image_of(viewer).name == "A01_s1"
    viewer.add_image(pixels(9, (8, 8)), name="elsewhere")
    assert image_of(viewer).name == "elsewhere"


def test_the_selected_layers_are_taken_whatever_they_are(viewer, tmp_path):
    viewer.open(write(tmp_path / "f", PLATE), plugin="napari")
    extra = viewer.add_image(pixels(9), name="extra")
    viewer.layers.selection = {viewer.layers[0], extra}
    assert image_of(viewer).channel_names == ("A01_s1_w1", "extra")


def test_a_name_that_the_user_gave_a_layer_is_the_channel_s(viewer, tmp_path):
    viewer.open(write(tmp_path / "f", PLATE), plugin="napari")
    viewer.layers[1].name = "my marker"
    assert image_of(viewer).channel_names == ("w1", "my marker", "w3")


def test_slices_of_a_channel_are_refused(viewer, tmp_path):
    names = [f"A01_s1_z{z}_w{w}" for z in (1, 2) for w in (1, 2)]
    from napari_c3r.core.images import find_images

    paths = write(tmp_path / "f", names)
    if len(find_images(paths)) > 1:
        names = [f"r01c01f01p0{z}-ch{w}sk1fk1fl1" for z in (1, 2) for w in (1, 2)]
        paths = write(tmp_path / "g", names)
    viewer.open(paths, plugin="napari")
    with pytest.raises(InputError, match="slices or times of it; drop the files"):
        image_of(viewer)


def test_what_was_opened_is_known_where_its_files_make_one_image(viewer, tmp_path):
    paths = write(tmp_path / "f", STAINS)
    viewer.open(paths, plugin="napari")
    assert list(opened_paths(list(viewer.layers))) == paths
    viewer.add_image(pixels(3))
    assert opened_paths(list(viewer.layers)) == ()


def test_layers_of_one_name_are_told_apart_by_their_files(viewer, tmp_path):
    viewer.open(write(tmp_path / "f", FREE), plugin="napari-c3r")
    assert naming(list(viewer.layers)).channels == FREE
