"""The lowest versions: every requirement has one, and those that keep promises are high enough."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest
from packaging.version import Version

from tools.lowest import lowest, main

ROOT = Path(__file__).resolve().parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
PINS = dict(pin.split("==") for pin in lowest(PROJECT["dependencies"]))


@pytest.mark.parametrize(("name", "least"), [("zarr", "3.1"), ("torch", "2.6"), ("pillow", "10.3")])
def test_floors_that_keep_promises(name, least):
    assert Version(PINS[name]) >= Version(least)


def test_pins_are_floors():
    assert lowest(["a>=1.2", "b[x,y] >= 3"]) == ["a==1.2", "b==3"]


@pytest.mark.parametrize("requirement", ["a", "a==1", "a<2", "a>=1,<2"])
def test_a_requirement_without_a_floor_is_refused(requirement):
    with pytest.raises(ValueError, match="no lowest version"):
        lowest([requirement])


def test_some_may_be_left_out(capsys):
    main(["torch"])
    printed = capsys.readouterr().out.split()
    assert len(printed) == len(PINS) - 1
    assert not any(pin.startswith("torch==") for pin in printed)


def test_continuous_integration_runs_them():
    assert "test-lowest:" in (ROOT / "Makefile").read_text("utf-8")
    (workflow,) = (ROOT / ".github/workflows").glob("*.yml")
    assert "make test-lowest" in workflow.read_text("utf-8")
