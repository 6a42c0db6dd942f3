"""OME-TIFFs of several files: one image, whichever are given, or the name of what is missing."""

from __future__ import annotations

import shutil

import numpy as np
import pytest
import tifffile

from napari_c3r.core.errors import InputError
from napari_c3r.core.images import find_images, read_image

PLANES = np.random.default_rng(0).integers(0, 2000, (3, 2, 2, 20, 30)).astype("uint16")
"""Of channel, slice and time point."""

START = '<?xml version="1.0" encoding="UTF-8"?><OME '
SPACE = 'xmlns="http://www.openmicroscopy.org/Schemas/OME/2016-06"'


def uuid(number):
    return f"urn:uuid:{number:08d}-0000-0000-0000-000000000000"


def image_xml(blocks, number=0, name="field", shape=PLANES.shape):
    channels, slices, times = shape[:3]
    named = "".join(f'<Channel ID="Channel:{number}:{c}" Name="c{c}"/>' for c in range(channels))
    return (
        f'<Image ID="Image:{number}" Name="{name}"><Pixels ID="Pixels:{number}" '
        f'DimensionOrder="XYTZC" Type="uint16" SizeX="30" SizeY="20" SizeC="{channels}" '
        f'SizeZ="{slices}" SizeT="{times}">{named}{blocks}</Pixels></Image>'
    )


def block(file, number, ifd, **first):
    at = " ".join(f'First{axis}="{n}"' for axis, n in first.items())
    return (
        f'<TiffData {at} IFD="{ifd}" PlaneCount="1"><UUID FileName="{file}">{uuid(number)}</UUID>'
        "</TiffData>"
    )


def write_tiff(path, planes, xml):
    tifffile.imwrite(
        path, planes, photometric="minisblack", description=xml.encode(), metadata=None
    )
    return path


def write_set(folder, axis, binary=""):
    """One file for each index of an axis of (C, Z, T).

    Every file tells of all of them, or `binary` names the one that does.
    """
    position = "CZT".index(axis)
    rest = [letter for letter in "CZT" if letter != axis]
    names = [f"exp_{axis}{'abc'[k]}.ome.tif" for k in range(PLANES.shape[position])]
    blocks, parts = "", [np.take(PLANES, k, position) for k in range(len(names))]
    for k, name in enumerate(names):
        for ifd, at in enumerate(np.ndindex(parts[k].shape[:2])):
            first = {axis: k, **dict(zip(rest, at, strict=True))}
            blocks += block(name, k, ifd, **first)
    for k, name in enumerate(names):
        xml = f'{START}{SPACE} UUID="{uuid(k)}">{image_xml(blocks)}</OME>'
        if binary and name != binary:
            xml = (
                f'{START}{SPACE} UUID="{uuid(k)}"><BinaryOnly MetadataFile="{binary}" '
                f'UUID="{uuid(9)}"/></OME>'
            )
        write_tiff(folder / name, parts[k].reshape(-1, 20, 30), xml)
    if binary and binary not in names:
        whole = f'{START}{SPACE} UUID="{uuid(9)}">{image_xml(blocks)}</OME>'
        (folder / binary).write_text(whole, "utf-8")
    return [folder / name for name in names]


SETS = [
    *((axis, "") for axis in "CZT"),
    ("C", "exp_Ca.ome.tif"),
    ("Z", "exp_Zb.ome.tif"),
    ("C", "exp.companion.ome"),
    ("T", "zz.companion.ome"),
]


def every_plane(given):
    return np.stack(
        [[read_image(given, z=z, t=t).data.compute() for t in range(2)] for z in range(2)]
    ).transpose(2, 0, 1, 3, 4)


@pytest.mark.parametrize(("axis", "binary"), SETS)
def test_any_file_of_a_set_gives_the_whole(tmp_path, axis, binary):
    files = write_set(tmp_path, axis, binary)
    for given in (*files, files, files[1:], tmp_path, *tmp_path.glob("*.companion.ome")):
        (found,) = find_images(given)
        np.testing.assert_array_equal(every_plane(given), PLANES)
        assert set(files) <= set(found.paths)
        assert set(files) <= set(read_image(found).source)
        assert read_image(found).channel_names == ("c0", "c1", "c2")
    (found,) = find_images(tmp_path)
    assert found.name == ("zz" if binary.startswith("zz") else "exp")


@pytest.mark.parametrize(("axis", "binary"), SETS)
@pytest.mark.parametrize("z", ["max", "mean", "focus", 0])
def test_a_missing_file_is_named(tmp_path, axis, binary, z):
    files = write_set(tmp_path, axis, binary)
    gone = next(file for file in reversed(files) if file.name != binary)
    gone.unlink()
    for given in (next(file for file in files if file != gone), tmp_path):
        with pytest.raises(InputError, match=f"{gone.name} is missing"):
            read_image(given, z=z)


