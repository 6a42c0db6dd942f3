"""Frozen results are the same after they were plain values and arrays."""

from __future__ import annotations

import json
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

import numpy as np
import pandas as pd
import pytest

from napari_c3r.core.errors import InputError
from napari_c3r.core.packing import Packing, Unpacking


class Colour(StrEnum):
    RED = "red"


@dataclass(frozen=True, eq=False)
class Inner:
    colour: Colour
    numbers: tuple[float, ...]


@dataclass(frozen=True, eq=False)
class Outer:
    inner: Inner
    given: object


KINDS = (Colour, Inner, Outer)


def through_a_file(value, kinds=KINDS):
    packing = Packing(kinds)
    plain = json.loads(json.dumps(packing.pack(value), allow_nan=False))
    return Unpacking(packing.arrays, kinds).unpack(plain), packing


@pytest.mark.parametrize(
    "value",
    [
        None,
        True,
        "µ\ud7ff",
        3,
        -0.25,
        np.float32(2.5),
        (1, (), [2, None]),
        {1: "a", ("x", "y"): (3,)},
        frozenset({"a", "b"}),
        MappingProxyType({"a": 1}),
        float("inf"),
    ],
)
def test_values_come_back(value):
    again, _ = through_a_file(value)
    assert again == value
    assert isinstance(again, type(value)) or isinstance(value, np.generic | MappingProxyType)


def test_dataclasses_and_arrays_come_back_and_an_array_is_kept_once():
    vectors = np.arange(6, dtype=np.float32).reshape(2, 3)
    made = Outer(Inner(Colour.RED, (1.0, float("nan"))), {"a": vectors, "b": vectors})
    again, packing = through_a_file(made)
    assert again.inner.colour is Colour.RED
    assert np.isnan(again.inner.numbers[1])
    np.testing.assert_array_equal(again.given["b"], vectors)
    assert len(packing.arrays) == 1


@pytest.mark.parametrize(
    "column",
    [
        pd.Series([1, 2, 3], name="n"),
        pd.Series([1.5, np.nan, 3], name=None),
        pd.Series(["a", None, "=c"], dtype=object),
        pd.Series([1, None, 3], dtype="Int64"),
        pd.Series([0.5, None, 3], dtype="Float64"),
        pd.Series(["x", None, "z"], dtype="string"),
        pd.Series([True, None, False], dtype="boolean"),
        pd.Series(pd.Categorical(["b", None, "a"], ["b", "a"], ordered=True)),
        pd.Series([], dtype=object),
    ],
    ids=lambda column: str(column.dtype),
)
def test_columns_come_back_with_their_kind(column):
    column.index = pd.Index([f"image:{n}" for n in range(len(column))], dtype=object)
    again, _ = through_a_file(column)
    pd.testing.assert_series_equal(again, column)
    frame = pd.DataFrame({"a": column, "b": column})
    again, _ = through_a_file(frame)
    pd.testing.assert_frame_equal(again, frame)


def test_a_table_without_rows_or_columns_comes_back():
    for frame in (pd.DataFrame(), pd.DataFrame({"a": np.zeros(0)})):
        again, _ = through_a_file(frame)
        pd.testing.assert_frame_equal(again, frame)


@pytest.mark.parametrize(
    "value", [object(), np.array([None, 1]), Outer(Inner(Colour.RED, ()), 1)], ids=str
)
def test_what_is_not_listed_is_not_kept(value):
    with pytest.raises(TypeError, match="cannot be kept"):
        Packing([Outer]).pack(value)


@pytest.mark.parametrize(
    "plain",
    [
        {"kind": "Inner", "fields": {"colour": 1}},
        {"kind": "Popen", "fields": {}},
        {"kind": "Colour", "value": "blue"},
        {"array": "a7"},
        {"frame": 3, "index": 4},
        {"tuple": 3},
        {"odd": []},
        {},
    ],
)
def test_damage_is_one_line(plain):
    with pytest.raises(InputError, match="cannot be read"):
        Unpacking({}, KINDS).unpack(plain)
