"""Columns added to a table in its file are those that would be added in memory."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from napari_c3r.core.table import read, write
from napari_c3r.core.table.adding import add_columns
from napari_c3r.core.table.result import KEY, make_result


@pytest.fixture
def table(tmp_path):
    n, rng = 23, np.random.default_rng(0)
    obs = pd.DataFrame(
        {
            "image": [f"f{number // 5}" for number in range(n)],
            "label": np.arange(1, n + 1),
            "index": np.arange(1, n + 1),
            "y_px": rng.normal(size=n),
            "x_px": rng.normal(size=n),
        }
    )
    vectors = rng.normal(size=(n, 3)).astype(np.float32)
    path = tmp_path / "cells.parquet"
    write(make_result(obs, vectors, [("RNA", "cls")] * 3, {"seed": 1}), path)
    # Several row groups, as a table of many cells has them.
    with pq.ParquetFile(path) as file:
        whole = file.read()
    pq.write_table(whole, path, row_group_size=7, write_page_checksum=True)
    return path


def change(cells):
    cells.obs["dose"] = np.where(cells.obs["label"] > 9, 0.5, np.nan)
    cells.obs["flagged"] = cells.obs["label"] % 2 == 0
    cells.obs["compound"] = pd.Categorical(cells.obs["image"].map({"f0": "DMSO", "f1": "x"}))
    cells.obs["nothing"] = None
    cells.uns[KEY] = {**cells.uns[KEY], "design": {"treatment": "compound"}}


def test_columns_and_what_is_said_of_them_are_added_and_nothing_else_changes(table):
    expected = read(table)
    vectors = np.array(expected.X)
    change(expected)
    add_columns(table, change)
    found = read(table)
    pd.testing.assert_frame_equal(found.obs, expected.obs)
    np.testing.assert_array_equal(found.X, vectors)
    pd.testing.assert_frame_equal(found.var, expected.var)
    assert found.uns[KEY] == expected.uns[KEY]
    assert pq.ParquetFile(table).num_row_groups == 4


def test_what_fails_leaves_the_table_as_it_was(table):
    before = table.read_bytes()

    def fail(cells):
        raise RuntimeError

    with pytest.raises(RuntimeError):
        add_columns(table, fail)
    assert table.read_bytes() == before
