"""The image: what it refuses, and how channels are picked and renamed."""

from __future__ import annotations

import dask.array as da
import numpy as np
import pytest

from napari_c3r.core.errors import InputError
from napari_c3r.core.images import Image

PIXELS = np.arange(3 * 4 * 5, dtype="uint16").reshape(3, 4, 5)


def test_from_array_keeps_pixels_and_is_lazy():
    image = Image.from_array(PIXELS, ["DNA", "ER", "RNA"], 0.5, "field")
    assert isinstance(image.data, da.Array)
    assert (image.shape, image.name, image.pixel_size_um) == ((3, 4, 5), "field", 0.5)
    np.testing.assert_array_equal(image.data, PIXELS)
    np.testing.assert_array_equal(image.channel("ER"), PIXELS[1])


def test_one_plane_is_one_channel():
    assert Image.from_array(PIXELS[0], "DNA").shape == (1, 4, 5)


def test_dask_stays_the_same_array():
    lazy = da.from_array(PIXELS, chunks=2)
    assert Image.from_array(lazy, ["a", "b", "c"]).data is lazy


def test_select_and_rename():
    image = Image.from_array(PIXELS, ["DNA", "ER", "RNA"])
    picked = image.select(["RNA", "DNA"]).rename({"DNA": "nucleus"})
    assert picked.channel_names == ("RNA", "nucleus")
    np.testing.assert_array_equal(picked.data, PIXELS[[2, 0]])


def test_swapping_two_names():
    image = Image.from_array(PIXELS, ["a", "b", "c"]).rename({"a": "b", "b": "a"})
    assert image.channel_names == ("b", "a", "c")


@pytest.mark.parametrize(
    ("array", "names", "message"),
    [
        (PIXELS, ["a", "b"], "2 channel names .* for 3 channels"),
        (PIXELS, ["a", "b", "a"], "'a' occurs 2 times"),
        (PIXELS, ["a", " ", "c"], "Channel 1 has the name ' '"),
        (PIXELS[None], ["a"], r"shape \(1, 3, 4, 5\)"),
        (np.zeros((9, 9, 3)), ["a"], "looks like RGB"),
        (PIXELS > 3, ["a", "b", "c"], "type 'bool'"),
        (PIXELS * 1j, ["a", "b", "c"], "type 'complex128'"),
        (PIXELS[:, :0], ["a", "b", "c"], "no pixel"),
    ],
)
def test_refuses(array, names, message):
    with pytest.raises(InputError, match=message):
        Image.from_array(array, names)


@pytest.mark.parametrize("size", [0.0, -1.0, float("nan"), float("inf")])
def test_refuses_pixel_size(size):
    with pytest.raises(InputError, match="pixel size"):
        Image.from_array(PIXELS, ["a", "b", "c"], size)


def test_unknown_channel_names_the_choice():
    image = Image.from_array(PIXELS, ["DNA", "ER", "RNA"])
    for ask in (image.channel, image.index, lambda n: image.select([n])):
        with pytest.raises(InputError, match=r"No channel 'AGP'.*DNA, ER, RNA"):
            ask("AGP")
    with pytest.raises(InputError, match="occurs 2 times"):
        image.rename({"DNA": "ER"})
