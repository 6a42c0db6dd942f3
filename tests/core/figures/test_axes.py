"""Axes: places of values, what a logarithm cannot show, and ticks that can be read."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from napari_c3r.core.figures.axes import Axis, Scale, unshown_words

LINEAR, LOG, SYMLOG = Scale


def texts(axis, **how):
    return [tick.text for tick in axis.ticks(**how)]


@given(
    st.lists(st.floats(-1e6, 1e6, allow_subnormal=False), min_size=2, max_size=30),
    st.sampled_from(list(Scale)),
)
@example([997498.0, 1e6], Scale.LINEAR)
@settings(max_examples=60, deadline=None)
def test_values_come_back_from_their_places(numbers, scale):
    values = np.array(numbers)
    axis = Axis.of(values, "t", scale)
    places = axis.places(values)
    shown = values > 0 if scale is LOG else np.ones(len(values), bool)
    assert np.isfinite(places).tolist() == shown.tolist()
    if not shown.any():
        return
    assert places[shown].min() >= -1e-9
    assert places[shown].max() <= 1 + 1e-9
    size = np.abs(values[shown]).max()
    np.testing.assert_allclose(
        axis.values(places[shown]), values[shown], rtol=1e-6, atol=1e-6 * size
    )
    order = np.argsort(values[shown], kind="stable")
    assert (np.diff(places[shown][order]) >= -1e-9).all()
    ticks = axis.ticks()
    assert all(-1e-6 <= tick.place <= 1 + 1e-6 for tick in ticks)
    assert len({tick.text for tick in ticks}) == len(ticks) <= 12


def test_a_logarithm_of_nought_or_less_is_no_place_and_is_counted():
    values = np.array([-3.0, 0.0, 1.0, 100.0, np.nan, np.inf])
    axis = Axis.of(values, "Area (px)", LOG)
    np.testing.assert_array_equal(axis.places(values), [np.nan, np.nan, 0, 1, np.nan, np.nan])
    assert unshown_words(values, "Area (px)", LOG) == [
        "2 without Area (px)",
        "2 with Area (px) ≤ 0 (symlog shows them)",
    ]
    assert unshown_words(values, "Area (px)", LINEAR) == ["2 without Area (px)"]
    assert unshown_words(values[2:4], "Area (px)", LOG) == []


def test_a_symmetric_logarithm_shows_both_signs_and_is_linear_between():
    values = np.array([-1000.0, -1, 0, 1, 1000])
    axis = Axis.of(values, "t", SYMLOG)
    assert axis.linear_to == 1
    np.testing.assert_allclose(axis.places(values), [0, 0.375, 0.5, 0.625, 1])
    np.testing.assert_allclose(axis.places([0.5]), [0.5625])
    assert texts(axis) == ["−1,000", "−10", "0", "10", "1,000"]
    assert axis.label == "t, log beyond ±1"


@pytest.mark.parametrize(
    ("low", "high", "scale", "expected"),
    [
        (184, 400, LINEAR, ["200", "250", "300", "350", "400"]),
        (12345.1, 12345.9, LINEAR, ["12,345.2", "12,345.4", "12,345.6", "12,345.8"]),
        (-0.4, 0.7, LINEAR, ["0", "0.5"]),
        (1e6, 3e6, LINEAR, ["1×10⁶", "1.5×10⁶", "2×10⁶", "2.5×10⁶", "3×10⁶"]),
        (0.008, 9000, LOG, ["0.01", "1", "100"]),
        (1.3, 60, LOG, ["2", "5", "10", "20", "50"]),
        (3, 8, LOG, ["3", "4", "5", "6", "7", "8"]),
        (1, 1e9, LOG, ["1", "100", "10,000", "10⁶", "10⁸"]),
    ],
)
def test_ticks_are_round_and_as_precise_as_needed(low, high, scale, expected):
    assert texts(Axis.of([low, high], "t", scale)) == expected


def test_a_part_of_an_axis_has_ticks_of_its_own():
    axis = Axis.of([0, 100], "t")
    assert texts(axis, first=0.5, last=0.52, most=4) == ["50.0", "50.5", "51.0", "51.5", "52.0"]
    assert texts(axis, first=-0.1, last=1.1, most=3) == ["0", "50", "100"]
    assert axis.ticks(first=0.5, last=0.5) == ()


@pytest.mark.parametrize("scale", list(Scale))
@pytest.mark.parametrize("values", [[], [np.nan], [7.0, 7.0], [0.0]])
def test_an_axis_of_one_value_or_none_has_two_ends(values, scale):
    axis = Axis.of(values, "t", scale)
    assert axis.low < axis.high
    assert np.isfinite(axis.places([axis.low, axis.high])).all()
