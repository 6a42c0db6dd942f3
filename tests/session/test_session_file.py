"""A session on disk is the session, wherever its folder is moved; or nothing is there."""

from __future__ import annotations

import json
import shutil

import numpy as np
import pandas as pd
import pytest
import tifffile

from napari_c3r.core.cells.filters import CellFilter
from napari_c3r.core.channels import ChannelAssignment
from napari_c3r.core.errors import InputError
from napari_c3r.core.images import FieldSource, Image, ImageFiles, ReadOptions, find_images
from napari_c3r.core.table import KEY, make_result
from napari_c3r.session.file import (
    SavedCells,
    SavedSession,
    is_session,
    read_session,
    write_session,
)

ROLES = ChannelAssignment({"DNA": "context", "w2": "concept"})


def make_session(folder, **changes):
    folder.mkdir(exist_ok=True)
    for channel in (1, 2):
        pixels = np.full((8, 9), channel, "uint16")
        tifffile.imwrite(folder / f"A01_s1_w{channel}.tif", pixels)
    source = FieldSource(find_images(folder)[0], ReadOptions({"w1": "DNA"}, 0.5))
    obs = pd.DataFrame({"image": "A01_s1", "label": [2, 9], "y_px": 1.0, "x_px": 2.0})
    obs["annotation"] = pd.Categorical(["mitotic", None])
    facts = {"roles": ROLES.to_dict(), "encoder": {"name": "e"}}
    result = make_result(obs, np.eye(2, dtype=np.float32), [("w2", "cls")] * 2, facts)
    labels = np.zeros((8, 9), np.int32)
    labels[2:4], labels[5:7] = 2, 9
    cells = SavedCells(labels, labels, "from DNA", {"nucleus": "DNA", "cell": None}, labels + 1)
    parts = {
        "cells": {"A01_s1": cells},
        "result": result,
        "filter": CellFilter(border=True),
        "settings": {"find": {"diameter": 3.5}},
        **changes,
    }
    return SavedSession([source], 0, ROLES, **parts)


def same(before, after):
    assert [f.name for f in after.fields] == [f.name for f in before.fields]
    assert after.fields[0].reading == before.fields[0].reading
    assert after.assignment == before.assignment
    for kind in ("labels", "nuclei", "drawn"):
        np.testing.assert_array_equal(
            getattr(after.cells["A01_s1"], kind), getattr(before.cells["A01_s1"], kind)
        )
    assert after.cells["A01_s1"].found_by == before.cells["A01_s1"].found_by
    np.testing.assert_array_equal(after.result.X, before.result.X)
    assert after.result.obs["annotation"].tolist()[0] == "mitotic"
    assert after.result.uns[KEY]["roles"] == ROLES.to_dict()
    assert (after.filter, after.settings) == (before.filter, before.settings)


def test_everything_comes_back(tmp_path):
    session = make_session(tmp_path / "images")
    folder = write_session(tmp_path / "my.c3r", session)
    assert is_session(folder)
    assert is_session(folder / "session.json")
    same(session, read_session(folder))
    same(session, read_session(folder / "session.json"))
    image = read_session(folder).fields[0].read()
    assert (image.channel_names, image.pixel_size_um) == (("DNA", "w2"), 0.5)


def test_images_and_session_can_be_moved_together(tmp_path):
    (tmp_path / "here").mkdir()
    session = make_session(tmp_path / "here" / "images")
    write_session(tmp_path / "here" / "my.c3r", session)
    shutil.move(tmp_path / "here", tmp_path / "there")
    found = read_session(tmp_path / "there" / "my.c3r").fields[0]
    assert found.files.paths[0].is_relative_to(tmp_path / "there")


def test_an_image_without_files_is_kept_with_its_pixels(tmp_path):
    pixels = np.arange(2 * 8 * 9, dtype="float32").reshape(2, 8, 9)
    image = Image.from_array(pixels, ["DNA", "µ-tubulin"], 0.31, name="in memory")
    source = FieldSource(ImageFiles("in memory", ()))
    saved = SavedSession([source], 0, ChannelAssignment({"DNA": "context"}))
    folder = write_session(tmp_path / "my.c3r", saved, {"in memory": image})
    shutil.move(folder, tmp_path / "moved.c3r")
    again = read_session(tmp_path / "moved.c3r").fields[0].read()
    np.testing.assert_array_equal(np.asarray(again.data), pixels)
    assert (again.name, again.channel_names) == ("in memory", ("DNA", "µ-tubulin"))
    assert again.pixel_size_um == 0.31


