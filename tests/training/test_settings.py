"""Dataclasses of settings from plain values."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

import pytest

from napari_c3r.core.errors import InputError
from training.settings import build, merge, parse_overrides


@dataclass(frozen=True)
class Inner:
    depth: int = 1
    names: tuple[str, ...] = ()


@dataclass(frozen=True)
class Outer:
    rate: float
    kind: Literal["a", "b"] = "a"
    on: bool = False
    limit: int | None = None
    inner: Inner = field(default_factory=Inner)


def test_values_come_in_the_types_of_the_fields() -> None:
    given = parse_overrides(
        ["--rate", "1", "--on", "true", "--limit", "3", "--inner.names", "x,y", "--kind", "b"]
    )
    assert build(Outer, given, "here") == Outer(1.0, "b", True, 3, Inner(1, ("x", "y")))
    assert build(Outer, {"rate": 2, "limit": "none"}, "here").limit is None


@pytest.mark.parametrize(
    ("values", "line"),
    [
        ({}, "here: needs 'rate'"),
        ({"rate": "fast"}, "here: rate must be of type float, not 'fast'"),
        ({"rate": 1, "on": 1}, "here: on must be of type bool, not 1"),
        ({"rate": 1, "inner": {"dept": 2}}, "here: inner: unknown setting 'dept': did you mean"),
        ({"rate": 1, "inner": 2}, "here: inner must be a table"),
    ],
)
def test_a_wrong_value_is_told(values: dict[str, object], line: str) -> None:
    with pytest.raises(InputError, match=line):
        build(Outer, values, "here")


def test_tables_are_merged_and_values_replaced() -> None:
    base = {"a": 1, "inner": {"b": 2, "c": 3}}
    assert merge(base, {"inner": {"c": 4}, "d": 5}) == {"a": 1, "inner": {"b": 2, "c": 4}, "d": 5}
