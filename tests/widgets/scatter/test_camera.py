"""The camera: what is where on the screen."""

from __future__ import annotations

import numpy as np
import pytest

from napari_c3r.widgets.scatter.camera import MARGIN, Camera, Whole, bounds_of

XY = np.random.default_rng(0).normal(size=(500, 2)).astype(np.float32) * [3, 1] + [100, -7]
WHOLE = Whole(bounds_of(XY))


@pytest.mark.parametrize("size", [(400, 300), (120, 900), (1, 1)])
def test_fit_shows_every_point_within_the_margin(size: tuple[int, int]) -> None:
    screen = Camera(size=size).fitted(WHOLE).to_screen(XY)
    margin = MARGIN * np.asarray(size) - 1e-6
    assert (screen >= margin).all()
    assert (screen <= size - margin).all()


def test_both_axes_have_one_scale_and_y_grows_upwards() -> None:
    camera = Camera(size=(400, 300)).fitted(WHOLE)
    origin, right, up = camera.to_screen([(0, 0), (1, 0), (0, 1)])
    np.testing.assert_allclose(right - origin, (camera.scale, 0), atol=1e-9)
    np.testing.assert_allclose(up - origin, (0, -camera.scale), atol=1e-9)


def test_to_map_undoes_to_screen() -> None:
    camera = Camera(size=(400, 300)).fitted(WHOLE).zoomed(3, (17, 250)).panned(5, -9)
    np.testing.assert_allclose(camera.to_map(camera.to_screen(XY)), XY, rtol=1e-9)


def test_zoom_keeps_the_place_under_the_mouse() -> None:
    camera = Camera(size=(400, 300)).fitted(WHOLE)
    before = camera.to_map((17, 250))
    np.testing.assert_allclose(camera.zoomed(4, (17, 250)).to_map((17, 250)), before)


def test_pan_moves_the_map_with_the_mouse() -> None:
    camera = Camera(size=(400, 300)).fitted(WHOLE)
    moved = camera.panned(12, -30).to_screen(XY) - camera.to_screen(XY)
    np.testing.assert_allclose(moved, np.broadcast_to((12, -30), moved.shape), atol=1e-6)


def test_resizing_keeps_place_and_magnification_and_loses_nothing() -> None:
    camera = Camera(size=(400, 300)).fitted(WHOLE)
    assert camera.resized((200, 500), WHOLE) == Camera(size=(200, 500)).fitted(WHOLE)
    near = camera.zoomed(7, (30, 40))
    there_and_back = near.resized((200, 500), WHOLE).resized((400, 300), WHOLE)
    assert there_and_back.centre == near.centre
    assert there_and_back.scale == pytest.approx(near.scale)


@pytest.mark.parametrize("xy", [np.empty((0, 2)), [[2.0, 3.0]], [[2.0, 3.0]] * 4, [[np.nan, 1.0]]])
def test_fit_of_nothing_or_one_place_stays_finite(xy: object) -> None:
    camera = Camera(size=(400, 300)).fitted(Whole(bounds_of(np.asarray(xy, np.float32))))
    assert np.isfinite([camera.scale, *camera.centre]).all()
    assert camera.scale > 0


def test_one_row_of_points_fills_the_width() -> None:
    row = np.column_stack([np.linspace(0, 10, 5), np.full(5, 4.0)])
    screen = Camera(size=(400, 300)).fitted(Whole(bounds_of(row))).to_screen(row)
    np.testing.assert_allclose(np.ptp(screen[:, 0]), 400 * (1 - 2 * MARGIN))
    np.testing.assert_allclose(screen[:, 1], 150)
