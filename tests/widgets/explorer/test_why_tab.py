"""The tab "Why here": from a click on a cell to what holds it, in figure and image."""

from __future__ import annotations

import json
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from qtpy.QtCore import Qt
from qtpy.QtTest import QTest
from qtpy.QtWidgets import QApplication

import napari_c3r as c3r
from napari_c3r.core.figures.drawing import Box
from napari_c3r.core.table import KEY
from napari_c3r.session import Cause, Cells, EmbeddingResult, ids_by_image, session_of
from napari_c3r.session.kept import read_parts, write_parts
from napari_c3r.widgets.explorer.dock import C3RExplorer
from napari_c3r.widgets.explorer.why.tab import WhyTabs
from napari_c3r.widgets.viewer import layers
from tests.core.explain.spy import ROLES, Spy, grid_of_cells

pytestmark = pytest.mark.gl


@pytest.fixture(scope="module")
def embedded():
    """A field of cells, and their table with a map that took no time to make."""
    made = grid_of_cells()
    crop = c3r.CropSpec(field_diameters=1.3)
    table = c3r.embed(made.image, made.cells, ROLES, encoder=Spy(), crop=crop)
    table.obsm["X_umap"] = np.asarray(table.obsm["spatial"], np.float32)
    # Of two clusters, one has bright RNA in the middle.
    bright = table.X[:, 0] < np.median(table.X[:, 0])
    table.obs["cluster"] = pd.Categorical(np.where(bright, "1", "0"))
    table.uns[KEY] |= {"map": {"seed": 0}, "cluster": {"seed": 0}}
    return made, table


@pytest.fixture
def world(viewer, user, embedded, monkeypatch):
    """An explorer of an embedded field, with the tab in front."""
    monkeypatch.setattr("napari_c3r.core.encoder.load_encoder", lambda source="bundled": Spy())
    made, table = embedded
    for name, plane in zip(made.image.channel_names, made.image.data, strict=True):
        viewer.add_image(np.asarray(plane), name=name, blending="additive")
    session, explorer = session_of(viewer), C3RExplorer(viewer)
    session.set_image(made.image)
    cells = Cells(made.cells, 36, "field", "", nuclei=made.nuclei)
    session.labels.set_current(cells)
    tab = explorer.tabs.group(WhyTabs).why

    def idle():
        QApplication.processEvents()
        user.until(lambda: not (explorer.tabs.busy or explorer.montage.busy))
        user.rest(explorer)

    def show():
        session.set_result(
            EmbeddingResult(
                table.copy(),
                ids_by_image([cells]),
                ROLES,
                "bundled",
                3.6,
                True,
                {"field": made.image},
            ),
            [cells],
        )
        explorer.resize(1280, 380)
        explorer.show()
        explorer.panel.tabs.setCurrentWidget(tab)
        idle()

    shown = SimpleNamespace(
        viewer=viewer, session=session, explorer=explorer, tab=tab, user=user, show=show, idle=idle
    )
    yield shown
    explorer.close()


def test_from_a_cell_to_what_holds_it_and_what_is_wrong(world):
    world.show()
    tab, session, viewer, user = world.tab, world.session, world.viewer, world.user
    assert tab.reason.text().startswith("Click on a cell, on the map or in the image")
    assert not tab.ask_button.isEnabled()
    assert not tab.layer_button.isEnabled()

    # Cell 15 is in the middle of the third row.
    world.explorer.link.point_at((2 * 34 + 17, 2 * 34 + 17))
    world.idle()
    assert "sets cell 15 of field apart from other clusters? Ask" in tab.reason.text()
    user.choose(tab.against, "All other cells")
    world.idle()
    assert "field apart from all other cells? Ask: it takes about " in tab.reason.text()
    user.click(tab.ask_button)
    world.idle()
    row = session.selection.current
    expected = tab.found
    assert expected.label == 15
    assert tab.sentence.text() == expected.sentence
    assert expected.sentence.startswith("RNA sets this cell apart from all other cells")
    # The map that is shown first is of the channel that is named.
    assert [tab.channel.itemText(n) for n in range(2)] == ["All channels", "RNA"]
    assert tab.channel.currentText() == "RNA"
    user.choose(tab.channel, "All channels")
    world.idle()

    bar = next(m for m in tab.view.drawing.marks if isinstance(m, Box) and "RNA" in m.tip)
    user.click(tab.view, lambda: tab.view.place_of(bar).toPoint())
    world.idle()
    assert tab.channel.currentText() == "RNA"

    theirs = {layer.name: np.array(layer.data) for layer in viewer.layers}
    active = viewer.layers.selection.active
    user.click(tab.layer_button)
    world.idle()
    ours = layers.own_layer(viewer, layers.PLACES)
    hottest = np.unravel_index(int(np.argmax(ours.data)), ours.data.shape)
    assert ours.data_to_world(hottest) == pytest.approx((2 * 34 + 17, 2 * 34 + 17), abs=9)
    assert viewer.layers.selection.active.name == active.name
    for name, data in theirs.items():
        assert np.array_equal(viewer.layers[name].data, data)

    # Another cell was not asked; turning back, this one is answered at once.
    world.explorer.link.point_at((17, 17))
    world.idle()
    assert tab.found is None
    assert layers.own_layer(viewer, layers.PLACES) is None
    session.selection.set_current(row)
    world.idle()
    assert tab.sentence.text() == expected.sentence
    assert layers.own_layer(viewer, layers.PLACES) is not None
    user.click(tab.layer_button)
    world.idle()
    assert layers.own_layer(viewer, layers.PLACES) is None

    # By key, with other options, which shell and scripts have too.
    tab.form.set("draws", 8)
    world.explorer.setFocus()
    QTest.keyClick(world.explorer.scatter.canvas, Qt.Key.Key_W)
    world.idle()
    assert tab.found.settings["draws"] == 8
    assert not tab.ask_button.isEnabled()
    assert tab.ask_button.toolTip().startswith("This is answered")

    session.labels.note_edits()
    world.explorer.link.point_at((51, 17))
    world.idle()
    assert tab.reason.text() == (
        "The result is out of date: the labels were edited; embed again first."
    )
    assert not tab.ask_button.isEnabled()


