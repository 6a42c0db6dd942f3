"""Schedules, against the official ones."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from training.optim import learning_rate
from training.schedules import Cosine, Plan, Ramp


def test_they_are_the_official_ones(golden_dir: Path) -> None:
    plan = Plan(epochs=100, steps_per_epoch=7)
    schedules = {
        "lr": Cosine(learning_rate(5e-4, 640), 1e-6, plan.steps, warmup=70),
        "wd": Cosine(0.04, 0.4, plan.steps),
        "mom": Cosine(0.996, 1.0, plan.steps),
        "teacher_temp": Ramp(0.04, 0.04, epochs=0),
        "teacher_patch_temp": Ramp(0.04, 0.07, epochs=30, delay=10),
    }
    with np.load(golden_dir / "schedules.npz") as file:
        assert set(schedules) == set(file)
        for name, schedule in schedules.items():
            values = [schedule.at(index) for index in range(len(file[name]))]
            np.testing.assert_allclose(values, file[name], rtol=0, atol=1e-12)


def test_short_runs_have_schedules_too() -> None:
    assert Cosine(1.0, 0.0, steps=1, warmup=1).at(0) == 0
    assert Cosine(1.0, 0.0, steps=1).at(0) == 1
    assert Ramp(0.1, 0.2, epochs=1, delay=0).at(0) == pytest.approx(0.1)
    assert Ramp(0.1, 0.2, epochs=30, delay=10).at(2) == pytest.approx(0.1)


def test_a_plan_knows_the_epoch_of_a_step() -> None:
    assert [Plan(2, 3).epoch_of(step) for step in range(Plan(2, 3).steps)] == [0, 0, 0, 1, 1, 1]
