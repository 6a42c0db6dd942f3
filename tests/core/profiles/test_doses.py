"""Dose curves: the truth is inside the interval as often as it says."""

from __future__ import annotations

import numpy as np
import pytest

from napari_c3r.core.errors import InputError
from napari_c3r.core.profiles import fit_dose_curve

DOSES = np.repeat([0, 0.1, 0.3, 1, 3, 10, 30], 3)


def values(seed, ec50=2.0, bottom=1.0, top=5.0, slope=1.5, noise=0.3):
    with np.errstate(divide="ignore"):
        curve = bottom + (top - bottom) / (1 + (ec50 / DOSES) ** slope)
    return curve + np.random.default_rng(seed).normal(0, noise, len(DOSES))


def test_the_curve_that_was_drawn_is_found():
    found = fit_dose_curve(DOSES, values(0, noise=1e-6))
    assert (found.bottom, found.top) == pytest.approx((1.0, 5.0), abs=1e-4)
    assert (found.ec50, found.slope) == pytest.approx((2.0, 1.5), abs=1e-4)
    assert (found.n_wells, found.n_doses) == (21, 7)
    np.testing.assert_allclose(found(DOSES), values(0, noise=0), atol=1e-4)


def test_falling_curves_too():
    found = fit_dose_curve(DOSES, -values(0, noise=0.01))
    assert found.ec50 == pytest.approx(2.0, rel=0.05)
    assert found.top < found.bottom


def test_the_interval_holds_the_truth():
    curves = [fit_dose_curve(DOSES, values(seed)) for seed in range(60)]
    inside = np.mean([c.ec50_interval[0] < 2.0 < c.ec50_interval[1] for c in curves])
    assert inside > 0.85
    assert np.mean([c.p_value < 0.01 for c in curves]) == 1


def test_noise_is_no_curve():
    rng = np.random.default_rng(0)
    found = [fit_dose_curve(DOSES, rng.normal(size=len(DOSES))).p_value for _ in range(60)]
    assert np.mean(np.array(found) < 0.05) < 0.2


@pytest.mark.parametrize(
    ("doses", "y", "said"),
    [
        ([0, 1], [1, 2, 3], "2 doses for 3 values"),
        ([-1, 1, 2, 3, 4, 5], range(6), "below zero"),
        ([0, 0, 1, 1, 2, 2], range(6), "six wells of four doses"),
        ([0, 1, 2, 3, 4, 5], [2] * 6, "alike"),
    ],
)
def test_mistakes_are_one_line(doses, y, said):
    with pytest.raises(InputError, match=said):
        fit_dose_curve(doses, list(y))
