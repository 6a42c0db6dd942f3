from __future__ import annotations

import numpy as np
import pytest

from napari_c3r.core.diagnose.intervals import bootstrap_means, half_samples, holm, p_above


def test_intervals_cover_the_truth_as_often_as_they_say():
    rng = np.random.default_rng(0)
    boot = halves = 0
    for _ in range(120):
        values = rng.normal(0.5, 0.2, 60)
        _, low, high = bootstrap_means(values, rng)
        boot += low <= 0.5 <= high
        low, high = half_samples(lambda rows, v=values: float(v[rows].mean()), 60, rng)
        halves += low <= 0.5 <= high
    assert boot >= 105
    assert halves >= 105


def test_no_false_alarm_more_often_than_the_level():
    rng = np.random.default_rng(1)
    p_values = [p_above(rng.normal(0.02, 0.1, 80), 0.02) for _ in range(1000)]
    assert 0.03 < np.mean(np.array(p_values) < 0.05) < 0.07
    assert p_above(np.full(9, 0.5), 0.02) == 0.0
    assert p_above(np.zeros(9), 0.02) == 1.0


def test_holm_by_hand():
    assert holm([0.01, 0.04, 0.03]) == pytest.approx([0.03, 0.06, 0.06])
    assert holm([]) == []
