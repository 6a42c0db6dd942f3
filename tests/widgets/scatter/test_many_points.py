"""Many more points than other tools draw: none is left out, of the lasso or of the picture."""

from __future__ import annotations

import numpy as np
import pytest
from qtpy.QtCore import QPoint, Qt
from qtpy.QtTest import QTest

from napari_c3r.widgets.scatter.raster_view import RasterView
from napari_c3r.widgets.scatter.views import create_view, opengl_available
from napari_c3r.widgets.scatter.widget import ScatterWidget

COUNT = 300_000
LEFT = Qt.MouseButton.LeftButton


@pytest.fixture(params=["raster", pytest.param("opengl", marks=pytest.mark.gl)])
def widget(request, qtbot):
    if request.param == "opengl" and not opengl_available():
        pytest.skip("this screen has no OpenGL; run under Xvfb to test the OpenGL view")
    made = ScatterWidget(view=RasterView() if request.param == "raster" else create_view())
    qtbot.addWidget(made)
    made.resize(640, 520)
    made.set_theme("#262930", "#ffffff")
    rng = np.random.default_rng(0)
    made.model.set_points(rng.uniform(-1, 1, (COUNT, 2)).astype(np.float32))
    made.model.set_categories(rng.integers(0, 24, COUNT), [str(n) for n in range(24)])
    with qtbot.waitExposed(made):
        made.show()
    return made


def test_a_lasso_finds_exactly_the_points_inside_among_all(widget, user):
    canvas = widget.canvas
    QTest.keyClick(widget, Qt.Key.Key_L)
    width, height = canvas.width(), canvas.height()
    left, right = round(0.31 * width), round(0.62 * width)
    top, bottom = round(0.27 * height), round(0.71 * height)
    corners = [(left, top), (right, top), (right, bottom), (left, bottom), (left, top + 1)]
    user.drag(canvas.overlay, corners)
    chosen = widget.model.selection
    assert len(chosen) == COUNT
    place = np.asarray(canvas.camera.to_screen(widget.model.xy))
    sure = 1.5
    inside = (np.abs(place[:, 0] - (left + right) / 2) < (right - left) / 2 - sure) & (
        np.abs(place[:, 1] - (top + bottom) / 2) < (bottom - top) / 2 - sure
    )
    outside = (np.abs(place[:, 0] - (left + right) / 2) > (right - left) / 2 + sure) | (
        np.abs(place[:, 1] - (top + bottom) / 2) > (bottom - top) / 2 + sure
    )
    assert inside.sum() > 10_000
    assert chosen[inside].all()
    assert not chosen[outside].any()


def test_a_single_point_apart_is_drawn_and_picked(widget, qtbot):
    # A sample of the points would almost surely lack it.
    points = np.array(widget.model.xy)
    points[COUNT // 2] = (1.6, 1.6)
    widget.model.set_points(points)
    canvas = widget.canvas
    QTest.keyClick(widget, Qt.Key.Key_Escape)
    canvas.fit()
    x, y = np.asarray(canvas.camera.to_screen(points[COUNT // 2]))

    def drawn():
        picture = canvas.grab().toImage()
        share = picture.width() / canvas.width()
        colour = picture.pixelColor(round(x * share), round(y * share))
        return colour.name() != "#262930"

    qtbot.waitUntil(drawn, timeout=20_000)
    QTest.mouseClick(canvas.overlay, LEFT, pos=QPoint(round(x), round(y)))
    assert widget.model.current == COUNT // 2


def test_density_of_all_points(widget, user):
    user.click(widget.toolbar.density)
    crowding = widget.model.shown_colouring()
    assert len(crowding.colours()) == COUNT
