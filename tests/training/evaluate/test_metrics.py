from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import average_precision_score, balanced_accuracy_score
from sklearn.neighbors import KNeighborsClassifier

from training.evaluate.metrics import (
    cosine_similarity,
    effective_rank,
    matches_across_groups,
    mean_over_groups,
    principal_components,
    standardised,
    vote_across_groups,
    z_prime,
)


def test_standardising_on_some_rows_gives_these_mean_0_and_deviation_1():
    vectors = np.random.default_rng(0).normal([5, -2, 0], [3, 0.1, 1], (50, 3))
    vectors[:, 2] = 7.0
    result = standardised(vectors, like=vectors[:20])
    np.testing.assert_allclose(result[:20, :2].mean(axis=0), 0, atol=1e-12)
    np.testing.assert_allclose(result[:20, :2].std(axis=0), 1)
    np.testing.assert_array_equal(result[:, 2], 0)


def test_a_constant_feature_in_float32_is_not_blown_up_by_its_rounding():
    vectors = np.full((300, 1), 1234.567, np.float32)
    vectors[7] = np.nextafter(vectors[7], np.float32(2000))
    assert np.abs(standardised(vectors)).max() < 1e-3


def test_whitened_components_are_uncorrelated_and_of_unit_variance():
    vectors = np.random.default_rng(0).normal(size=(40, 6)) @ np.diag([9, 5, 3, 2, 1, 0.1])
    white = principal_components(vectors, 64, whiten=True)
    np.testing.assert_allclose(np.cov(white.T), np.eye(6), atol=1e-9)
    plain = principal_components(vectors, 4, whiten=False)
    assert plain.shape == (40, 4)
    assert (np.diff(plain.var(axis=0)) < 0).all()


def test_matches_by_hand():
    labels, groups = ["a", "a", "b", "b", "a", "c"], ["1", "2", "3", "4", "1", "5"]
    similarity = np.full((6, 6), -1.0)
    # Item 0 must not find item 4, which is the most similar but of its own group.
    similarity[0] = [1.0, 0.5, 0.6, 0.1, 0.9, 0.0]
    similarity[2] = [0.3, 0.2, 1.0, 0.9, 0.1, 0.0]
    nearest, precision = matches_across_groups(similarity, labels, groups)
    assert nearest[0] == 0
    assert precision[0] == pytest.approx(1 / 2)
    assert nearest[2] == 1
    assert precision[2] == pytest.approx(1)
    assert np.isnan([nearest[5], precision[5]]).all()


def test_average_precision_is_that_of_sklearn():
    rng = np.random.default_rng(1)
    labels, groups = rng.integers(0, 3, 30), np.arange(30) // 2
    similarity = cosine_similarity(rng.normal(size=(30, 5)))
    _, precision = matches_across_groups(similarity, labels, groups)
    others = groups != groups[4]
    wanted = average_precision_score(labels[others] == labels[4], similarity[4, others])
    assert precision[4] == pytest.approx(wanted)


def test_votes_are_those_of_sklearn_where_every_item_is_a_group_of_its_own():
    rng = np.random.default_rng(2)
    vectors, labels = rng.normal(size=(60, 4)), rng.integers(0, 2, 60).astype(str)
    voted = vote_across_groups(cosine_similarity(vectors), labels, np.arange(60), 5)
    for i in range(60):
        others = np.arange(60) != i
        classifier = KNeighborsClassifier(5, metric="cosine").fit(vectors[others], labels[others])
        assert voted[i] == classifier.predict(vectors[[i]])[0]


def test_a_tie_goes_to_the_more_similar_and_the_own_group_has_no_vote():
    similarity = np.array([[1.0, 0.2, 0.8, 0.99]] + [[0.0] * 4] * 3)
    voted = vote_across_groups(similarity, ["z", "a", "b", "z"], ["1", "2", "3", "1"], 3)
    assert voted[0] == "b"


def test_mean_over_classes_is_the_balanced_accuracy_and_lies_in_its_interval():
    rng = np.random.default_rng(3)
    true, predicted = rng.choice(3, 200, p=[0.8, 0.15, 0.05]), rng.integers(0, 3, 200)
    groups = rng.integers(0, 20, 200)
    estimate = mean_over_groups((true == predicted).astype(float), groups, true)
    assert estimate.value == pytest.approx(balanced_accuracy_score(true, predicted))
    assert estimate.low < estimate.value < estimate.high


def test_intervals_are_over_groups_not_items():
    groups = np.repeat(np.arange(12), 50)
    by_group = (groups % 2).astype(float)
    by_item = np.tile([0.0, 1.0], 300)
    wide, narrow = mean_over_groups(by_group, groups), mean_over_groups(by_item, groups)
    assert wide.value == narrow.value == 0.5
    # The mean of 12 fair coins deviates by 1 / sqrt(48); a 95 % interval is about 4 of these wide.
    assert wide.high - wide.low == pytest.approx(4 / np.sqrt(48), rel=0.2)
    assert narrow.high - narrow.low < 1e-9


def test_items_that_cannot_be_found_do_not_count():
    estimate = mean_over_groups(np.array([1.0, np.nan, 0.0, 1.0]), ["a", "a", "b", "c"])
    assert estimate.value == pytest.approx(2 / 3)


def test_effective_rank_of_known_shapes():
    rng = np.random.default_rng(4)
    directions = np.linalg.qr(rng.normal(size=(200, 5)) - 0.0)[0]
    directions = np.linalg.qr(directions - directions.mean(axis=0))[0]
    assert effective_rank(directions @ rng.normal(size=(5, 5)) * 0 + 3) == 0
    assert effective_rank(directions) == pytest.approx(5)
    assert effective_rank(np.outer(np.arange(9), [1, 2, 3]) + 100) == pytest.approx(1)
    # Variances 3 : 1 have the entropy of a coin that falls heads three times in four.
    assert effective_rank(directions[:, :2] * np.sqrt([3, 1])) == pytest.approx(4 / 3**0.75)


def test_z_prime_by_hand():
    assert z_prime([10, 12], [0, 2]) == pytest.approx(1 - 3 * 2 * np.sqrt(2) / 10)
    assert z_prime([1, 1], [1, 1]) == -np.inf
