"""Groups against controls: on wells, over plates, right about effects and about none."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from anndata import AnnData
from scipy.stats import ttest_ind

from napari_c3r.core.errors import InputError
from napari_c3r.core.profiles import compare_groups
from napari_c3r.core.profiles.compare import shares


def screen(seed, *, plates=1, controls=8, replicates=4, treatments=5, effect=0.0, plate_sd=0.0):
    """Wells with one value; the first treatment has the effect, in units of the wells' own sd."""
    rng = np.random.default_rng(seed)
    rows = [
        (f"p{plate}", name)
        for plate in range(plates)
        for name in ["DMSO"] * controls + [f"t{n}" for n in range(treatments)] * replicates
    ]
    obs = pd.DataFrame(rows, columns=["plate", "treatment"])
    obs.index = obs.index.astype(str)
    of_plate = rng.normal(0, plate_sd, plates)[pd.factorize(obs["plate"])[0]]
    value = rng.normal(size=len(obs)) + of_plate + effect * (obs["treatment"] == "t0")
    return AnnData(np.zeros((len(obs), 1)), obs=obs.assign(value=value.to_numpy()))


def test_one_plate_is_the_more_cautious_t_test():
    wells = screen(0, effect=2.0)
    found = compare_groups(wells, ["value"], "treatment", ("treatment", "DMSO"), plate=None)
    for row in found.itertuples():
        mine = wells.obs.loc[wells.obs["treatment"] == row.group, "value"]
        other = wells.obs.loc[wells.obs["treatment"] == "DMSO", "value"]
        both = [ttest_ind(mine, other, equal_var=equal) for equal in (True, False)]
        intervals = [each.confidence_interval(0.95) for each in both]
        assert row.p_value == pytest.approx(max(each.pvalue for each in both), abs=1e-12)
        assert row.low == pytest.approx(min(each.low for each in intervals), abs=1e-12)
        assert row.high == pytest.approx(max(each.high for each in intervals), abs=1e-12)
        assert row.difference == pytest.approx(mine.mean() - other.mean())
        assert (row.n_wells, row.n_controls) == (4, 8)
    assert (found["adjusted_p_value"] >= found["p_value"]).all()


def false_alarms(trials, **design):
    values = [
        compare_groups(screen(seed, **design), ["value"], "treatment", ("treatment", "DMSO"))
        for seed in range(trials)
    ]
    return float((pd.concat(values)["p_value"] < 0.05).mean())


@pytest.mark.parametrize(
    "design",
    [
        {},
        {"plates": 3, "replicates": 1, "plate_sd": 3.0},
        {"plates": 2, "plate_sd": 3.0},
        {"controls": 16, "replicates": 2},
    ],
)
def test_nothing_is_found_where_nothing_is(design):
    # 5 treatments x 80 screens: 0.05 with a standard error of about 0.011.
    assert 0.01 < false_alarms(80, **design) < 0.09


def test_plates_that_differ_hide_no_effect():
    wells = screen(3, plates=4, replicates=2, effect=3.0, plate_sd=10.0)
    aware = compare_groups(wells, ["value"], "treatment", ("treatment", "DMSO"))
    blind = compare_groups(wells, ["value"], "treatment", ("treatment", "DMSO"), plate=None)
    assert aware.set_index("group").loc["t0", "p_value"] < 1e-3
    assert blind.set_index("group").loc["t0", "p_value"] > 0.05


def test_cells_as_if_independent_would_have_been_wrong():
    """Wells differ; a test on cells calls that an effect, one on wells does not."""
    wrong, right = [], []
    for seed in range(40):
        rng = np.random.default_rng(seed)
        of_well = rng.normal(size=12)
        cells = of_well[:, None] + rng.normal(size=(12, 100))
        wrong.append(ttest_ind(cells[:4].ravel(), cells[4:].ravel()).pvalue)
        obs = pd.DataFrame({"group": ["drug"] * 4 + ["DMSO"] * 8, "value": cells.mean(axis=1)})
        obs.index = obs.index.astype(str)
        wells = AnnData(np.zeros((12, 1)), obs=obs)
        found = compare_groups(wells, "value", "group", ("group", "DMSO"), plate=None)
        right.append(found["p_value"].item())
    assert np.mean(np.array(wrong) < 0.05) > 0.5
    assert np.mean(np.array(right) < 0.05) < 0.15


def test_shares_of_clusters_in_wells():
    obs = pd.DataFrame(
        {
            "plate": "p",
            "well": ["A01"] * 4 + ["A02"] * 2,
            "cluster": pd.Categorical(["0", "0", "1", None, "1", "1"], categories=["0", "1", "2"]),
        },
        index=list("abcdef"),
    )
    found = shares(AnnData(np.zeros((6, 1)), obs=obs), "cluster")
    assert list(found.columns) == ["0", "1", "2"]
    np.testing.assert_allclose(found.to_numpy(), [[0.5, 0.25, 0.0], [0.0, 1.0, 0.0]])


def test_a_single_well_is_listed_and_not_tested():
    wells = screen(0, replicates=1)
    found = compare_groups(wells, "value", "treatment", ("treatment", "DMSO"))
    assert found["p_value"].isna().all()
    assert found["difference"].notna().all()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"values": ["treatment"]}, "has no numbers"),
        ({"values": ["area"]}, "no column 'area'"),
        ({"values": np.zeros((3, 2))}, "3 rows of values for 28 wells"),
        ({"controls": ("treatment", "water")}, "No row has the value 'water'"),
        ({"plate": "batch"}, "no column 'batch'"),
    ],
)
def test_mistakes_are_one_line(arguments, said):
    usual = {"values": ["value"], "group": "treatment", "controls": ("treatment", "DMSO")}
    with pytest.raises(InputError, match=said):
        compare_groups(screen(0), **{**usual, **arguments})
