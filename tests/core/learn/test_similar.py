"""Cells like a set of cells, against the plain definition."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from napari_c3r.core.errors import InputError
from napari_c3r.core.learn import similar_cells
from napari_c3r.core.table import make_result


def table(vectors, columns=None):
    obs = pd.DataFrame(
        {"image": "i", "label": np.arange(len(vectors)) + 1, "y_px": 1.0, "x_px": 1.0}
    )
    columns = columns or [("RNA", "cls")] * vectors.shape[1]
    return make_result(obs, np.asarray(vectors, np.float32), columns, {})


@pytest.fixture(scope="module")
def vectors():
    rng = np.random.default_rng(0)
    return (rng.normal(size=(60, 6)) * [1, 10, 0.1, 1, 1, 3] + 5).astype(np.float32)


def plain(vectors, rows, by):
    """Cosine of standardised columns, in double precision."""
    standard = (vectors - vectors.mean(axis=0)) / vectors.std(axis=0)
    unit = standard / np.linalg.norm(standard, axis=1, keepdims=True)
    if by == "nearest":
        return (unit @ unit[rows].T).max(axis=1)
    mean = unit[rows].mean(axis=0)
    return unit @ mean / np.linalg.norm(mean)


@pytest.mark.parametrize("by", ["mean", "nearest"])
@pytest.mark.parametrize("rows", [[7], [3, 41, 20]])
def test_similarity_is_that_of_the_definition(vectors, by, rows):
    found = similar_cells(table(vectors), rows, by=by)
    expected = plain(vectors.astype(np.float64), rows, by)
    np.testing.assert_allclose(found.of_all, expected, atol=1e-5)
    others = np.setdiff1d(np.arange(60), rows)
    assert found.rows.tolist() == others[np.argsort(-expected[others])].tolist()
    np.testing.assert_array_equal(found.similarity, found.of_all[found.rows])


def test_flags_mean_what_rows_mean_and_a_count_ends_the_list(vectors):
    flags = np.isin(np.arange(60), [3, 41])
    by_flags = similar_cells(table(vectors), flags, 5)
    assert by_flags.rows.tolist() == similar_cells(table(vectors), [41, 3]).rows[:5].tolist()


def test_those_of_some_cells_alone_are_ranked(vectors):
    among = np.arange(60) % 2 == 0
    whole = similar_cells(table(vectors), [7, 8])
    some = similar_cells(table(vectors), [7, 8], among=among)
    assert some.rows.tolist() == [row for row in whole.rows if among[row]]
    with pytest.raises(InputError, match="among has 3 flags for 60 cells"):
        similar_cells(table(vectors), [7], among=among[:3])


def test_of_two_kinds_the_nearest_finds_both_and_the_mean_neither():
    rng = np.random.default_rng(1)
    kinds = np.repeat(np.eye(3), 20, axis=0) * 10 + rng.normal(size=(60, 3))
    found = similar_cells(table(kinds), [0, 20], 38, by="nearest")
    assert set(found.rows) == set(range(1, 20)) | set(range(21, 40))


def test_chosen_channels_alone_are_compared(vectors):
    columns = [("RNA", "cls")] * 3 + [("Mito", "cls")] * 2 + [("Mito", "std")]
    made = table(vectors, columns)
    found = similar_cells(made, [7], channels=["Mito"])
    np.testing.assert_allclose(
        found.of_all, plain(vectors[:, 3:].astype(np.float64), [7], "mean"), atol=1e-5
    )
    with pytest.raises(InputError, match=r"'Golgi'; its parts are of 'RNA', 'Mito'"):
        similar_cells(made, [7], channels=["Golgi"])


def test_a_cell_without_direction_is_like_nothing_and_constant_columns_count_nought():
    vectors = np.array([[1, 0, 7], [-1, 0, 7], [0, 1, 7], [0, -1, 7], [0, 0, 7]], np.float32)
    found = similar_cells(table(vectors), [0])
    assert found.rows.tolist() == [2, 3, 1]
    assert np.isnan(found.of_all[4])
    with pytest.raises(InputError, match="nothing in common"):
        similar_cells(table(vectors), [4])
    vectors[1, 0] = np.nan
    assert np.isnan(similar_cells(table(vectors), [0]).of_all[1])
    with pytest.raises(InputError, match="nothing in common"):
        similar_cells(table(vectors), [1])


@pytest.mark.parametrize(
    ("like", "message"),
    [
        ([], "No cells are chosen"),
        ([60], "no row 60: the table has 60 cells"),
        ([-1], "no row -1"),
        (np.ones(3, bool), "3 flags for 60 cells"),
    ],
)
def test_a_set_that_is_none_is_refused(vectors, like, message):
    with pytest.raises(InputError, match=message):
        similar_cells(table(vectors), like)


def test_an_unknown_way_to_compare_is_refused(vectors):
    with pytest.raises(InputError, match="by is 'median'; give 'mean' or 'nearest'"):
        similar_cells(table(vectors), [0], by="median")
