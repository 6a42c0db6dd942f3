"""Reading small trees of known pixels: names, sizes, axes, notes and errors."""

from __future__ import annotations

import importlib

import numpy as np
import pytest
import tifffile
import zarr
from PIL import Image as Picture

from napari_c3r.core.errors import InputError, MissingPackageError
from napari_c3r.core.images import read_image

RNG = np.random.default_rng(2)
GREY = {"photometric": "minisblack"}
STACK = RNG.integers(0, 4000, (2, 3, 4, 20, 30)).astype("uint16")  # T, C, Z, Y, X


def write_ome(path, pixels=STACK, axes="TCZYX", x=0.3, y=0.3, unit="µm", **options):
    metadata = {"axes": axes, "PhysicalSizeX": x, "PhysicalSizeY": y}
    metadata |= {"PhysicalSizeXUnit": unit, "PhysicalSizeYUnit": unit}
    metadata |= {"Channel": {"Name": ["DNA", "ER", "RNA"]}}
    tifffile.imwrite(path, pixels, ome=True, metadata=metadata, **options)
    return path


def test_ome_tiff_keeps_names_size_z_and_t(tmp_path):
    path = write_ome(tmp_path / "a.ome.tif", x=300, y=300, unit="nm")
    image = read_image(path, t=1)
    assert (image.name, image.channel_names) == ("a t=1", ("DNA", "ER", "RNA"))
    assert image.position == (("t", 1),)
    assert image.pixel_size_um == pytest.approx(0.3)
    np.testing.assert_array_equal(image.data, STACK[1].max(1))
    np.testing.assert_array_equal(read_image(path, z=2).data, STACK[0, :, 2])


def test_axes_in_another_order(tmp_path):
    path = write_ome(tmp_path / "a.ome.tif", STACK.transpose(2, 0, 1, 3, 4), "ZTCYX")
    np.testing.assert_array_equal(read_image(path, t=1).data, STACK[1].max(1))


def test_pixels_that_are_not_square_are_told(tmp_path):
    image = read_image(write_ome(tmp_path / "a.ome.tif", x=0.3, y=0.4))
    assert image.pixel_size_um == pytest.approx(0.35)
    assert "treated as squares" in " ".join(image.notes)


def test_names_are_replaced(tmp_path):
    path = write_ome(tmp_path / "a.ome.tif")
    assert read_image(path, names={"ER": "conA"}).channel_names == ("DNA", "conA", "RNA")
    with pytest.raises(InputError, match="No channel 'ch9'"):
        read_image(path, names={"ch9": "x"})


@pytest.mark.parametrize(
    ("stated", "read"),
    [
        (["DAPI", "DAPI", "ER"], ("DAPI", "DAPI (2)", "ER")),
        (["DAPI", "DAPI (2)", "DAPI"], ("DAPI", "DAPI (2)", "DAPI (3)")),
        (["", "ER", ""], ("ch1", "ER", "ch3")),
        (["", "ch1", "ch3"], ("ch1 (2)", "ch1", "ch3")),
        (["a", "a", "a"], ("a", "a (2)", "a (3)")),
    ],
)
def test_every_channel_gets_a_name_of_its_own(tmp_path, stated, read):
    path = tmp_path / "a.ome.tif"
    metadata = {"axes": "CYX", "Channel": {"Name": stated}}
    tifffile.imwrite(path, STACK[0, :3, 0], ome=True, metadata=metadata, **GREY)
    image = read_image(path)
    assert image.channel_names == read
    np.testing.assert_array_equal(image.data, STACK[0, :3, 0])
    twice = len(set(filter(None, stated))) < len(list(filter(None, stated)))
    assert any("Several channels are called" in note for note in image.notes) == twice


@pytest.mark.parametrize(
    ("pixels", "layout", "names"),
    [
        (STACK[0, :, 0], "separate", ("ch1", "ch2", "ch3")),
        (STACK[0, :, 0].transpose(1, 2, 0), "contig", ("red", "green", "blue")),
    ],
)
def test_colour_pictures_and_arrays_of_channels(tmp_path, pixels, layout, names):
    tifffile.imwrite(tmp_path / "a.tif", pixels, photometric="rgb", planarconfig=layout)
    assert read_image(tmp_path / "a.tif").channel_names == names


