"""Where fields are kept: the same table from memory and folder, resumed, never mixed."""

from __future__ import annotations

import json
import unicodedata
from dataclasses import replace
from itertools import takewhile
from types import SimpleNamespace

import numpy as np
import pytest
import tifffile

from napari_c3r.core.channels import ChannelAssignment
from napari_c3r.core.crops import CropSpec
from napari_c3r.core.embed import EmbedDriver, FieldTask, FolderStore, MemoryStore
from napari_c3r.core.embed.shards import shard_names
from napari_c3r.core.encoder import load_encoder
from napari_c3r.core.encoder.options import RunOptions
from napari_c3r.core.errors import InputError, OutputError
from napari_c3r.core.images import FieldSource, ReadOptions, find_images
from napari_c3r.core.segment import SegmentOptions
from napari_c3r.core.simulate import simulate_field
from napari_c3r.core.table import KEY, read, write

READING = ReadOptions({"ch1": "DNA", "ch2": "ER", "ch3": "RNA"})
ROLES = ChannelAssignment({"DNA": "context", "ER": "context", "RNA": "concept"})


@pytest.fixture(scope="module")
def encoder(tiny_model):
    return load_encoder(tiny_model)


@pytest.fixture
def folder(tmp_path):
    """Three fields of two wells, the last of them blank."""
    path = tmp_path / "plate"
    path.mkdir()
    for well, site in ((1, 1), (1, 2), (2, 1)):
        field = simulate_field("cell-painting", shape=(220, 220), n_cells=7, seed=well * 10 + site)
        for number, plane in enumerate(field.image.data.compute()[:3], 1):
            blank = np.full_like(plane, 100) if well == 2 else plane
            tifffile.imwrite(path / f"r01c0{well}f0{site}p01-ch{number}sk1fk1fl1.tiff", blank)
    return path


def tasks(folder, reading=READING):
    return [FieldTask.of(FieldSource(files, reading)) for files in find_images(str(folder))]


@pytest.fixture
def driver(folder, tmp_path, encoder):
    """What embeds the fields into a folder; settings may be given."""

    def make(into="out", found=None, **settings):
        given = {"roles": ROLES, "store": FolderStore(tmp_path / into), **settings}
        found = tasks(folder) if found is None else found
        return EmbedDriver(found, encoder=encoder, keep_inputs=False, **given)

    return make


def through(driver):
    return [step.stage for step in driver.steps() if step.settled]


def test_fields_are_kept_as_they_come_and_failures_do_not_stop_the_rest(driver, tmp_path):
    out = tmp_path / "out"
    first = driver()
    steps = [step for step in first.steps() if step.settled]
    assert [step.stage for step in steps] == ["done", "done", "failed"]
    assert "No nuclei found" in steps[2].problem
    assert list(json.loads((out / "failed.json").read_text())) == [steps[2].name]
    table = read(out / "cells.parquet")
    assert set(table.obs["well"]) == {"A01"}
    assert set(table.obs["site"]) == {"1", "2"}
    assert table.obs_names.is_unique
    assert (first.images, first.found) == ({}, {})

    assert through(driver()) == ["kept", "kept", "failed"]
    np.testing.assert_array_equal(read(out / "cells.parquet").X, table.X)


def test_memory_and_folder_give_the_same_table_to_the_bit(driver, tmp_path):
    in_folder, in_memory = driver(), driver(store=MemoryStore())
    assert through(in_folder) == through(in_memory) == ["done", "done", "failed"]
    expected = in_memory.result()
    assert [n for n in expected.uns[KEY]["notes"] if "is left out: No nuclei found" in n]
    for table in (in_folder.result(), read(tmp_path / "out" / "cells.parquet")):
        assert table.X.tobytes() == expected.X.tobytes()
        assert table.obs_names.tolist() == expected.obs_names.tolist()
        assert table.obs.columns.tolist() == expected.obs.columns.tolist()
        for name in expected.obs:
            assert table.obs[name].tolist() == expected.obs[name].tolist(), name
        for fact in ("roles", "encoder", "crop", "notes", "images"):
            assert table.uns[KEY][fact] == expected.uns[KEY][fact]


