"""Planted effects are found, and planted nulls are not spoken of."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd
import pytest

from napari_c3r.core.diagnose.confounds import confounds
from napari_c3r.core.diagnose.embed_variants import sharpness
from napari_c3r.core.diagnose.factors import factors_of
from napari_c3r.core.errors import InputError
from napari_c3r.core.reduce import NOISE


def cells(rng, plates=2, wells=6, per_well=10):
    """Cells whose vectors know nothing but of the well they are in."""
    n = plates * wells * per_well
    well = np.repeat(np.arange(plates * wells), per_well)
    obs = pd.DataFrame(
        {
            "image": [f"field{w}" for w in well],
            "plate": [f"plate{w // wells}" for w in well],
            "well": [f"W{w % wells}" for w in well],
            "area_px": rng.lognormal(6, 0.3, n),
            "intensity_mean_DNA": rng.lognormal(5, 0.2, n),
            "bbox_y0_px": rng.integers(0, 400, n),
            "bbox_x0_px": rng.integers(0, 400, n),
            "touches_border": False,
        }
    )
    obs["bbox_y1_px"], obs["bbox_x1_px"] = obs["bbox_y0_px"] + 20, obs["bbox_x0_px"] + 20
    obs["height_px"] = obs["width_px"] = 500
    of_well = rng.normal(size=(plates * wells, 8))
    return (rng.normal(size=(n, 8)) + 0.5 * of_well[well]).astype(np.float32), obs, well // wells


def loud(found, scope="map"):
    return {f.factor for f in found.results if f.stands_out and f.scope == scope}


def test_a_plate_effect_is_found_and_differences_between_wells_are_not_taken_for_one():
    found = false = 0
    for seed in range(5):
        vectors, obs, plate = cells(np.random.default_rng(seed))
        false += "plate" in loud(confounds(vectors, obs, seed=seed))
        shifted = vectors + 1.5 * plate[:, None].astype(np.float32)
        found += "plate" in loud(confounds(shifted, obs, seed=seed))
    assert found == 5
    assert false <= 1


def test_size_and_border_are_found_in_the_cluster_that_they_make():
    rng = np.random.default_rng(0)
    vectors, obs, _ = cells(rng, plates=1)
    big = (obs["area_px"] > obs["area_px"].median()).to_numpy()
    clusters = np.where(big, "big", "small")
    vectors[:, :3] += 4 * big[:, None]
    result = confounds(vectors, obs, clusters=clusters.tolist())
    assert "cell size" in loud(result)
    assert "cell size" in loud(result, "big")
    assert "intensity" not in loud(result, "big")
    sentence = next(s for s in result.sentences if "cluster big" in s)
    assert sentence.startswith("Cell size explains")
    assert "high values" in sentence


def test_what_goes_together_in_a_cluster_is_told_in_one_breath_and_once():
    rng = np.random.default_rng(0)
    vectors, obs, _ = cells(rng, plates=1)
    big = (obs["area_px"] > obs["area_px"].median()).to_numpy()
    bright = rng.random(len(obs)) > 0.5
    obs["nucleus_area_px"] = obs["area_px"] * rng.lognormal(0, 0.1, len(obs))
    obs["intensity_mean_DNA"] *= np.where(bright, 3, 1)
    vectors[:, :3] += 4 * big[:, None]
    vectors[:, 3:5] += 4 * bright[:, None]
    clusters = np.where(big & bright, "both", "other").tolist()
    result = confounds(vectors, obs, clusters=clusters)
    assert frozenset({"cell size", "nucleus size"}) in result.together
    assert frozenset({"cell size", "intensity"}) not in result.together
    assert {"cell size", "nucleus size", "intensity"} <= loud(result, "both")
    (told,) = [each for each in result.sentences if "cluster both" in each]
    assert re.search(
        r"[Cc]ell size \(\d+%, high values\) and nucleus size \(\d+%", told
    ) or re.search(r"[Nn]ucleus size \(\d+%, high values\) and cell size \(\d+%", told)
    assert "apart from that" in told
    assert told.count("cell size") + told.count("Cell size") <= 2
    assert len(result.sentences) == len({each.scope for each in result.standing_out})


@pytest.mark.parametrize(
    ("clusters", "note"),
    [
        (
            ["a"] * 60 + ["b"] * 57 + ["c"] * 3,
            "Left out, with fewer than 5 cells: cluster c (3 cells)",
        ),
        (
            ["a"] * 60 + ["b"] * 52 + ["c"] * 4 + ["d"] * 4,
            "Left out, with fewer than 5 cells: clusters c (4 cells), d (4 cells)",
        ),
        (["a"] * 112 + ["b"] * 8, "Left out, as it holds nearly all cells: cluster a (112 of 120)"),
        (["a"] * 60 + [NOISE] * 60, "Left out, as they are in no cluster: 60 cells"),
        (["a"] * 60 + ["b"] * 60, None),
    ],
)
def test_clusters_that_are_left_out_are_named(clusters, note):
    vectors, obs, _ = cells(np.random.default_rng(0), wells=2, per_well=30)
    result = confounds(vectors, obs[["area_px"]], clusters=clusters)
    assert result.notes == ((note,) if note else ())


def test_columns_that_are_dealt_out_at_random_explain_nothing():
    alarms = 0
    for seed in range(20):
        rng = np.random.default_rng(seed)
        vectors, obs, _ = cells(rng, plates=1)
        dealt = obs.iloc[rng.permutation(len(obs))].reset_index(drop=True)
        clusters = [str(number) for number in rng.integers(0, 3, len(obs))]
        result = confounds(vectors, dealt, clusters=clusters, seed=seed + 100)
        alarms += any(f.stands_out for f in result.results)
        assert np.isfinite(result.table[["explained", "by_chance", "p"]].to_numpy(float)).all()
    # One in twenty is allowed; more than four come by chance in one of a hundred runs.
    assert alarms <= 4


def test_levels_that_are_the_same_groups_are_named_together_and_few_are_not_tested():
    _, obs, _ = cells(np.random.default_rng(0))
    names = [factor.name for factor in factors_of(obs)[0]]
    assert names == ["plate", "well and field", "cell size", "intensity", "border position"]
    assert next(f for f in factors_of(obs)[0] if f.name == "plate").unit_name == "well"
    _, few, _ = cells(np.random.default_rng(0), wells=2)
    found, notes = factors_of(few)
    assert "plate" not in [factor.name for factor in found]
    assert "2 plates of 4 wells are too few" in notes[0]


def test_nothing_that_varies_is_a_sentence_and_too_few_cells_one_line():
    vectors = np.random.default_rng(0).normal(size=(30, 4)).astype(np.float32)
    found = confounds(vectors, pd.DataFrame({"image": ["one"] * 30, "area_px": [5] * 30}))
    assert found.results == ()
    assert "Nothing that could explain the map" in found.sentences[0]
    with pytest.raises(InputError, match="There are 9 cells, too few"):
        confounds(vectors[:9], pd.DataFrame(index=range(9)))
    with pytest.raises(InputError, match="30 vectors and 29 cells"):
        confounds(vectors, pd.DataFrame(index=range(29)))


def test_focus_falls_with_blur_and_not_with_brightness():
    from scipy.ndimage import gaussian_filter

    rng = np.random.default_rng(0)
    sharp = gaussian_filter(rng.normal(size=(3, 2, 64, 64)), 1, axes=(2, 3)).astype(np.float32)
    blurred = gaussian_filter(sharp, 1.5, axes=(2, 3))
    assert (sharpness(blurred) < sharpness(sharp)).all()
    np.testing.assert_allclose(sharpness(5 * sharp + 100), sharpness(sharp), rtol=1e-3)
    assert sharpness(np.ones((1, 1, 16, 16), np.float32)) == 0
