"""Flags for quality in the shell: always in the table, and left out where it is asked for."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import napari_c3r as c3r
from napari_c3r.core.cells.quality import flagged_rows
from tests.cli.conftest import small_field


@pytest.fixture
def many(tmp_path, monkeypatch):
    """A field of 36 cells of which one is out of the frame, and its labels."""
    import tifffile

    monkeypatch.chdir(tmp_path)
    small_field(cells=36, path="A01.ome.tif")
    labels = tifffile.imread("l.tif")
    labels[:, :2] = np.where(labels[:, 6:8] > 0, labels[:, 6:8], 0)
    tifffile.imwrite("l.tif", labels)
    return len(np.unique(np.concatenate([labels[0], labels[-1], labels[:, 0], labels[:, -1]]))) - 1


def test_flagged_cells_stay_in_the_table_and_out_of_the_map(many, shell):
    code, said = shell(
        *("embed", "A01.ome.tif", "--labels", "l.tif", "--out", "cells.h5ad"),
        *("--map", "--leave-out-flagged"),
    )
    assert code == 0, said
    assert f"{many} clipped" in said
    assert "all are kept" in said
    table = c3r.read("cells.h5ad")
    flagged = flagged_rows(table.obs)
    assert len(table) == 36
    assert flagged.sum() >= many
    np.testing.assert_array_equal(np.isnan(table.obsm["X_umap"]).any(axis=1), flagged)
    assert table.obs["cluster"].isna().to_numpy()[flagged].all()

    table.obs["well"] = "A01"
    c3r.write(table, "cells.parquet")
    words = ("--out", "wells.csv", "--normalise", "none", "--by", "well")
    code, said = shell("profile", "cells.parquet", *words, "--leave-out-flagged")
    assert code == 0, said
    assert f"{flagged.sum()} of 36 cells are left out" in said
    assert str(36 - flagged.sum()) in Path("wells.csv").read_text()


def test_what_does_nothing_is_said(many, shell):
    words = ("embed", "A01.ome.tif", "--labels", "l.tif", "--out", "c.csv", "--leave-out-flagged")
    code, said = shell(*words)
    assert code == 0, said
    assert "--leave-out-flagged does nothing without --map" in said


def test_without_flags_nothing_is_left_out_in_silence(many, shell):
    shell("embed", "A01.ome.tif", "--labels", "l.tif", "--out", "c.parquet")
    table = c3r.read("c.parquet")
    del table.obs["qc_flags"]
    table.obs["well"] = "A01"
    c3r.write(table, "c.parquet")
    code, said = shell(
        "profile", "c.parquet", "--out", "w.csv", "--by", "well", "--leave-out-flagged"
    )
    assert code == 2
    assert "flag_cells" in said
