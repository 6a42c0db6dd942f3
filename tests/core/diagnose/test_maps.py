from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial.distance import pdist

from napari_c3r.core.diagnose.maps import paired_maps, turned_onto

pytestmark = pytest.mark.usefixtures("compiled_once")


def blobs(seed=0):
    rng = np.random.default_rng(seed)
    centres = rng.normal(0, 10, (3, 12))
    truth = np.repeat(np.arange(3), 15)
    return (centres[truth] + rng.normal(0, 1, (45, 12))).astype(np.float32), truth


def test_turning_undoes_a_turn_a_mirror_and_a_move():
    points = np.random.default_rng(0).normal(size=(30, 2)).astype(np.float32)
    turn = np.array([[0.6, -0.8], [-0.8, -0.6]])
    moved = (points @ turn + [5, -3]).astype(np.float32)
    np.testing.assert_allclose(turned_onto(moved, points), points, atol=1e-5)
    # Distances stay as they are, unlike by a stretch onto the target.
    wide = turned_onto(3 * moved, points)
    assert np.isclose(np.ptp(wide, axis=0).sum(), 3 * np.ptp(points, axis=0).sum(), rtol=1e-4)


@pytest.mark.parametrize("seed", range(3))
def test_what_stays_lies_at_its_place_and_what_moved_stands_out(seed):
    vectors, truth = blobs(seed)
    moved = vectors.copy()
    moved[:3] = moved[20:23]
    before, after = paired_maps(vectors, moved, seed=seed)
    assert [before.shape, after.shape] == [(45, 2), (45, 2)]
    away = np.linalg.norm(before - after, axis=1)
    assert away[:3].max() > 5 * np.median(away[3:])
    assert np.median(away[3:]) < 0.05 * np.ptp(before)
    # Each cell that stayed lies nearest to its own group on the first map.
    centres = np.array([before[truth == group].mean(axis=0) for group in range(3)])
    nearest = np.linalg.norm(after[:, None] - centres, axis=2).argmin(axis=1)
    assert (nearest[3:] == truth[3:]).all()


def test_both_maps_lie_like_the_one_that_is_known():
    vectors, _ = blobs()
    start = np.random.default_rng(1).normal(size=(45, 2)).astype(np.float32)
    alone, known = paired_maps(vectors, vectors), paired_maps(vectors, vectors, start=start)
    for plain, turned in zip(alone, known, strict=True):
        np.testing.assert_allclose(pdist(turned), pdist(plain), rtol=1e-3, atol=1e-4)
    np.testing.assert_allclose(known[0], turned_onto(alone[0], start), atol=1e-5)
    # One turn for both, or what moved would be hidden.
    np.testing.assert_allclose(
        np.linalg.norm(known[0] - known[1], axis=1),
        np.linalg.norm(alone[0] - alone[1], axis=1),
        atol=1e-4,
    )


def test_few_cells_and_vectors_of_other_lengths():
    vectors, _ = blobs()
    for n in (2, 5, 6, 16):
        before, after = paired_maps(vectors[:n], vectors[:n, :7])
        assert before.shape == after.shape == (n, 2)
        assert np.isfinite(before).all()
        assert np.isfinite(after).all()


def test_a_start_with_cells_that_have_no_place_is_not_used():
    vectors, _ = blobs()
    holes = np.full((45, 2), np.nan, np.float32)
    with_holes, without = paired_maps(vectors, vectors, start=holes), paired_maps(vectors, vectors)
    np.testing.assert_array_equal(with_holes[0], without[0])