def test_imagej_keeps_labels_and_size(tmp_path):
    path = tmp_path / "a.tif"
    labels = [f"DAPI_{i}" if i == 0 else f"GFP_{i}" for i in range(2)] * 4
    metadata = {"axes": "ZCYX", "unit": "micron", "Labels": labels}
    tifffile.imwrite(
        path, STACK[0, :2].swapaxes(0, 1), imagej=True, resolution=(4, 4), metadata=metadata
    )
    image = read_image(path)
    assert image.channel_names == ("DAPI_0", "GFP_1")
    assert image.pixel_size_um == pytest.approx(0.25)
    np.testing.assert_array_equal(image.data, STACK[0, :2].max(1))


@pytest.mark.parametrize(("planes", "shape", "word"), [(4, 4, "channels"), (12, 1, "Z slices")])
def test_planes_without_names(tmp_path, planes, shape, word):
    path = tmp_path / "a.tif"
    pixels = RNG.integers(0, 9, (planes, 20, 30)).astype("uint16")
    tifffile.imwrite(path, pixels, photometric="minisblack", metadata=None)
    image = read_image(path)
    assert image.shape == (shape, 20, 30)
    assert f"taken as {word}" in image.notes[0]


def test_resolution_tag_is_believed_only_in_range(tmp_path):
    for per_cm, expected in ((20_000, 0.5), (118, None)):
        path = tmp_path / f"a{per_cm}.tif"
        options = {"resolution": (per_cm, per_cm), "resolutionunit": "CENTIMETER"}
        tifffile.imwrite(path, STACK[0, 0, 0], **options)
        assert read_image(path).pixel_size_um == expected


def test_z_and_t_from_names(tmp_path):
    for z in (1, 2):
        for t in (1, 2):
            for channel in (1, 2):
                name = f"r01c01f01p{z:02d}-ch{channel}sk{t}fk1fl1.tiff"
                tifffile.imwrite(tmp_path / name, STACK[t - 1, channel, z])
    image = read_image(tmp_path, t=1, z=0)
    np.testing.assert_array_equal(image.data, STACK[1, 1:, 1])
    # A label names another cell at another time, so each time is an image of its own.
    assert image.name == f"{read_image(tmp_path).name} t=1"
    assert [read_image(tmp_path, t=t).position for t in (0, 1)] == [(("t", 0),), (("t", 1),)]
    np.testing.assert_array_equal(read_image(tmp_path).data, STACK[0, 1:, 1:3].max(1))
    with pytest.raises(InputError, match="no time point 2: choose 0 to 1"):
        read_image(tmp_path, t=2)
    with pytest.raises(InputError, match="no Z slice 2: choose 0 to 1"):
        read_image(tmp_path, z=2)
    for lost in tmp_path.glob("*ch2sk2*"):
        lost.unlink()
    with pytest.raises(InputError, match="lacks channel 'ch2' at time point 1"):
        read_image(tmp_path, t=1)


def test_a_list_of_files_is_one_image(tmp_path):
    paths = [tmp_path / "first.tif", tmp_path / "second.tif"]
    for number, path in enumerate(paths):
        tifffile.imwrite(path, STACK[0, number, 0])
    image = read_image(paths)
    assert image.channel_names == ("first", "second")
    assert image.source == tuple(paths)
    assert "each file is taken as one channel" in image.notes[0]


def test_pictures(tmp_path):
    colour = RNG.integers(0, 255, (20, 30, 3)).astype("uint8")
    Picture.fromarray(colour).save(tmp_path / "a.png")
    image = read_image(tmp_path / "a.png")
    assert image.channel_names == ("red", "green", "blue")
    assert "colour picture" in image.notes[0]
    np.testing.assert_array_equal(image.data, np.moveaxis(colour, -1, 0))
    Picture.fromarray(STACK[0, 0, 0]).save(tmp_path / "b.png")
    np.testing.assert_array_equal(read_image(tmp_path / "b.png").data[0], STACK[0, 0, 0])


def test_stains_stored_in_colour(tmp_path):
    for number, colour in enumerate(("blue", "red", "yellow", "green")):
        pixels = np.zeros((20, 30, 3), "uint8")
        pixels[..., number % 3] = 10 * (number + 1)
        Picture.fromarray(pixels).save(tmp_path / f"7_F11_2_{colour}.png")
    image = read_image(tmp_path)
    assert image.channel_names == ("nucleus", "microtubules", "ER", "protein")
    assert (image.plate, image.well, image.site) == ("7", "F11", "2")
    assert np.asarray(image.data[:, 0, 0]).tolist() == [10, 20, 30, 40]


