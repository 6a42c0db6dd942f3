"""Points in a lasso against a slow, independent count of how often it goes around them."""

from __future__ import annotations

import numpy as np
import pytest

from napari_c3r.core.figures.point_index import PointIndex


def turns(polygon: np.ndarray, points: np.ndarray) -> np.ndarray:
    """Signed turns of a polygon around each point, from the angles of its edges."""
    total = np.zeros(len(points))
    for a, b in zip(polygon, np.roll(polygon, -1, axis=0), strict=True):
        to_a, to_b = a - points, b - points
        cross = to_a[:, 0] * to_b[:, 1] - to_a[:, 1] * to_b[:, 0]
        total += np.arctan2(cross, (to_a * to_b).sum(axis=1))
    return np.round(total / (2 * np.pi)).astype(int)


def distance_to_edges(polygon: np.ndarray, points: np.ndarray) -> np.ndarray:
    nearest = np.full(len(points), np.inf)
    for a, b in zip(polygon, np.roll(polygon, -1, axis=0), strict=True):
        edge = b - a
        length = max(float(edge @ edge), 1e-300)
        along = np.clip((points - a) @ edge / length, 0, 1)
        away = np.linalg.norm(points - (a + along[:, None] * edge), axis=1)
        nearest = np.minimum(nearest, away)
    return nearest


@pytest.mark.parametrize("seed", range(60))
def test_inside_agrees_with_brute_force_for_any_polygon(seed: int) -> None:
    rng = np.random.default_rng(seed)
    points = rng.normal(size=(400, 2)).astype(np.float32)
    polygon = rng.normal(size=(rng.integers(3, 40), 2)) * rng.uniform(0.1, 2)  # crosses itself
    if seed % 3 == 0:
        polygon = np.round(polygon)  # level edges, repeated and shared corners
        points = np.round(points * 2 + 0.5).astype(np.float32) / 2
    clear = distance_to_edges(polygon, points.astype(float)) > 1e-9
    expected = turns(polygon, points.astype(float)) != 0
    np.testing.assert_array_equal(PointIndex(points).inside(polygon)[clear], expected[clear])


def test_a_loop_drawn_across_itself_encloses_what_it_goes_around() -> None:
    angles = np.arange(5) * 4 * np.pi / 5
    pentagram = np.column_stack([np.cos(angles), np.sin(angles)])
    assert PointIndex([[0.0, 0.0], [2.0, 0.0]]).inside(pentagram).tolist() == [True, False]


def test_a_shared_edge_gives_each_point_to_one_side_only() -> None:
    grid = np.stack(np.meshgrid(np.arange(9.0), np.arange(9.0)), -1).reshape(-1, 2)
    index = PointIndex(grid)
    left = index.inside([(0, 0), (4, 0), (4, 8), (0, 8)])
    right = index.inside([(4, 0), (8, 0), (8, 8), (4, 8)])
    assert not (left & right).any()
    assert (left | right).sum() == 64


@pytest.mark.parametrize("polygon", [[], [(0, 0)], [(0, 0), (1, 1)], [(9, 9), (10, 9), (9, 10)]])
def test_nothing_is_in_an_empty_lasso(polygon: list[tuple[int, int]]) -> None:
    assert not PointIndex(np.random.default_rng(0).random((50, 2))).inside(polygon).any()


def test_points_without_a_place_are_never_found() -> None:
    index = PointIndex([[np.nan, 0.5], [0.5, np.nan], [np.inf, 0.5], [0.5, 0.5]])
    everywhere = [(-1e9, -1e9), (1e9, -1e9), (1e9, 1e9), (-1e9, 1e9)]
    assert index.inside(everywhere).tolist() == [False, False, False, True]
    assert index.nearest(0.4, 0.5, (10, 10)) == 3


def test_no_points() -> None:
    index = PointIndex(np.empty((0, 2)))
    assert index.inside([(0, 0), (1, 0), (0, 1)]).shape == (0,)
    assert index.nearest(0, 0, (1, 1)) is None


@pytest.mark.parametrize("seed", range(20))
def test_nearest_agrees_with_brute_force(seed: int) -> None:
    rng = np.random.default_rng(seed)
    points = rng.random((300, 2))
    x, y = rng.random(2)
    distance = np.hypot(points[:, 0] - x, points[:, 1] - y)
    index = PointIndex(points)
    assert index.nearest(x, y, (2.0, 2.0)) == distance.argmin()
    near = distance.min() * 0.999
    assert index.nearest(x, y, (near, near)) is None
