"""Files of several images: a field for each, with its scene in its name."""

from __future__ import annotations

import numpy as np
import pytest
import tifffile
import zarr

from napari_c3r.core.errors import InputError
from napari_c3r.core.images import ReadOptions, find_images, read_image
from napari_c3r.core.images.formats import format as formats
from napari_c3r.core.images.formats import vendor
from napari_c3r.core.images.scanning import scan

PLANES = np.random.default_rng(0).integers(0, 2000, (4, 3, 40, 60)).astype("uint16")
"""Of scene and channel."""


def write(path, scenes, **how):
    """An OME-TIFF of scenes ``(name, pixels (C, Y, X))``."""
    with tifffile.TiffWriter(path, ome=True) as writer:
        for name, pixels in scenes:
            named = {} if name is None else {"Name": name}
            writer.write(pixels, photometric="minisblack", metadata={"axes": "CYX", **named}, **how)
    return path


def names_of(path, **how):
    return [image.name for image in find_images(path, **how)]


@pytest.mark.parametrize(
    ("given", "seen"),
    [
        (["Pos0", "Pos1", "Pos2"], ["p_Pos0", "p_Pos1", "p_Pos2"]),
        ([None] * 3, ["p_scene 0", "p_scene 1", "p_scene 2"]),
        (["Pos", "Pos", "Pos"], ["p_scene 0", "p_scene 1", "p_scene 2"]),
        (["pos", "Pos", "POS"], ["p_scene 0", "p_scene 1", "p_scene 2"]),
        (["a/b", "[bold]", "\x1b[2J é"], ["p_[bold]", "p_\\x1b[2J é", "p_a/b"]),
        (["x" * 300 + "1", "x" * 300 + "2", "y"], ["p_scene 0", "p_scene 1", "p_scene 2"]),
    ],
)
def test_every_scene_is_a_field_with_its_scene_in_its_name(tmp_path, given, seen):
    write(tmp_path / "p.ome.tif", zip(["0", "1", "2"], PLANES, strict=False))
    path = tmp_path / "p.ome.tif"
    xml = tifffile.tiffcomment(path)
    for k, name in enumerate(given):
        told = "" if name is None else f' Name="{name}"'.replace("\x1b", "&#155;")
        xml = xml.replace(f' Name="{k}"', told)
    tifffile.tiffcomment(path, xml.encode())
    found = find_images(tmp_path)
    assert [image.name for image in found] == [name.replace("\\x1b", "\\x9b") for name in seen]
    for image in found:
        np.testing.assert_array_equal(read_image(image).data, PLANES[image.scene])
        assert read_image(path, scene=image.scene).name == image.name == read_image(image).name
        assert read_image(image).read_as.startswith(f"read_image(scene={image.scene},")


def test_one_scene_is_chosen(tmp_path):
    path = write(tmp_path / "p.ome.tif", [("a", PLANES[0]), ("b", PLANES[1])])
    assert names_of(path, scene=1) == ["p_b"]
    assert ReadOptions(scene=1).read(find_images(path, scene=1)[0]).name == "p_b"
    with pytest.raises(InputError, match="has no scene 2: choose 0 to 1"):
        find_images(path, scene=2)
    with pytest.raises(InputError, match="is scene 0 of its file, and scene 1 is wanted"):
        read_image(find_images(path)[0], scene=1)
    first = read_image(path)
    assert first.name == "p_a"
    assert any("holds 2 scenes (p_a, p_b); p_a is read" in note for note in first.notes)
    assert not any("scenes" in note for note in read_image(path, scene=0).notes)


def test_a_file_that_lacks_the_scene_leaves_those_that_have_it(tmp_path):
    write(tmp_path / "p.ome.tif", zip("ABC", PLANES, strict=False))
    write(tmp_path / "q.ome.tif", zip("AB", PLANES, strict=False))
    p, q = find_images(tmp_path, scene=2)
    assert (p.name, q.name) == ("p_C", "q")
    np.testing.assert_array_equal(read_image(p).data, PLANES[2])
    with pytest.raises(InputError, match="has no scene 2: choose 0 to 1"):
        read_image(q)
    with pytest.raises(InputError, match="has no scene 3: choose 0 to 2"):
        find_images(tmp_path, scene=3)


def test_a_scan_is_read_for_one_scene(tmp_path):
    found = scan(write(tmp_path / "p.ome.tif", zip("ABC", PLANES, strict=False)))
    (source,) = found.sources(ReadOptions(scene=1))
    assert (source.name, source.read().name) == ("p_B", "p_B")
    assert len(found.sources(ReadOptions())) == 3
    with pytest.raises(InputError, match="no scene 3: choose one of 0, 1, 2"):
        found.sources(ReadOptions(scene=3))


def test_a_file_of_one_scene_is_called_as_the_file(tmp_path):
    path = write(tmp_path / "p.ome.tif", [("Pos0", PLANES[0])])
    assert names_of(path) == names_of(path, scene=0) == ["p"]
    with pytest.raises(InputError, match="has no scene 1: choose 0"):
        read_image(path, scene=1)


def test_scenes_of_other_channels_and_shapes(tmp_path):
    parts = [PLANES[0], PLANES[1, :2], PLANES[2, :1, :30], PLANES[3, :2, :39]]
    path = write(tmp_path / "p.ome.tif", zip("abcd", parts, strict=True))
    for image, part in zip(find_images(path), parts, strict=True):
        np.testing.assert_array_equal(read_image(image).data, part)