def test_a_plate_stopped_half_way_goes_on_where_it_was(driver, tmp_path):
    work = driver().steps()
    for step in work:
        if step.stage == "done":
            break
    work.close()
    assert len(list((tmp_path / "out" / "fields").iterdir())) == 1
    assert through(driver()) == ["kept", "done", "failed"]


def test_a_bad_field_among_three_is_named_and_the_others_are_done(driver, folder, tmp_path):
    broken = folder / "r01c01f02p01-ch2sk1fk1fl1.tiff"
    broken.write_bytes(broken.read_bytes()[:2000])
    for well in (1, 2, 3):
        (folder / f"r01c02f01p01-ch{well}sk1fk1fl1.tiff").write_bytes(
            (folder / f"r01c01f01p01-ch{well}sk1fk1fl1.tiff").read_bytes()
        )
    both = driver(), driver(store=MemoryStore())
    for one in both:
        assert through(one) == ["done", "failed", "done"]
        name, reason = next(iter(one.failed.items()))
        assert broken.name in reason
        assert f"'{name}' is left out: {reason}" in one.result().uns[KEY]["notes"]
        assert one.result().obs["image"].nunique() == 2
    # Mended, it is embedded; the others are kept.
    broken.write_bytes((folder / "r01c01f01p01-ch2sk1fk1fl1.tiff").read_bytes())
    assert through(driver()) == ["kept", "done", "kept"]
    assert json.loads((tmp_path / "out" / "failed.json").read_text()) == {}


def test_a_field_of_other_channels_is_found_out_before_it_is_embedded(driver, folder):
    found = tasks(folder)[:2]
    other = replace(READING, names={"ch1": "DNA", "ch2": "Tubulin", "ch3": "RNA"})
    found[1] = FieldTask.of(FieldSource(found[1].source.files, other))
    one = driver(found=found, roles=None, store=MemoryStore())
    stages = [step.stage for step in one.steps() if step.number == 2]
    assert stages == ["finding the cells", "failed"]
    assert "differ in roles" in one.failed[found[1].name]
    assert len(one.result())


def test_channels_in_another_order_are_joined_by_their_names(driver, folder):
    found = tasks(folder)[:2]
    image = found[0].read()
    turned = replace(image.select(("RNA", "ER", "DNA")), name="turned")
    both = [FieldTask("as it is", replace(image, name="as it is")), FieldTask("turned", turned)]
    exact = RunOptions(precision="float32")
    roles = ChannelAssignment({"DNA": "context", "ER": "concept", "RNA": "concept"})
    one = driver(found=both, roles=roles, store=MemoryStore(), options=exact)
    assert through(one) == ["done", "done"]
    first, second = (one.result().X[(one.result().obs["image"] == t.name)] for t in both)
    np.testing.assert_array_equal(first, second)


OTHER = {
    "context": {"roles": ChannelAssignment({"DNA": "context", "RNA": "concept"})},
    "crop": {"crop": CropSpec(neighbours="keep")},
    "concept_mode": {"options": RunOptions(concept_mode="joint")},
    "nucleus_size_um": {"segmenting": SegmentOptions(nucleus_diameter_um=9.0)},
    "cell_distance_px": {"segmenting": SegmentOptions(cell_distance_px=9.0)},
}


@pytest.mark.parametrize("name", OTHER)
def test_other_settings_never_mix_into_a_plate(driver, name):
    next(driver().steps())
    with pytest.raises(InputError, match=f"made with another {name}"):
        list(driver(**OTHER[name]).steps())


def test_other_ways_of_reading_never_mix_into_a_plate(driver, folder):
    next(driver().steps())
    with pytest.raises(InputError, match="made with another z, 'max' and not 'mean'"):
        list(driver(found=tasks(folder, replace(READING, z="mean"))).steps())


