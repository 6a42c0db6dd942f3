"""Work of a process that was killed is found again; that of one that is there is left alone."""

from __future__ import annotations

import json
import os
import shutil
import time
from dataclasses import replace

import numpy as np
import pytest

from napari_c3r.core.channels import ChannelAssignment
from napari_c3r.core.images import FieldSource, Image, ImageFiles
from napari_c3r.session.file import SavedCells, SavedSession, read_session
from napari_c3r.session.unsaved import MAX_FOUND, UnsavedWork
from tests.session.dying import die

ROLES = ChannelAssignment({"DNA": "context", "RNA": "concept"})


def small():
    labels = np.eye(8, dtype=np.int32)
    image = Image.from_array(np.ones((2, 8, 8), np.uint16), ["DNA", "RNA"], name="i")
    cells = {"i": SavedCells(labels, origin="drawn")}
    return SavedSession([FieldSource(ImageFiles("i", ()))], 0, ROLES, cells), {"i": image}


@pytest.fixture(scope="module")
def left(tmp_path_factory):
    """What a killed process left, once for all tests."""
    root = tmp_path_factory.mktemp("unsaved")
    die(root)
    return root


@pytest.fixture
def root(left, tmp_path):
    copied = tmp_path / "unsaved"
    shutil.copytree(left, copied, copy_function=shutil.copy2)
    return copied


def test_what_a_killed_process_left_is_found_whole(root):
    (work,) = UnsavedWork(root).found()
    assert work.sentence == (
        "The last work was not saved: plate1, 2 cells, as it was less than a minute before it ended"
    )
    saved = read_session(work.folder)
    assert saved.result.obs["label"].tolist() == [3, 7]
    assert np.unique(saved.cells["field"].labels).tolist() == [0, 3, 7]
    later = replace(work, ended=work.saved + 3.2 * 60, name="long" * 30, n_cells=0)
    assert later.sentence.endswith("as it was 3 minutes before it ended")
    assert len(later.sentence) < 130


def test_work_of_a_process_that_is_there_is_offered_to_none(tmp_path):
    work = UnsavedWork(tmp_path)
    folder = work.keep(*small(), "mine")
    assert not UnsavedWork(tmp_path).found()
    # The number of a process may be that of another one later.
    facts = next(tmp_path.glob("*.json"))
    told = json.loads(facts.read_text())
    facts.write_text(json.dumps({**told, "began": told["began"] - 1000}))
    (found,) = UnsavedWork(tmp_path).found()
    assert found.folder == folder
    work.discard()
    assert not list(tmp_path.iterdir())


def test_what_is_kept_anew_takes_the_place_of_what_was_kept(tmp_path):
    work = UnsavedWork(tmp_path)
    saved, pixels = small()
    work.keep(saved, pixels, "mine")
    work.keep(replace(saved, encoder="other"), pixels, "mine")
    assert len(list(tmp_path.glob("*.c3r"))) == 1
    assert read_session(work.folder).encoder == "other"


def test_claimed_work_is_offered_to_no_one_else(root):
    (found,) = UnsavedWork(root).found()
    here = UnsavedWork(root)
    folder = here.claim(found)
    assert not UnsavedWork(root).found()
    # Pixels that are in no other file stay where the session finds them.
    assert folder.name.startswith("recovered-")
    assert read_session(folder).fields[0].files.files[0].path.exists()
    here.discard()
    assert folder.is_dir()


def test_claimed_work_whose_images_are_files_is_kept_on_in_its_place(root):
    (found,) = UnsavedWork(root).found()
    shutil.rmtree(found.folder / "images")
    here = UnsavedWork(root)
    assert here.claim(found) == found.folder == here.folder
    assert not UnsavedWork(root).found()


def test_only_the_last_few_are_kept(root):
    (found,) = UnsavedWork(root).found()
    facts = next(root.glob("*.json"))
    for number in range(MAX_FOUND + 2):
        shutil.copytree(found.folder, root / f"9{number}-1.c3r")
        copy = shutil.copy2(facts, root / f"9{number}-1.json")
        os.utime(copy, (time.time(), found.saved + 60 * number))
    kept = UnsavedWork(root).found()
    assert len(kept) == MAX_FOUND
    assert kept[0].folder.name == f"9{MAX_FOUND + 1}-1.c3r"
    assert len(list(root.glob("*.c3r"))) == MAX_FOUND


@pytest.mark.parametrize("text", ["", "{}", "[1]", '{"pid": 1e99, "began": 0}'])
def test_what_cannot_be_read_is_no_work_and_no_error(tmp_path, text):
    (tmp_path / "1-1.json").write_text(text)
    assert not UnsavedWork(tmp_path).found()
    assert not UnsavedWork(tmp_path / "nowhere").found()
