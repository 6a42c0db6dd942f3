from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import anndata
import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from napari_c3r.core.errors import InputError
from napari_c3r.core.table import KEY, make_result, provenance_path, read, roles_of, write
from napari_c3r.core.table.provenance import FORMAT

SUFFIXES = [".csv", ".parquet", ".h5ad"]
ROLES = {"DNA, nuclear": "context", "=RNA": "concept", "ünïcode µ": "ignore"}


def result(rows=7, seed=0, text=None):
    rng = np.random.default_rng(seed)
    obs = pd.DataFrame(
        {
            "image": text
            or ["=cmd|' /C calc'!A0", "-1+1", "a,b", 'say "hi"', "NA", "001", "'=x"][:rows],
            "label": rng.permutation(1000)[:rows] + 1,
            "y_px": rng.random(rows) * 1e4,
            "x_px": rng.random(rows),
            "area_px": rng.integers(1, 1000, rows),
            "nucleus_area_px": np.nan,
            "touches_border": rng.random(rows) > 0.5,
            "intensity_mean_=RNA": rng.random(rows).astype(np.float32),
            "well": ["C03", "1", "E05", "007", "nan", "True", "1e5"][:rows],
            "cluster": pd.Categorical(
                ["10", "2", "2", "noise", "10", "0", "2"][:rows], ["0", "2", "10", "noise"]
            ),
        }
    )
    vectors = rng.standard_normal((rows, 6)).astype(np.float32) * 10.0 ** rng.integers(
        -8, 8, (rows, 6)
    )
    columns = [("=RNA", part) for part in ("cls", "std") for _ in range(3)]
    provenance = {
        "roles": ROLES,
        "encoder": {"name": "x", "trained": False},
        "sources": {"path": ["a/b.tif"], "size_bytes": [12], "sha256": ["ff"]},
        "images": {"name": [], "pixel_size_um": []},
        "notes": ["a note"],
        "map": {"seed": 0, "min_dist": 0.1},
    }
    made = make_result(obs, vectors.astype(np.float32), columns, provenance)
    made.obsm["X_umap"] = rng.standard_normal((rows, 2)).astype(np.float32)
    return made


def assert_same(one, other):
    np.testing.assert_array_equal(one.X, other.X)
    np.testing.assert_array_equal(one.obsm["X_umap"], other.obsm["X_umap"])
    np.testing.assert_array_equal(one.obsm["spatial"], other.obsm["spatial"])
    assert set(one.obs.columns) == set(other.obs.columns)
    for name in one.obs.columns:
        pd.testing.assert_series_equal(one.obs[name], other.obs[name], check_dtype=True)
    assert list(one.obs_names) == list(other.obs_names)
    assert one.var.astype(str).equals(other.var.astype(str))
    assert one.uns[KEY] == other.uns[KEY]


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_round_trip_keeps_every_number_name_and_role(tmp_path, suffix):
    before = result()
    after = read(write(before, tmp_path / f"cells{suffix}"))
    assert_same(before, after)
    assert roles_of(after) == ROLES


AWKWARD = ("Actin/Golgi", "/", "a//b/", "%2F", "a%2Fb", "%25/%2F", "50%/x", "a∕b", "a\rb", "c3r_")


@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.filterwarnings("error::FutureWarning:anndata")
@pytest.mark.parametrize(
    "channel",
    ["Actin/Golgi", "/", "a//b/", "%2F", "a%2Fb", "%25/%2F", "50%/x", "a∕b", "a\rb", "c3r_"],
)
def test_any_channel_name_survives(tmp_path, suffix, channel):
    before = result()
    before.obs[f"intensity_mean_{channel}"] = 1.5
    before.uns[KEY]["roles"] = {channel: "context", "Actin": "concept"}
    assert_same(before, read(write(before, tmp_path / f"cells{suffix}")))


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_columns_that_others_added_survive(tmp_path, suffix):
    before = result(3)
    before.obs["well"] = np.array(["A01", None, "B02"], object)  # of one image it is not known
    before.obs["unknown"] = np.array([None, None, None], object)
    before.obs["dose"] = pd.Categorical([3, 1, 3], ordered=True)
    before.obs["weight"] = pd.Categorical([0.1, np.nan, 0.2])
    before.obs["treated"] = pd.Categorical([True, False, True])
    before.obs["count"] = pd.array([1, None, 3], "Int64")
    before.obs["c3r_shift"] = [0.1, 0.2, 0.3]
    after = read(write(before, tmp_path / f"cells{suffix}"))
    for name in ("well", "unknown"):
        assert after.obs[name].dtype == object
        assert after.obs[name].isna().tolist() == before.obs[name].isna().tolist()
    assert after.obs["well"].dropna().tolist() == ["A01", "B02"]
    texts = ["well", "unknown"]
    pd.testing.assert_frame_equal(before.obs.drop(columns=texts), after.obs.drop(columns=texts))
    assert after.n_vars == before.n_vars
    assert after.uns[KEY] == before.uns[KEY]


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_what_is_neither_number_nor_text_is_written_as_text(tmp_path, suffix):
    before = result(3)
    before.obs["when"] = pd.to_datetime(["2026-01-02", None, "2026-01-03"])
    before.obs["mixed"] = np.array([1, "two", None], object)
    before.obs["string"] = pd.array(["a", None, "b"], "string")
    after = read(write(before, tmp_path / f"cells{suffix}"))
    assert after.obs["when"].dropna().tolist() == ["2026-01-02 00:00:00", "2026-01-03 00:00:00"]
    assert after.obs["mixed"].dropna().tolist() == ["1", "two"]
    assert after.obs["string"].dropna().tolist() == ["a", "b"]


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    text=st.lists(
        st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1, max_size=8),
        min_size=3,
        max_size=3,
        unique=True,
    ),
    seed=st.integers(0, 1000),
)
def test_any_text_survives_a_csv(tmp_path, text, seed):
    before = result(3, seed, text)
    after = read(write(before, tmp_path / "cells.csv"))
    assert_same(before, after)


