from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
import tifffile

from napari_c3r.core.embed.plate import FieldSettings, embed_plate
from napari_c3r.core.encoder import load_encoder
from napari_c3r.core.encoder.options import RunOptions
from napari_c3r.core.errors import InputError
from napari_c3r.core.images import find_images
from napari_c3r.core.simulate import simulate_field
from napari_c3r.core.table import read

SETTINGS = FieldSettings(
    names={"ch1": "DNA", "ch2": "ER", "ch3": "RNA"}, context=("DNA", "ER"), concept=("RNA",)
)


@pytest.fixture(scope="module")
def encoder():
    return load_encoder()


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


def test_fields_are_kept_as_they_come_and_failures_do_not_stop_the_rest(folder, tmp_path, encoder):
    out = tmp_path / "out"
    images = find_images(str(folder))
    states = [s for s in embed_plate(images, SETTINGS, encoder, out) if s.cells is None]
    assert [step.state for step in states] == ["done", "done", "failed"]
    assert "No nuclei found" in states[2].problem
    assert list(json.loads((out / "failed.json").read_text())) == [images[2].name]
    table = read(out / "cells.parquet")
    assert set(table.obs["well"]) == {"A01"}
    assert set(table.obs["site"]) == {"1", "2"}
    assert table.obs_names.is_unique

    again = [s.state for s in embed_plate(images, SETTINGS, encoder, out) if s.cells is None]
    assert again == ["kept", "kept", "failed"]
    np.testing.assert_array_equal(read(out / "cells.parquet").X, table.X)


def test_a_plate_stopped_half_way_goes_on_where_it_was(folder, tmp_path, encoder):
    out = tmp_path / "out"
    images = find_images(str(folder))
    work = embed_plate(images, SETTINGS, encoder, out)
    for step in work:
        if step.state == "done":
            break
    work.close()
    assert len(list((out / "fields").iterdir())) == 1
    states = [s.state for s in embed_plate(images, SETTINGS, encoder, out) if s.cells is None]
    assert states == ["kept", "done", "failed"]


def test_other_settings_never_mix_into_a_plate(folder, tmp_path, encoder):
    out = tmp_path / "out"
    images = find_images(str(folder))
    list(embed_plate(images[:1], SETTINGS, encoder, out))
    other = FieldSettings(names=SETTINGS.names, context=("DNA",), concept=("RNA",))
    with pytest.raises(InputError, match="made with another context"):
        list(embed_plate(images, other, encoder, out))


def test_a_plate_without_any_cell_says_why(folder, tmp_path, encoder):
    images = find_images(str(folder))[2:]
    with pytest.raises(InputError, match=r"None of the 1 fields.*No nuclei found"):
        list(embed_plate(images, SETTINGS, encoder, tmp_path / "out"))


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"options": RunOptions(device="cuda:77")}, "cuda:77"),
        ({"options": RunOptions(batch_size=0)}, "batch size"),
        ({"options": RunOptions(precision="float7")}, "float7"),
        ({"options": RunOptions(concept_mode="every")}, "every"),
        ({"options": RunOptions(readout="mean")}, "mean"),
        ({"method": "by eye"}, "by eye"),
    ],
)
def test_impossible_settings_are_refused_before_any_field_is_read(
    folder, tmp_path, encoder, wrong, said, monkeypatch
):
    monkeypatch.setattr("napari_c3r.core.embed.plate.read_image", pytest.fail)
    with pytest.raises(InputError, match=said):
        list(
            embed_plate(
                find_images(str(folder)), replace(SETTINGS, **wrong), encoder, tmp_path / "o"
            )
        )
    assert not (tmp_path / "o").exists()


def test_a_folder_that_is_a_file_or_not_ours_is_refused_in_one_line(folder, tmp_path, encoder):
    images = find_images(str(folder))
    (tmp_path / "file").touch()
    with pytest.raises(InputError, match="file' is a file"):
        list(embed_plate(images, SETTINGS, encoder, tmp_path / "file"))
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "settings.json").write_text("{")
    with pytest.raises(InputError, match=r"settings\.json' cannot be read"):
        list(embed_plate(images, SETTINGS, encoder, tmp_path / "out"))
