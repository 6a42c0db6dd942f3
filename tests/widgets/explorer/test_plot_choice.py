"""Axes, panels and colours of the explorer's plot chosen by clicks; undone, saved, and gone."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from qtpy.QtCore import Qt
from qtpy.QtTest import QTest
from qtpy.QtWidgets import QApplication
from test_compare_tabs import ROLES, table

from napari_c3r.core.figures.axes import Scale
from napari_c3r.core.figures.plot import AxisChoice, PlotChoice
from napari_c3r.core.images import Image
from napari_c3r.session import EmbeddingResult, session_of
from napari_c3r.widgets.explorer.compare.tabs import GroupTabs
from napari_c3r.widgets.explorer.dock import C3RExplorer
from napari_c3r.widgets.scatter.overlay import Tool

pytestmark = pytest.mark.gl


@pytest.fixture
def world(viewer, user):
    session, explorer = session_of(viewer), C3RExplorer(viewer)
    session.set_image(Image.from_array(np.zeros((2, 10, 10), np.uint8), ["DNA", "RNA"], name="i0"))
    made = table()
    made.obs["spots"] = np.arange(len(made)) % 4.0
    session.set_result(EmbeddingResult(made, {}, ROLES, "", 0.0, True))
    explorer.resize(1280, 420)
    explorer.show()

    def idle():
        QApplication.processEvents()
        user.until(lambda: not (explorer.tabs.busy or explorer.montage.busy))
        user.rest(explorer)

    def choose(box, text):
        user.choose(box, text)
        idle()

    idle()
    yield SimpleNamespace(
        session=session, explorer=explorer, table=made, user=user, idle=idle, choose=choose
    )
    explorer.close()


def lasso_all(world):
    canvas = world.explorer.scatter.canvas
    world.explorer.scatter.set_tool(Tool.LASSO)
    places = np.array([canvas.on_screen(n) for n in range(len(world.table))])
    places = places[np.isfinite(places).all(axis=1)]
    low, high = places.min(axis=0) - 6, places.max(axis=0) + 6
    corners = [low, (high[0], low[1]), high, (low[0], high[1])]
    world.user.drag(canvas.overlay, corners)


def test_from_the_map_to_two_columns_in_panels_and_back(world):
    explorer, view, row = world.explorer, world.session.view, world.explorer.plot.row
    model, table = explorer.model, world.table
    assert not row.isVisible()
    world.user.click(explorer.scatter.toolbar.plot_row)
    world.idle()
    assert not row.scales["x"].isVisible()

    world.choose(row.axes["y"], "Spots")
    assert view.plot == PlotChoice(AxisChoice("area_px"), AxisChoice("spots"))
    assert [axis.title for axis in model.axes] == ["Area (px)", "Spots"]
    lasso_all(world)
    assert world.session.selection.mask.all()

    world.choose(row.scales["y"], "log")
    told = explorer.scatter._caption.text()
    assert told == "120 of 480 cells are not shown: 120 with Spots ≤ 0 (symlog shows them)."
    lasso_all(world)
    assert world.session.selection.mask.tolist() == (table.obs["spots"] > 0).tolist()

    world.choose(row.facets, "Dose")
    assert model.facets.names == ("0", "1", "10", "100", "1000")
    assert model.facets.controls == (True, False, False, False, False)
    assert world.session.history.undo_sentence == "show Spots against Area (px) by dose"
    for _ in range(2):
        world.user.click(explorer.scatter.toolbar.undo)
    world.idle()
    # The selection, then the panels.
    assert view.plot == PlotChoice(AxisChoice("area_px"), AxisChoice("spots", Scale.LOG))
    world.session.history.redo()
    world.session.history.redo()
    world.user.click(row.reset_button)
    world.idle()
    assert view.plot == PlotChoice()
    assert model.axes is None
    assert not row.reset_button.isVisible()
    np.testing.assert_array_equal(model.xy, table.obsm["X_umap"])


def test_a_column_is_found_by_typing_for_colours_axes_and_panels(world):
    explorer, view = world.explorer, world.session.view
    world.user.click(explorer.scatter.toolbar.plot_row)
    world.idle()
    row = explorer.plot.row
    for box, text, chosen in (
        (explorer.colouring.box, "spo", lambda: view.colour_by == "spots"),
        (row.axes["x"], "umap 2", lambda: view.plot.x == AxisChoice("X_umap[1]")),
        (row.facets, "comp", lambda: view.plot.facets == "compound"),
    ):
        assert not chosen()
        world.user.open_list(box)
        QTest.keyClicks(box.search, text)
        QTest.keyClick(box.search, Qt.Key.Key_Return)
        world.user.until(chosen)
        world.idle()


def test_the_plot_is_saved_with_the_session_and_a_column_that_is_gone_is_said(world):
    view, explorer = world.session.view, world.explorer
    wanted = PlotChoice(AxisChoice("area_px"), AxisChoice("spots", Scale.SYMLOG), "dose")
    view.set_plot(wanted)
    kept = world.session.keeping.keep()
    view.set_plot(PlotChoice())
    assert world.session.keeping.restore(kept) == []
    assert view.plot == wanted
    del world.table.obs["dose"]
    world.session.result.add_column(world.table.obs["spots"] + 1)
    world.idle()
    assert "no column 'dose'" in explorer.scatter._caption.text()
    assert explorer.model.axes is None


def test_the_plot_is_saved_for_a_page_as_it_is_displayed(world, tmp_path):
    explorer, door = world.explorer, world.explorer.plot.door
    world.session.view.set_plot(PlotChoice(AxisChoice("area_px"), AxisChoice("spots"), "dose"))
    world.session.selection.select(np.arange(len(world.table)) < 100)
    world.user.click(explorer.scatter.toolbar.save)
    world.idle()
    world.choose(door.columns, "Single column")
    assert door.width_mm.value() == 85
    world.choose(door.kind, "PDF")
    world.user.answer(str(tmp_path / "plot"))
    world.user.click(door.file_button)
    world.user.until(lambda: not door.busy)
    world.idle()
    assert (tmp_path / "plot.pdf").read_bytes().startswith(b"%PDF")
    told = (tmp_path / "plot.txt").read_text("utf-8")
    assert told.startswith("Cells on Spots against Area (px) by dose")
    assert "100 selected cells" in told
    assert "480 cells of 24 wells" in told
    frame = pd.read_csv(tmp_path / "plot.csv")
    np.testing.assert_allclose(frame["y: Spots"], world.table.obs["spots"], atol=1e-4)
    assert frame["selected"].sum() == 100
    assert "plot.pdf with plot.csv, plot.txt" in explorer.panel._said.text()
    # What was chosen last is there in another window of options too.
    world.user.click(explorer.scatter.toolbar.save)
    compare = explorer.tabs.group(GroupTabs).compare
    explorer.panel.tabs.setCurrentWidget(compare)
    world.idle()
    world.user.click(compare.save_button)
    world.idle()
    assert (compare.door.width_mm.value(), compare.door.kind.currentText()) == (85, "PDF")


def test_an_opened_gate_is_all_that_panels_count_and_that_is_saved(world, tmp_path):
    session, explorer = world.session, world.explorer
    chosen = (world.table.obs["spots"] > 1).to_numpy()
    session.gates.add("spotty", cells=chosen)
    session.view.set_plot(PlotChoice(facets="dose"))
    session.gates.open("spotty")
    world.idle()
    assert explorer.model.facets.counts.sum() == chosen.sum()
    explorer.plot.door.save(str(tmp_path / "gate.svg"))
    world.user.until(lambda: not explorer.plot.door.busy)
    told = (tmp_path / "gate.txt").read_text("utf-8")
    assert "Cells of the gate spotty alone." in told
    assert f"{chosen.sum()} cells of 24 wells" in told
    frame = pd.read_csv(tmp_path / "gate.csv")
    assert len(frame) == chosen.sum()
    world.user.until(lambda: "gate.svg" in explorer.panel._said.text())
