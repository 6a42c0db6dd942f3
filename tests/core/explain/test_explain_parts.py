"""Places of a crop, what random ones do, and who is near a vector."""

from __future__ import annotations

import numpy as np
import pytest

from napari_c3r.core.explain.chance import more_than_random
from napari_c3r.core.explain.places import (
    covered,
    differing,
    filling,
    grid,
    overlapping,
    scattered,
    side_by_side,
    spread,
)
from napari_c3r.core.explain.reference import Reference, apart


@pytest.mark.parametrize(("side", "places", "overlap"), [(112, 7, 1), (112, 7, 2), (100, 7, 3)])
def test_places_cover_all_of_the_crop_evenly(side, places, overlap):
    covers = grid(side, places, overlap)
    times = spread(covers, np.ones(len(covers)), side)
    assert (times == 1).all()
    assert len(covers) == ((places - 1) * overlap + 1) ** 2
    assert (covers[..., :2] + covers[..., 2:]).max() == side


def test_places_side_by_side_and_those_that_overlap_with_some():
    covers = grid(32, 4, 2)
    coarse = side_by_side(covers, 2)
    assert len(covers[coarse]) == 16
    assert (spread(covers[coarse], np.ones(16), 32) == 1).all()
    corner = covers[coarse][:1]
    # Itself, and those half a step to the right, below, and both.
    assert overlapping(covers, corner).sum() == 4
    assert not overlapping(covers, corner[:0]).any()


@pytest.mark.parametrize("kind", ["background", "blur"])
def test_covering_changes_one_channel_at_one_place(kind):
    crop = np.random.default_rng(0).random((2, 32, 32)).astype(np.float32)
    fill = filling(crop, kind, 8)
    covers = grid(32, 4, 1)
    done = covered(crop, fill, 1, covers)
    assert np.array_equal(done[:, 0], np.repeat(crop[:1], 16, axis=0))
    changed = done[5, 1] != crop[1]
    assert not changed[:8].any()
    assert changed[8:16, 8:16].mean() > 0.9
    assert changed.sum() == changed[8:16, 8:16].sum()
    assert (covered(crop, fill, None, covers)[5] != crop).any(axis=(1, 2)).all()


def test_random_places_have_as_many_pixels_and_nothing_empty():
    crop = np.zeros((2, 32, 32), np.float32)
    crop[1, :16] = np.random.default_rng(0).random((16, 32))
    fill = filling(crop, "background", 8)
    drawn = scattered(crop, fill, 1, 8, draws=5, seed=3)
    assert drawn.shape == (5, 16, 3)
    assert ((drawn[..., 2] ** 2).sum(axis=1) == 64).all()
    assert drawn[..., 0].max() < 16
    assert np.array_equal(drawn, scattered(crop, fill, 1, 8, draws=5, seed=3))
    assert len(scattered(crop, fill, 0, 8, draws=5, seed=3)) == 0
    assert not differing(crop, fill, 0, grid(32, 4, 1)).any()


@pytest.mark.parametrize("width", [0.5, 1.0])
def test_places_that_do_what_random_ones_do_are_seldom_called(width):
    rng = np.random.default_rng(0)

    def drawn(count):
        # Some places move nothing.
        return rng.lognormal(sigma=width, size=count) * (rng.random(count) > 0.1)

    called = [more_than_random(drawn(49), drawn(24)) <= 0.05 for _ in range(100)]
    assert np.mean(called) < 0.02
    p = more_than_random(np.append(drawn(48), 200.0), drawn(24))
    assert p.argmin() == 48
    assert p[48] < 0.05
    assert len(more_than_random(np.zeros(0), np.ones(5))) == 0
    # Places that were passed over count as tested.
    random = drawn(24)
    moved = np.append(drawn(10), 40.0)
    assert more_than_random(moved, random, 40)[-1] > more_than_random(moved, random)[-1]


def test_where_nothing_varies_what_moves_at_all_is_called():
    assert more_than_random(np.array([0.0, 1.0]), np.zeros(5)).tolist() == [1.0, 0.0]
    assert more_than_random(np.array([1.0, 2.0]), np.ones(5)).tolist() == [1.0, 0.0]


def test_neighbours_are_those_of_centred_cosine_in_any_number_of_blocks(monkeypatch):
    rng = np.random.default_rng(0)
    vectors = (rng.random((60, 8)) + 5).astype(np.float32)
    vectors[7] = np.nan
    monkeypatch.setattr("napari_c3r.core.explain.reference._BLOCK", 100)
    reference = Reference(vectors)
    asked = vectors[[3, 20]] + 0.01
    found = reference.nearest(asked, 5, but=3)
    finite = np.delete(np.arange(60), 7)
    centred = vectors - vectors[finite].mean(axis=0)
    unit = centred / np.linalg.norm(centred, axis=1, keepdims=True)
    there = asked - vectors[finite].mean(axis=0)
    cosines = (there / np.linalg.norm(there, axis=1, keepdims=True)) @ unit.T
    cosines[:, [3, 7]] = -2
    assert np.array_equal(found, np.argsort(-cosines, axis=1)[:, :5])
    some = np.arange(60) < 30
    among = reference.nearest(asked, 5, but=3, among=some)
    cosines[:, ~some] = -2
    assert np.array_equal(among, np.argsort(-cosines, axis=1)[:, :5])
    assert apart(reference.directions(vectors[:1]), reference.directions(vectors[:1])) < 1e-6
