"""Clusters of any fineness, cut from what is made once."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import adjusted_rand_score

from napari_c3r.core.errors import InputError
from napari_c3r.core.reduce import cluster
from napari_c3r.core.reduce.clusters import (
    clusters_at,
    default_size,
    default_value,
    finenesses,
)
from napari_c3r.core.reduce.cuts import cuts_of
from napari_c3r.core.reduce.splitting import in_two
from napari_c3r.core.table import KEY, make_result


def table(vectors, places=None):
    obs = pd.DataFrame(
        {"image": "i", "label": np.arange(len(vectors)) + 1, "y_px": 0.0, "x_px": 0.0}
    )
    made = make_result(obs, vectors, [("RNA", "cls")] * vectors.shape[1], {})
    if places is not None:
        made.obsm["X_umap"] = places.astype(np.float32)
    return made


@pytest.fixture(scope="module")
def nested():
    """Three groups, each of two halves, in six dimensions and on a map."""
    rng = np.random.default_rng(0)
    group, half = np.repeat([0, 1, 2], 80), np.tile(np.repeat([0, 1], 40), 3)
    centres = np.zeros((3, 2, 6))
    centres[..., :3] = 40 * np.eye(3)[:, None, :]
    centres[:, 1, 3:5] = 6
    vectors = centres[group, half] + rng.normal(0, 1, (240, 6))
    places = np.column_stack([group * 50 + half * 5.0, half * 5.0]) + rng.normal(0, 0.6, (240, 2))
    return table(vectors.astype(np.float32), places), group, group * 2 + half


def test_the_tree_is_made_once_and_cut_as_a_run_of_its_own_would(nested):
    from fast_hdbscan import HDBSCAN

    adata, group, sixth = nested
    cuts = cuts_of(adata, "hdbscan", max_fitted=1000)
    points = adata.obsm["X_umap"].astype(float)
    for size in (5, 20, 41, 79):
        alone = HDBSCAN(min_cluster_size=size, min_samples=3).fit_predict(points)
        np.testing.assert_array_equal(cuts.cut(size), alone)
    assert adjusted_rand_score(sixth, cuts.cut(20)) > 0.95
    assert adjusted_rand_score(group, cuts.cut(50)) == 1
    found = clusters_at(cuts, 20)
    assert found.facts["min_cluster_size"] == 20
    assert found.facts["method"] == "HDBSCAN on the map"
    # As one call does it.
    whole = cluster(adata.copy(), min_cluster_size=20)
    assert list(whole.obs["cluster"]) == list(found.column)
    assert whole.uns[KEY]["cluster"] == found.facts


def test_leiden_divides_more_finely_with_its_resolution(nested):
    pytest.importorskip("sknetwork")
    adata, _, sixth = nested
    cuts = cuts_of(adata, "leiden", max_fitted=1000)
    coarse, fine = (clusters_at(cuts, value).column for value in (0.2, 5.0))
    assert adjusted_rand_score(sixth, coarse) > 0.95
    assert len(fine.categories) > 9
    assert (pd.crosstab(np.asarray(fine), sixth) > 0).sum(axis=1).max() == 1
    assert list(fine) == list(clusters_at(cuts, 5.0).column)
    called = cluster(adata.copy(), method="leiden", resolution=0.2)
    assert list(called.obs["cluster"]) == list(coarse)
    facts = called.uns[KEY]["cluster"]
    assert (facts["resolution"], facts["n_neighbors"], facts["seed"]) == (0.2, 15, 0)


@pytest.mark.parametrize(("method", "value"), [("hdbscan", 20), ("leiden", 0.2), ("kmeans", 3)])
def test_cells_that_were_not_fitted_are_where_those_nearest_are(nested, method, value):
    if method == "leiden":
        pytest.importorskip("sknetwork")
    adata, group, _ = nested
    cuts = cuts_of(adata, method, max_fitted=150)
    assert cuts.n_fitted == 150
    column = clusters_at(cuts, value).column
    assert len(column) == 240
    # No cluster has cells of two groups.
    crossed = pd.crosstab(np.asarray(column), group)
    assert ((crossed.drop("noise", errors="ignore") > 0).sum(axis=1) == 1).all()
    assert clusters_at(cuts, value).facts["fitted_cells"] == 150


def test_without_its_library_leiden_says_what_to_install(nested, monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(InputError, match=r"pip install 'napari-c3r\[leiden\]'"):
        cluster(nested[0].copy(), method="leiden")


@pytest.mark.parametrize(
    ("method", "value", "words"),
    [
        ("hdbscan", 0, "min_cluster_size is 0"),
        ("kmeans", 0, "n_clusters is 0"),
        ("leiden", -1.0, "resolution is -1.0"),
    ],
)
def test_what_is_not_positive_is_refused(nested, method, value, words):
    if method == "leiden":
        pytest.importorskip("sknetwork")
    keyword = words.split()[0]
    with pytest.raises(InputError, match=words):
        cluster(nested[0].copy(), method=method, **{keyword: value})


@pytest.mark.parametrize("n", [3, 12, 412, 100_000])
@pytest.mark.parametrize("method", ["hdbscan", "leiden", "kmeans"])
def test_a_slider_goes_from_coarse_to_fine_with_the_default_on_it(method, n):
    steps = finenesses(method, n)
    assert steps == sorted(set(steps), reverse=method == "hdbscan")
    assert default_value(method, n) in steps or (method == "kmeans" and n < 4)
    assert len(steps) <= 40
    assert all(step > 0 for step in steps)
    assert default_size(n) == max(5, n // 50)


def test_a_cluster_is_divided_along_its_own_halves(nested):
    adata, group, sixth = nested
    for which in range(3):
        part = in_two(adata, group == which)
        assert not part[group != which].any()
        assert adjusted_rand_score(sixth[group == which], part[group == which]) > 0.9
    # Halves that touch: more cells of one kind, and a bridge between them.
    rng = np.random.default_rng(1)
    along = np.concatenate([rng.normal(-4, 1, 60), rng.normal(4, 1, 40), [-1, 0, 1]])
    vectors = np.column_stack([along, rng.normal(0, 0.3, (103, 4))]).astype(np.float32)
    part = in_two(table(vectors), np.ones(103, bool))
    assert adjusted_rand_score(along[:100] > 0, part[:100]) > 0.9
    assert 30 < part.sum() < 52


def test_what_cannot_be_divided_is_one_line(nested):
    adata, *_ = nested
    with pytest.raises(InputError, match="3 cells are too few"):
        in_two(adata, np.arange(240) < 3)
    with pytest.raises(InputError, match="the same vector"):
        in_two(table(np.ones((9, 4), np.float32)), np.ones(9, bool))