def test_saving_again_replaces_a_session_and_nothing_else(tmp_path):
    session = make_session(tmp_path / "images")
    folder = write_session(tmp_path / "my.c3r", session)
    write_session(folder, make_session(tmp_path / "images", result=None))
    assert read_session(folder).result is None
    with pytest.raises(InputError, match="is not a session; choose another name"):
        write_session(tmp_path / "images", session)
    assert len(list((tmp_path / "images").iterdir())) == 2
    assert sorted(p.name for p in tmp_path.iterdir()) == ["images", "my.c3r"]


def test_a_write_that_fails_leaves_the_session_before(tmp_path):
    session = make_session(tmp_path / "images")
    folder = write_session(tmp_path / "my.c3r", session)
    broken = make_session(tmp_path / "images", settings={"x": object()})
    with pytest.raises(TypeError):
        write_session(folder, broken)
    same(session, read_session(folder))
    assert sorted(p.name for p in tmp_path.iterdir()) == ["images", "my.c3r"]


def test_what_is_wrong_is_one_line(tmp_path):
    session = make_session(tmp_path / "images")
    folder = write_session(tmp_path / "my.c3r", session)
    with pytest.raises(InputError, match="is not a session"):
        read_session(tmp_path)
    content = json.loads((folder / "session.json").read_text())
    (folder / "session.json").write_text(json.dumps({**content, "format": 99}))
    with pytest.raises(InputError, match="update napari-c3r"):
        read_session(folder)
    (folder / "session.json").write_text("{")
    with pytest.raises(InputError, match="is damaged"):
        read_session(folder)
    (folder / "session.json").write_text(json.dumps(content))
    shutil.rmtree(tmp_path / "images")
    with pytest.raises(InputError, match="is gone; put it back"):
        read_session(folder)


_WRONG = {
    "format": ["1", None, True],
    "fields": [None, {}, [1], [{}]],
    "index": [1, -1, None, "0", 0.0],
    "roles": [None, [], {"DNA": "king"}, {}],
    "filter": [None, {"border": "yes"}, {"other": True}],
    "encoder": [None, 3],
    "finished": [0, None],
    "settings": [None, []],
    "names": [None, {"a": []}, {"a": {"x": "y"}}],
    "fields/0/name": [None, 7],
    "fields/0/files": [None, [None], [{}]],
    "fields/0/files/0/path": [None, 3],
    "fields/0/files/0/z": ["0", 1.5],
    "fields/0/reading": [None, {"scene": -1}, {"pixel_size_um": "NaN"}, {"other": 1}],
    "fields/0/notes": [None, [1]],
    "fields/0/cells": [None, {}, {"origin": 1, "found_by": None}],
}


@pytest.mark.parametrize("part", _WRONG)
def test_parts_of_another_kind_are_one_line(tmp_path, part):
    folder = write_session(tmp_path / "my.c3r", make_session(tmp_path / "images", result=None))
    sound = (folder / "session.json").read_text("utf-8")
    *path, last = [int(key) if key.isdigit() else key for key in part.split("/")]
    for value in _WRONG[part]:
        content = json.loads(sound)
        inside = content
        for key in path:
            inside = inside[key]
        inside[last] = value
        (folder / "session.json").write_text(json.dumps(content))
        with pytest.raises(InputError, match=r"is damaged|cannot be opened") as refused:
            read_session(folder)
        assert str(refused.value).isprintable()


@pytest.mark.parametrize(
    "spoil",
    [
        lambda folder: (folder / "session.json").write_text("[" * 5000 + "]" * 5000),
        lambda folder: (folder / "session.json").write_bytes(b"\xff\xfe\x00"),
        lambda folder: (folder / "cells/0001.tif").write_bytes(b"II*\0junk"),
        lambda folder: (folder / "cells/0001.tif").unlink(),
        lambda folder: (folder / "result.h5ad").write_bytes(b"\x89HDF junk"),
    ],
)
def test_damaged_files_of_a_session_are_one_line(tmp_path, spoil):
    folder = write_session(tmp_path / "my.c3r", make_session(tmp_path / "images"))
    spoil(folder)
    with pytest.raises(InputError) as refused:
        read_session(folder)
    assert str(refused.value).isprintable()
