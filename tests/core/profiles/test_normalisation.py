"""Profiles on the scale of the controls, equal to pycytominer's own and to the official code's."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from anndata import AnnData

from napari_c3r.core.errors import InputError
from napari_c3r.core.profiles import normalise, select_features, to_profile_frame

pycytominer = pytest.importorskip("pycytominer")


@pytest.fixture(scope="module")
def golden(golden_dir):
    return np.load(golden_dir / "jump_eval.npz")


@pytest.fixture(scope="module")
def wells(golden):
    obs = pd.DataFrame(
        {name: golden[name].astype(object) for name in ("plate", "well", "compound")}
    )
    obs.index = obs.index.astype(str)
    return AnnData(golden["well_features"], obs=obs)


def in_order(profiles, names):
    where = (profiles.obs["plate"].astype(str) + "_" + profiles.obs["well"].astype(str)).tolist()
    return profiles.X[[where.index(str(name)) for name in names]]


def test_the_official_chain(wells, golden):
    whitened = normalise(wells, ("compound", "DMSO"), "spherize", per=None)
    np.testing.assert_allclose(whitened.X, golden["ZCA-cor_features"], atol=1e-9)
    scaled = normalise(whitened, method="mad", per="plate")
    expected = golden["official_chain_features"]
    names = golden["official_chain_wells"]
    np.testing.assert_allclose(in_order(scaled, names), expected, atol=1e-9)


def test_mad_of_all_wells_of_a_plate(wells, golden):
    scaled = normalise(wells, method="mad")
    np.testing.assert_allclose(
        in_order(scaled, golden["mad_wells"]), golden["mad_features"], atol=1e-9
    )


@pytest.mark.parametrize(
    ("ours", "theirs"), [("mad", "mad_robustize"), ("standardise", "standardize")]
)
def test_equal_to_pycytominer_plate_by_plate(wells, ours, theirs):
    done = to_profile_frame(normalise(wells, ("compound", "DMSO"), ours))
    frame = to_profile_frame(wells)
    features = list(wells.var_names)
    for plate, rows in frame.groupby("Metadata_Plate"):
        expected = pycytominer.normalize(
            rows, features=features, samples="Metadata_compound == 'DMSO'", method=theirs
        )
        mine = done[done["Metadata_Plate"] == plate]
        np.testing.assert_allclose(mine[features], expected[features], rtol=1e-12, atol=1e-9)


def test_features_without_spread_are_left_out_and_counted(wells):
    flat = wells.copy()
    flat.X[:, 3] = 7.0
    done = normalise(flat, ("compound", "DMSO"))
    assert done.n_vars == wells.n_vars - 1
    assert "1 features do not vary" in done.uns["napari_c3r"]["profile_steps"][-1]["notes"][0]
    assert np.isfinite(done.X).all()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"method": "zca"}, "Unknown method 'zca'"),
        ({"controls": ("compound", "water")}, "No row has the value 'water'"),
        ({"controls": ("drug", "DMSO")}, "no column 'drug'"),
        ({"controls": ("well", "A01")}, "two are the least"),
        ({"per": "batch"}, "no column 'batch'"),
    ],
)
def test_mistakes_are_one_line(wells, arguments, said):
    wells = wells.copy()
    wells.obs["well"] = [f"A{n:02d}" for n in range(1, len(wells) + 1)]
    with pytest.raises(InputError, match=said):
        normalise(wells, **arguments)


def test_missing_values_are_refused_and_can_be_left_out(wells):
    holes = wells.copy()
    holes.X[2, 5] = np.nan
    with pytest.raises(InputError, match="1 features have missing values"):
        normalise(holes)
    left = select_features(holes, ["drop_na_columns"])
    assert left.n_vars == holes.n_vars - 1
    assert np.isfinite(normalise(left).X).all()


def test_features_that_say_the_same_are_left_out_as_pycytominer_does(wells):
    rng = np.random.default_rng(0)
    twin = wells.X[:, :1] + rng.normal(0, 1e-3, (len(wells), 1))
    both = AnnData(np.hstack([wells.X, twin]), obs=wells.obs)
    kept = select_features(both, ["correlation_threshold"])
    features = list(both.var_names)
    expected = pycytominer.feature_select(
        to_profile_frame(both), features=features, operation="correlation_threshold"
    )
    assert list(kept.var_names) == [name for name in features if name in expected]
    assert kept.n_vars == 8
