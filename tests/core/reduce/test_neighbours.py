"""Neighbours and medoids against the plain definition."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from napari_c3r.core.errors import InputError
from napari_c3r.core.reduce.neighbours import Similarity


def cosines(vectors):
    unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    return unit @ unit.T


@settings(deadline=None)
@given(st.integers(2, 40), st.integers(1, 8), st.integers(0, 1000))
def test_nearest_are_those_of_the_definition(cells, width, seed):
    vectors = np.random.default_rng(seed).normal(size=(cells, width))
    expected = cosines(vectors)
    row, count = seed % cells, min(5, cells - 1)
    rows, similarity = Similarity(vectors).nearest(row, count)
    others = np.delete(expected[row], row)
    assert row not in rows
    np.testing.assert_allclose(similarity, np.sort(others)[::-1][:count], atol=1e-9)
    np.testing.assert_allclose(similarity, expected[row, rows], atol=1e-9)


@settings(deadline=None)
@given(st.integers(1, 30), st.integers(0, 1000))
def test_the_medoid_is_most_like_its_group(cells, seed):
    rng = np.random.default_rng(seed)
    vectors = rng.normal(size=(cells + 5, 4)) * rng.uniform(0.01, 100, (cells + 5, 1))
    rows = rng.choice(cells + 5, cells, replace=False)
    sums = cosines(vectors)[np.ix_(rows, rows)].sum(axis=1)
    found = Similarity(vectors).medoid(rows)
    assert found in rows
    assert sums[list(rows).index(found)] == pytest.approx(sums.max(), abs=1e-9)


def test_what_cannot_be_compared_is_like_nothing():
    vectors = np.array([[1, 0], [0, 0], [np.nan, 1], [np.inf, 1], [2, 0.1]], np.float32)
    index = Similarity(vectors)
    assert index.comparable.tolist() == [True, False, False, False, True]
    assert index.nearest(0, 9)[0].tolist() == [4]
    assert len(index.nearest(1, 9)[0]) == 0
    assert index.medoid(np.array([1, 2, 3])) is None
    assert index.medoid(np.array([1, 4])) == 4


def test_length_does_not_matter_and_ties_keep_their_order():
    vectors = np.array([[1, 0], [0, 5], [3, 0], [0.5, 0]], np.float32)
    rows, similarity = Similarity(vectors).nearest(0, 3)
    assert rows.tolist() == [2, 3, 1]
    np.testing.assert_allclose(similarity, [1, 1, 0])


def test_a_row_that_is_not_there_is_said():
    with pytest.raises(InputError, match="no row 7: the table has 2 cells"):
        Similarity(np.ones((2, 2), np.float32)).nearest(7, 1)
