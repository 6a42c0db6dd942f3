"""OME-TIFFs of several files: all of them, or a line that names the one that is missing."""

from __future__ import annotations

import numpy as np
import pytest
import tifffile

from napari_c3r.core.errors import InputError
from napari_c3r.core.images import FieldSource, ReadOptions, find_images, read_image, scan

PLANES = np.random.default_rng(0).integers(0, 2000, (3, 2, 20, 30)).astype("uint16")


def write_set(folder, axis):
    """One file for each index of an axis of (C, Z); every file tells of all of them."""
    position = "CZ".index(axis)
    count, names = PLANES.shape[position], []
    blocks = ""
    for k in range(count):
        names.append(f"exp_{axis}{'abc'[k]}.ome.tif")
        for page in range(PLANES.shape[1 - position]):
            c, z = (k, page) if axis == "C" else (page, k)
            blocks += (
                f'<TiffData FirstC="{c}" FirstZ="{z}" FirstT="0" IFD="{page}" PlaneCount="1">'
                f'<UUID FileName="{names[k]}">urn:uuid:{k:08d}-0000-0000-0000-000000000000</UUID>'
                "</TiffData>"
            )
    channels = "".join(f'<Channel ID="Channel:0:{c}" Name="c{c}"/>' for c in range(3))
    for k, name in enumerate(names):
        xml = (
            '<?xml version="1.0" encoding="UTF-8"?>'
            '<OME xmlns="http://www.openmicroscopy.org/Schemas/OME/2016-06" '
            f'UUID="urn:uuid:{k:08d}-0000-0000-0000-000000000000"><Image ID="Image:0">'
            '<Pixels ID="Pixels:0" DimensionOrder="XYZCT" Type="uint16" SizeX="30" SizeY="20" '
            f'SizeC="3" SizeZ="2" SizeT="1">{channels}{blocks}</Pixels></Image></OME>'
        )
        tifffile.imwrite(
            folder / name,
            np.take(PLANES, k, position),
            photometric="minisblack",
            description=xml,
            metadata=None,
        )
    return [folder / name for name in names]


@pytest.mark.parametrize("axis", "CZ")
def test_any_file_of_a_set_gives_the_whole(tmp_path, axis):
    for file in write_set(tmp_path, axis):
        np.testing.assert_array_equal(read_image(file, z=1).data, PLANES[:, 1])


@pytest.mark.parametrize("axis", "CZ")
@pytest.mark.parametrize("z", ["max", "mean", "focus", 0])
def test_a_missing_file_is_named(tmp_path, axis, z):
    files = write_set(tmp_path, axis)
    files[-1].unlink()
    with pytest.raises(InputError, match=f"{files[-1].name} is missing"):
        read_image(files[0], z=z)


def test_a_renamed_file_knows_itself_and_is_missed_by_the_others(tmp_path):
    files = write_set(tmp_path, "C")
    renamed = files[1].rename(tmp_path / "other.ome.tif")
    np.testing.assert_array_equal(read_image(renamed, z=1).data, PLANES[:, 1])
    with pytest.raises(InputError, match=f"{files[1].name} is missing"):
        read_image(files[0])


def test_a_single_file_may_be_renamed(tmp_path):
    tifffile.imwrite(tmp_path / "a.ome.tif", PLANES[:, 0], ome=True, metadata={"axes": "CYX"})
    renamed = (tmp_path / "a.ome.tif").rename(tmp_path / "b.ome.tif")
    np.testing.assert_array_equal(read_image(renamed).data, PLANES[:, 0])


def test_planes_that_no_file_holds_are_no_zeros(tmp_path):
    file = tmp_path / "a.ome.tif"
    tifffile.imwrite(file, PLANES[:, 0], ome=True, metadata={"axes": "CYX"}, photometric=1)
    xml = tifffile.tiffcomment(file).replace('SizeT="1"', 'SizeT="2"')
    tifffile.tiffcomment(file, xml.encode())
    with pytest.raises(InputError, match="lacks 3 of the 6 planes"):
        read_image(file)


@pytest.mark.parametrize("axis", "CZ")
def test_a_set_is_one_image_however_many_of_its_files_are_given(tmp_path, axis):
    files = write_set(tmp_path, axis)
    for given in (tmp_path, files[0], files[-1:], [*files, tmp_path]):
        (found,) = find_images(given)
        assert found.name == f"exp_{axis}"
        assert sorted(found.paths) == files
        np.testing.assert_array_equal(read_image(found, z=1).data, PLANES[:, 1])
    files[0].unlink()
    (found,) = find_images(tmp_path)
    with pytest.raises(InputError, match=f"{files[0].name} is missing"):
        read_image(found)


def test_metadata_in_another_file_go_for_a_binary_only_one(tmp_path):
    files = write_set(tmp_path, "C")
    xml = tifffile.tiffcomment(files[0])
    (tmp_path / "exp.companion.ome").write_text(xml)
    uuid = "urn:uuid:00000002-0000-0000-0000-000000000000"
    only = (
        '<OME xmlns="http://www.openmicroscopy.org/Schemas/OME/2016-06" '
        f'UUID="{uuid}"><BinaryOnly MetadataFile="exp.companion.ome" UUID="{uuid}"/></OME>'
    )
    tifffile.tiffcomment(files[2], only)
    np.testing.assert_array_equal(read_image(files[2], z=1).data, PLANES[:, 1])
    (tmp_path / "exp.companion.ome").unlink()
    with pytest.raises(InputError, match=r"'exp\.companion\.ome', which is missing"):
        read_image(files[2])


def write_scenes(path, names, shape=(2, 20, 30)):
    with tifffile.TiffWriter(path, ome=True) as file:
        for number, name in enumerate(names):
            metadata = {"axes": "CYX", "Name": name, "Channel": {"Name": ["DNA", "RNA"]}}
            file.write(np.full(shape, number, "uint16"), photometric=1, metadata=metadata)


@pytest.mark.parametrize(
    ("names", "listed"),
    [
        (["A", "B", "C"], ["p_A", "p_B", "p_C"]),
        (["same", "same"], ["p_scene 0", "p_scene 1"]),
        (["a\nb/c", "label image", "x"], ["p_a b/c", "p_x"]),
        (["only", "macro"], ["p"]),
    ],
)
def test_scenes_are_fields_of_their_own(tmp_path, names, listed):
    write_scenes(tmp_path / "p.ome.tif", names)
    found = find_images(tmp_path)
    assert [image.name for image in found] == listed
    for image in found:
        number = image.scene or 0
        assert (read_image(image).data == number).all()
        assert (FieldSource(image).read().data == number).all()
        assert (read_image(tmp_path / "p.ome.tif", scene=number).data == number).all()


def test_one_scene_is_chosen(tmp_path):
    write_scenes(tmp_path / "p.ome.tif", ["A", "B", "C"])
    (source,) = scan(tmp_path).sources(ReadOptions(scene=1))
    assert (source.name, source.reading.scene) == ("p_B", 1)
    assert len(scan(tmp_path).sources(ReadOptions())) == 3
    with pytest.raises(InputError, match="no scene 3: choose 0 to 2"):
        scan(tmp_path).sources(ReadOptions(scene=3))
    with pytest.raises(InputError, match="no scene 5"):
        read_image(tmp_path / "p.ome.tif", scene=5)
