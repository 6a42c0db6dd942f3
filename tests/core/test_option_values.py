"""What a setting may be is checked wherever it comes from: scripts, the shell, files."""

from __future__ import annotations

import math

import numpy as np
import pytest

from napari_c3r.core.crops import CropSpec
from napari_c3r.core.encoder.options import RunOptions
from napari_c3r.core.errors import InputError
from napari_c3r.core.images import ReadOptions
from napari_c3r.core.options import described, parse_value, value_type
from napari_c3r.core.reduce.options import MapOptions
from napari_c3r.core.segment import SegmentOptions

WHOLE = [
    (RunOptions, "batch_size"),
    (CropSpec, "size_px"),
    (ReadOptions, "t"),
    (ReadOptions, "z"),
    (MapOptions, "seed"),
    (MapOptions, "n_clusters"),
]
REAL = [
    (ReadOptions, "pixel_size_um"),
    (CropSpec, "field_um"),
    (CropSpec, "field_diameters"),
    (SegmentOptions, "nucleus_diameter_px"),
    (SegmentOptions, "cell_distance_um"),
]


def parsed(kind, name, text):
    return parse_value(value_type(kind, name), dict(described(kind))[name], text, f"--{name}")


@pytest.mark.parametrize(("kind", "name"), WHOLE)
@pytest.mark.parametrize(
    "text",
    [
        *("-1", "--5", "²", "٣", "1.0", "1e3", "0x10", "1_000", "nan", "inf", "", "None", "true"),
        *("9" * 20, "9" * 5000, "-" + "9" * 5000, "5\n6", "\x1b[2J"),
    ],
)
def test_what_is_no_whole_number_is_refused_in_one_line(kind, name, text):
    with pytest.raises(InputError, match=f"^--{name} is ") as refused:
        parsed(kind, name, text)
    assert len(str(refused.value)) < 200
    assert str(refused.value).isprintable()


@pytest.mark.parametrize(("kind", "name"), REAL)
@pytest.mark.parametrize(
    "text",
    [
        *("0", "-1", "-0.0", "1e300", "1e-300", "1e999", "nan", "inf", "-inf", "0,5", "1_0.5"),
        *("½", "0x1p3", "9" * 400, "", "1e", ".", "1 2"),
    ],
)
def test_what_is_no_size_is_refused_in_one_line(kind, name, text):
    with pytest.raises(InputError, match=f"^--{name} is .*; give a number from ") as refused:
        parsed(kind, name, text)
    assert len(str(refused.value)) < 200


@pytest.mark.parametrize(
    ("kind", "name", "text", "value"),
    [
        (RunOptions, "batch_size", " 8 ", 8),
        (RunOptions, "batch_size", "auto", "auto"),
        (ReadOptions, "z", "3", 3),
        (ReadOptions, "z", "mean", "mean"),
        (ReadOptions, "pixel_size_um", "+.5", 0.5),
        (ReadOptions, "pixel_size_um", "2E-1", 0.2),
        (CropSpec, "field_um", "20", 20.0),
        (CropSpec, "neighbours", "mask", "mask"),
    ],
)
def test_what_is_one_is_taken(kind, name, text, value):
    found = parsed(kind, name, text)
    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize(("kind", "name"), WHOLE + REAL)
def test_a_script_gets_the_same_answer(kind, name):
    for value in (-1, True, math.nan, math.inf, -(10**5000), "many", [1], b"1", 1j, "9" * 5000):
        with pytest.raises(InputError, match=f"^{name} is "):
            kind(**{name: value})


@pytest.mark.parametrize(("kind", "name"), [each for each in REAL if each[0] is not ReadOptions])
def test_sizes_have_bounds(kind, name):
    for value in (0, 1e300, 10**400):
        with pytest.raises(InputError, match=r"from 0\.01 to 100000 or None"):
            kind(**{name: value})


def test_numbers_of_numpy_are_numbers():
    assert RunOptions(batch_size=np.int64(4)).batch_size == 4
    assert CropSpec(field_um=np.float32(4)).field_um == 4


@pytest.mark.parametrize(
    ("kind", "values", "said"),
    [
        (RunOptions, {"precision": "int8"}, "precision is 'int8'; give auto, float32, bfloat16 or"),
        (RunOptions, {"readout": 3}, "readout is 3; give cls, cls"),
        (CropSpec, {"neighbours": "blur"}, "'blur'; give keep, mask or None"),
        (MapOptions, {"method": None}, "method is None; give hdbscan, leiden or kmeans"),
        (ReadOptions, {"pattern": None}, "pattern is None; give a text"),
        (ReadOptions, {"names": ["a"]}, "names is"),
        (ReadOptions, {"names": {"a": 1}}, "names is"),
        (ReadOptions, {"names": {"a": "X", "b": "X"}}, "'X' occurs 2 times"),
        (ReadOptions, {"names": {"a": " "}}, "give each channel a non-empty name"),
        (SegmentOptions, {"nucleus": 5}, "nucleus is 5; give a text or None"),
    ],
)
def test_other_values_are_refused_too(kind, values, said):
    with pytest.raises(InputError, match=said):
        kind(**values)