# As written before cells' distances and patterns could be chosen.
BEFORE = {
    "names": {"ch1": "DNA", "ch2": "ER", "ch3": "RNA"},
    "context": ["DNA", "ER"],
    "concept": ["RNA"],
    "scene": 0,
    "t": 0,
    "z": "max",
    "swap": "",
    "pixel_size_um": None,
    "labels": None,
    "labels_channel": None,
    "nucleus": None,
    "cell": None,
    "nucleus_size_um": None,
    "nucleus_size_px": None,
    "method": "classical",
    "crop": {"field_um": None, "field_diameters": None, "size_px": None, "neighbours": None},
    "device": "auto",
    "precision": "auto",
    "batch_size": "auto",
    "concept_mode": None,
    "readout": None,
}


def test_a_folder_made_before_goes_on_with_the_same_settings_only(driver, tmp_path, encoder):
    (tmp_path / "out").mkdir()
    path = tmp_path / "out" / "settings.json"
    before = {**BEFORE, "encoder": encoder.name, "weights": encoder.weights_hash}
    path.write_text(json.dumps(before))
    next(driver().steps())
    with pytest.raises(InputError, match=r"another cell_distance_um, None and not 3\.0"):
        next(driver(segmenting=SegmentOptions(cell_distance_um=3.0)).steps())
    path.write_text(json.dumps({**before, "device": "cuda"}))
    with pytest.raises(InputError, match=r"another device, 'cuda' and not 'auto'"):
        next(driver().steps())
    path.write_text(json.dumps({**before, "crop": 7}))
    with pytest.raises(InputError, match=r"another crop, 7 and not {"):
        next(driver().steps())
    path.write_text(json.dumps({**before, "gain": 2}))
    with pytest.raises(InputError, match=r"another version of napari-c3r.* the setting gain"):
        next(driver().steps())


def test_a_plate_without_any_cell_says_why(driver, folder, tmp_path):
    only = tasks(folder)[2:]
    with pytest.raises(InputError, match=r"None of the 1 fields.*No nuclei found"):
        list(driver(found=only).steps())
    assert list(json.loads((tmp_path / "out" / "failed.json").read_text())) == [only[0].name]


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (lambda: {"options": RunOptions(device="cuda:77")}, "cuda:77"),
        (lambda: {"options": RunOptions(batch_size=0)}, "batch_size is 0"),
        (lambda: {"options": RunOptions(precision="float7")}, "float7"),
        (lambda: {"options": RunOptions(concept_mode="every")}, "every"),
        (lambda: {"options": RunOptions(readout="mean")}, "mean"),
        (lambda: {"segmenting": SegmentOptions(method="by eye")}, "by eye"),
    ],
)
def test_impossible_settings_are_refused_before_any_field_is_read(
    driver, tmp_path, wrong, said, monkeypatch
):
    monkeypatch.setattr("napari_c3r.core.images.read.read_image", pytest.fail)
    with pytest.raises(InputError, match=said):
        list(driver("o", **wrong()).steps())
    assert not (tmp_path / "o").exists()


def test_a_folder_that_is_a_file_or_not_ours_is_refused_in_one_line(driver, tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(InputError, match="file' is a file"):
        list(driver("file").steps())
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "settings.json").write_text("{")
    with pytest.raises(InputError, match=r"settings\.json' cannot be read"):
        list(driver().steps())


