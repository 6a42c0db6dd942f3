"""What a field's table is made from: every change is noticed, and said in words."""

from __future__ import annotations

import json
import os
import shutil
import time
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import tifffile

from napari_c3r.core.embed import FieldTask, inputs
from napari_c3r.core.embed.inputs import FieldInputs
from napari_c3r.core.errors import InputError
from napari_c3r.core.images import FieldSource, Image, LabelSource, find_images
from napari_c3r.core.table import make_result

SETTINGS = {"z": "max", "context": ("DNA",), "crop": {"size_px": None}}


@pytest.fixture
def plate(tmp_path):
    """A field of two files, a label image, and a further file that its image turns out to have."""
    folder = tmp_path / "in"
    folder.mkdir()
    for channel in (1, 2):
        tifffile.imwrite(folder / f"P1_A01_s1_w{channel}.tif", np.full((8, 8), channel, "uint16"))
    tifffile.imwrite(tmp_path / "labels.tif", np.eye(8, dtype="uint16"))
    (folder / "other.bin").write_bytes(b"pixels")
    return tmp_path


def task(plate, folder="in"):
    files = find_images([plate / folder / f"P1_A01_s1_w{channel}.tif" for channel in (1, 2)])[0]
    return FieldTask.of(FieldSource(files), LabelSource(str(plate / "labels.tif")))


def table(sources=()):
    obs = pd.DataFrame({"image": ["a"], "label": [1], "y_px": [1.0], "x_px": [1.0]})
    facts = {"sources": {"path": list(sources), "sha256": [None for _ in sources]}}
    return make_result(obs, np.ones((1, 1), np.float32), [("RNA", "cls")], facts)


def described(plate):
    seen = FieldInputs(task(plate), SETTINGS)
    seen.see()
    seen.see([plate / "in" / "other.bin"])
    return json.loads(json.dumps(seen.describe(table())))


def write_pixels(path, value=9, keep_time=False):
    before = path.stat()
    tifffile.imwrite(path, np.full((8, 8), value, "uint16"))
    if keep_time:
        os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


CHANGES = {
    "another image": (lambda p: write_pixels(p / "in/P1_A01_s1_w2.tif"), "the image changed"),
    "of the same size and time": (
        lambda p: write_pixels(p / "in/P1_A01_s1_w2.tif", keep_time=True),
        "the image changed",
    ),
    "shorter": (lambda p: os.truncate(p / "in/P1_A01_s1_w1.tif", 99), "the image changed"),
    "gone": (lambda p: (p / "in/other.bin").unlink(), "the image changed"),
    "a further file": (lambda p: (p / "in/other.bin").write_bytes(b"PIXELS"), "the image changed"),
    "labels": (lambda p: write_pixels(p / "labels.tif"), "the labels changed"),
    "nothing": (lambda p: None, ""),
    "only touched": (lambda p: os.utime(p / "in/P1_A01_s1_w1.tif"), ""),
}


@pytest.mark.parametrize("settled", [False, True])
@pytest.mark.parametrize("name", CHANGES)
def test_a_change_of_any_file_is_noticed(plate, name, settled, monkeypatch):
    if settled:
        # As if the files had been written long before they were looked at.
        monkeypatch.setattr(inputs, "_TICK_NS", -time.time_ns())
    before = described(plate)
    change, said = CHANGES[name]
    change(plate)
    assert FieldInputs(task(plate), SETTINGS).difference(before) == said


def test_files_that_are_as_they_were_are_not_read_again(plate, monkeypatch):
    monkeypatch.setattr(inputs, "_TICK_NS", -time.time_ns())
    before = described(plate)
    monkeypatch.setattr(inputs, "_content", pytest.fail)
    assert FieldInputs(task(plate), SETTINGS).difference(before) == ""


def test_a_folder_that_was_moved_is_known_by_its_content(plate):
    before = described(plate)
    (plate / "in").rename(plate / "moved")
    assert FieldInputs(task(plate, "moved"), SETTINGS).difference(before) == ""
    write_pixels(plate / "moved" / "P1_A01_s1_w1.tif")
    assert FieldInputs(task(plate, "moved"), SETTINGS).difference(before) == "the image changed"


def test_folders_are_files_of_any_depth(plate):
    store = plate / "in" / "P1_A02_s1.zarr"
    (store / "0").mkdir(parents=True)
    (store / "0" / "c").write_bytes(b"chunk")
    found = task(plate)
    source = replace(found.source, files=replace(found.source.files, files=()))
    one = replace(found, source=source)
    seen = FieldInputs(one, SETTINGS)
    seen.see([store])
    before = seen.describe(table([str(store)]))
    again = FieldInputs(one, SETTINGS)
    before["files"][-1]["relative"] = str(store)
    assert again.difference(before) == ""
    (store / "0" / "c").write_bytes(b"CHUNK")
    assert again.difference(before) == "the image changed"


@pytest.mark.parametrize(
    ("other", "said"),
    [
        ({"z": "mean"}, "z was 'max' and is 'mean'"),
        ({"context": ()}, "context was ['DNA'] and is []"),
        ({"crop": {"size_px": 32}}, "crop was {'size_px': None} and is {'size_px': 32}"),
        ({"gain": 1}, "another version of napari-c3r made it, which differs in the setting gain"),
    ],
)
def test_other_settings_are_named(plate, other, said):
    before = described(plate)
    assert FieldInputs(task(plate), {**SETTINGS, **other}).difference(before) == said


def test_other_readings_of_the_same_files_are_noticed(plate):
    before = described(plate)
    one = task(plate)
    for changed in (
        {"well": "B07"},
        {"plate": None},
        {"site": "7"},
        {"files": one.source.files.files[::-1]},
    ):
        files = replace(one.source.files, **changed)
        other = replace(one, source=replace(one.source, files=files))
        assert FieldInputs(other, SETTINGS).difference(before)
    # What is only said of them makes no other table.
    files = replace(one.source.files, notes=("said otherwise",))
    other = replace(one, source=replace(one.source, files=files))
    assert FieldInputs(other, SETTINGS).difference(before) == ""


def test_a_later_version_of_the_numbers_makes_all_again(plate, monkeypatch):
    before = described(plate)
    monkeypatch.setattr(inputs, "VERSION", inputs.VERSION + 1)
    said = FieldInputs(task(plate), SETTINGS).difference(before)
    assert said == "another version of napari-c3r made it"


def test_images_and_labels_in_memory_are_known_by_their_pixels():
    pixels, labels = np.zeros((2, 8, 8), "uint16"), np.eye(8, dtype=int)

    def one(pixels=pixels, labels=labels, names=("DNA", "RNA"), size=None):
        image = Image.from_array(pixels, names, size, name="a")
        return FieldInputs(FieldTask("a", image, labels=labels, nuclei=labels), SETTINGS)

    before = one().describe(table())
    assert one().difference(before) == ""
    others = (
        {"pixels": pixels + 1},
        {"labels": labels * 2},
        {"names": ("RNA", "DNA")},
        {"size": 1},
    )
    for changed in others:
        assert one(**changed).difference(before) == "the image or its cells changed"


def test_a_file_that_changes_while_it_is_read_fails_its_field(plate):
    seen = FieldInputs(task(plate), SETTINGS)
    seen.see()
    write_pixels(plate / "in/P1_A01_s1_w1.tif")
    with pytest.raises(InputError, match=r"_w1\.tif' changed while it was read"):
        seen.describe(table())
    shutil.rmtree(plate / "in")
    with pytest.raises(InputError, match="cannot be read any more"):
        seen.describe(table())