@pytest.mark.parametrize("version", [2, 3])
def test_ome_zarr_of_both_versions(tmp_path, version):
    root = zarr.open_group(tmp_path / "a.ome.zarr", mode="w", zarr_format=version)
    array = root.create_array("0", shape=STACK.shape, chunks=(1, 1, 1, 8, 8), dtype="uint16")
    array[...] = STACK
    units = [{"name": axis, "type": "space", "unit": "nanometer"} for axis in "zyx"]
    axes = [{"name": "t", "type": "time"}, {"name": "c", "type": "channel"}, *units]
    scale = [{"type": "scale", "scale": [1, 1, 500, 200, 200]}]
    image = {"axes": axes, "datasets": [{"path": "0", "coordinateTransformations": scale}]}
    names = {"channels": [{"label": name} for name in ("DNA", "ER", "RNA")]}
    attributes = {"multiscales": [image], "omero": names}
    root.attrs.update(attributes if version == 2 else {"ome": attributes})
    read = read_image(tmp_path / "a.ome.zarr", t=1, z="mean")
    assert (read.name, read.channel_names) == ("a t=1", ("DNA", "ER", "RNA"))
    assert read.pixel_size_um == pytest.approx(0.2)
    np.testing.assert_allclose(read.data, STACK[1].mean(1), rtol=1e-6)
    with pytest.raises(InputError, match="no scene 1: choose 0"):
        read_image(tmp_path / "a.ome.zarr", scene=1)


def test_a_zarr_folder_without_an_image(tmp_path):
    zarr.open_group(tmp_path / "a.zarr", mode="w")
    with pytest.raises(InputError, match="no OME-Zarr image metadata"):
        read_image(tmp_path / "a.zarr")


def test_scenes_of_a_tiff(tmp_path):
    with tifffile.TiffWriter(tmp_path / "a.tif") as writer:
        writer.write(STACK[0, 0, 0])
        writer.write(STACK[0, 0, 1, :10])
    assert read_image(tmp_path / "a.tif", scene=1).shape == (1, 10, 30)
    with pytest.raises(InputError, match="no scene 2: choose 0 to 1"):
        read_image(tmp_path / "a.tif", scene=2)


def test_channel_files_of_different_shapes(tmp_path):
    tifffile.imwrite(tmp_path / "A01_s1_w1.tif", np.zeros((8, 9), "uint8"))
    tifffile.imwrite(tmp_path / "A01_s1_w2.tif", np.zeros((4, 9), "uint8"))
    with pytest.raises(InputError, match=r"w1.tif is 8 × 9 and A01_s1_w2.tif is 4 × 9"):
        read_image(tmp_path)


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.tif", b"", "is empty"),
        ("a.tif", b"not a TIFF at all", r"cannot be read \(not a TIFF file"),
        ("a.png", b"\x89PNG\r\n\x1a\n", "cannot be read"),
        ("a.jpg", b"", "is empty"),
    ],
)
def test_broken_files(tmp_path, name, content, message):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(InputError, match=message) as caught:
        read_image(tmp_path / name)
    assert "\n" not in str(caught.value)


def test_truncated_picture(tmp_path):
    path = tmp_path / "a.png"
    Picture.fromarray(STACK[0, 0, 0]).save(path)
    path.write_bytes(path.read_bytes()[:-40])
    with pytest.raises(InputError, match="truncated"):
        read_image(path)


@pytest.mark.parametrize("dtype", ["bool", "complex64"])
def test_pixels_that_are_no_intensities(tmp_path, dtype):
    tifffile.imwrite(tmp_path / "a.tif", np.ones((8, 9), dtype))
    with pytest.raises(InputError, match=f"type '{dtype}'"):
        read_image(tmp_path / "a.tif")


@pytest.mark.parametrize("z", ["median", -1, True])
def test_unknown_projection(tmp_path, z):
    with pytest.raises(InputError, match="give one of max, mean, focus"):
        read_image(write_ome(tmp_path / "a.ome.tif"), z=z)


def test_missing_reader_is_named(tmp_path, monkeypatch):
    def absent(name):
        raise ModuleNotFoundError(name)

    monkeypatch.setattr(importlib, "import_module", absent)
    (tmp_path / "a.nd2").write_bytes(b"x")
    with pytest.raises(MissingPackageError, match="pip install bioio-nd2"):
        read_image(tmp_path / "a.nd2")
