"""Files that become one image, and those that stay images of their own."""

from __future__ import annotations

import numpy as np
import pytest
import tifffile

from napari_c3r.core.errors import InputError
from napari_c3r.core.images import find_images, read_image


def write(folder, names, channels=1):
    folder.mkdir(exist_ok=True)
    for value, name in enumerate(names, 1):
        pixels = np.full((channels, 6, 7)[channels == 1 :], value, "uint16")
        axes = "CYX" if channels > 1 else "YX"
        tifffile.imwrite(folder / f"{name}.ome.tif", pixels, metadata={"axes": axes})
    return folder


@pytest.mark.parametrize(
    "names",
    [
        ["ctrl_d1", "ctrl_d3"],
        ["HeLa_c1", "HeLa_c2"],
        ["ctrl_t1_c1", "ctrl_t1_c2"],
        ["x_DAPI", "x_GFP"],
        ["C1-a", "C2-a"],
        ["B02_s1_w1", "B02_s1_w2"],
        ["x_red", "x_green"],
    ],
)
def test_files_of_several_channels_are_images_of_their_own(tmp_path, names):
    found = find_images(write(tmp_path / "p", names, channels=2))
    assert sorted(image.name for image in found) == sorted(names)
    assert all(image.doubts == () for image in found)
    assert read_image(found[0]).channel_names == ("ch1", "ch2")


def test_a_damaged_or_absent_file_is_said_when_it_is_read(tmp_path):
    folder = write(tmp_path / "p", ["a_ch1"])
    (folder / "a_ch2.ome.tif").write_bytes(b"II*\0")
    (folder / "a_ch3.ome.tif").symlink_to("gone.tif")
    (image,) = find_images(folder)
    assert image.channel_names == ("ch1", "ch2", "ch3")
    with pytest.raises(InputError, match="a_ch2"):
        read_image(image)


def test_slices_and_times_become_axes_whatever_is_between_them(tmp_path):
    names = [f"e_z{z:02d}_DAPI_t{t}" for z in (9, 10) for t in (1, 2)]
    names += [name.replace("DAPI", "GFP") for name in names]
    (image,) = find_images(write(tmp_path / "p", names))
    for t, values in ((0, ([1, 5], [3, 7])), (1, ([2, 6], [4, 8]))):
        for z in (0, 1):
            assert np.asarray(read_image(image, z=z, t=t).data[:, 0, 0]).tolist() == values[z]
    assert read_image(image, z="max", t=1).data.max().compute() == 8
    assert read_image(image, t=1).name == "e t=1"


def test_slices_alone_are_one_image(tmp_path):
    (image,) = find_images(write(tmp_path / "p", ["e_z1", "e_z2", "e_z10"], channels=2))
    assert np.asarray(read_image(image, z=2).data[:, 0, 0]).tolist() == [3, 3]


def test_guessed_channels_that_cannot_be_are_images_of_their_own(tmp_path):
    names = ["x_t1", "x_t01"]
    assert [i.name for i in find_images(write(tmp_path / "p", names))] == ["x_t01", "x_t1"]


def test_a_pattern_names_what_means_nothing(tmp_path):
    folder = write(tmp_path / "p", ["a_1_111_DAPI", "a_1_222_GFP", "a_2_333_DAPI", "a_2_444_GFP"])
    pattern = r"_(?P<site>\d)_(?P<ignore>\d+)_(?P<channel>.+)"
    found = find_images(folder, pattern=pattern)
    assert [(i.name, i.site, i.channel_names) for i in found] == [
        ("a_1", "1", ("DAPI", "GFP")),
        ("a_2", "2", ("DAPI", "GFP")),
    ]
    rows = r"(?P<ignore1>a)_(?P<row>\d)_(?P<column>\d)(?P<ignore2>\d+)_(?P<channel>.+)"
    assert [i.well for i in find_images(folder, pattern=rows)] == ["A01", "A02", "B03", "B04"]
    with pytest.raises(InputError, match="let the pattern catch a number"):
        find_images(folder, pattern="(?P<z>[A-Z]+)")
