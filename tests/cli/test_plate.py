"""The command ``plate``: what does the work, which fields, what is written and said."""

from __future__ import annotations

import shutil

import pandas as pd
import pytest

import napari_c3r as c3r
from tests.cli.conftest import one_line, small_field


@pytest.fixture
def fields(tmp_path, monkeypatch):
    """Three fields of four cells, in a folder."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "in").mkdir()
    for well in ("A01", "A02", "B01"):
        small_field(path=f"in/P1_{well}_s1.ome.tif")
    return tmp_path / "in"


def test_one_and_two_processes_write_the_same_bytes_and_a_summary(shell, fields, tmp_path):
    pytest.importorskip("distributed")
    code, said = shell("plate", "in", "--out", "one")
    assert code == 0, said
    assert "3 fields in 0:00:" in said
    assert ": 3 done, 0 kept; 12 cells" in said
    code, said = shell("plate", "in", "--out", "two", "--workers", "2", "--format", "csv")
    assert code == 0, said
    assert "Wrote two/cells.csv" in said
    first, second = (tmp_path / name / "cells.parquet" for name in ("one", "two"))
    assert first.read_bytes() == second.read_bytes()
    assert c3r.read(tmp_path / "two" / "cells.csv").obs.equals(c3r.read(first).obs)
    # What lies there is found again from another folder, and by another engine.
    code, said = shell("plate", fields.absolute(), "--out", "two")
    assert ": 0 done, 3 kept; 12 cells" in said


def test_a_manifest_names_the_fields_and_their_wells(shell, fields):
    rows = [(f"in/{path.name}", f"H{n + 1}") for n, path in enumerate(sorted(fields.iterdir()))]
    pd.DataFrame(rows, columns=["path", "well"]).to_csv("fields.csv", index=False)
    code, said = shell("plate", "fields.csv", "--out", "out")
    assert code == 0, said
    table = c3r.read("out/cells.parquet")
    assert table.obs["well"].unique().tolist() == ["H01", "H02", "H03"]
    # A file that is gone is a field that failed, named in the end.
    shutil.move("in/P1_A02_s1.ome.tif", "gone.tif")
    code, said = shell("plate", "fields.csv", "--out", "again")
    assert code == 1, said
    assert ": 2 done, 0 kept, 1 failed; 8 cells" in said
    assert "  'H02' failed: " in said
    assert "P1_A02_s1.ome.tif' cannot be read" in said


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--workers", "0"], "--workers is 0; give 1 or more"),
        (["--workers", "2", "--scheduler", "tcp://a:1"], "leave one of them out"),
        (["--format", "xml"], "--format is 'xml'; give csv, parquet, h5ad or properties"),
    ],
)
def test_what_cannot_be_is_refused_before_any_field(shell, fields, words, told):
    assert told in one_line(*shell("plate", "in", "--out", "out", *words))


def test_a_table_that_is_no_manifest_says_what_it_lacks(shell, fields):
    pd.DataFrame({"Well": ["A1"], "compound": ["x"]}).to_csv("map.csv", index=False)
    said = one_line(*shell("plate", "map.csv", "--out", "out"))
    assert "map.csv' is no manifest of fields: it has no column 'path'" in said