def test_the_csv_is_plain_and_in_the_promised_order(tmp_path):
    before = result()
    path = write(before, tmp_path / "cells.csv")
    raw = path.read_bytes()
    assert not raw.startswith(b"\xef\xbb\xbf")
    lines = raw.decode("utf-8").splitlines()
    assert len(lines) == 1 + before.n_obs
    header = lines[0].split(",")
    assert header[0] == "image"
    assert header[-6:] == [f"c3r_{number:04d}" for number in range(6)]
    assert header[-9:-6] == ["umap_1", "umap_2", "cluster"]


def test_no_cell_of_the_csv_is_run_by_a_spreadsheet(tmp_path):
    path = write(result(), tmp_path / "cells.csv")
    frame = pd.read_csv(path, dtype=str, keep_default_na=False)
    for text in (frame["image"], frame["well"], frame["cluster"], pd.Series(frame.columns)):
        assert not text.str.match(r"[=+\-@]").any()


def test_the_provenance_stands_beside_the_csv_as_json(tmp_path):
    path = write(result(), tmp_path / "my cells.csv")
    provenance = provenance_path(path)
    assert provenance.name == "my cells.provenance.json"
    assert json.loads(provenance.read_text("utf-8"))[KEY]["roles"] == ROLES


def test_a_csv_without_its_provenance_is_still_read(tmp_path):
    before = result()
    path = write(before, tmp_path / "cells.csv")
    provenance_path(path).unlink()
    after = read(path)
    np.testing.assert_array_equal(after.X, before.X)
    assert after.obs["well"].tolist() == before.obs["well"].tolist()
    assert after.obs["image"].tolist() == before.obs["image"].tolist()


def test_h5ad_opens_in_anndata_with_readable_provenance(tmp_path):
    path = write(result(), tmp_path / "cells.h5ad")
    stored = anndata.read_h5ad(path)
    assert stored.uns[KEY]["roles"] == ROLES
    assert list(stored.uns[KEY]["sources"]["path"]) == ["a/b.tif"]


def test_writing_twice_gives_the_same_bytes(tmp_path):
    for suffix in (".csv", ".parquet"):
        one = write(result(), tmp_path / f"one{suffix}").read_bytes()
        assert one == write(result(), tmp_path / f"two{suffix}").read_bytes()


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("cells.xlsx", "", r"'\.xlsx'.*\.csv, \.parquet, \.h5ad"),
        ("missing.csv", None, "does not exist"),
        ("other.csv", "a,b\n1,2\n", "no column image, label"),
        ("broken.parquet", "not parquet", "cannot be read as a result"),
        ("broken.h5ad", "not hdf5", "cannot be read as a result"),
        ("empty.csv", "", "cannot be read as a result"),
    ],
)
def test_what_cannot_be_read_is_one_line(tmp_path, name, content, said):
    if content is not None:
        (tmp_path / name).write_text(content)
    with pytest.raises(InputError, match=said) as caught:
        read(tmp_path / name)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_result_of_a_later_format_is_refused_and_any_other_is_read(tmp_path, suffix):
    made = result()
    path = tmp_path / f"x{suffix}"
    for known in (None, 0, FORMAT):
        made.uns[KEY] = {**made.uns[KEY], **({} if known is None else {"format": known})}
        assert_same(made, read(write(made, path)))
    made.uns[KEY]["format"] = FORMAT + 2
    with pytest.raises(InputError) as caught:
        read(write(made, path))
    assert str(caught.value) == (
        f"'x{suffix}' was written by a newer napari-c3r (format {FORMAT + 2}; this one reads up "
        f"to {FORMAT}): update napari-c3r"
    )


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_failed_export_changes_nothing(tmp_path, suffix, monkeypatch):
    path = write(result(), tmp_path / f"cells{suffix}")
    before = {file.name: file.read_bytes() for file in tmp_path.iterdir()}

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(InputError, match="No space left"):
        write(result(seed=1), path)
    assert {file.name: file.read_bytes() for file in tmp_path.iterdir()} == before


