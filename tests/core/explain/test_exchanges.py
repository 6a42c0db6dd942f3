"""Channels exchanged between cells, shared out among them, and judged beside reference cells."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest

from napari_c3r.core.explain.bands import bands_of, scattered_pixels
from napari_c3r.core.explain.effects import of_group, of_one
from napari_c3r.core.explain.group_result import WhyGroup
from napari_c3r.core.explain.shapley import coalitions
from napari_c3r.core.explain.swaps import Game


def worth(members):
    """Players that add up, and two of which do more together."""
    each = np.arange(1, members.shape[1] + 1)
    return members @ each + 3.0 * members[:, 0] * members[:, -1]


@pytest.mark.parametrize("players", [1, 2, 4, 6, 8])
def test_shares_are_those_of_all_orders_and_add_up(players):
    tried = coalitions(players)
    assert not tried.members[0].any()
    assert tried.members[-1].all()
    assert len(np.unique(tried.members, axis=0)) == len(tried.members)
    shares = tried.weights @ worth(tried.members)
    assert shares.sum() == pytest.approx(worth(tried.members[-1:])[0])
    if players > 4:
        # Of what only two do together, each has half.
        expected = np.arange(1, players + 1) + 1.5 * np.isin(np.arange(players), (0, players - 1))
        assert shares == pytest.approx(expected)
        return
    expected = np.zeros(players)
    orders = list(permutations(range(players)))
    for order in orders:
        present = np.zeros((1, players), bool)
        for player in order:
            before = worth(present)[0]
            present[0, player] = True
            expected[player] += (worth(present)[0] - before) / len(orders)
    assert shares == pytest.approx(expected)


def joint(crops):
    """A vector of products of channel means: channels do something together."""
    means = crops.mean(axis=(2, 3))
    return np.stack([means[:, 0] * means[:, 2], means[:, 1] + means[:, 3]], axis=1)


def one_at_a_time(crops):
    """Contexts DNA and ER with one of the concepts RNA and AGP, in two columns each."""
    means = crops.mean(axis=(2, 3))
    found = [(means[:, 0] * means[:, c], means[:, 1] - means[:, c]) for c in (2, 3)]
    return np.stack([value for pair in found for value in pair], axis=1)


@pytest.mark.parametrize(
    ("encode", "labels", "n_crops"),
    [(joint, ["RNA+AGP"] * 2, 14), (one_at_a_time, ["RNA", "RNA", "AGP", "AGP"], 6)],
)
def test_fewer_crops_give_the_same_shares(encode, labels, n_crops):
    """With concepts read out one at a time, all of them are exchanged at once."""
    names, concepts = ["DNA", "ER", "RNA", "AGP"], ["RNA", "AGP"]
    rng = np.random.default_rng(0)
    cell, others = rng.random((4, 8, 8)), rng.random((3, 4, 8, 8))
    game = Game.of(names, concepts, [(label, "cls") for label in labels])
    assert game.n_crops == n_crops
    mixed = encode(game.mixed(cell, others, range(3 * n_crops))).reshape(3, n_crops, -1)
    whole, of_others = encode(cell[None])[0], encode(others)
    exact = coalitions(4)
    for there, between, other in zip(of_others, mixed, others, strict=True):
        shares = game.shares(there, between, whole)
        assert shares.sum(axis=0) == pytest.approx(whole - there, abs=1e-6)
        every = np.where(exact.members[:, :, None, None], cell, other)
        assert shares == pytest.approx(exact.weights @ encode(every), abs=1e-6)


def test_a_channel_is_sure_only_beyond_what_it_does_in_reference_cells():
    rng = np.random.default_rng(0)
    usual = rng.normal([0, 2, 0], [1, 1, 0], (12, 3))
    effects = of_one(["a", "b", "c"], ["context"] * 3, np.array([[6.0, 3, 0.01]] * 4), usual)
    assert [each.is_sure for each in effects] == [True, False, False]
    assert effects[1].usual == pytest.approx(2, abs=0.7)
    assert [each.low for each in effects] == [6, 3, 0.01]
    cells = rng.normal([1.5, 2, 0], [1, 1, 0], (20, 3))
    of_some = of_group(["a", "b", "c"], ["context"] * 3, cells, usual)
    assert [each.is_sure for each in of_some] == [True, False, False]
    assert of_some[0].low < of_some[0].way < of_some[0].high
    chance = [
        of_one(["a"], [""], rng.normal(size=(1, 1)), rng.normal(size=(8, 1)))[0].is_sure
        for _ in range(300)
    ]
    assert np.mean(chance) < 0.09


@pytest.mark.parametrize(
    ("farthest", "next_one", "said"),
    [
        (6.0, 1.9, "Cluster 3 is set apart from controls by a: "),
        (6.0, 2.1, "Cluster 3 is set apart from controls by a, or perhaps b: "),
        (6.0, -9.0, "Cluster 3 is set apart from controls by a: "),
        (0.1, 0.0, "No channel sets cluster 3 apart from controls"),
    ],
)
def test_a_channel_is_said_without_a_doubt_only_far_ahead_of_the_others(farthest, next_one, said):
    usual = np.tile([[1.0, 1], [-1, -1]], (4, 1))
    ways = np.tile([farthest, next_one], (6, 1))
    channels = of_group(["a", "b"], ["context"] * 2, ways, usual)
    found = WhyGroup("cluster 3", "controls", 6, 8, channels, ())
    assert found.sentence.startswith(said)
    assert found.is_clear == ("by a:" in said)


@pytest.mark.parametrize("with_nucleus", [True, False])
def test_bands_go_from_the_middle_to_the_edge(with_nucleus):
    away = np.hypot(*(np.indices((56, 56)) - 27.5))
    cell, nucleus = away < 24, away < 10
    bands = bands_of(cell, nucleus if with_nucleus else None)
    assert ((bands >= 0) == cell).all()
    means = [away[bands == band].mean() for band in range(5)]
    assert means == sorted(means)
    if with_nucleus:
        assert np.isin(bands[nucleus], (0, 1)).all()
    scattered = scattered_pixels(cell, 300, np.random.default_rng(0))
    assert abs(int(scattered.sum()) - 300) <= 4
    assert not scattered[~cell].any()
    assert (bands_of(np.zeros((8, 8), bool), None) == -1).all()