def test_a_group_is_asked_and_what_it_is_compared_with_is_chosen(world):
    world.show()
    tab, session, user = world.tab, world.session, world.user
    offered = [tab.who.itemText(n) for n in range(tab.who.count())]
    assert offered == ["This cell", "Cluster 0", "Cluster 1"]
    session.selection.set_current(14)
    world.idle()
    against = [tab.against.itemText(n) for n in range(tab.against.count())]
    assert against == ["Other clusters", "All other cells", "Cluster 0", "Cluster 1"]

    user.choose(tab.who, "Cluster 1")
    world.idle()
    assert [tab.against.itemText(n) for n in range(tab.against.count())] == [
        "All other cells",
        "Cluster 0",
    ]
    assert "sets Cluster 1 apart from all other cells? Ask: it takes" in tab.reason.text()
    user.choose(tab.against, "Cluster 0")
    user.click(tab.ask_button)
    world.idle()
    found = tab.found
    assert (found.group, found.compared, found.n_cells) == ("cluster 1", "cluster 0", 12)
    assert tab.sentence.text() == found.sentence
    assert found.sentence.startswith("Cluster 1 is set apart from cluster 0 by RNA")
    assert not tab.layer_button.isEnabled()
    assert tab.layer_button.toolTip().startswith("A group has no map")
    rows = {mark.where.column for mark in tab.view.drawing.stops}
    assert rows >= set(ROLES.names)

    # Of other cells that are compared with the same ones, those need not be asked again.
    user.choose(tab.who, "This cell")
    world.idle()
    user.choose(tab.against, "Cluster 0")
    world.idle()
    assert tab.controller.knows_usual(tab.asked)
    assert tab.found is None


def test_answers_come_back_with_the_session_and_from_their_list(world, tmp_path):
    world.show()
    tab, session, user = world.tab, world.session, world.user
    assert not tab.before_button.isEnabled()
    assert tab.before_button.toolTip() == "Nothing was asked of these cells yet"
    world.explorer.link.point_at((2 * 34 + 17, 2 * 34 + 17))
    world.idle()
    tab.form.set("draws", 8)
    user.choose(tab.against, "All other cells")
    user.click(tab.ask_button)
    world.idle()
    of_cell = tab.found
    user.choose(tab.who, "Cluster 1")
    world.idle()
    user.choose(tab.against, "Cluster 0")
    user.click(tab.ask_button)
    world.idle()
    of_group = tab.found

    described = write_parts(tmp_path, session.keeping.keep())
    kept = read_parts(tmp_path, json.loads(json.dumps(described)))
    # As a window that was opened anew, with all its choices at their defaults.
    tab.form.reset()
    user.choose(tab.who, "This cell")
    result = session.result.current
    session.set_result(replace(result, id=result.id + 10_000), cause=Cause.RESTORED)
    world.idle()
    assert tab.found is None
    assert not tab.before_button.isEnabled()
    assert session.keeping.restore(kept) == []
    world.idle()
    assert (tab.who.currentText(), tab.against.currentText()) == ("Cluster 1", "Cluster 0")
    assert tab.form.value().draws == 8
    assert tab.found is not of_group
    assert tab.sentence.text() == tab.found.sentence == of_group.sentence

    # The cell that was asked is pointed at again, wherever one is by now.
    session.selection.set_current(0)
    world.idle()
    assert tab.before_button.text() == "Answers (2)"
    menu = tab.before_button.menu()
    menu.aboutToShow.emit()
    told = [action.text() for action in menu.actions()]
    assert told == [
        "Cluster 1 against cluster 0",
        "Cell 15 of field against all other cells",
    ]
    menu.actions()[1].trigger()
    world.idle()
    assert session.result.current.table.obs["label"].iloc[session.selection.current] == 15
    assert tab.who.currentText() == "This cell"
    assert tab.sentence.text() == of_cell.sentence

    # What does not hold any more says so, and is not shown.
    session.labels.note_edits()
    world.idle()
    assert tab.found is None
    menu.aboutToShow.emit()
    assert [action.isEnabled() for action in menu.actions()] == [False, False]
    assert menu.actions()[0].text() == "Cluster 1 against cluster 0 (out of date)"
    assert "the labels were edited" in menu.actions()[0].toolTip()
