"""Batches brought together, and what is registered from outside."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from anndata import AnnData

from napari_c3r.core.errors import InputError
from napari_c3r.core.profiles import batch, correct_batches


def two_batches(seed=0):
    rng = np.random.default_rng(seed)
    kinds = np.tile([0, 1], 60)
    x = rng.normal(size=(120, 6))
    x[:, 0] += 6 * kinds
    x[60:, 1:3] += 4
    obs = pd.DataFrame(
        {"plate": np.repeat(["a", "b"], 60), "kind": kinds}, index=map(str, range(120))
    )
    return AnnData(x, obs=obs)


def gap(table, column):
    first = table.obs[column] == table.obs[column].iloc[0]
    return np.linalg.norm(table.X[first].mean(axis=0) - table.X[~first].mean(axis=0))


@pytest.mark.parametrize(
    ("method", "package", "left"), [("harmony", "harmonypy", 0.5), ("combat", "scanpy", 0.2)]
)
def test_batches_come_together_and_kinds_stay_apart(method, package, left):
    pytest.importorskip(package)
    before = two_batches()
    after = correct_batches(before, method=method)
    assert after.shape == before.shape
    assert gap(after, "plate") < left * gap(before, "plate")
    assert gap(after, "kind") > 0.8 * gap(before, "kind")
    again = correct_batches(before, method=method)
    np.testing.assert_array_equal(after.X, again.X)


def test_a_method_from_outside(monkeypatch):
    monkeypatch.setattr(batch, "_METHODS", dict(batch._METHODS))
    batch.register_correction("zero", lambda values, batches, seed: np.zeros_like(values))
    assert "zero" in batch.corrections()
    assert not correct_batches(two_batches(), method="zero").X.any()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"method": "magic"}, "Unknown method 'magic'"),
        ({"batch": "day"}, "no column 'day'"),
        ({"batch": "one"}, "nothing to correct"),
        ({"batch": "holes"}, "60 rows have no 'holes'"),
    ],
)
def test_mistakes_are_one_line(arguments, said):
    table = two_batches()
    table.obs["one"] = "x"
    table.obs["holes"] = table.obs["plate"].where(table.obs["plate"] == "a", None)
    with pytest.raises(InputError, match=said):
        correct_batches(table, **arguments)
