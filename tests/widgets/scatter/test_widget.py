"""The map under a real mouse and keyboard, drawn by OpenGL and by numpy alike."""

from __future__ import annotations

import gc
import os
import subprocess
import sys
import weakref

import numpy as np
import pytest
from qtpy.QtCore import QEvent, QPoint, QPointF, Qt
from qtpy.QtGui import QKeyEvent, QMouseEvent, QWheelEvent
from qtpy.QtTest import QTest
from qtpy.QtWidgets import QAbstractButton, QApplication, QComboBox, QLabel, QSlider, QWidget

from napari_c3r.core.figures.colours import CATEGORICAL, rgb
from napari_c3r.core.figures.facets import Facets
from napari_c3r.widgets.scatter.overlay import Tool
from napari_c3r.widgets.scatter.raster_view import RasterView
from napari_c3r.widgets.scatter.views import create_view, opengl_available
from napari_c3r.widgets.scatter.widget import CAPTION, ScatterWidget

LEFT = Qt.MouseButton.LeftButton
NONE = Qt.KeyboardModifier.NoModifier
SHIFT = Qt.KeyboardModifier.ShiftModifier
ALT = Qt.KeyboardModifier.AltModifier
BACKGROUND = "#262930"

# a 5 × 4 grid, far enough apart that no point hides another
XY = np.stack(np.meshgrid(np.arange(5.0), np.arange(4.0)), axis=-1).reshape(-1, 2)


@pytest.fixture(params=["raster", pytest.param("opengl", marks=pytest.mark.gl)])
def widget(request, qtbot, user) -> ScatterWidget:
    if request.param == "opengl" and not opengl_available():
        pytest.skip("this screen has no OpenGL; run under Xvfb to test the OpenGL view")
    widget = ScatterWidget(view=RasterView() if request.param == "raster" else create_view())
    qtbot.addWidget(widget)
    widget.resize(500, 420)
    widget.set_theme(BACKGROUND, "#ffffff")
    widget.model.set_points(XY)
    widget.show()
    user.rest(widget)
    return widget


def at(widget: ScatterWidget, index: int, dx: float = 0, dy: float = 0) -> QPoint:
    """Where a point is drawn, in pixels of the overlay."""
    x, y = widget.canvas.camera.to_screen(widget.model.xy[index])
    return QPoint(round(x + dx), round(y + dy))


def target(widget: ScatterWidget, position: QPoint) -> QWidget:
    """Find the widget that gets the mouse there."""
    return widget.canvas.childAt(position)


def move(overlay: QWidget, position: QPoint, buttons=Qt.MouseButton.NoButton) -> None:
    """Send a move at once; QTest would move the real cursor and leave the rest to the screen."""
    spot = QPointF(position)
    there = overlay.mapToGlobal(spot)
    kind, none = QEvent.Type.MouseMove, Qt.MouseButton.NoButton
    QApplication.sendEvent(overlay, QMouseEvent(kind, spot, there, none, buttons, NONE))


def drag(widget: ScatterWidget, path: list[QPoint], modifier=NONE) -> None:
    overlay = target(widget, path[0])
    QTest.mousePress(overlay, LEFT, modifier, path[0])
    for position in path[1:]:
        move(overlay, position, LEFT)
    QTest.mouseRelease(overlay, LEFT, modifier, path[-1])


def lasso(widget: ScatterWidget, first: int, last: int, modifier=NONE) -> None:
    """Draw a loop, by mouse, around the grid points between two corners of the grid."""
    a, b = at(widget, first, -20, 20), at(widget, last, 20, -20)
    corners = [a, QPoint(b.x(), a.y()), b, QPoint(a.x(), b.y()), a + QPoint(0, -3)]
    drag(widget, corners, modifier)


def selected(widget: ScatterWidget) -> list[int]:
    return np.flatnonzero(widget.model.selection).tolist()


def pixel(widget: ScatterWidget, position: QPoint) -> np.ndarray:
    colour = widget.canvas.grab().toImage().pixelColor(position)
    return np.array([colour.red(), colour.green(), colour.blue()])