@pytest.mark.parametrize(
    ("name", "size"),
    [
        ("Thumbnail", (30, 20)),
        ("label image", (30, 20)),
        ("macro image", (12, 60)),
        ("p Label", (30, 20)),
        ("masks", (40, 60)),
        ("anything", (5, 8)),
    ],
)
def test_thumbnails_labels_and_overviews_are_no_scenes(tmp_path, name, size):
    small = np.zeros((1, *size), "uint8")
    path = write(tmp_path / "p.ome.tif", [("one", PLANES[0]), (name, small)])
    (found,) = find_images(path)
    assert found.name == "p"
    assert any(f"left out: '{name}'" in note for note in read_image(found).notes)
    np.testing.assert_array_equal(read_image(path).data, PLANES[0])
    np.testing.assert_array_equal(read_image(path, scene=1).data, small)


@pytest.mark.parametrize("name", ["Label-free 3", "macrophages", "Thumb joint", "Unmasked"])
def test_names_that_only_begin_like_those_are_scenes(tmp_path, name):
    path = write(tmp_path / "p.ome.tif", [("one", PLANES[0]), (name, PLANES[1])])
    assert sorted(names_of(path)) == sorted(["p_one", f"p_{name}"])


def test_a_file_of_nothing_but_overviews_is_read(tmp_path):
    path = write(tmp_path / "p.ome.tif", [("Macro 1", PLANES[0]), ("Macro 2", PLANES[1])])
    assert names_of(path) == ["p_Macro 1", "p_Macro 2"]


@pytest.mark.parametrize(
    ("second", "how", "count"),
    [
        (PLANES[1, 0, :, :50], {}, 2),
        (PLANES[1, 0, :20, :30], {}, 1),
        (PLANES[1, 0, :, :50], {"subfiletype": 1}, 1),
        (PLANES[1, 0, :20, :30].astype("uint8"), {"subfiletype": 1}, 1),
    ],
)
def test_series_of_a_plain_tiff(tmp_path, second, how, count):
    with tifffile.TiffWriter(tmp_path / "p.tif") as writer:
        writer.write(PLANES[0, 0], metadata=None)
        writer.write(second, metadata=None, **how)
    found = find_images(tmp_path / "p.tif")
    assert [image.name for image in found] == (["p_scene 0", "p_scene 1"] if count > 1 else ["p"])
    np.testing.assert_array_equal(read_image(found[0]).data[0], PLANES[0, 0])


def test_a_pyramid_is_one_scene(tmp_path):
    with tifffile.TiffWriter(tmp_path / "p.ome.tif", ome=True) as writer:
        writer.write(PLANES[0], subifds=1, photometric="minisblack", metadata={"axes": "CYX"})
        writer.write(PLANES[0, :, ::2, ::2], subfiletype=1, photometric="minisblack")
    assert names_of(tmp_path) == ["p"]


def test_scenes_of_a_container_of_zarr(tmp_path):
    root = zarr.open_group(tmp_path / "p.ome.zarr", mode="w", zarr_format=2)
    root.attrs["bioformats2raw.layout"] = 3
    for k, name in enumerate(["left", "right"]):
        group = root.create_group(str(k))
        axes = [{"name": axis} for axis in "cyx"]
        group.attrs["multiscales"] = [
            {"version": "0.4", "name": name, "axes": axes, "datasets": [{"path": "0"}]}
        ]
        group.create_array("0", data=PLANES[k], chunks=(1, 40, 60))
    found = find_images(tmp_path)
    assert [image.name for image in found] == ["p_left", "p_right"]
    for k, image in enumerate(found):
        np.testing.assert_array_equal(read_image(image).data, PLANES[k])


def test_scenes_of_a_microscopes_own_format(tmp_path, monkeypatch):
    class Reader:
        scenes = ("A1/Pos 1", "Overview", "Macro")

    monkeypatch.setattr(vendor, "_reader", lambda path: Reader())
    (tmp_path / "p.lif").write_bytes(b"x")
    assert names_of(tmp_path) == ["p_A1/Pos 1", "p_Overview"]


def test_a_scene_whose_name_is_a_well_lies_there(tmp_path):
    path = write(tmp_path / "p.ome.tif", [("B2", PLANES[0]), ("C3", PLANES[1])])
    assert [image.well for image in find_images(path)] == ["B02", "C03"]


def test_names_stay_different_beside_other_files(tmp_path):
    write(tmp_path / "p.ome.tif", [("a", PLANES[0]), ("b", PLANES[1])])
    write(tmp_path / "p_a.ome.tif", [("Pos0", PLANES[2])])
    found = find_images(tmp_path)
    assert len({image.name for image in found}) == 3
    assert scan(tmp_path).images == found


def test_a_damaged_file_among_those_of_scenes_is_said_in_its_turn(tmp_path):
    write(tmp_path / "p.ome.tif", [("a", PLANES[0]), ("b", PLANES[1])])
    (tmp_path / "q.ome.tif").write_bytes(b"II*\0nothing")
    found = find_images(tmp_path)
    assert [image.name for image in found] == ["p_a", "p_b", "q"]
    with pytest.raises(InputError, match=r"q\.ome\.tif"):
        read_image(found[2])


def test_of_many_plain_files_some_are_looked_into(tmp_path, monkeypatch):
    from napari_c3r.core.images import scenes

    looked = []
    monkeypatch.setattr(
        scenes, "scenes_of", lambda path: looked.append(path) or formats.one_scene(path)
    )
    files = [tmp_path / f"A01_s{k}.tif" for k in range(1000)]
    assert scenes.look_into(files) == {}
    assert 1 < len(looked) < 20