def test_fields_of_changed_images_and_damaged_files_are_made_again_and_it_is_said(
    driver, folder, tmp_path
):
    assert through(driver()) == ["done", "done", "failed"]
    shards = sorted((tmp_path / "out" / "fields").iterdir())
    fresh = read(tmp_path / "out" / "cells.parquet")
    image = folder / "r01c01f02p01-ch2sk1fk1fl1.tiff"
    tifffile.imwrite(image, tifffile.imread(image) // 2)
    whole = shards[0].read_bytes()
    # A single bit of the numbers, which a file of this format would not notice by itself.
    place = whole.index(fresh.X[:3, 0].tobytes())
    shards[0].write_bytes(whole[:place] + bytes([whole[place] ^ 64]) + whole[place + 1 :])
    again = driver()
    settled = [(step.stage, step.again) for step in again.steps() if step.settled]
    assert settled == [
        ("done", "its file is damaged"),
        ("done", "the image changed"),
        ("failed", ""),
    ]
    np.testing.assert_array_equal(read(shards[0]).X, fresh.X[: len(read(shards[0]))])
    changed = read(tmp_path / "out" / "cells.parquet")
    assert changed.uns[KEY]["sources"] != fresh.uns[KEY]["sources"]
    assert "made_from" not in changed.uns[KEY]
    other = driver("fresh")
    through(other)
    np.testing.assert_array_equal(changed.X, other.result().X)


def test_a_field_that_fails_now_leaves_no_rows_of_before(driver, folder, tmp_path):
    assert through(driver()) == ["done", "done", "failed"]
    for path in folder.glob("r01c01f02*"):
        tifffile.imwrite(path, np.full((220, 220), 100, "uint16"))
    assert through(driver()) == ["kept", "failed", "failed"]
    assert read(tmp_path / "out" / "cells.parquet").obs["site"].unique().tolist() == ["1"]


def test_what_an_earlier_version_kept_is_made_again(driver, tmp_path):
    assert through(driver()) == ["done", "done", "failed"]
    shard = min((tmp_path / "out" / "fields").iterdir())
    before = read(shard)
    del before.uns[KEY]["made_from"]
    write(before, shard)
    again = driver()
    assert through(again) == ["done", "kept", "failed"]
    assert list(again.again.values()) == ["an earlier version of napari-c3r made it"]


def test_a_second_run_in_the_folder_is_refused_until_the_first_stops(driver):
    first = driver().steps()
    next(first)
    with pytest.raises(InputError, match="is in use by another run"):
        next(driver().steps())
    first.close()
    next(driver().steps())


@pytest.mark.parametrize("when", ["before", "while it is kept"])
def test_a_full_disk_ends_a_plate_at_once(driver, tmp_path, monkeypatch, when):
    if when == "before":
        monkeypatch.setattr("shutil.disk_usage", lambda _: SimpleNamespace(free=1000))
        with pytest.raises(OutputError, match=r"MB free and about .* will be needed"):
            next(driver().steps())
        assert not list((tmp_path / "out").rglob("*.*"))
        return

    def full(*_):
        raise OSError(28, "No space left on device")

    steps = driver().steps()
    stages = [step.stage for step in takewhile(lambda step: step.stage != "embedding", steps)]
    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(OutputError, match="No space left on device"):
        stages += [step.stage for step in steps]
    assert {"done", "failed"}.isdisjoint(stages)
    assert not list((tmp_path / "out").rglob("*.parquet"))


def test_two_fields_of_one_name_are_refused_before_any_is_read(driver, folder):
    found = tasks(folder)[:1]
    with pytest.raises(InputError, match="Two fields are called"):
        next(driver(found=found * 2).steps())


@pytest.mark.parametrize(
    "names",
    [
        ["n" * 248, "n" * 249, "µ" * 200],
        ["A01", "a01", "ä", "a\u0308", "Ä"],
        ["CON", "nul.1", "a/b", "a_b", "a:b", ".."],
        ["\udcff", "\udcfe"],
    ],
)
def test_every_field_has_a_file_name_of_its_own_that_any_system_takes(names, tmp_path):
    found = shard_names(names)
    assert list(found) == names
    alike = {unicodedata.normalize("NFD", each).casefold() for each in found.values()}
    assert len(alike) == len(names)
    for each in found.values():
        assert len(each.encode()) <= 210
        (tmp_path / each).touch()
    assert len(list(tmp_path.iterdir())) == len(names)
