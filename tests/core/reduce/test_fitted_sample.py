"""Maps and clusters of more cells than are fitted: drawn evenly, placed where they belong."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import adjusted_rand_score

from napari_c3r.core.errors import InputError
from napari_c3r.core.reduce import cluster, map_cells, sample
from napari_c3r.core.reduce.components import components_of, principal_components
from napari_c3r.core.reduce.controls import sphered
from napari_c3r.core.reduce.sample import FITTED, fitted_rows, map_notes
from napari_c3r.core.table import KEY, make_result


@pytest.fixture(scope="module")
def planted():
    """Four groups in three fields of very different size, and which group each cell is of."""
    rng = np.random.default_rng(0)
    truth = rng.integers(0, 4, 900)
    vectors = rng.normal(0, 10, (4, 12))[truth] + rng.normal(0, 1, (900, 12))
    images = np.repeat(["a", "b", "c"], [600, 290, 10])
    obs = pd.DataFrame({"image": images, "label": np.arange(900) + 1, "y_px": 0.0, "x_px": 0.0})
    columns = [("RNA", "cls")] * 12
    return make_result(obs, vectors.astype(np.float32), columns, {}), truth


def test_every_field_gives_its_share_and_the_seed_decides():
    obs = pd.DataFrame({"image": np.repeat(["a", "b", "c"], [600, 290, 10])})
    rows = fitted_rows(obs, 90, 1)
    assert obs["image"].iloc[rows].value_counts().to_dict() == {"a": 60, "b": 29, "c": 1}
    np.testing.assert_array_equal(rows, fitted_rows(obs, 90, 1))
    assert len(np.setdiff1d(rows, fitted_rows(obs, 90, 2)))
    assert len(np.unique(rows)) == 90
    assert fitted_rows(obs, 900, 1) is None


def test_fields_of_one_name_on_two_plates_are_two_and_more_fields_than_cells_are_drawn_from():
    obs = pd.DataFrame({"image": "s1", "plate": ["p", "q"] * 50, "well": ["A01"] * 100})
    taken = obs.iloc[fitted_rows(obs, 11, 0)]["plate"].value_counts()
    assert sorted(taken) == [5, 6]
    many = pd.DataFrame({"image": [str(n) for n in range(300)]})
    assert len(fitted_rows(many, 100, 0)) == 100


def test_a_map_of_a_sample_keeps_groups_together_and_says_so(planted):
    table, truth = planted
    first, again = (map_cells(table.copy(), seed=3, max_fitted=200) for _ in range(2))
    places = first.obsm["X_umap"]
    np.testing.assert_array_equal(places, again.obsm["X_umap"])
    assert first.uns[KEY]["map"][FITTED] == 200
    # Groups as small as 5 of 200 are found within the four too, which ones depends on the processor
    # by which UMAP rounds.
    coarse = cluster(first.copy(), max_fitted=200, min_cluster_size=15).obs["cluster"]
    assert adjusted_rand_score(truth, coarse) > 0.99
    cluster(first, max_fitted=200)
    assert first.uns[KEY]["cluster"]["min_cluster_size"] == 5
    notes = map_notes(first.uns, 900)
    assert [note.startswith(w) for note, w in zip(notes, ("The map", "Clusters"), strict=True)]
    assert all("200 of 900 cells" in note for note in notes)


def test_k_means_of_a_sample_puts_all_cells_to_the_nearest_centre(planted):
    table, truth = planted
    found = cluster(table.copy(), method="kmeans", n_clusters=4, max_fitted=150).obs["cluster"]
    assert adjusted_rand_score(truth, found) > 0.99


def test_all_cells_are_fitted_where_they_are_no_more_than_that(planted):
    table, _ = planted
    part = table[:120].copy()
    some, usual = map_cells(part.copy(), max_fitted=120), map_cells(part.copy())
    np.testing.assert_array_equal(some.obsm["X_umap"], usual.obsm["X_umap"])
    assert FITTED not in some.uns[KEY]["map"]
    assert map_notes(some.uns, 120) == []


def test_components_of_a_sample_hang_on_no_chunk_and_not_on_the_others(planted, monkeypatch):
    vectors, rows = np.asarray(planted[0].X), np.arange(0, 900, 3)
    whole = principal_components(vectors, 5, rows=rows)
    np.testing.assert_allclose(whole[rows], principal_components(vectors[rows], 5), atol=1e-4)
    table = planted[0].copy()
    table.obs["treatment"] = np.where(np.arange(900) % 2, "DMSO", "x")
    seen = sphered(table, ("treatment", "DMSO"))
    monkeypatch.setattr(sample, "CHUNK", 64)
    np.testing.assert_allclose(principal_components(vectors, 5, rows=rows), whole, atol=1e-5)
    np.testing.assert_allclose(sphered(table, ("treatment", "DMSO")), seen, atol=1e-5)
    assert components_of(table, 5, ("treatment", "DMSO"), rows).shape == (900, 5)


def test_too_few_cells_to_be_fitted_are_refused(planted):
    with pytest.raises(InputError, match="max_fitted is 3"):
        map_cells(planted[0].copy(), max_fitted=3)