@pytest.mark.parametrize("binary", ["exp_Cc.ome.tif", "exp.companion.ome"])
def test_a_missing_description_is_named(tmp_path, binary):
    files = write_set(tmp_path, "C", binary)
    (tmp_path / binary).unlink()
    with pytest.raises(InputError, match=f"{binary} what they are, which is missing"):
        read_image(files[0])


def test_a_renamed_file_knows_itself_and_is_missed_by_the_others(tmp_path):
    files = write_set(tmp_path, "C")
    renamed = files[1].rename(tmp_path / "other.ome.tif")
    np.testing.assert_array_equal(every_plane(renamed), PLANES)
    with pytest.raises(InputError, match=f"{files[1].name} is missing"):
        read_image(files[0])
    np.testing.assert_array_equal(every_plane(tmp_path), PLANES)


def test_a_copy_of_a_file_is_no_second_image(tmp_path):
    files = write_set(tmp_path, "C")
    shutil.copy(files[0], tmp_path / "a copy.ome.tif")
    np.testing.assert_array_equal(every_plane(tmp_path), PLANES)


def test_files_with_each_others_names_are_refused(tmp_path):
    files = write_set(tmp_path, "C")
    files[0].rename(tmp_path / "between")
    files[1].rename(files[0])
    (tmp_path / "between").rename(files[1])
    with pytest.raises(InputError, match="have each other's names"):
        read_image(files[2])


def test_a_file_of_another_set_is_doubted(tmp_path):
    files = write_set(tmp_path, "C")
    xml = tifffile.tiffcomment(files[1])
    tifffile.tiffcomment(files[1], xml.replace(f'UUID="{uuid(1)}"', f'UUID="{uuid(7)}"').encode())
    assert any("is another file than the one" in note for note in read_image(files[0]).notes)


@pytest.mark.parametrize(
    "name", ["../a.ome.tif", "/nowhere/b.ome.tif", "C:\\d\\b.ome.tif", "x" * 300]
)
def test_names_that_lead_elsewhere(tmp_path, name):
    shape = (2, 1, 1)
    blocks = block("a.ome.tif", 0, 0, C=0) + block(name, 1, 0, C=1)
    xml = f'{START}{SPACE} UUID="{uuid(0)}">{image_xml(blocks, shape=shape)}</OME>'
    (tmp_path / "in").mkdir()
    path = write_tiff(tmp_path / "in" / "a.ome.tif", PLANES[0, 0, 0], xml)
    write_tiff(tmp_path / "a.ome.tif", PLANES[0, 0, 0], xml)
    if "b.ome" in name:
        with pytest.raises(InputError, match=r"b\.ome\.tif is missing"):
            read_image(path)
        write_tiff(tmp_path / "in" / "b.ome.tif", PLANES[1, 0, 0], "")
        np.testing.assert_array_equal(read_image(path).data, PLANES[:2, 0, 0])
    elif ".." in name:
        # Never another folder's: of its own folder, the file of that name.
        assert find_images(path)[0].paths == (path,)
    else:
        with pytest.raises(InputError, match="is missing"):
            read_image(path)


def test_a_companion_in_another_folder_below(tmp_path):
    (tmp_path / "data").mkdir()
    shape = (2, 1, 1)
    blocks = "".join(block(f"data/c{c}.tif", c, 0, C=c) for c in range(2))
    for c in range(2):
        tifffile.imwrite(tmp_path / "data" / f"c{c}.tif", PLANES[c, 0, 0])
    text = f'{START}{SPACE} UUID="{uuid(9)}">{image_xml(blocks, shape=shape)}</OME>'
    (tmp_path / "exp.companion.ome").write_text(text, "utf-8")
    np.testing.assert_array_equal(read_image(tmp_path).data, PLANES[:2, 0, 0])


def write_positions(folder, count=3):
    """One file for each position, of two channels; every file tells of all."""
    names = [f"exp_P{k}.ome.tif" for k in range(count)]
    images = "".join(
        image_xml("".join(block(name, k, c, C=c) for c in range(2)), k, f"Pos{k}", (2, 1, 1))
        for k, name in enumerate(names)
    )
    for k, name in enumerate(names):
        xml = f'{START}{SPACE} UUID="{uuid(k)}">{images}</OME>'
        write_tiff(folder / name, PLANES[k, :, 0], xml)
    return [folder / name for name in names]


def test_positions_in_files_of_their_own(tmp_path):
    files = write_positions(tmp_path)
    for given in (tmp_path, files[0], files[2], files):
        found = find_images(given)
        assert [image.name for image in found] == ["exp_P0", "exp_P1", "exp_P2"]
        for k, image in enumerate(found):
            np.testing.assert_array_equal(read_image(image).data, PLANES[k, :, 0])
            assert read_image(given, scene=k).name == image.name
    files[1].unlink()
    found = find_images(tmp_path)
    assert [image.name for image in found] == ["exp_P0", "exp_P1", "exp_P2"]
    np.testing.assert_array_equal(read_image(found[2]).data, PLANES[2, :, 0])
    with pytest.raises(InputError, match=r"exp_P1\.ome\.tif is missing"):
        read_image(found[1])


