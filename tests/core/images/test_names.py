"""Names of one listing are always different."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from napari_c3r.core.errors import InputError
from napari_c3r.core.images import find_images
from napari_c3r.core.images.names import Candidate, unique_names


def touch(folder, *names):
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    return folder


@pytest.mark.parametrize(
    ("given", "names"),
    [
        ([("a", "/x", ".tif"), ("b", "/x", ".tif")], ["a", "b"]),
        ([("i", "/a/x", ".tif"), ("i", "/b/x", ".tif")], ["a/x/i", "b/x/i"]),
        ([("i", "/", ".tif"), ("i", "/b", ".tif")], ["i", "b/i"]),
        ([("i", "/x", ".tif"), ("i", "/x", ".ome.tif")], ["i.tif", "i.ome.tif"]),
        ([("i", "/x", ".tif"), ("i", "/x", ".tif")], ["i", "i (2)"]),
        ([("i", "/x", ".tif"), ("I", "/x", ".tif"), ("i (2)", "/x", "")], ["i", "I (3)", "i (2)"]),
        (
            [("i", "/x", ".tif"), ("i", "/x", ".png"), ("i", "/y", ".tif")],
            ["x/i.tif", "x/i.png", "y/i"],
        ),
        ([("é", "/x", ".tif"), ("e\u0301", "/x", ".tif")], ["é", "e\u0301 (2)"]),
    ],
)
def test_equal_names_are_told_apart(given, names):
    assert unique_names([Candidate(n, Path(f), s) for n, f, s in given]) == names


def test_a_listing_of_several_folders_and_paths_has_no_name_twice(tmp_path):
    for top in "ab":
        touch(
            tmp_path, *(f"{top}/x/y/i{suffix}" for suffix in (".tif", ".tiff", ".ome.tif", ".png"))
        )
        touch(
            tmp_path, *(f"{top}/x/y/s_{stain}_{k}.tif" for stain in ("DAPI", "GFP") for k in (1, 2))
        )
    found = find_images([tmp_path / "a/x/y", tmp_path / "b/x/y", tmp_path / "b/x/../x/y/i.tif"])
    assert len(found) == len({image.name for image in found}) == 12
    assert [i.name for i in found][:2] == ["a/x/y/i.ome.tif", "a/x/y/i.png"]


@pytest.mark.parametrize(
    ("link", "to"), [("ZStep_1", "."), ("Pos0", ".."), ("TimePoint_1", "ZStep_2")]
)
def test_each_real_folder_is_visited_once(tmp_path, link, to):
    folder = touch(tmp_path / "in", "a.ome.tif", "ZStep_2/b.tif")
    os.symlink(to, folder / link)
    os.symlink("loop", folder / "loop")
    assert [image.name for image in find_images([folder, folder / "ZStep_2"])] == ["a", "b"]


def test_names_that_are_no_utf_8_become_text(tmp_path):
    for name in (b"\xff_DAPI.tif", b"\xff_GFP.tif", b"\xfe.tif"):
        (tmp_path / os.fsdecode(name)).touch()
    found = find_images(tmp_path)
    assert [(i.name, i.channel_names) for i in found] == [
        ("\\xfe", ()),
        ("\\xff", ("DAPI", "GFP")),
    ]
    assert all(path.exists() for image in found for path in image.paths)


@pytest.mark.parametrize("path", ["/dev/null", "x" * 300, "a\0b"])
def test_a_path_that_is_no_file_or_folder_is_one_line(path):
    with pytest.raises(InputError, match=r"give one of|check the path|give another path"):
        find_images(path)
