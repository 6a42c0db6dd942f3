"""CellProfiler Analyst: what its properties file and database are to be, and back again."""

from __future__ import annotations

import re
import sqlite3

import numpy as np
import pandas as pd
import pytest

from napari_c3r.core.errors import InputError
from napari_c3r.core.table import KEY, make_result, read, write
from napari_c3r.core.table.formats.cpa import database_path

# What its loader does not go without, with a table of objects.
REQUIRED = (
    *("db_type", "image_table", "object_table", "image_id", "object_id"),
    *("cell_x_loc", "cell_y_loc", "image_path_cols", "image_file_cols"),
)


def made(folder, files=2, count=5):
    """Cells of two images of two channels, in one file each or in one for each channel."""
    rng = np.random.default_rng(0)
    obs = pd.DataFrame(
        {
            "image": ["a"] * count + ["b"] * count,
            "label": [*range(3, 3 + count), *range(1, 1 + count)],
            "y_px": rng.uniform(0, 9, 2 * count),
            "x_px": rng.uniform(0, 9, 2 * count),
            "area_px": rng.integers(50, 90, 2 * count),
            "intensity_mean_GFP/YFP": rng.uniform(0, 9, 2 * count),
            "touches_border": rng.uniform(size=2 * count) > 0.5,
            "plate": "p1",
            "well": ["B02"] * count + ["C11"] * count,
            "select": pd.Categorical(["x; DROP TABLE", None] * count),
            "Select": np.array([None, "ü"] * count, object),
        }
    )
    names = [f"{image}_{part}.tif" for image in "ab" for part in range(files)]
    for name in names:
        (folder / name).touch()
    provenance = {
        "roles": {"DNA": "context", "GFP/YFP": "concept"},
        "images": {"name": ["a", "b"], "crop_window_px": [50, 50]},
        "sources": {"path": [str(folder / name) for name in names]},
    }
    vectors = rng.normal(size=(2 * count, 3)).astype(np.float32)
    return make_result(obs, vectors, [("GFP/YFP", "cls")] * 3, provenance)


def settings_of(path):
    lines = path.read_text("utf-8").splitlines()
    return dict(re.split(r"\s*=\s*", line, maxsplit=1) for line in lines if line[0] != "#")


@pytest.mark.parametrize(("files", "channels"), [(2, ["1", "1"]), (1, ["2"])])
def test_it_finds_what_it_needs(tmp_path, files, channels):
    path = write(made(tmp_path, files), tmp_path / "cells.properties")
    found = settings_of(path)
    assert not [name for name in REQUIRED if not found.get(name)]
    assert (path.parent / found["db_sqlite_file"]).is_file()
    lists = {name: value.split(", ") for name, value in found.items()}
    assert lists["channels_per_image"] == channels
    for name in ("image_path_cols", "image_file_cols", "image_names"):
        assert len(lists[name]) == files
    assert lists["image_channel_colors"] == ["blue", "cyan"]
    assert found["plate_type"] == "96"
    # Of a stack its own reader of TIFF makes nothing.
    assert ("force_bioformats" in found) == (files == 1)
    with sqlite3.connect(database_path(path)) as database:
        # Unquoted, as it asks.
        ask = "SELECT {image_id}, {object_id}, {cell_x_loc}, {cell_y_loc} FROM {object_table}"
        rows = database.execute(ask.format(**found)).fetchall()
        files_ask = f"SELECT {lists['image_path_cols'][-1]}, {lists['image_file_cols'][-1]}"
        shown = database.execute(f"{files_ask} FROM {found['image_table']}").fetchall()
        wells = database.execute(found["group_SQL_well"]).fetchall()
    assert [row[1] for row in rows] == [*range(3, 8), *range(1, 6)]
    assert all((tmp_path / name).is_file() and folder == str(tmp_path) for folder, name in shown)
    assert wells == [(1, "B02"), (2, "C11")]
    ignored = re.compile("|".join(lists["classifier_ignore_columns"]))
    with sqlite3.connect(database_path(path)) as database:
        columns = [row[1] for row in database.execute("PRAGMA table_info(Per_Object)")]
    features = [name for name in columns if not ignored.fullmatch(name)]
    assert features == [
        "Cells_area_px",
        "Cells_intensity_mean_GFP_YFP",
        *(f"Cells_c3r_{number:04}" for number in range(3)),
    ]


def test_a_round_trip_keeps_every_number_name_and_role(tmp_path):
    before = made(tmp_path)
    after = read(write(before, tmp_path / "cells.properties"))
    pd.testing.assert_frame_equal(after.obs, before.obs)
    np.testing.assert_array_equal(after.X, before.X)
    pd.testing.assert_frame_equal(after.var, before.var)
    assert after.uns[KEY]["roles"] == before.uns[KEY]["roles"]


def test_what_it_cannot_show_is_refused_in_one_line(tmp_path):
    unknown = made(tmp_path)
    del unknown.uns[KEY]["sources"]
    with pytest.raises(InputError, match="this table does not say which those are"):
        write(unknown, tmp_path / "cells.properties")
    with pytest.raises(InputError, match="3 files an image hold 2 channels"):
        write(made(tmp_path, 3), tmp_path / "cells.properties")
    before = made(tmp_path)
    wide = np.zeros((len(before), 2000), np.float32)
    wide = make_result(before.obs, wide, [("GFP/YFP", "cls")] * 2000, before.uns[KEY])
    with pytest.raises(InputError, match="more than the 1998"):
        write(wide, tmp_path / "cells.properties")
    assert not list(tmp_path.glob("cells*"))


def test_images_are_found_from_another_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    result = made(tmp_path)
    paths = result.uns[KEY]["sources"]["path"]
    result.uns[KEY]["sources"]["path"] = [path.removeprefix(f"{tmp_path}/") for path in paths]
    path = write(result, tmp_path / "cells.properties")
    with sqlite3.connect(database_path(path)) as database:
        folders = database.execute("SELECT DISTINCT Image_PathName_1 FROM Per_Image").fetchall()
    assert folders == [(str(tmp_path),)]
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    with pytest.raises(InputError, match=r"'a_0\.tif' is not found from"):
        write(result, tmp_path / "again.properties")


def test_what_it_would_show_wrongly_is_refused(tmp_path):
    scenes = made(tmp_path, 1)
    scenes.uns[KEY]["sources"]["path"] = [str(tmp_path / "a_0.tif")] * 2
    with pytest.raises(InputError, match="one file has several"):
        write(scenes, tmp_path / "cells.properties")
    wells = made(tmp_path)
    del wells.obs["label"]
    with pytest.raises(InputError, match="no column 'label'"):
        write(wells, tmp_path / "cells.properties")


@pytest.mark.parametrize("well", ["AA02", "A-01", "r02c02"])
def test_wells_that_it_does_not_know_have_no_plate(tmp_path, well):
    result = made(tmp_path)
    result.obs["well"] = [well] * 5 + ["C11"] * 5
    found = settings_of(write(result, tmp_path / "cells.properties"))
    assert "plate_type" not in found


def test_another_properties_file_is_no_result(tmp_path):
    (tmp_path / "other.properties").write_text("db_type = mysql\n")
    with pytest.raises(InputError, match="names no database"):
        read(tmp_path / "other.properties")
    path = write(made(tmp_path), tmp_path / "cells.properties")
    database_path(path).unlink()
    with pytest.raises(InputError, match="is not there"):
        read(path)
