"""How well batches of profiles are mixed and compounds told apart, scored as CellPainTR does.

Scores of the public code of CellPainTR (arXiv:2509.06986) on any table of profiles: the batch
scores and graph measures of Luecken et al. 2022, Nature Methods 19:41, as scib-metrics computes
them, mean average precision, and random forests.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any, Final, Literal

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import connected_components
from sklearn.cluster import KMeans
from sklearn.ensemble import RandomForestClassifier
from sklearn.metrics import (
    adjusted_rand_score,
    average_precision_score,
    f1_score,
    normalized_mutual_info_score,
    silhouette_samples,
)
from sklearn.model_selection import train_test_split
from sklearn.neighbors import NearestNeighbors

from napari_c3r.core.errors import MissingPackageError
from training.evaluate.metrics import cosine_similarity

NEIGHBOURS: Final = 25
SEED: Final = 42
_TESTED: Final = 0.2
Clusters = Literal["leiden", "kmeans"]
Vectors = NDArray[np.floating]

BATCH_SCORES: Final = ("graph connectivity", "silhouette batch", "1 - F1 of batch")
COMPOUND_SCORES: Final = (
    "NMI",
    "ARI",
    "silhouette compound",
    "mAP with controls",
    "mAP without controls",
    "F1 of compound",
)


def integration_scores(
    profiles: Vectors,
    compounds: ArrayLike,
    batches: ArrayLike,
    is_control: ArrayLike,
    *,
    clusters: Clusters = "leiden",
) -> pd.Series:
    """All scores of one table of profiles.

    Parameters
    ----------
    profiles
        ``(n, d)``.
    compounds, batches
        n of each.
    is_control
        n, which rows are controls; these have a compound too.
    clusters
        What finds the clusters that NMI and ARI compare with the compounds: ``"leiden"``, as the
        public code does, which needs scib-metrics, or ``"kmeans"``.

    Returns
    -------
    Series
        `BATCH_SCORES` and `COMPOUND_SCORES`, each 1 at best; ``"batch"`` and ``"compound"``, the
        means of these, and ``"overall"``, the mean of both.

    Raises
    ------
    MissingPackageError
        Leiden without scib-metrics.
    """
    compounds, batches = np.asarray(compounds, str), np.asarray(batches, str)
    control = np.asarray(is_control, bool)
    nmi, ari = agreement_of_clusters(profiles, compounds, clusters)
    treated = profiles[~control], compounds[~control]
    scores = {
        "graph connectivity": graph_connectivity(profiles, compounds),
        "silhouette batch": silhouette_batch(profiles, compounds, batches),
        "1 - F1 of batch": 1 - forest_f1(profiles, batches),
        "NMI": nmi,
        "ARI": ari,
        "silhouette compound": silhouette_label(profiles, compounds),
        "mAP with controls": average_precision(profiles, compounds, ~control),
        "mAP without controls": average_precision(*treated, np.ones(len(treated[1]), bool)),
        "F1 of compound": forest_f1(profiles, compounds),
    }
    batch, compound = (
        float(np.mean([scores[name] for name in names]))
        for names in (BATCH_SCORES, COMPOUND_SCORES)
    )
    return pd.Series(
        {**scores, "batch": batch, "compound": compound, "overall": (batch + compound) / 2}
    )


def graph_connectivity(profiles: Vectors, labels: ArrayLike, neighbours: int = NEIGHBOURS) -> float:
    """Whether rows of a label hang together in the graph of nearest neighbours.

    Parameters
    ----------
    profiles
        ``(n, d)``, compared by cosine.
    labels
        n.
    neighbours
        Of each row, besides itself.

    Returns
    -------
    float
        Mean over labels of the share of its rows in the largest part in which each leads to each.
    """
    labels = np.asarray(labels)
    graph = neighbour_graph(profiles, neighbours)
    shares = []
    for label in np.unique(labels):
        own = np.flatnonzero(labels == label)
        parts = connected_components(graph[own][:, own], connection="strong")[1]
        shares.append(np.bincount(parts).max() / len(own))
    return float(np.mean(shares))


def neighbour_graph(profiles: Vectors, neighbours: int = NEIGHBOURS) -> csr_matrix:
    """Cosine distances to the nearest rows, ``(n, n)``, sparse; a row is none of its own."""
    count = min(neighbours, len(profiles) - 1)
    found = NearestNeighbors(n_neighbors=count, metric="cosine").fit(profiles)
    return csr_matrix(found.kneighbors_graph(mode="connectivity"))


def silhouette_label(profiles: Vectors, labels: ArrayLike) -> float:
    """Mean silhouette by label (Rousseeuw 1987), Euclidean, brought from [-1, 1] to [0, 1]."""
    return float((silhouette_samples(profiles, labels).mean() + 1) / 2)


def silhouette_batch(profiles: Vectors, labels: ArrayLike, batches: ArrayLike) -> float:
    """How little the batches of a label stand apart.

    Returns
    -------
    float
        Mean over labels of the mean of 1 - |silhouette by batch| of its rows. Labels in one batch
        only, or with a row in each, are left out; NaN if all are.
    """
    labels, batches = np.asarray(labels), np.asarray(batches)
    means = []
    for label in np.unique(labels):
        own = labels == label
        count = len(np.unique(batches[own]))
        if 1 < count < own.sum():
            means.append(1 - np.abs(silhouette_samples(profiles[own], batches[own])).mean())
    return float(np.mean(means)) if means else float("nan")


def agreement_of_clusters(
    profiles: Vectors, labels: ArrayLike, clusters: Clusters = "leiden"
) -> tuple[float, float]:
    """Normalised mutual information and adjusted Rand index of labels and clusters.

    Parameters
    ----------
    profiles
        ``(n, d)``.
    labels
        n.
    clusters
        ``"leiden"`` at the resolution that agrees best, or ``"kmeans"`` of as many as there are
        labels.

    Raises
    ------
    MissingPackageError
        Leiden without scib-metrics.
    """
    labels = np.asarray(labels)
    if clusters == "kmeans":
        found = KMeans(len(np.unique(labels)), n_init=10, random_state=SEED).fit_predict(profiles)
        nmi, ari = normalized_mutual_info_score(labels, found), adjusted_rand_score(labels, found)
        return float(nmi), float(ari)
    scib = _scib("Leiden clusters")
    count = min(NEIGHBOURS, len(profiles) - 1)
    search = NearestNeighbors(n_neighbors=count + 1, metric="cosine").fit(profiles)
    distances, indices = search.kneighbors(profiles)
    neighbours = import_module("scib_metrics.nearest_neighbors").NeighborsResults(
        indices=indices, distances=distances
    )
    both = scib.nmi_ari_cluster_labels_leiden(neighbours, labels, seed=SEED)
    return float(both["nmi"]), float(both["ari"])


def average_precision(profiles: Vectors, labels: ArrayLike, queries: NDArray[np.bool_]) -> float:
    """Mean average precision of finding the rows of a label, as the public code counts it.

    A query is in its own ranking, always first and right, so the figure is higher than any that
    leaves it out, and not comparable to one.

    Parameters
    ----------
    profiles
        ``(n, d)``, compared by cosine.
    labels
        n.
    queries
        bool ``(n,)``, which rows are asked for; all are ranked.
    """
    labels = np.asarray(labels)
    similarity = cosine_similarity(profiles)
    np.fill_diagonal(similarity, np.inf)
    # Ranks, as the infinite similarity of a row with itself is no score.
    ranks = similarity.argsort(axis=1).argsort(axis=1)
    found = [
        average_precision_score(labels == labels[i], ranks[i]) for i in np.flatnonzero(queries)
    ]
    return float(np.mean(found))


def forest_f1(profiles: Vectors, labels: ArrayLike) -> float:
    """Weighted F1 of a random forest on a fifth of the rows, trained on the others."""
    train, test, known, asked = train_test_split(
        profiles, np.asarray(labels), test_size=_TESTED, random_state=SEED
    )
    forest = RandomForestClassifier(random_state=SEED).fit(train, known)
    return float(f1_score(asked, forest.predict(test), average="weighted", zero_division=0))


def _scib(purpose: str) -> Any:
    try:
        return import_module("scib_metrics")
    except ImportError as error:
        raise MissingPackageError("scib-metrics", purpose) from error
