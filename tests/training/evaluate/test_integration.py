"""Scores of batches and compounds against arithmetic, and against scib-metrics where it is."""

from __future__ import annotations

import numpy as np
import pytest

from napari_c3r.core.errors import MissingPackageError
from training.evaluate import integration
from training.evaluate.integration import (
    BATCH_SCORES,
    COMPOUND_SCORES,
    agreement_of_clusters,
    average_precision,
    graph_connectivity,
    integration_scores,
    silhouette_batch,
    silhouette_label,
)


@pytest.fixture(scope="module")
def made():
    """Profiles, compounds, batches: compounds are apart, and in the first feature batches too."""
    rng = np.random.default_rng(0)
    compounds = np.repeat([f"c{n}" for n in range(5)], 24)
    batches = np.tile(np.repeat(["a", "b"], 12), 5)
    x = rng.normal(size=(120, 6)) + 2 * rng.normal(size=(5, 6)).repeat(24, axis=0)
    x[:, 0] += 2 * (batches == "b")
    return x, compounds, batches


def test_scores_of_what_is_known():
    angles = np.deg2rad([0, 1, 2, 90, 91, 92, 45, 46])
    x = np.stack([np.cos(angles), np.sin(angles)], axis=1)
    labels = np.array(list("aaaabbbb"))
    # With one neighbour each, a has the parts {0, 1}, {2}, {3}; b {4, 5} or {5, 6}, and {6, 7}.
    assert graph_connectivity(x[[0, 1, 3, 4]], labels[[0, 1, 3, 4]], 1) == pytest.approx(
        np.mean([2 / 3, 1.0])
    )
    precision = average_precision(x[:3], ["a", "b", "a"], np.array([True, False, True]))
    assert precision == pytest.approx(np.mean([(1 + 2 / 3) / 2, (1 + 2 / 3) / 2]))
    apart = np.array([[0.0], [0.0], [1.0], [1.0]])
    assert silhouette_label(apart, ["a", "a", "b", "b"]) == pytest.approx(1)
    assert silhouette_batch(apart, ["x"] * 4, ["a", "a", "b", "b"]) == pytest.approx(0)
    assert np.isnan(silhouette_batch(apart, ["x"] * 4, ["a"] * 4))


def test_all_scores_and_their_means(made):
    x, compounds, batches = made
    found = integration_scores(x, compounds, batches, compounds == "c0", clusters="kmeans")
    assert list(found.index) == [*BATCH_SCORES, *COMPOUND_SCORES, "batch", "compound", "overall"]
    assert found.between(0, 1).all()
    assert found["batch"] == pytest.approx(found[list(BATCH_SCORES)].mean())
    assert found["compound"] == pytest.approx(found[list(COMPOUND_SCORES)].mean())
    assert found["overall"] == pytest.approx((found["batch"] + found["compound"]) / 2)
    mended = x.copy()
    mended[:, 0] -= 2 * (batches == "b")
    after = integration_scores(mended, compounds, batches, compounds == "c0", clusters="kmeans")
    assert after["silhouette batch"] > found["silhouette batch"]
    assert after["1 - F1 of batch"] > found["1 - F1 of batch"] + 0.2


def test_leiden_needs_a_package(made, monkeypatch):
    def absent(name):
        raise ImportError(name)

    monkeypatch.setattr(integration, "import_module", absent)
    with pytest.raises(MissingPackageError, match="Leiden clusters needs the package"):
        agreement_of_clusters(made[0], made[1])


@pytest.mark.filterwarnings("ignore")
def test_as_scib_metrics_has_it(made):
    scib = pytest.importorskip("scib_metrics")
    from scib_metrics.nearest_neighbors import NeighborsResults
    from sklearn.neighbors import NearestNeighbors

    x, compounds, batches = made
    distances, indices = NearestNeighbors(n_neighbors=26, metric="cosine").fit(x).kneighbors(x)
    neighbours = NeighborsResults(indices=indices, distances=distances)
    assert graph_connectivity(x, compounds) == scib.graph_connectivity(neighbours, compounds)
    theirs = scib.silhouette_label(x, compounds)
    assert silhouette_label(x, compounds) == pytest.approx(theirs, abs=1e-5)
    assert silhouette_batch(x, compounds, batches) == pytest.approx(
        scib.silhouette_batch(x, compounds, batches), abs=1e-5
    )
    assert all(0.3 < each <= 1 for each in agreement_of_clusters(x, compounds))