def test_a_pattern_says_where_a_set_lies(tmp_path):
    write_set(tmp_path, "C")
    (found,) = find_images(tmp_path, pattern=r"exp_(?P<well>[A-Z])(?P<ignore>[abc])")
    assert found.well == "C"
    assert find_images(tmp_path, pattern=r"(?P<well>nothing)") == ()


def test_a_single_file_may_be_renamed(tmp_path):
    tifffile.imwrite(tmp_path / "a.ome.tif", PLANES[:, 0, 0], ome=True, metadata={"axes": "CYX"})
    renamed = (tmp_path / "a.ome.tif").rename(tmp_path / "b.ome.tif")
    np.testing.assert_array_equal(read_image(renamed).data, PLANES[:, 0, 0])


@pytest.mark.parametrize("root", [f' UUID="{uuid(0)}"', ""])
def test_a_single_file_that_names_itself_may_be_renamed_and_copied(tmp_path, root):
    blocks = "".join(block("was.ome.tif", 0, c, C=c) for c in range(3))
    xml = f"{START}{SPACE}{root}>{image_xml(blocks, shape=(3, 1, 1))}</OME>"
    for name in ("a.ome.tif", "b.ome.tif"):
        write_tiff(tmp_path / name, PLANES[:, 0, 0], xml)
    found = find_images(tmp_path)
    assert [image.name for image in found] == ["a", "b"]
    for image in found:
        np.testing.assert_array_equal(read_image(image).data, PLANES[:, 0, 0])


def test_planes_that_no_file_holds_are_no_zeros(tmp_path):
    file = tmp_path / "a.ome.tif"
    tifffile.imwrite(file, PLANES[:, 0, 0], ome=True, metadata={"axes": "CYX"}, photometric=1)
    xml = tifffile.tiffcomment(file).replace('SizeT="1"', 'SizeT="2"')
    tifffile.tiffcomment(file, xml.encode())
    with pytest.raises(InputError, match="lacks 3 of the 6 planes"):
        read_image(file)


@pytest.mark.parametrize("damage", [b"", b"II*\0", None])
def test_a_damaged_file_of_a_set_is_no_zeros(tmp_path, damage):
    files = write_set(tmp_path, "C")
    files[1].write_bytes(files[1].read_bytes()[:-700] if damage is None else damage)
    for given in (files[0], tmp_path):
        with pytest.raises(InputError, match="exp_C"):
            read_image(given, z="mean").data.compute()


def test_a_file_that_goes_while_it_is_read_is_named(tmp_path):
    files = write_set(tmp_path, "C")
    image = read_image(files[0])
    files[2].unlink()
    with pytest.raises(InputError, match=files[2].name):
        image.data.compute()


@pytest.mark.parametrize("compression", [None, "zlib"])
@pytest.mark.parametrize("kind", ["imagej", "shaped"])
def test_planes_that_other_metadata_claim_are_no_zeros(tmp_path, kind, compression):
    file = tmp_path / "a.tif"
    how = {"imagej": {"imagej": True, "metadata": {"axes": "CYX"}}, "shaped": {}}[kind]
    tifffile.imwrite(file, PLANES[:, 0, 0], photometric=1, compression=compression, **how)
    told = tifffile.tiffcomment(file)
    for few, many in (("images=3", "images=6"), ("channels=3", "channels=6"), ("[3, 20", "[6, 20")):
        told = told.replace(few, many)
    tifffile.tiffcomment(file, told.encode())
    with pytest.raises(InputError, match=r"a\.tif (lacks 3 of|cannot be read|is truncated)"):
        read_image(file, z="mean").data.compute()


def test_planes_that_are_not_told_of_are_noted(tmp_path):
    file = tmp_path / "a.ome.tif"
    tifffile.imwrite(file, PLANES[:, 0, 0], ome=True, metadata={"axes": "CYX"}, photometric=1)
    xml = tifffile.tiffcomment(file)
    xml = xml.replace('SizeC="3"', 'SizeC="2"').replace('PlaneCount="3"', 'PlaneCount="2"')
    tifffile.tiffcomment(file, xml.encode())
    assert "a.ome.tif holds 3 planes and tells of 2: the others are left out." in (
        read_image(file).notes
    )


def test_a_plane_of_which_nothing_was_stored_is_no_zeros(tmp_path):
    file = tmp_path / "a.tif"
    tifffile.imwrite(file, PLANES[:, 0, 0], photometric=1, compression="zlib", metadata=None)
    with tifffile.TiffFile(file, mode="r+") as tif:
        tif.pages[1].tags["StripByteCounts"].overwrite([0])
    with pytest.raises(InputError, match="holds no pixels of its plane 1"):
        read_image(file)
