from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import adjusted_rand_score

from napari_c3r.core.errors import InputError
from napari_c3r.core.reduce import NOISE, cluster, map_cells
from napari_c3r.core.reduce.components import principal_components
from napari_c3r.core.stepwise import Stopped
from napari_c3r.core.table import KEY, make_result


def table(vectors):
    obs = pd.DataFrame(
        {"image": "i", "label": np.arange(len(vectors)) + 1, "y_px": 0.0, "x_px": 0.0}
    )
    return make_result(obs, vectors, [("RNA", "cls")] * vectors.shape[1], {})


def blobs(per_group=40, groups=3, seed=0):
    rng = np.random.default_rng(seed)
    centres = rng.normal(0, 10, (groups, 20))
    truth = np.repeat(np.arange(groups), per_group)
    return (centres[truth] + rng.normal(0, 1, (len(truth), 20))).astype(np.float32), truth


def test_separate_groups_are_found_and_the_settings_are_kept():
    vectors, truth = blobs()
    adata = map_cells(table(vectors), seed=3)
    assert adata.obsm["X_umap"].shape == (120, 2)
    assert adata.obsm["X_umap"].dtype == np.float32
    assert adata.uns[KEY]["map"]["seed"] == 3
    found = cluster(adata).obs["cluster"]
    assert adjusted_rand_score(truth, found) > 0.95
    kmeans = cluster(table(vectors), method="kmeans", n_clusters=3).obs["cluster"]
    assert adjusted_rand_score(truth, kmeans) > 0.99
    assert list(kmeans.cat.categories) == ["0", "1", "2"]


def test_the_same_seed_gives_the_same_map():
    vectors, _ = blobs(20)
    first, again = (map_cells(table(vectors), seed=1).obsm["X_umap"] for _ in range(2))
    np.testing.assert_array_equal(first, again)


@pytest.mark.parametrize("count", [1, 2, 3, 5, 6, 9])
def test_few_cells_are_mapped_and_grouped_too(count):
    adata = table(np.random.default_rng(0).random((count, 8)).astype(np.float32))
    adata = cluster(map_cells(adata))
    assert np.isfinite(adata.obsm["X_umap"]).all()
    assert adata.obs["cluster"].notna().all()
    assert cluster(adata, method="kmeans", n_clusters=4).obs["cluster"].notna().all()


def test_identical_cells_are_one_group():
    adata = cluster(map_cells(table(np.ones((12, 8), np.float32))))
    assert np.isfinite(adata.obsm["X_umap"]).all()
    kmeans = cluster(adata, method="kmeans").obs["cluster"]
    assert set(kmeans) == {"0"}


def test_components_do_not_depend_on_the_units_of_a_column():
    vectors, _ = blobs()
    scaled = vectors * np.linspace(1, 100, 20, dtype=np.float32)
    np.testing.assert_allclose(
        principal_components(vectors), principal_components(scaled), atol=1e-3
    )


def test_groups_are_numbered_by_size_and_noise_comes_last():
    rng = np.random.default_rng(0)
    centres = np.repeat([[0.0] * 5, [30.0] * 5], [60, 25], axis=0)
    vectors = (centres + rng.normal(0, 1, (85, 5))).astype(np.float32)
    clusters = cluster(table(vectors), method="kmeans", n_clusters=2).obs["cluster"]
    assert clusters.value_counts().loc["0"] == 60
    adata = table(vectors)
    adata.obsm["X_umap"] = np.concatenate(
        [
            rng.normal(0, 0.1, (40, 2)),
            rng.normal(9, 0.1, (40, 2)),
            [[50, 0], [-50, 0], [0, 70], [0, -60], [99, 99]],
        ]
    ).astype(np.float32)
    categories = cluster(adata, min_cluster_size=10).obs["cluster"].cat.categories
    assert list(categories) == ["0", "1", NOISE]


def test_bad_requests_are_one_line():
    vectors, _ = blobs(5)
    with pytest.raises(InputError, match="no cells"):
        map_cells(table(vectors[:0]))
    with pytest.raises(InputError, match="'louvain'"):
        cluster(table(vectors), method="louvain")
    with pytest.raises(InputError, match="n_clusters is 0"):
        cluster(table(vectors), method="kmeans", n_clusters=0)
    vectors[3, 2] = np.nan
    with pytest.raises(InputError, match="'i:4'"):
        map_cells(table(vectors))


def test_the_work_says_how_far_it_is_and_ends_where_it_is_told_to():
    vectors, _ = blobs(20)
    told = []
    adata = map_cells(table(vectors), on_epoch=lambda done, of: told.append((done, of)))
    assert told[-1] == (500, 500)
    assert told == sorted(told)
    np.testing.assert_array_equal(adata.obsm["X_umap"], map_cells(table(vectors)).obsm["X_umap"])

    def refuse(done, of):
        raise Stopped

    stopped = table(vectors)
    with pytest.raises(Stopped):
        map_cells(stopped, on_epoch=refuse)
    assert "X_umap" not in stopped.obsm
