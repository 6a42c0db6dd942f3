"""Z to one plane."""

from __future__ import annotations

import dask.array as da
import numpy as np
import pytest
import tifffile
from scipy.ndimage import gaussian_filter

from napari_c3r.core.errors import InputError
from napari_c3r.core.images import ReadOptions, find_images, read_image
from napari_c3r.core.images.projection import by_channel, project, sharpest

RNG = np.random.default_rng(1)
SLICES = RNG.integers(0, 255, (5, 30, 40)).astype("uint8")


def test_max_mean_and_index():
    lazy = da.from_array(SLICES, chunks=(1, 16, 16))
    plane, _ = project(lazy, "max", "x")
    np.testing.assert_array_equal(plane, SLICES.max(0))
    assert plane.dtype == "uint8"
    plane, _ = project(lazy, "mean", "x")
    assert plane.dtype == "float32"
    np.testing.assert_allclose(plane, SLICES.mean(0), rtol=1e-6)
    np.testing.assert_array_equal(project(lazy, 3, "x")[0], SLICES[3])


def test_the_sharpest_slice_is_found():
    scene = np.zeros((128, 128), "float32")
    scene[RNG.integers(0, 128, 60), RNG.integers(0, 128, 60)] = 4000
    blurred = [gaussian_filter(scene, 1 + abs(z - 3)) for z in range(8)]
    noisy = np.stack(blurred) + RNG.normal(100, 2, (8, 128, 128)).astype("float32")
    assert sharpest(da.from_array(noisy, chunks=(1, 64, 64))) == 3
    _, notes = project(da.from_array(noisy), "focus", "DAPI")
    assert notes == ("DAPI: slice 3 of 0 to 7 is the sharpest.",)


@pytest.mark.parametrize("z", ["median", 5, -1, True, 1.5])
def test_refuses(z):
    with pytest.raises(InputError):
        project(da.from_array(SLICES), z, "x")


@pytest.fixture
def stack(tmp_path):
    """Two channels of five slices; the second is sharp in slice 3."""
    er = np.full((5, 30, 40), 7, np.uint8)
    er[3, ::4] = 90
    path = tmp_path / "stack.ome.tif"
    metadata = {"axes": "CZYX", "Channel": {"Name": ["DNA", "ER"]}}
    tifffile.imwrite(path, np.stack([SLICES, er]), metadata=metadata)
    return path, er


@pytest.mark.parametrize(
    "z",
    [
        {"DNA": 2, "ER": "focus"},
        "DNA=2,ER=focus",
        "focus,DNA=2",
    ],
)
def test_each_channel_has_its_own_and_the_image_says_which(stack, z):
    path, er = stack
    image = read_image(path, z=z)
    np.testing.assert_array_equal(image.channel("DNA"), SLICES[2])
    np.testing.assert_array_equal(image.channel("ER"), er[3])
    assert "DNA=2" in image.read_as
    assert "ER=focus" in image.read_as or "z='focus,DNA=2'" in image.read_as
    # What the image says of itself reads it again.
    again = read_image(path, z=image.read_as.partition("z='")[2].removesuffix("')"))
    np.testing.assert_array_equal(again.data, image.data)


def test_channels_that_are_not_named_take_what_is_said_for_all(stack):
    path, er = stack
    image = read_image(path, z="mean,DNA=max")
    np.testing.assert_array_equal(image.channel("DNA"), SLICES.max(0))
    np.testing.assert_allclose(image.channel("ER"), er.mean(0), rtol=1e-6)
    np.testing.assert_array_equal(read_image(path, z={"DNA": 1}).channel("ER"), er.max(0))


@pytest.mark.parametrize("name", ["ER", "reticulum"])
def test_a_channel_is_known_by_its_name_in_the_file_and_by_its_new_one(stack, name):
    path, er = stack
    options = ReadOptions({"ER": "reticulum"}, z=f"{name}=focus")
    image = options.read(find_images(path)[0])
    np.testing.assert_array_equal(image.channel("reticulum"), er[3])
    renamed = read_image(path, z=f"{name}=focus", names={"ER": "reticulum"})
    np.testing.assert_array_equal(renamed.channel("reticulum"), er[3])


@pytest.mark.parametrize(
    ("z", "said"),
    [
        ("DNA=median", "median"),
        ("DNA=max,DNA=mean", "is given a value twice"),
        ("max,mean", "or one by channel such as DNA=max"),
        ("Mito=max", "has no channel 'Mito' to choose Z slices of; its channels are DNA, ER"),
        ({"DNA": -1}, "z is -1"),
    ],
)
def test_what_is_no_choice_for_a_channel_is_refused(stack, z, said):
    with pytest.raises(InputError, match=said):
        ReadOptions(z=z).read(find_images(stack[0])[0]) if isinstance(z, str) else read_image(
            stack[0], z=z
        )


def test_one_for_all_is_as_it_was():
    assert by_channel("focus") == ("focus", {})
    assert by_channel(3) == (3, {})