def change_numbers(path):
    frame = pd.read_csv(path)
    frame["c3r_0001"] += 1
    frame.to_csv(path, index=False)


def take_rows(path, *rows):
    frame = pd.read_csv(path, dtype=str, keep_default_na=False)
    frame.iloc[list(rows)].to_csv(path, index=False)


def change_roles(path):
    beside = provenance_path(path)
    beside.write_text(beside.read_text("utf-8").replace('"concept"', '"context"'), "utf-8")


def other_run(path, what):
    other = write(result(seed=3), path.with_name("other.csv"))
    pairs = {"table": (other, path), "provenance": (provenance_path(other), provenance_path(path))}
    pairs[what][0].replace(pairs[what][1])


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda p: p.write_bytes(p.read_bytes()[:-300]), "ends in the middle|cannot be read"),
        (lambda p: p.write_bytes(p.read_bytes()[:-3]), "ends in the middle: 7 of 7 cells"),
        (lambda p: other_run(p, "table"), "is not the table that 'cells.provenance.json' tells of"),
        (lambda p: other_run(p, "provenance"), "is not the table that"),
        (change_numbers, "is not the table that"),
    ],
)
def test_a_table_and_a_provenance_that_are_not_of_one_result_are_refused(tmp_path, change, said):
    path = write(result(), tmp_path / "cells.csv")
    change(path)
    with pytest.raises(InputError, match=said) as caught:
        read(path)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("change", "rows", "said"),
    [
        (lambda p: take_rows(p, 0, 2), 2, "7 cells were written and 2 are there"),
        (lambda p: take_rows(p, *range(7)[::-1]), 7, "'cells.csv' was changed since"),
        (change_roles, 7, "The provenance 'cells.provenance.json' was changed since"),
    ],
)
def test_what_a_person_changed_in_a_table_is_noted(tmp_path, change, rows, said):
    path = write(result(), tmp_path / "cells.csv")
    change(path)
    after = read(path)
    assert len(after) == rows
    assert [note for note in after.uns[KEY]["notes"] if said in note]
    # And it can be written and read again.
    assert read(write(after, tmp_path / "again.csv")).uns[KEY] == after.uns[KEY]


def test_a_csv_whose_writer_was_killed_between_its_two_files_is_whole(tmp_path, monkeypatch):
    path = write(result(), tmp_path / "cells.csv")
    real = os.replace

    def killed_after_the_table(one, other):
        if str(other).endswith(".json"):
            raise KeyboardInterrupt
        real(one, other)

    done = subprocess.run([sys.executable, "-c", "import os; print(os.getpid())"], stdout=-1)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("os.getpid", lambda: int(done.stdout))
        patch.setattr("os.replace", killed_after_the_table)
        patch.setattr(Path, "unlink", lambda *_, **__: None)
        with pytest.raises(KeyboardInterrupt):
            write(result(seed=1), path)
    with pytest.raises(InputError, match="is not the table"):
        with_only(tmp_path / "alone", path, provenance_path(path))
    assert_same(read(path), result(seed=1))
    assert sorted(each.name for each in tmp_path.iterdir() if each.is_file()) == [
        "cells.csv",
        "cells.provenance.json",
    ]


def with_only(folder, *paths):
    folder.mkdir()
    for each in paths:
        shutil.copy(each, folder)
    return read(folder / paths[0].name)


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_table_of_no_cells_is_read_again(tmp_path, suffix):
    for none in (result()[:0], result()[:0, :0]):
        after = read(write(none.copy(), tmp_path / f"none{suffix}"))
        assert after.shape == none.shape
        assert roles_of(after) == ROLES
        assert after.obs.columns.tolist() == none.obs.columns.tolist()


def test_a_flipped_bit_is_noticed_wherever_it_is(tmp_path):
    whole = write(result(), tmp_path / "cells.parquet").read_bytes()
    for place in range(8, len(whole), 97):
        broken = whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :]
        (tmp_path / "cells.parquet").write_bytes(broken)
        try:
            after = read(tmp_path / "cells.parquet")
        except InputError:
            continue
        # Only what says nothing of the cells may be another.
        assert_same(after, result())


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_name_that_is_no_text_is_written_out(tmp_path, suffix):
    before = result(3, text=["\udcff\udcfe", "b", "c"])
    before.uns[KEY]["sources"]["path"] = ["\udcff.tif"]
    after = read(write(before, tmp_path / f"cells{suffix}"))
    assert after.obs["image"].tolist() == ["\\udcff\\udcfe", "b", "c"]
    assert after.obs_names[0].startswith("\\udcff\\udcfe:")
    assert after.uns[KEY]["sources"]["path"] == ["\\udcff.tif"]
