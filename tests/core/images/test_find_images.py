"""Listing folders and plates without opening pixels."""

from __future__ import annotations

import numpy as np
import pytest
import tifffile

from napari_c3r.core.errors import InputError
from napari_c3r.core.images import find_images, read_image


def touch(folder, *names):
    """Empty files: a listing must not open them."""
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    return folder


def test_a_plate_is_listed_from_names_alone(tmp_path):
    names = [
        f"r{row:02d}c{column:02d}f{site:02d}p{z:02d}-ch{channel}sk1fk1fl1.tiff"
        for row in (1, 2)
        for column in (1, 12)
        for site in (1, 2, 10)
        for z in (1, 2)
        for channel in (1, 2, 10)
    ]
    images = find_images(touch(tmp_path, *names))
    assert len(images) == 12
    assert [(i.well, i.site) for i in images[:4]] == [
        ("A01", "1"),
        ("A01", "2"),
        ("A01", "10"),
        ("A12", "1"),
    ]
    assert images[0].channel_names == ("ch1", "ch2", "ch10")
    assert len(images[0].files) == 6


def test_subfolders_masks_and_hidden_files_are_left_out(tmp_path):
    names = ["A01_s1_w1.tif", "A01_s1_w2.TIF", "labels/A01_s1_w1.tif", "outlines/x.png"]
    touch(tmp_path, *names, "A01_s1_w1_thumb.tif", "x_masks.png", ".hidden.tif", "notes.txt")
    (image,) = find_images(tmp_path)
    assert [path.name for path in image.paths] == ["A01_s1_w1.tif", "A01_s1_w2.TIF"]


def test_pattern_of_the_users_own(tmp_path):
    touch(tmp_path, "exp7 b-3 pos2 DAPI.tif", "exp7 b-3 pos2 GFP.tif", "readme.tif")
    pattern = r"(?P<plate>\w+) (?P<well>\w-\d+) pos(?P<site>\d+) (?P<channel>\w+)"
    (image,) = find_images(tmp_path, pattern=pattern)
    assert (image.plate, image.well, image.site) == ("exp7", "B03", "2")
    assert image.channel_names == ("DAPI", "GFP")
    with pytest.raises(InputError, match="fits none of 3 names"):
        find_images(tmp_path, pattern="(?P<channel>nothing)")


def test_equal_names_in_two_folders_stay_apart(tmp_path):
    for plate in ("P1", "P2"):
        touch(tmp_path / plate, "A01_s1_w1.tif", "A01_s1_w2.tif")
    images = find_images([tmp_path / "P1", tmp_path / "P2"])
    assert [image.name for image in images] == ["P1/A01_s1", "P2/A01_s1"]


@pytest.mark.parametrize(
    ("names", "path", "message"),
    [
        ([], "missing", "does not exist"),
        ([], "", "holds no image"),
        (["sub/a.tif"], "", r"subfolders \['sub'\]"),
        (["a.xyz"], "a.xyz", "unknown format '.xyz'"),
        (["A01_s1_w1.tif", "A01_s1_w1.tiff"], "", "'w1' occurs twice"),
    ],
)
def test_refuses(tmp_path, names, path, message):
    touch(tmp_path, *names)
    with pytest.raises(InputError, match=message):
        find_images(tmp_path / path)


def test_a_folder_of_several_images_is_not_one(tmp_path):
    touch(tmp_path, "img_1.tif", "img_2.tif", "img_3.tif", "img_4.tif")
    with pytest.raises(InputError, match=r"4 images here \(img_1, img_2, img_3, …\).*find_images"):
        read_image(tmp_path)


def test_nested_imagexpress_with_projection_and_wave_names(tmp_path):
    folder = tmp_path / "plate"
    (folder / "TimePoint_1").mkdir(parents=True)
    (folder / "p.HTD").write_text('"WaveName1", "DAPI"\n"WaveName2", "Cy5"\n', "latin-1")
    values = {0: 30, 1: 10, 2: 30}
    for step, value in values.items():
        (folder / f"TimePoint_1/ZStep_{step}").mkdir()
        for wave in (1, 2) if step == 0 else (1,):
            plane = np.full((8, 9), value + wave, "uint16")
            tifffile.imwrite(folder / f"TimePoint_1/ZStep_{step}/p_B02_s1_w{wave}.TIF", plane)
    (image,) = find_images(folder)
    assert (image.plate, image.well, image.site) == ("p", "B02", "1")
    assert image.channel_names == ("DAPI", "Cy5")

    def values_at(z):
        return np.asarray(read_image(image, z=z).data[:, 0, 0]).tolist()

    assert values_at("max") == [31, 32]
    assert values_at(0) == [11, 32]
    assert values_at("mean") == [21, 32]
    assert "no Z slices" in " ".join(read_image(image, z=1).notes)
