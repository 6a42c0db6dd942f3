"""Axes and panels under a real mouse: a lasso takes what it goes around in its own panel."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from anndata import AnnData
from qtpy.QtCore import QPoint, QPointF, Qt
from qtpy.QtTest import QTest

from napari_c3r.core.figures.axes import Scale
from napari_c3r.core.figures.facets import Facets
from napari_c3r.core.figures.plot import AxisChoice, PlotChoice, plotted
from napari_c3r.widgets.scatter.model import ScatterModel
from napari_c3r.widgets.scatter.overlay import Tool
from napari_c3r.widgets.scatter.raster_view import RasterView
from napari_c3r.widgets.scatter.sheet import INSET_PX, Panels
from napari_c3r.widgets.scatter.widget import ScatterWidget

LEFT, NONE = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
SHIFT = Qt.KeyboardModifier.ShiftModifier
SIDE = 6


def table():
    """A grid of places, the same for each of three treatments."""
    x, y = (each.ravel() for each in np.meshgrid(np.arange(SIDE), np.arange(SIDE)))
    obs = pd.DataFrame(
        {
            "area_px": np.tile(10.0**x, 3),
            "dose": np.tile(y - 1.0, 3),
            "compound": np.repeat(["taxol", "DMSO", "cytoB"], SIDE**2),
        },
        index=[str(n) for n in range(3 * SIDE**2)],
    )
    made = AnnData(np.zeros((len(obs), 1), np.float32), obs=obs)
    made.obsm["X_umap"] = np.tile(np.column_stack([x, y]), (3, 1)).astype(np.float32)
    return made


TABLE = table()
AXES = AxisChoice("area_px", Scale.LOG), AxisChoice("dose")


@pytest.fixture(scope="module")
def shown(qapp):
    widget = ScatterWidget(view=RasterView())
    widget.resize(640, 460)
    widget.model.set_points(TABLE.obsm["X_umap"])
    widget.show()
    QTest.qWaitForWindowExposed(widget)
    yield widget
    widget.close()


@pytest.fixture
def plot(shown):
    def show(choice):
        shown.model.clear()
        shown.model.set_current(None)
        found = plotted(TABLE, choice)
        shown.model.move_points(found.xy, found.axes, found.facets)
        return shown

    return show


def around(canvas, points, slack=8):
    """Corners of a rectangle on the screen around points."""
    places = np.array([canvas.on_screen(point) for point in points])
    low, high = places.min(axis=0) - slack, places.max(axis=0) + slack
    return [(low[0], low[1]), (high[0], low[1]), (high[0], high[1]), (low[0], high[1])]


def lasso(widget, user, points, keys=NONE):
    widget.set_tool(Tool.LASSO)
    user.drag(widget.canvas.overlay, around(widget.canvas, points), keys)
    return np.flatnonzero(widget.model.selection).tolist()


def cells(compound, xs, ys):
    obs, xy = TABLE.obs, TABLE.obsm["X_umap"]
    chosen = np.isin(xy[:, 0], xs) & np.isin(xy[:, 1], ys)
    return np.flatnonzero(chosen & (obs["compound"] == compound).to_numpy()).tolist()


@pytest.mark.parametrize("axes", [(None, None), AXES], ids=["map", "columns"])
def test_a_lasso_in_one_panel_takes_its_cells_alone(plot, user, axes):
    widget = plot(PlotChoice(*axes, "compound"))
    wanted = cells("cytoB", [1, 2], [2, 3])
    assert lasso(widget, user, wanted) == wanted
    more = cells("taxol", [4], [1, 2, 3, 4])
    assert lasso(widget, user, more, SHIFT) == sorted(wanted + more)


def test_a_lasso_over_two_panels_takes_cells_of_both(plot, user):
    widget = plot(PlotChoice(facets="compound"))
    ends = [*cells("cytoB", range(SIDE), [1, 2]), *cells("taxol", range(SIDE), [1, 2])]
    assert lasso(widget, user, ends) == sorted(ends)


def test_a_click_in_a_panel_picks_its_cell_and_rings_it_there(plot, user):
    widget = plot(PlotChoice(facets="compound"))
    (wanted,) = cells("taxol", [3], [4])
    widget.set_tool(Tool.PAN)
    place = widget.canvas.on_screen(wanted)
    user.click(widget.canvas.overlay, lambda: QPoint(*map(round, place)))
    assert widget.model.current == wanted
    ringed = [(ring[0].x(), ring[0].y()) for ring in widget.canvas.overlay._rings]
    np.testing.assert_allclose(ringed[-1], place)


def test_the_wheel_looks_closer_in_all_panels_which_stay_where_they_are(plot, user):
    widget = plot(PlotChoice(*AXES, "compound"))
    canvas = widget.canvas
    (kept,) = cells("taxol", [2], [2])
    (far,) = cells("taxol", [5], [5])
    before, frames = canvas.on_screen(kept), canvas.sheet.page.panels
    one_apart = np.ptp([canvas.on_screen(n) for n in cells("DMSO", [2], [2, 3])], axis=0)
    canvas.overlay.zoomed.emit(2.0, QPointF(*before))
    np.testing.assert_allclose(canvas.on_screen(kept), before, atol=1e-3)
    np.testing.assert_allclose(
        np.ptp([canvas.on_screen(n) for n in cells("DMSO", [2], [2, 3])], axis=0), 2 * one_apart
    )
    assert canvas.sheet.page.panels == frames
    # What lies beyond the frame of its panel is neither drawn nor taken by a lasso.
    assert np.isnan(canvas.sheet.xy[far]).all()
    shown = [n for n in range(len(TABLE)) if np.isfinite(canvas.on_screen(n)).all()]
    assert 0 < len(shown) < len(TABLE)
    assert lasso(widget, user, cells("taxol", [2, 3], [2, 3])) == cells("taxol", [2, 3], [2, 3])
    widget.set_tool(Tool.PAN)
    canvas.overlay.panned.emit(10.0, 4.0)
    np.testing.assert_allclose(canvas.on_screen(kept), before + np.array([10, 4]), atol=1e-3)
    widget.model.set_current(far)
    assert np.isfinite(canvas.on_screen(far)).all()
    canvas.fit()
    assert np.isfinite(canvas.sheet.xy).all()


def test_a_lasso_on_columns_takes_cells_by_their_values(plot, user):
    widget = plot(PlotChoice(*AXES))
    wanted = [n for name in ("taxol", "DMSO", "cytoB") for n in cells(name, [1, 2], [0, 1])]
    assert lasso(widget, user, wanted) == sorted(wanted)
    areas = TABLE.obs["area_px"].to_numpy()[wanted]
    assert set(areas) == {10.0, 100.0}


def test_all_panels_have_the_same_axes(plot):
    widget = plot(PlotChoice(*AXES, "compound"))
    panels = widget.canvas.sheet
    assert isinstance(panels, Panels)
    offsets = [
        panels.xy[cells(name, [2], [3])[0]] - panels.xy[cells(name, [0], [0])[0]]
        for name in panels.names
    ]
    np.testing.assert_allclose(offsets, np.broadcast_to(offsets[0], (3, 2)), atol=1e-3)


def test_axes_fill_the_room_that_their_values_leave(plot):
    widget = plot(PlotChoice(*AXES))
    places = widget.canvas.camera.to_screen(widget.canvas.sheet.xy)
    width, height = widget.canvas.camera.size
    assert places[:, 0].min() > INSET_PX[0]
    assert places[:, 1].max() < height - INSET_PX[1]
    assert np.ptp(places[:, 0]) > 0.8 * (width - INSET_PX[0])
    assert np.ptp(places[:, 1]) > 0.8 * (height - INSET_PX[1])
    said = [label.text for label in widget.canvas.overlay._decor.labels]
    assert {"1", "100", "10⁵", "Area (px), log", "Dose"} <= set(said)


def test_zooming_on_columns_keeps_the_value_under_the_mouse_and_writes_nearer_ones(plot):
    widget = plot(PlotChoice(*AXES))
    canvas = widget.canvas
    at = np.array([300.0, 150.0])
    before = canvas.camera.to_map(at)
    for _ in range(12):
        canvas.overlay.zoomed.emit(
            1.25,
            canvas.overlay.mapFromGlobal(canvas.overlay.mapToGlobal(QPoint(300, 150))).toPointF(),
        )
    np.testing.assert_allclose(canvas.camera.to_map(at), before, atol=1e-6)
    written = [label for label in canvas.overlay._decor.labels if label.quiet]
    assert len(written) >= 2
    canvas.fit()


def test_colours_selection_and_ring_stay_when_the_axes_change(plot):
    widget = plot(PlotChoice())
    widget.model.set_categories(np.arange(widget.model.count) % 3, ["a", "b", "c"])
    chosen = np.arange(widget.model.count) < 40
    widget.model.select(chosen)
    widget.model.set_current(7)
    found = plotted(TABLE, PlotChoice(*AXES, "compound"))
    widget.model.move_points(found.xy, found.axes, found.facets)
    assert widget.model.selection.tolist() == chosen.tolist()
    assert widget.model.current == 7
    assert widget.legend.categories.item(0).text() == "a"


@pytest.fixture(scope="module")
def paged(qapp):
    """Forty wells on several pages; some cells are in none, some have no place."""
    widget = ScatterWidget(view=RasterView())
    widget.resize(420, 340)
    rng = np.random.default_rng(1)
    codes, xy = rng.integers(-1, 40, 4000), rng.uniform(-3, 5, (4000, 2)).astype(np.float32)
    xy[::50] = np.nan
    widget.model.set_points(xy)
    widget.show()
    QTest.qWaitForWindowExposed(widget)
    names = tuple(f"w{n}" for n in range(40))
    widget.model.move_points(xy, facets=Facets("well", codes, names, (False,) * 40))
    yield widget
    widget.close()


@pytest.mark.parametrize("closer", [False, True], ids=["all", "closer"])
@pytest.mark.parametrize("number", [0, 1, -1], ids=["first", "second", "last"])
def test_on_every_page_points_are_drawn_picked_and_lassoed_where_they_are(paged, number, closer):
    canvas, model = paged.canvas, paged.model
    canvas.fit()
    canvas.turn_to(number % canvas.page.count)
    if closer:
        canvas.overlay.zoomed.emit(1.7, QPointF(60, 60))
    sheet, codes = canvas.sheet, model.facets.codes
    at = canvas.on_screen
    drawn = np.flatnonzero(np.isfinite(sheet.xy[:, 0]))
    assert set(codes[drawn]) == set(range(sheet.page.first, sheet.page.last))
    places = canvas.camera.to_screen(sheet.xy[drawn])
    np.testing.assert_allclose(places, [at(row) for row in drawn], atol=1e-3)
    if not closer:
        on_page = (codes >= sheet.page.first) & (codes < sheet.page.last)
        assert drawn.tolist() == np.flatnonzero(on_page & np.isfinite(model.xy[:, 0])).tolist()
    for row in drawn[:: len(drawn) // 20]:
        canvas.overlay.picked.emit(QPointF(*at(row)), "replace")
        np.testing.assert_allclose(at(model.current), at(row), atol=0.7)
        assert codes[model.current] == codes[row]
    panel = sheet.page.panels[-1]
    left, low = panel.left + 0.3 * panel.width, panel.top + 0.9 * panel.height
    right, top = panel.left + 0.8 * panel.width, panel.top + 0.2 * panel.height
    corners = [(left, low), (right, low), (right, top), (left, top)]
    canvas.overlay.lassoed.emit([QPointF(*each) for each in corners], "replace")
    x, y = places.T
    taken = drawn[(x > left) & (x < right) & (y > top) & (y < low)]
    assert len(taken) > 0
    assert np.flatnonzero(model.selection).tolist() == taken.tolist()
    assert set(codes[taken]) == {sheet.page.last - 1}


def test_pages_are_turned_by_clicks_and_by_a_cell_that_is_pointed_at(shown, user):
    model = ScatterModel()
    widget = ScatterWidget(model, view=RasterView())
    widget.resize(360, 300)
    names = np.repeat([f"w{n}" for n in range(40)], 5)
    many = AnnData(
        np.zeros((200, 1), np.float32),
        obs=pd.DataFrame({"well": names}, index=[str(n) for n in range(200)]),
    )
    many.obsm["X_umap"] = np.random.default_rng(0).normal(size=(200, 2)).astype(np.float32)
    model.set_points(many.obsm["X_umap"])
    widget.show()
    user.rest(widget)
    found = plotted(many, PlotChoice(facets="well"))
    model.move_points(found.xy, found.axes, found.facets)
    user.rest(widget)
    page = widget.canvas.page
    assert page.count > 1
    assert widget.pager.label.text() == f"Panels 1 to {page.last} of 40"
    assert not widget.pager.back.isEnabled()
    user.click(widget.pager.forth)
    assert widget.canvas.page.number == 1
    assert widget.canvas.sheet.names[0] == f"w{page.each}"
    model.set_current(199)
    assert widget.canvas.page.number == page.count - 1
    assert np.isfinite(widget.canvas.on_screen(199)).all()
    assert np.isnan(widget.canvas.on_screen(0)).all()
    model.set_current(0)
    assert widget.canvas.page.number == 0
    widget.close()


def test_the_legend_counts_all_and_the_selection(plot, user):
    widget = plot(PlotChoice())
    codes = np.arange(widget.model.count) % 3
    widget.model.set_categories(codes, ["a", "b", "c"])
    legend = widget.legend.categories
    from napari_c3r.widgets.scatter.legend import COUNT_ROLE

    def counts():
        return [legend.item(row).data(COUNT_ROLE) for row in range(legend.count())]

    assert counts() == ["36", "36", "36"]
    widget.model.select(np.arange(widget.model.count) < 4)
    assert counts() == ["2 of 36", "1 of 36", "1 of 36"]
    assert "a: 2 of 36 points selected" in legend.item(0).toolTip()
    user.click(legend.viewport(), lambda: legend.visualItemRect(legend.item(1)).center())
    assert counts() == ["0 of 36", "36 of 36", "0 of 36"]


def test_the_bar_shows_how_the_selection_lies_among_all(plot):
    widget = plot(PlotChoice())
    values = np.arange(widget.model.count, dtype=float)
    widget.model.set_values(values, "Size (px)")
    bar = widget.legend.bar
    widget.model.select(values < 20)
    everything, chosen = bar._histogram.everything, bar._histogram.of(values < 20)
    assert everything.sum() == len(values)
    assert chosen.sum() == 20
    assert (chosen <= everything).all()
    assert chosen[len(chosen) // 2 :].sum() == 0
    assert "selected: median 9.5" in bar.accessibleDescription()
