"""Names and colours of columns, whatever a table holds."""

from __future__ import annotations

from contextlib import nullcontext
from itertools import groupby

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from napari_c3r.core.figures.colouring import Categories, Values, colouring
from napari_c3r.core.table.remembered import Memory
from napari_c3r.widgets.common.columns import colour_columns, table_columns
from napari_c3r.widgets.common.rows_model import RowsModel, decimals_of, text_of


def obs():
    return pd.DataFrame(
        {
            "image": ["a", "a", "b"],
            "label": [1, 2, 1],
            "index": [1, 2, 1],
            "bbox_y0_px": 0,
            "nucleus_area_px": np.nan,
            "intensity_mean_DNA": [1.0, 2.0, 3.0],
            "area_px": [3, 2, 1],
            "well": ["A01", None, "B02"],
            "cluster": pd.Categorical(["0", "noise", "1"], ["0", "noise", "1"]),
        }
    )


def test_columns_are_offered_in_groups_without_keys_and_empty_ones():
    assert colour_columns(obs()) == [
        ("Groups", ["cluster"]),
        ("Places", ["image", "well"]),
        ("Stains", ["intensity_mean_DNA"]),
        ("Measured", ["area_px"]),
    ]
    assert all("image" not in group for _, group in colour_columns(obs()[:2]))
    assert table_columns(obs()[:2])[:3] == ["label", "cluster", "well"]
    assert table_columns(obs())[:2] == ["image", "label"]


def test_what_is_in_micrometres_is_not_said_in_pixels_again():
    frame = obs().assign(area_um2=1.0)
    assert colour_columns(frame)[-1] == ("Measured", ["area_um2"])
    assert "area_px" not in table_columns(frame)


def test_without_a_column_every_cell_is_grey():
    found = colouring(obs(), "gone")
    assert isinstance(found, Categories)
    assert (found.codes == -1).all()


def test_noise_may_stand_anywhere_among_the_categories():
    found = colouring(obs(), "cluster")
    assert isinstance(found, Categories)
    assert found.codes.tolist() == [0, -1, 1]
    assert found.names == ("0", "1")
    assert found.rest == "noise"


@pytest.mark.parametrize(
    "values",
    [
        pd.array([1, None, 3], "Int64"),
        pd.array([1.5, None, 3.0], "Float64"),
        np.array([1, np.nan, np.inf]),
        np.array([1, 2, 3], np.uint8),
    ],
)
def test_numbers_of_every_type_are_values(values):
    found = colouring(pd.DataFrame({"v": values}), "v")
    assert isinstance(found, Values)
    expected = pd.Series(values).astype(float).to_numpy()
    np.testing.assert_allclose(found.values, expected)


@pytest.mark.parametrize(
    ("values", "codes"),
    [
        (np.array(["b", None, "a"], object), [1, -1, 0]),
        (np.array([True, False, True]), [1, 0, 1]),
        (pd.array([True, None, False], "boolean"), [1, -1, 0]),
        (np.array([None, None, None], object), [-1, -1, -1]),
        (pd.Categorical([None, "x", "y"], ["y", "x"]), [-1, 1, 0]),
    ],
)
def test_all_else_are_categories_and_missing_is_none_of_them(values, codes):
    found = colouring(pd.DataFrame({"v": values}), "v")
    assert isinstance(found, Categories)
    assert found.codes.tolist() == codes
    assert found.rest == "none"


@settings(deadline=None, max_examples=60)
@given(
    st.lists(st.one_of(st.none(), st.floats(allow_nan=True), st.integers(-5, 5)), min_size=1),
    st.booleans(),
    st.integers(0, 99),
)
def test_sorting_moves_rows_and_never_values(values, ascending, seed):
    from qtpy.QtCore import Qt

    frame = pd.DataFrame({"label": np.arange(len(values)) * 3, "v": pd.Series(values, dtype=float)})
    rng = np.random.default_rng(seed)
    model = RowsModel()
    model.set_frame(frame, ["label", "v"])
    model.show_rows(np.flatnonzero(rng.random(len(values)) < 0.7))
    before = sorted(model.rows)
    order = Qt.SortOrder.AscendingOrder if ascending else Qt.SortOrder.DescendingOrder
    model.sort(1, order)
    assert sorted(model.rows) == before
    shown = frame["v"].to_numpy()[model.rows]
    finite = shown[~np.isnan(shown)]
    assert np.isnan(shown[len(finite) :]).all()
    assert (np.diff(finite[np.isfinite(finite)]) * (1 if ascending else -1) >= 0).all()
    decimals = decimals_of(frame["v"])
    for place, row in enumerate(model.rows):
        assert model.data(model.index(place, 0)) == str(row * 3)
        assert model.data(model.index(place, 1)) == text_of(frame["v"].iat[row], decimals)


@pytest.mark.parametrize("known", [False, True], ids=["afresh", "remembered"])
@pytest.mark.parametrize(
    ("values", "upwards"),
    [
        ([2.0, np.nan, -0.0, 0.0, -np.inf, 2.0, np.inf], [4, 2, 3, 0, 5, 6, 1]),
        ([2**53, 2**53 + 2, -1, 2**53], [2, 0, 3, 1]),
        ([True, False, True], [1, 0, 2]),
        (["b", None, "a10", "b", "a2"], [2, 4, 0, 3, 1]),
        (pd.Categorical(["x", "y", None, "x"], ["y", "x"]), [1, 0, 3, 2]),
    ],
    ids=["numbers", "large", "flags", "text", "categories"],
)
def test_equal_values_stay_in_their_order_and_missing_ones_are_last(values, upwards, known):
    frame = pd.DataFrame({"v": values})
    n_missing, memory = int(frame["v"].isna().sum()), Memory()
    there = upwards[: len(upwards) - n_missing]
    groups = [list(rows) for _, rows in groupby(there, key=lambda row: frame["v"][row])]
    downwards = [row for rows in reversed(groups) for row in rows]
    model = RowsModel()
    model.set_frame(frame, ["v"])
    with memory.entered() if known else nullcontext():
        for up, expected in ((True, there), (False, downwards), (True, there)):
            model.set_sorting((("v", up),))
            assert model.rows.tolist() == [*expected, *upwards[len(there) :]]
    model.set_sorting(())
    assert model.rows.tolist() == list(range(len(upwards)))


@pytest.mark.parametrize(
    ("values", "shown"),
    [
        ([558.42, 643.0, 9.876, np.nan], ["558.4", "643.0", "9.9", ""]),
        ([3500.62, 12.0], ["3500.6", "12.0"]),
        ([0.5, 0.12345], ["0.5000", "0.1235"]),
        ([3.0, 120.0], ["3", "120"]),
        ([2.5e-7, 0.0], ["2.5e-07", "0"]),
        ([np.nan, np.inf], ["", "inf"]),
    ],
)
def test_the_numbers_of_a_column_have_the_same_decimals(values, shown) -> None:
    column = pd.Series(values, dtype=float)
    assert [text_of(value, decimals_of(column)) for value in column] == shown
