from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import silhouette_samples

from napari_c3r.core.diagnose.scores import average_precisions, label_scores, labelled_cells


def unit(vectors):
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float64)


def test_average_precision_is_that_of_copairs(golden_dir):
    """copairs with positives of the same compound on another plate, query by query."""
    with np.load(golden_dir / "jump_eval.npz") as file:
        vectors = unit(file["official_chain_features"])
        compound, plate = file["compound"], file["plate"]
        official = file["copairs_ap_all"]
    similarity = vectors @ vectors.T
    np.fill_diagonal(similarity, -np.inf)
    codes = np.unique(compound, return_inverse=True)[1]
    for row, expected in enumerate(official):
        excluded = (compound == compound[row]) & (plate == plate[row])
        excluded[row] = False
        keep = np.flatnonzero(~excluded)
        scores = average_precisions(similarity[np.ix_(keep, keep)], codes[keep])
        assert scores[list(keep).index(row)] == pytest.approx(expected, abs=1e-12)


def test_silhouette_is_that_of_scikit_learn_and_votes_are_counted():
    rng = np.random.default_rng(1)
    codes = np.repeat([0, 1, 2], [12, 9, 3])
    vectors = unit(rng.normal(size=(24, 5)) + 2 * np.eye(5)[codes])
    labelled, _ = labelled_cells(pd.Series(codes), "type")
    similarity = vectors @ vectors.T
    scores = label_scores(similarity.astype(np.float32), labelled, 5)
    expected = silhouette_samples(vectors, codes, metric="cosine")
    np.testing.assert_allclose(scores["silhouette"], expected, atol=1e-5)
    order = np.argsort(-(similarity - 9 * np.eye(24)), axis=1)[:, :5]
    np.testing.assert_allclose(scores["alike"], (codes[order] == codes[:, None]).sum(axis=1))
    # With fewer than k others, as a share of them.
    assert label_scores(similarity.astype(np.float32), labelled, 30)["alike"].max() <= 30
    assert set(np.unique(scores["accuracy"])) <= {0.0, 1.0}
    assert scores["accuracy"].mean() > 0.6


def test_cells_without_a_partner_are_left_out_and_said():
    values = pd.Series(["a", "a", "b", "b", "c", None])
    labelled, problem = labelled_cells(values, "type")
    assert problem == ""
    assert labelled.rows.tolist() == [0, 1, 2, 3]
    assert labelled.classes == ("a", "b")
    assert "1 cells have no 'type'" in labelled.notes[0]
    assert "1 values of 'type' occur once" in labelled.notes[1]


@pytest.mark.parametrize(
    ("values", "said"),
    [
        (["a"] * 5, "single value 'a'"),
        (list("abcde"), "fewer than two of them occur more than once"),
        (["a", "a", "b"], "fewer than two of them occur more than once"),
        ([None] * 4, "is empty"),
    ],
)
def test_labels_that_tell_nothing_are_explained(values, said):
    labelled, problem = labelled_cells(pd.Series(values, dtype=object), "type")
    assert labelled is None
    assert said in problem
