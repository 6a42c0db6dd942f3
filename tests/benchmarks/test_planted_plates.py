"""The simulated plates hold what was planted, and a few of them show what many do."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.planted_plates import (
    EFFECTS,
    NULLS,
    WELLS,
    Plan,
    _planted,
    as_markdown,
    detections,
    power_curves,
    rates,
    share,
    wells,
)

pytest.importorskip("copairs")


@pytest.mark.parametrize("plan", NULLS.values())
def test_plates_are_laid_out_as_planned(plan):
    made = wells(plan, 0)
    for _, plate in made.obs.groupby("plate"):
        assert plate["well"].is_unique
        counts = plate["treatment"].value_counts()
        assert counts.pop("DMSO") == plan.controls
        assert (counts == plan.wells).all()
    edge = made.obs["well"].str.match(r"A|F|.01|.08")
    assert (made.obs["edge"] == edge).all()


def test_an_effect_is_as_large_as_planned():
    flat, moved = (wells(Plan(effect=effect, plate_sd=0.0, wells=20), 0) for effect in (0.0, 3.0))
    away = np.asarray(moved.X) - np.asarray(flat.X)
    treated = flat.obs["treatment"].eq("t0").to_numpy()
    assert (away[~treated] == 0).all()
    assert sorted(set(np.abs(away[treated]).round(9).ravel())) == [0.0, 3.0]
    spread = np.asarray(flat.X).std(axis=0)
    assert spread.mean() == pytest.approx(1.0, abs=0.2)


def test_a_few_plates_show_what_many_do():
    nothing = rates(Plan(), 6)
    for name, calls in nothing.items():
        if "independent" in name:
            assert share(calls) > 0.3
        else:
            assert share(calls) < 0.3
    strong = rates(Plan(effect=4.0, wells=8, treatments=1), 3)
    found = [name for name in strong if name.startswith(("whole profile", "mean average"))]
    assert len(found) == 2
    assert all(share(strong[name]) == 1 for name in found)


def test_tables_and_curves(tmp_path):
    table = detections(1)
    assert list(table.columns) == [_planted(effect, n) for n in WELLS for effect in EFFECTS]
    lines = as_markdown(table).splitlines()
    assert len(lines) == len(table) + 2
    assert all(line.count("|") == len(table.columns) + 2 for line in lines)
    power_curves(table, str(tmp_path / "power.svg"))
    assert "whole profile" in (tmp_path / "power.svg").read_text("utf-8")
