"""Names stay with their cells, through merging, remaking the map and files."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from napari_c3r.core.errors import InputError
from napari_c3r.core.table import make_result, read, write
from napari_c3r.core.table.annotate import COLUMN, annotate, carry_over, name_column, names


def table_of(labels, image="field"):
    obs = pd.DataFrame({"image": image, "label": labels, "y_px": 0.0, "x_px": 0.0})
    return make_result(obs, np.zeros((len(labels), 2), np.float32), [("DNA", "cls")] * 2, {})


@settings(deadline=None)
@given(
    st.lists(
        st.tuples(st.lists(st.booleans(), min_size=5, max_size=5), st.sampled_from("abc ")),
        max_size=8,
    )
)
def test_the_last_name_given_counts(steps):
    table, expected = table_of([9, 2, 40, 7, 1]), [None] * 5
    for flags, name in steps:
        if not any(flags):
            continue
        annotate(table, np.array(flags), name)
        expected = [
            (name.strip() or None) if on else old for on, old in zip(flags, expected, strict=True)
        ]
    found = [None if pd.isna(name) else name for name in name_column(table)]
    assert found == expected
    assert set(names(table)) == set(filter(None, expected))


def test_the_same_name_merges_and_the_order_of_names_stays():
    table = table_of([1, 2, 3])
    for row, name in enumerate(("one", "two", "three")):
        annotate(table, np.arange(3) == row, f" {name} ")
    annotate(table, np.arange(3) == 0, "three")
    assert list(table.obs[COLUMN]) == ["three", "two", "three"]
    assert list(table.obs[COLUMN].cat.categories) == ["one", "two", "three"]
    assert names(table) == ["two", "three"]


@pytest.mark.parametrize("suffix", [".csv", ".parquet", ".h5ad"])
def test_names_come_back_from_files(tmp_path, suffix):
    table = table_of([1, 2, 3])
    annotate(table, np.array([True, False, False]), "=1+1")
    annotate(table, np.array([False, True, False]), "12")
    again = read(write(table, tmp_path / f"cells{suffix}"))
    assert again.obs[COLUMN].iloc[:2].tolist() == ["=1+1", "12"]
    assert pd.isna(again.obs[COLUMN].iloc[2])
    annotate(again, np.array([False, False, True]), "12")
    assert names(again) == ["=1+1", "12"]


def test_a_text_column_becomes_names():
    table = table_of([1, 2, 3])
    table.obs[COLUMN] = np.array(["x", np.nan, 3], object)
    annotate(table, np.array([False, True, False]), "x")
    assert list(table.obs[COLUMN]) == ["x", "x", "3"]


def test_names_follow_their_cells_into_another_table():
    old = table_of([5, 2, 9])
    annotate(old, np.array([True, False, True]), "a")
    new = table_of([9, 7, 5])
    annotate(new, np.array([True, True, False]), "b")
    carry_over(old, new)
    assert list(new.obs[COLUMN]) == ["a", "b", "a"]
    carry_over(table_of([9]), new)
    assert list(new.obs[COLUMN]) == ["a", "b", "a"]


def test_naming_nothing_is_refused():
    with pytest.raises(InputError, match="No cells are selected"):
        annotate(table_of([1]), np.array([False]), "a")
    with pytest.raises(InputError, match="2 flags for 1 cells"):
        annotate(table_of([1]), np.array([False, True]), "a")


def test_every_cell_can_be_given_a_name_of_its_own():
    table = table_of([1, 2, 3])
    annotate(table, np.array([True, False, False]), "old")
    annotate(table, np.array([True, True, True]), ["new", " old ", ""])
    assert table.obs[COLUMN].tolist()[:2] == ["new", "old"]
    assert table.obs[COLUMN].isna().tolist() == [False, False, True]
    assert list(table.obs[COLUMN].cat.categories) == ["old", "new"]
    with pytest.raises(InputError, match="1 names for 2 cells"):
        annotate(table, np.array([True, True, False]), ["one"])


def test_each_cell_gets_the_name_given_for_it_as_text_or_as_categories():
    chosen = np.array([True, False, True, True])
    told = ["b ", "", "a"]
    as_text, as_codes = table_of([1, 2, 3, 4]), table_of([1, 2, 3, 4])
    for table in (as_text, as_codes):
        annotate(table, np.array([False, False, True, False]), "old")
    annotate(as_text, chosen, told, accepted=True)
    annotate(as_codes, chosen, pd.Categorical(["b ", None, "a"], ["b ", "unused", "a"]))
    for table in (as_text, as_codes):
        found = [None if pd.isna(name) else name for name in table.obs[COLUMN]]
        assert found == ["b", None, None, "a"]
        assert list(table.obs[COLUMN].cat.categories) == ["old", "b", "a"]
    assert as_text.obs["accepted"].dropna().tolist() == ["b", "a"]
    with pytest.raises(InputError, match="2 names for 3 cells"):
        annotate(as_codes, chosen, pd.Categorical(["a", "b"]))
