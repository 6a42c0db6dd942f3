"""Vectors seen against controls: round where controls are, plate by plate; the rest stands out."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from napari_c3r.core.errors import InputError
from napari_c3r.core.reduce import cluster, map_cells
from napari_c3r.core.reduce.controls import MIN_CONTROLS, control_choices, sphered
from napari_c3r.core.table import KEY, make_result, read, write

D = 12


def screen(seed=0, plates=("p1", "p2"), per_well=60, shift=6.0):
    """Wells A01 (untreated) and B02 (treated) on plates that differ by a shift of their own.

    One direction in which all cells vary widely hides the treatment, which moves another by
    six of its standard deviations.
    """
    rng = np.random.default_rng(seed)
    turn = np.linalg.qr(rng.normal(size=(D, D)))[0]
    rows, vectors = [], []
    for plate in plates:
        offset = shift * rng.normal(size=D)
        for well in ("A01", "B02"):
            cells = rng.normal(size=(per_well, D)) * np.r_[10.0, np.ones(D - 1)]
            cells[:, 1] += 6.0 * (well == "B02")
            vectors.append(cells @ turn + offset)
            rows += [(plate, well)] * per_well
    obs = pd.DataFrame(rows, columns=["plate", "well"])
    obs = obs.assign(image=obs["plate"], label=np.arange(len(obs)) + 1, y_px=0.0, x_px=0.0)
    stacked = np.concatenate(vectors).astype(np.float32)
    return make_result(obs, stacked, [("RNA", "cls")] * D, {})


def test_controls_are_round_on_every_plate_and_plates_lie_upon_each_other():
    table = screen(per_well=2000)
    before = table.X.copy()
    found = sphered(table, ("well", "A01"))
    for plate in ("p1", "p2"):
        controls = found[((table.obs["plate"] == plate) & (table.obs["well"] == "A01")).to_numpy()]
        np.testing.assert_allclose(controls.mean(axis=0), 0, atol=1e-4)
        spread = np.linalg.eigvalsh(np.cov(controls.T))
        assert spread.min() > 0.8
        assert spread.max() < 1.2
    treated = (table.obs["well"] == "B02").to_numpy()
    # The treatment is as long as it is in units of the controls, and alike on both plates.
    ends = [
        found[treated & (table.obs["plate"] == p).to_numpy()].mean(axis=0) for p in ("p1", "p2")
    ]
    assert np.linalg.norm(ends[0]) == pytest.approx(6, abs=0.4)
    assert np.linalg.norm(ends[0] - ends[1]) < 0.5
    np.testing.assert_array_equal(table.X, before)


def test_fewer_controls_than_columns_are_enough():
    table = screen(per_well=MIN_CONTROLS)
    found = sphered(table, ("well", "A01"))
    assert np.isfinite(found).all()
    assert np.abs(found).max() < 1e3


def share_of(table, column):
    """How much of the first of two k-means clusters is one value of a column."""
    shares = pd.crosstab(table.obs["cluster"], table.obs[column], normalize="index")
    return float(shares.to_numpy().max(axis=1).mean())


def test_clusters_are_treatments_with_controls_and_plates_without():
    plain = cluster(screen(), method="kmeans", n_clusters=2)
    assert share_of(plain, "well") < 0.7
    seen = cluster(screen(), method="kmeans", n_clusters=2, controls=("well", "A01"))
    assert share_of(seen, "well") > 0.85
    assert share_of(seen, "plate") < 0.6


@pytest.mark.parametrize("suffix", [".csv", ".parquet", ".h5ad"])
def test_the_map_follows_and_every_file_says_so(tmp_path, suffix):
    table = screen(per_well=15)
    plain = map_cells(table.copy())
    seen = map_cells(table.copy(), controls=("well", "A01"))
    assert not np.allclose(plain.obsm["X_umap"], seen.obsm["X_umap"], atol=0.1)
    again = read(write(seen, tmp_path / f"cells{suffix}"))
    assert list(again.uns[KEY]["map"]["controls"]) == ["well", "A01"]
    # The vectors are those of the encoder, whatever the map is made of.
    np.testing.assert_array_equal(again.X, table.X)
    assert "controls" not in plain.uns[KEY]["map"]


def test_too_few_controls_and_unknown_columns_are_one_line():
    table = screen(per_well=MIN_CONTROLS)
    table.obs.loc[table.obs_names[:3], "well"] = "C03"
    with pytest.raises(InputError, match="7 control cells with well 'A01' on plate 'p1'; at le"):
        sphered(table, ("well", "A01"))
    with pytest.raises(InputError, match="no column 'drug' to tell controls by"):
        map_cells(table, controls=("drug", "DMSO"))
    alone = screen(plates=("p1",), per_well=3)
    with pytest.raises(InputError, match="There are 3 control cells with well 'A01'; at least"):
        sphered(alone, ("well", "A01"))
    same = screen()
    same.X[:] = 1
    with pytest.raises(InputError, match="all the same vector"):
        sphered(same, ("well", "A01"))


def test_what_may_be_controls():
    obs = screen().obs
    assert control_choices(obs) == [
        ("plate", "p1"),
        ("plate", "p2"),
        ("well", "A01"),
        ("well", "B02"),
    ]
    named = obs.assign(annotation=pd.Categorical(["DMSO"] * 5 + [None] * (len(obs) - 5)))
    assert control_choices(named)[0] == ("annotation", "DMSO")
    # One value for all cells tells none apart; numbers tell no treatment.
    assert control_choices(obs.assign(plate="p1", dose=1.5))[0] == ("well", "A01")
