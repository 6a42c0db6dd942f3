"""Clusters that are there are found again; those that are only drawn are not."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from napari_c3r.core.errors import InputError
from napari_c3r.core.reduce import Stability, cluster, cluster_stability
from napari_c3r.core.reduce.stability import _most_alike, stability_steps
from napari_c3r.core.table import KEY, make_result


def table(vectors):
    obs = pd.DataFrame(
        {"image": "i", "label": np.arange(len(vectors)) + 1, "y_px": 0.0, "x_px": 0.0}
    )
    return make_result(obs, vectors, [("RNA", "cls")] * vectors.shape[1], {})


def jaccard(one, other):
    return len(one & other) / len(one | other)


def test_the_index_is_that_of_sets():
    rng = np.random.default_rng(0)
    codes, again = rng.integers(-1, 4, 60), rng.integers(-1, 6, 60)
    found = _most_alike(codes, again, 5)
    for number in range(4):
        mine = set(np.flatnonzero(codes == number))
        best = max(jaccard(mine, set(np.flatnonzero(again == other))) for other in range(6))
        assert found[number] == pytest.approx(best)
    assert np.isnan(found[4])


def test_groups_that_are_there_are_stable_and_pieces_cut_out_of_them_are_not():
    rng = np.random.default_rng(0)
    vectors = rng.normal(0, 1, (240, 6)).astype(np.float32)
    vectors[160:] += 25
    adata = cluster(table(vectors), method="kmeans", n_clusters=2)
    found = cluster_stability(adata, repeats=8)
    assert set(found.jaccard.values()) == {1.0}
    assert found.rand == 1.0
    assert found.sentence == "2 of 2 clusters are found again (8 seeds, 192 cells each)"
    pieces = cluster_stability(cluster(adata, method="kmeans", n_clusters=6), repeats=8)
    assert max(pieces.jaccard.values()) < 0.8
    assert 0.2 < pieces.rand < 0.8
    grades = {pieces.grade(name) for name in pieces.jaccard}
    assert grades <= {"unsure", "not stable"}
    assert "not to be trusted: " in pieces.sentence
    assert Stability.from_dict(pieces.to_dict()) == pieces


def test_a_cluster_made_by_hand_is_judged_as_it_is():
    pytest.importorskip("sknetwork")
    rng = np.random.default_rng(1)
    vectors = np.repeat(np.eye(6) * 30, 40, axis=0)[:, :6] + rng.normal(0, 1, (240, 6))
    adata = cluster(table(vectors.astype(np.float32)), method="leiden", resolution=0.5)
    assert min(cluster_stability(adata, repeats=3).jaccard.values()) > 0.95
    # A name for cells drawn at random out of all.
    drawn = rng.random(240) < 0.3
    codes = np.where(drawn, "6 by hand", adata.obs["cluster"].astype(str))
    adata.obs["cluster"] = pd.Categorical(codes)
    assert cluster_stability(adata, repeats=3).grade("6 by hand") == "not stable"


def test_the_map_is_made_anew_for_hdbscan(compiled_once):
    rng = np.random.default_rng(0)
    vectors = np.repeat(np.eye(3) * 20, 30, axis=0) + rng.normal(0, 1, (90, 3))
    adata = cluster(table(vectors.astype(np.float32)), min_cluster_size=10)
    work = stability_steps(adata, repeats=2)
    assert next(work) == (0, 2)
    assert next(work) == (1, 2)
    with pytest.raises(StopIteration) as end:
        next(work)
    found = end.value.value
    assert min(found.jaccard.values()) > 0.8
    assert found.cells == 72


def test_without_clusters_there_is_nothing_to_look_for():
    adata = table(np.ones((5, 3), np.float32))
    with pytest.raises(InputError, match="cluster the cells first"):
        cluster_stability(adata)
    adata.obs["cluster"] = pd.Categorical(["0"] * 5)
    adata.uns[KEY].pop("cluster", None)
    with pytest.raises(InputError, match="no clusters"):
        cluster_stability(adata)
