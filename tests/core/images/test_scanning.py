"""What is understood of paths before a pixel is read, and what may be corrected."""

from __future__ import annotations

import numpy as np
import pytest
import tifffile

from napari_c3r.core.errors import InputError
from napari_c3r.core.images import FieldSource, ReadOptions, find_images, read_image, scan
from napari_c3r.core.images.scanning import doubts_of


def write(folder, names, shape=(8, 9), value=1):
    folder.mkdir(exist_ok=True)
    for name in names:
        tifffile.imwrite(folder / f"{name}.tif", np.full(shape, value, "uint16"))
    return folder


def test_a_plate_in_one_look(tmp_path):
    names = [f"{well}_s{site}_w{w}" for well in ("A01", "B03") for site in (1, 2) for w in (1, 2)]
    found = scan(write(tmp_path / "p", names))
    assert len(found.images) == 4
    assert found.wells == ("A01", "B03")
    assert found.channel_names == ("w1", "w2")
    assert (found.shape, found.pixel_size_um) == ((8, 9), None)
    assert (found.n_slices, found.n_times) == (1, 1)
    assert found.doubts == ()


def test_fields_with_other_channels_are_left_out_and_named(tmp_path):
    names = [f"A01_s{site}_w{w}" for site in (1, 2) for w in (1, 2)]
    found = scan(write(tmp_path / "p", [*names, "A01_s3_w1"]))
    assert [image.name for image in found.images] == ["A01_s1", "A01_s2"]
    assert "1 of 3 fields have other channels" in found.notes[0]
    assert "A01_s3" in found.notes[0]


@pytest.mark.parametrize(
    ("axes", "shape", "doubt", "swap"),
    [
        ("ZYX", (3, 8, 9), "One channel with 3 Z slices", "CZ"),
        ("TYX", (3, 8, 9), "One channel at 3 times", "TC"),
    ],
)
def test_a_channel_axis_by_another_name_is_noticed_and_exchanged(
    tmp_path, axes, shape, doubt, swap
):
    pixels = np.arange(np.prod(shape), dtype="uint16").reshape(shape)
    path = tmp_path / "stack.tif"
    tifffile.imwrite(path, pixels, imagej=True, metadata={"axes": axes})
    assert doubt in scan(path).doubts[0]
    right = scan(path, swap=swap)
    assert (right.doubts, right.channel_names) == ((), ("ch1", "ch2", "ch3"))
    image = read_image(path, swap=swap)
    np.testing.assert_array_equal(np.asarray(image.data), pixels)
    assert "exchanged, as was asked" in image.notes[0]


def test_names_of_channels_do_not_survive_an_exchange_of_their_axis(tmp_path):
    path = tmp_path / "stack.ome.tif"
    tifffile.imwrite(
        path,
        np.ones((2, 3, 8, 9), "uint16"),
        metadata={"axes": "CZYX", "Channel": {"Name": ["a", "b"]}},
    )
    assert read_image(path).channel_names == ("a", "b")
    assert read_image(path, swap="CZ").channel_names == ("ch1", "ch2", "ch3")


@pytest.mark.parametrize("swap", ["C", "CC", "CX", "CZT"])
def test_an_exchange_that_is_none_is_refused(tmp_path, swap):
    with pytest.raises(InputError, match="two of the letters T, C and Z"):
        scan(write(tmp_path / "p", ["a"]), swap=swap)


def test_a_reading_renames_and_scales(tmp_path):
    files = find_images(write(tmp_path / "p", ["A01_s1_w1", "A01_s1_w2"]))[0]
    reading = ReadOptions({"w1": "DNA", "absent": "x"}, 0.5)
    image = FieldSource(files, reading).read()
    assert (image.channel_names, image.pixel_size_um) == (("DNA", "w2"), 0.5)
    again = reading.renamed("DNA", "Hoechst").renamed("w2", "ER")
    assert again.read(files).channel_names == ("Hoechst", "ER")


def test_slices_and_times_in_names_are_counted(data_dir):
    found = scan(data_dir / "readers/imagexpress_9987_Plate_3434")
    assert (len(found.images), found.wells) == (4, ("B02", "B03"))
    assert found.plates == ("9987",)


def test_a_guess_is_a_doubt_said_once_for_all_images(tmp_path):
    names = [f"{cells}_c{number}" for cells in ("HeLa", "U2OS", "A549") for number in (1, 2, 5)]
    found = scan(write(tmp_path / "p", names))
    (doubt,) = found.doubts
    assert "c1, c2, c5 are taken as channels of one image 'A549'" in doubt
    assert "The same goes for 2 more images" in doubt
    assert doubt not in found.notes
    assert any("c1, c2, c5" in note for note in read_image(found.images[0]).notes)


@pytest.mark.parametrize(
    ("shape", "doubted"), [((8, 9), False), ((9, 10), False), ((80, 9), True), ((2, 8, 9), True)]
)
def test_images_that_do_not_look_like_one_experiment_are_a_doubt(tmp_path, shape, doubted):
    folder = write(tmp_path / "p", ["overview", "mouse"])
    axes = "CYX"[-len(shape) :]
    tifffile.imwrite(
        folder / "z.ome.tif", np.ones(shape, "uint16"), metadata={"axes": axes}, ome=True
    )
    doubts = " ".join(scan(folder).doubts)
    assert ("The images differ: 'mouse' has 1 channel of 9 × 8 px, but 'z'" in doubts) is doubted


def test_a_field_that_lacks_a_channel_is_a_doubt_of_the_listing(tmp_path):
    names = [f"A01_s{site}_w{w}" for site in (1, 2) for w in (1, 2)]
    (doubt,) = doubts_of(find_images(write(tmp_path / "p", [*names, "A01_s3_w1"])))
    assert doubt == "1 of 3 fields have other channels than most: A01_s3."