def test_lasso_selects_exactly_what_it_encloses(widget: ScatterWidget) -> None:
    QTest.keyClick(widget.canvas.overlay, Qt.Key.Key_L)
    lasso(widget, 6, 13)
    assert selected(widget) == [6, 7, 8, 11, 12, 13]


def test_points_that_move_into_panels_are_drawn_in_their_colours_before_faint_ones(widget) -> None:
    canvas, model = widget.canvas, widget.model
    model.set_categories(np.arange(20) % 3, ["a", "b", "c"])
    facets = Facets("row", np.arange(20) // 5 % 2, ("even", "odd"), (False, False))
    model.move_points(model.xy, facets=facets)
    model.move_points(XY[:, ::-1].copy(), facets=facets)
    for row in (0, 7, 19):
        place = QPoint(*(int(each) for each in canvas.on_screen(row)))
        np.testing.assert_allclose(pixel(widget, place), rgb(CATEGORICAL[row % 3]), atol=2)
    # The first cell lies in the second panel, too, as one of all cells.
    apart = np.diff([[each.left, each.top] for each in canvas.page.panels], axis=0)[0]
    behind = canvas.on_screen(0) + apart
    faint = pixel(widget, QPoint(*(int(each) for each in behind)))
    assert 10 < np.abs(faint.astype(int) - rgb(BACKGROUND)).max() < 80


def test_a_crooked_lasso_selects_what_lies_inside_its_line(widget: ScatterWidget) -> None:
    widget.set_tool(Tool.LASSO)
    path = [at(widget, 0, -9, 9), at(widget, 2, 0, 9), at(widget, 7, 11, 0), at(widget, 6, 0, -9)]
    path += [at(widget, 1, -9, -14), at(widget, 15, -9, 0)]
    drag(widget, path)
    polygon = np.array([(point.x(), point.y()) for point in path], dtype=float)
    points = widget.canvas.camera.to_screen(XY)
    expected = [i for i, point in enumerate(points) if _goes_around(polygon, point)]
    assert 0 < len(expected) < len(XY)
    assert selected(widget) == expected


def test_shift_adds_and_alt_removes(widget: ScatterWidget) -> None:
    widget.set_tool(Tool.LASSO)
    lasso(widget, 0, 1)
    lasso(widget, 18, 19, SHIFT)
    assert selected(widget) == [0, 1, 18, 19]
    lasso(widget, 1, 1, ALT)
    assert selected(widget) == [0, 18, 19]
    lasso(widget, 7, 7)
    assert selected(widget) == [7]


def test_escape_drops_a_lasso_being_drawn_then_the_selection(widget: ScatterWidget) -> None:
    widget.set_tool(Tool.LASSO)
    lasso(widget, 0, 1)
    overlay = widget.canvas.overlay
    QTest.mousePress(overlay, LEFT, NONE, at(widget, 5, -20))
    move(overlay, at(widget, 19, 20), LEFT)
    QTest.keyClick(overlay, Qt.Key.Key_Escape)
    QTest.mouseRelease(overlay, LEFT, NONE, at(widget, 15))
    assert selected(widget) == [0, 1]
    QTest.keyClick(overlay, Qt.Key.Key_Escape)
    assert selected(widget) == []


def test_undo_by_key_and_button(widget: ScatterWidget) -> None:
    widget.set_tool(Tool.LASSO)
    lasso(widget, 0, 1)
    lasso(widget, 18, 19)
    QTest.keyClick(widget.canvas.overlay, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert selected(widget) == [0, 1]
    QTest.mouseClick(widget.toolbar.undo, LEFT)
    assert selected(widget) == []
    assert not widget.toolbar.undo.isEnabled()
    assert not widget.toolbar.clear.isEnabled()


def test_keys_win_over_shortcuts_of_the_window_only_from_inside(widget: ScatterWidget) -> None:
    def claimed(key: Qt.Key, modifier=NONE) -> bool:
        event = QKeyEvent(QKeyEvent.Type.ShortcutOverride, key, modifier)
        event.ignore()
        QApplication.sendEvent(widget.canvas.overlay, event)
        return event.isAccepted()

    assert claimed(Qt.Key.Key_L)
    assert claimed(Qt.Key.Key_Escape)
    assert claimed(Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert not claimed(Qt.Key.Key_S, Qt.KeyboardModifier.ControlModifier)


@pytest.mark.parametrize("tool", list(Tool))
def test_click_picks_the_nearest_point(widget: ScatterWidget, tool: Tool) -> None:
    widget.set_tool(tool)
    clicked: list[int] = []
    widget.model.clicked.connect(clicked.append)
    QTest.mouseClick(widget.canvas.overlay, LEFT, NONE, at(widget, 8, 3, -2))
    assert clicked == [8]
    assert widget.model.current == 8
    QTest.mouseClick(widget.canvas.overlay, LEFT, NONE, at(widget, 8, 30, 30))
    assert clicked == [8]
    assert widget.model.current is None
    assert selected(widget) == []


def test_hover_follows_the_mouse_and_ends_when_it_leaves(widget: ScatterWidget) -> None:
    seen: list[int | None] = []
    widget.model.hovered.connect(seen.append)
    overlay = widget.canvas.overlay
    for position in (at(widget, 3), at(widget, 3, 30, 30), at(widget, 12, -2, 1)):
        move(overlay, position)
    QApplication.sendEvent(overlay, QEvent(QEvent.Type.Leave))
    assert seen == [3, None, 12, None]


def test_drag_pans_and_wheel_zooms_about_the_mouse(widget: ScatterWidget) -> None:
    before = widget.canvas.camera
    start = at(widget, 12)
    drag(widget, [start, start + QPoint(20, 5), start + QPoint(40, -10)])
    assert at(widget, 12) == start + QPoint(40, -10)
    assert selected(widget) == []
    anchor = at(widget, 12)
    _scroll(widget.canvas.overlay, anchor, 240)
    assert widget.canvas.camera.scale > 1.5 * before.scale
    assert (at(widget, 12) - anchor).manhattanLength() <= 1
    QTest.mouseClick(widget.toolbar.fit, LEFT)
    assert widget.canvas.camera == before


def test_resizing_to_and_fro_keeps_the_view(widget: ScatterWidget, user) -> None:
    before = widget.canvas.camera
    for size in ((320, 420), (500, 300), (500, 420)):
        widget.resize(*size)
        user.rest(widget)
    assert widget.canvas.camera.centre == before.centre
    assert widget.canvas.camera.scale == pytest.approx(before.scale)


def test_zoom_stops_before_the_map_is_lost(widget: ScatterWidget) -> None:
    whole = widget.canvas.camera.scale
    for _ in range(80):
        _scroll(widget.canvas.overlay, at(widget, 12), -120)
    assert widget.canvas.camera.scale == pytest.approx(0.2 * whole)


def test_points_are_drawn_where_they_can_be_picked(widget: ScatterWidget, user) -> None:
    widget.model.set_categories(np.arange(20), [str(i) for i in range(20)])
    user.rest(widget)
    for index in (0, 4, 12, 19):
        np.testing.assert_array_equal(pixel(widget, at(widget, index)), rgb(CATEGORICAL[index]))
    np.testing.assert_array_equal(pixel(widget, at(widget, 12, 25, 25)), rgb(BACKGROUND))


def test_selection_dims_the_rest(widget: ScatterWidget, user) -> None:
    widget.model.set_categories(np.zeros(20, int), ["a"])
    widget.model.select(np.arange(20) == 7)
    user.rest(widget)
    np.testing.assert_array_equal(pixel(widget, at(widget, 7)), rgb(CATEGORICAL[0]))
    away = np.linalg.norm(pixel(widget, at(widget, 8)).astype(int) - rgb(BACKGROUND))
    assert 0 < away < 0.3 * np.linalg.norm(rgb(CATEGORICAL[0]).astype(int) - rgb(BACKGROUND))


def test_a_selected_point_lies_above_its_neighbours(widget: ScatterWidget, user) -> None:
    widget.model.set_points(np.zeros((50, 2)))
    widget.model.set_categories(np.arange(50) % 20, [str(i) for i in range(20)])
    widget.model.select(np.arange(50) == 3)
    user.rest(widget)
    np.testing.assert_array_equal(pixel(widget, at(widget, 3)), rgb(CATEGORICAL[3]))


def test_the_current_point_is_ringed_and_brought_into_view(widget: ScatterWidget, user) -> None:
    for _ in range(10):
        _scroll(widget.canvas.overlay, at(widget, 0), 120)
    assert not widget.canvas.camera.shows(XY[19])
    widget.model.set_current(19)
    assert widget.canvas.camera.shows(XY[19])
    user.rest(widget)
    radius = (widget.canvas.point_size + 8) / 2
    assert pixel(widget, at(widget, 19, radius, 0)).min() > 120


def test_an_empty_map_says_how_to_get_one(widget: ScatterWidget) -> None:
    widget.model.set_points(np.empty((0, 2)))
    assert not widget.canvas.isVisible()
    assert not widget.toolbar.isEnabled()
    assert "Make map" in _texts(widget)
    widget.set_empty_text("Nothing to show: choose cells.")
    assert "Nothing to show" in _texts(widget)
    widget.model.set_points(XY)
    assert widget.canvas.isVisible()
    assert CAPTION in _texts(widget)


def test_legend_names_what_is_there_and_a_click_selects_it(widget: ScatterWidget, user) -> None:
    codes = np.repeat([0, 1, -1, 3], 5)
    widget.model.set_categories(codes, ["first", "second", "absent", "fourth"])
    legend = widget.legend.categories
    names = [legend.item(row).text() for row in range(legend.count())]
    assert names == ["first", "second", "fourth", "noise"]
    user.rest(widget)
    place = legend.visualItemRect(legend.item(1)).center()
    QTest.mouseClick(legend.viewport(), LEFT, NONE, place)
    assert selected(widget) == [5, 6, 7, 8, 9]


def test_a_long_legend_scrolls_and_long_names_fit(widget: ScatterWidget, user) -> None:
    names = [f"a compound with a very long name, number {i}" for i in range(20)]
    widget.model.set_categories(np.arange(20), names)
    widget.resize(300, 420)
    user.rest(widget)
    legend = widget.legend.categories
    assert legend.height() < 100
    assert legend.verticalScrollBar().maximum() > 0
    assert widget.width() == 300
    for row in range(4):
        assert legend.visualItemRect(legend.item(row)).right() <= legend.width()


def test_values_have_a_colour_bar(widget: ScatterWidget) -> None:
    values = np.linspace(2, 4000, 20)
    values[3] = np.nan
    widget.model.set_values(values, "Area (µm²)")
    assert widget.legend.bar.isVisible()
    assert not widget.legend.categories.isVisible()
    described = widget.legend.bar.accessibleDescription()
    values = "Area (µm²): from 2 to 4,000; grey where there is no value"
    assert described == f"{values}. Above, how many points have which value"


def test_density_button_and_legend_button(widget: ScatterWidget) -> None:
    widget.model.set_categories(np.zeros(20, int), ["a"])
    QTest.mouseClick(widget.toolbar.density, LEFT)
    assert widget.model.density
    assert widget.legend.bar.isVisible()
    QTest.mouseClick(widget.toolbar.density, LEFT)
    assert widget.legend.categories.isVisible()
    QTest.mouseClick(widget.toolbar.legend, LEFT)
    assert not widget.legend.isVisible()


def test_point_size_fits_the_number_until_the_user_chooses(widget: ScatterWidget) -> None:
    few = widget.canvas.point_size
    widget.model.set_points(np.random.default_rng(0).normal(size=(5000, 2)))
    assert widget.canvas.point_size < few
    widget.toolbar.point_size.setValue(60)
    assert widget.canvas.point_size == 15
    widget.model.set_points(XY)
    assert widget.canvas.point_size == 15


def test_every_control_is_named_and_in_reading_order(widget: ScatterWidget, user) -> None:
    control = QComboBox()
    control.setAccessibleName("Colour by")
    control.setToolTip("Colour by")
    widget.add_control(control)
    widget.model.select(np.arange(20) == 1)
    user.rest(widget)
    controls = [
        child
        for child in widget.toolbar.findChildren(QWidget)
        if isinstance(child, QAbstractButton | QSlider | QComboBox) and child.isVisible()
    ]
    assert len(controls) == 10
    for child in controls:
        assert child.accessibleName()
        assert child.toolTip()
    places = {child: child.mapTo(widget, child.rect().center()) for child in controls}
    # Controls of other heights stand in the middle of the same row, which is 30 pixels high.
    top = min(place.y() for place in places.values()) - 6
    rows = {child: (place.y() - top) // 30 for child, place in places.items()}
    in_sight = sorted(controls, key=lambda child: (rows[child], places[child].x()))
    by_tab, child = [], widget.toolbar
    for _ in range(60):
        child = child.nextInFocusChain()
        if child in controls and child not in by_tab:
            by_tab.append(child)
    assert by_tab == in_sight
    assert widget.canvas.overlay.accessibleDescription() == "20 points, 1 selected"


def test_it_fits_a_narrow_dock(widget: ScatterWidget) -> None:
    assert widget.minimumSizeHint().width() <= 300


def test_closing_lets_go_of_the_model(widget: ScatterWidget, qtbot) -> None:
    model = widget.model
    widget.close()
    signals = [model.points_changed, model.colours_changed, model.selection_changed]
    signals += [model.current_changed, model.hovered, model.clicked]
    assert [len(signal) for signal in signals] == [0] * len(signals)
    model.set_points(np.zeros((3, 2)))
    model.set_current(1)


def test_a_closed_widget_is_freed(qtbot) -> None:
    widget = ScatterWidget()
    widget.model.set_points(XY)
    widget.show()
    qtbot.wait(60)
    canvas, view = weakref.ref(widget.canvas), weakref.ref(widget.canvas.view)
    widget.close()
    widget.deleteLater()
    del widget
    qtbot.wait(60)
    gc.collect()
    assert canvas() is None
    assert view() is None


def test_without_opengl_the_raster_view_is_chosen() -> None:
    check = (
        "from qtpy.QtWidgets import QApplication; app = QApplication([]); "
        "from napari_c3r.widgets.scatter.widget import ScatterWidget; "
        "print(type(ScatterWidget().canvas.view).__name__)"
    )
    environment = {**os.environ, "QT_QPA_PLATFORM": "offscreen"}
    done = subprocess.run(
        [sys.executable, "-c", check], env=environment, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "RasterView"


def _goes_around(polygon: np.ndarray, point: np.ndarray) -> bool:
    to_corner = polygon - point
    angles = np.arctan2(to_corner[:, 1], to_corner[:, 0])
    steps = (np.diff([*angles, angles[0]]) + np.pi) % (2 * np.pi) - np.pi
    return round(steps.sum() / (2 * np.pi)) != 0


def _scroll(overlay: QWidget, position: QPoint, angle: int) -> None:
    spot = QPointF(position)
    event = QWheelEvent(
        spot,
        overlay.mapToGlobal(spot),
        QPoint(),
        QPoint(0, angle),
        Qt.MouseButton.NoButton,
        NONE,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    QApplication.sendEvent(overlay, event)


def _texts(widget: ScatterWidget) -> str:
    labels = widget.findChildren(QLabel)
    return " ".join(label.text() for label in labels if label.isVisible())


def test_shift_and_alt_clicks_add_and_remove_a_point(widget: ScatterWidget) -> None:
    overlay = widget.canvas.overlay
    for index in (3, 8):
        QTest.mouseClick(overlay, LEFT, SHIFT, at(widget, index))
    QTest.mouseClick(overlay, LEFT, ALT, at(widget, 3))
    assert selected(widget) == [8]
    assert widget.model.current is None


def test_marked_points_have_a_thin_ring(widget: ScatterWidget, user) -> None:
    widget.model.set_marked([7])
    user.rest(widget)
    radius = (widget.canvas.point_size + 4) / 2
    around = [at(widget, 7, radius + step, 0) for step in (-1, 0, 1)]
    assert max(pixel(widget, place).min() for place in around) > 70


def test_a_legend_of_too_many_categories_says_how_many_more(widget: ScatterWidget) -> None:
    widget.model.set_points(np.random.default_rng(0).random((300, 2)))
    widget.model.set_categories(np.arange(300), [str(i) for i in range(300)])
    legend = widget.legend.categories
    assert legend.count() == 201
    assert legend.item(200).text() == "and 100 more"
