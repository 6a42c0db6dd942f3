"""Groups against controls by exchanged labels: exact, whatever the normalisation."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pandas as pd
import pytest

from benchmarks.planted_plates import CONTROLS, Plan, wells
from napari_c3r.core.errors import InputError
from napari_c3r.core.profiles import differ_from_controls, normalise
from napari_c3r.core.profiles.permutation import how_far_apart


def test_the_p_value_is_the_share_of_all_exchanges():
    values = np.random.default_rng(0).normal(size=(7, 1))
    inside = np.arange(7) < 3
    found = how_far_apart(values, inside, np.zeros(7, int))
    gaps = []
    for chosen in combinations(range(7), 3):
        group = np.isin(np.arange(7), chosen)
        gaps.append(abs(values[group].mean() - values[~group].mean()))
    assert found.p_value == pytest.approx(np.mean(np.array(gaps) >= gaps[0] - 1e-12))
    assert found.least_p_value == pytest.approx(1 / 35)
    assert found.distance == pytest.approx(gaps[0] / np.sqrt(np.mean(np.square(gaps))))


def test_draws_tend_to_all_exchanges():
    made = wells(Plan(effect=0.4, treatments=1), 1)
    every = differ_from_controls(made, "treatment", CONTROLS, draws=10_000)
    some = differ_from_controls(made, "treatment", CONTROLS, draws=400, seed=3)
    assert every["least_p_value"][0] == pytest.approx(1 / 495)
    assert some["p_value"][0] == pytest.approx(every["p_value"][0], abs=0.06)
    again = differ_from_controls(made, "treatment", CONTROLS, draws=400, seed=3)
    pd.testing.assert_frame_equal(some, again)


@pytest.mark.parametrize("plan", [Plan(controls=4), Plan(plates=3, wells=1)])
def test_nothing_is_found_where_nothing_is(plan):
    found = [
        differ_from_controls(wells(plan, seed), "treatment", CONTROLS, draws=199)
        for seed in range(60)
    ]
    # 4 treatments of one plate share its controls: 0.05 with a standard error of about 0.02.
    assert (pd.concat(found)["p_value"] < 0.05).mean() < 0.1


def test_an_effect_is_found_across_plates_that_differ():
    made = wells(Plan(plates=3, wells=2, effect=1.5, plate_sd=5), 0)
    found = differ_from_controls(made, "treatment", CONTROLS).set_index("group")
    assert found.loc["t0", "adjusted_p_value"] < 0.01
    assert found.loc["t0", "distance"] > 1.5
    assert (found.drop("t0")["p_value"] > 0.01).all()
    assert found.loc["t0", ["n_wells", "n_controls"]].tolist() == [6, 24]


def test_normalising_to_few_controls_changes_nothing():
    made = wells(Plan(plates=2, controls=4, effect=1.0), 0)
    tables = [made, normalise(made, CONTROLS, "mad"), normalise(made, CONTROLS, "standardise")]
    p = [differ_from_controls(t, "treatment", CONTROLS)["p_value"].to_numpy() for t in tables]
    np.testing.assert_allclose(p[1], p[0])
    np.testing.assert_allclose(p[2], p[0])


def test_what_cannot_be_tested_is_listed():
    made = wells(Plan(plates=2, treatments=2), 0)
    on_first = (made.obs["plate"] == "p0").to_numpy()
    bare = made[~(~on_first & made.obs["treatment"].eq("DMSO").to_numpy())].copy()
    bare.obs.loc[on_first[on_first | True][: len(bare)], "treatment"] = bare.obs["treatment"]
    bare = bare[~(bare.obs["plate"].eq("p0") & bare.obs["treatment"].eq("t1")).to_numpy()].copy()
    found = differ_from_controls(bare, "treatment", CONTROLS).set_index("group")
    assert found.loc["t0", "n_wells"] == 4
    assert found.loc["t1", "n_wells"] == 0
    assert np.isnan(found.loc["t1", "p_value"])
    alike = made.copy()
    alike.X = np.zeros(alike.shape)
    assert differ_from_controls(alike, "treatment", CONTROLS)["p_value"].isna().all()
    with pytest.raises(InputError, match="No row has the value 'water'"):
        differ_from_controls(made, "treatment", ("treatment", "water"))
