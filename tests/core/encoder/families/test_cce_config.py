"""The configuration of an encoder."""

from __future__ import annotations

import dataclasses
import json

import pytest

from napari_c3r.core.encoder.families.cce import CceConfig
from napari_c3r.core.errors import InputError


@pytest.mark.parametrize(
    ("size", "width", "heads"), [("T", 192, 3), ("S", 384, 6), ("B", 768, 12), ("L", 1024, 16)]
)
def test_published_sizes(size: str, width: int, heads: int) -> None:
    config = CceConfig.of_size(size)
    assert (config.width, config.heads) == (width, heads)
    assert (config.branch_depth, config.joint_depth) == (2, 11)


@pytest.mark.parametrize(
    ("branch_depth", "expected"), [(0, 12), (1, 11), (2, 11), (3, 10), (4, 10)]
)
def test_joint_depth_spends_what_the_branches_save(branch_depth: int, expected: int) -> None:
    assert CceConfig.of_size("S", branch_depth=branch_depth).joint_depth == expected


def test_a_given_joint_depth_is_kept() -> None:
    assert CceConfig.of_size("S", joint_depth=3).joint_depth == 3


def test_json_round_trip(small_config: CceConfig) -> None:
    assert CceConfig.from_json(small_config.to_json()) == small_config


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("width", 0),
        ("width", 18),
        ("width", 16.0),
        ("width", True),
        ("heads", 0),
        ("branch_depth", -1),
        ("joint_depth", 10**9),
        ("patch_size", "16"),
        ("input_size", 33),
        ("field_um", 0),
        ("field_um", float("nan")),
        ("field_diameters", None),
        ("aggregation", "mean"),
        ("readout", ["cls"]),
        ("concept_mode", None),
        ("trained", 1),
        ("name", 3),
    ],
)
def test_wrong_values_are_refused_by_name(
    small_config: CceConfig, field: str, value: object
) -> None:
    with pytest.raises(InputError, match=f"{field} must be") as error:
        dataclasses.replace(small_config, **{field: value})
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"architecture": "resnet"}, "unknown architecture 'resnet'"),
        ({"normalisation": "z-score"}, "normalisation must be 'min-max per crop and channel' or"),
        ({"surprise": 1}, "unknown names surprise"),
        ({"width": None}, "width must be"),
    ],
)
def test_json_of_something_else_is_refused(
    small_config: CceConfig, change: dict[str, object], says: str
) -> None:
    values = json.loads(small_config.to_json()) | change
    with pytest.raises(InputError, match=says):
        CceConfig.from_json(json.dumps(values))


@pytest.mark.parametrize(
    "text", ["", "{", "[]", "null", "[" * 100_000, '{"architecture": "context-concept-encoder"}']
)
def test_malformed_json_is_refused(text: str) -> None:
    with pytest.raises(InputError, match="encoder config"):
        CceConfig.from_json(text)


def test_a_missing_field_is_named(small_config: CceConfig) -> None:
    values = json.loads(small_config.to_json())
    del values["heads"]
    with pytest.raises(InputError, match="lacks heads"):
        CceConfig.from_json(json.dumps(values))
