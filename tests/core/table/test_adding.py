"""Columns added to a joined table in a stream: every row keeps its own, and the vectors stay."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

import napari_c3r as c3r
from napari_c3r.core.table import KEY, make_result
from napari_c3r.core.table.adding import add_columns


@pytest.fixture
def table(tmp_path):
    """A file of 10 cells with their vectors."""
    obs = pd.DataFrame({"image": "f", "label": range(1, 11), "y_px": 1.0, "x_px": 2.0})
    obs["well"] = np.where(obs["label"] > 5, "B02", "A01")
    vectors = np.arange(20, dtype=np.float32).reshape(10, 2)
    facts = {"roles": {"a": "both"}, "notes": []}
    result = make_result(obs, vectors, [("a", "cls")] * 2, facts)
    path = c3r.write(result, tmp_path / "t.parquet")
    # As a long one is, in several groups of rows.
    pq.write_table(pq.read_table(path), path, row_group_size=3, write_page_checksum=True)
    return path


def describe(cells):
    drugs = {"well": ["A1", "B2"], "drug": ["x", "y"], "dose": ["1", "2"]}
    c3r.annotate(cells, pd.DataFrame(drugs))
    cells.obs["odd"] = cells.obs["label"] % 2 == 1
    cells.uns[KEY] = {**cells.uns[KEY], "said": "so"}


def test_columns_are_added_by_row_and_twice_is_as_once(table):
    before = c3r.read(table)
    add_columns(table, describe)
    after = c3r.read(table)
    np.testing.assert_array_equal(after.X, before.X)
    pd.testing.assert_frame_equal(after.obs[before.obs.columns], before.obs)
    assert after.obs["drug"].tolist() == ["x"] * 5 + ["y"] * 5
    assert after.obs["dose"].tolist() == [1] * 5 + [2] * 5
    assert after.obs["odd"].tolist() == [True, False] * 5
    assert str(after.obs["drug"].dtype) == "category"
    assert after.uns[KEY]["said"] == "so"
    assert pq.ParquetFile(table).num_row_groups == 4
    add_columns(table, describe)
    again = c3r.read(table)
    pd.testing.assert_frame_equal(again.obs[after.obs.columns], after.obs)
    np.testing.assert_array_equal(again.X, before.X)


def test_what_is_taken_away_is_gone_and_a_failure_changes_nothing(table):
    add_columns(table, describe)
    content = table.read_bytes()

    def fail(cells):
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        add_columns(table, fail)
    assert table.read_bytes() == content
    add_columns(table, lambda cells: cells.obs.drop(columns=["drug"], inplace=True))
    after = c3r.read(table)
    assert "drug" not in after.obs
    assert after.obs["odd"].tolist() == [True, False] * 5
