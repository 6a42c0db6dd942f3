"""Cells: trying settings on the view, editing by hand, hiding without deleting."""

from __future__ import annotations

import numpy as np
import pytest
from qtpy.QtTest import QTest

from napari_c3r.core.table import KEY
from napari_c3r.session import session_of
from napari_c3r.widgets.common.step import Mark
from napari_c3r.widgets.main.step_ids import StepId
from napari_c3r.widgets.viewer import layers
from napari_c3r.widgets.viewer.layers import PREVIEW
from tests.widgets.fields import SIDE, add_layers, labels, planes, take_image, take_labels

pytestmark = [pytest.mark.gl, pytest.mark.usefixtures("quick")]


@pytest.fixture
def image(viewer, dock, user):
    """Three layers and a sparse label image."""
    add_layers(viewer)
    take_image(dock, user)


@pytest.fixture
def embedded(viewer, dock, user, image):
    """The label image's cells, embedded."""
    take_labels(dock, user)
    user.wait_idle(dock)
    dock.steps[StepId.EMBED].set_open(True)
    user.click(dock.embed.embed_button)
    user.wait_idle(dock)
    return session_of(viewer)


def test_a_mask_is_said_and_numbered_with_one_click(viewer, dock, user):
    add_layers(viewer)
    mask = np.where(labels() > 0, 255, 0).astype(np.uint8)
    viewer.layers["mine"].data = mask
    take_image(dock, user)
    take_labels(dock, user)
    user.wait_idle(dock)
    session = session_of(viewer)
    assert session.labels.current.count == 1
    header = dock.steps[StepId.CELLS].header
    assert Mark.ATTENTION.value in header.mark
    assert "a single value, 255, in 16 separate pieces" in header.line
    user.click(dock.cells.number_button)
    user.wait_idle(dock)
    cells = session.labels.current
    assert cells.count == 16
    assert cells.origin == "from the layer mine, pieces numbered"
    np.testing.assert_array_equal(cells.labels > 0, mask > 0)
    np.testing.assert_array_equal(viewer.layers["mine"].data, mask)
    np.testing.assert_array_equal(layers.own_layer(viewer, layers.CELLS).data, cells.labels)
    assert Mark.DONE.value in header.mark
    assert not dock.cells.number_button.isVisible()


def test_negative_labels_are_refused_when_they_are_taken(viewer, dock, user):
    add_layers(viewer)
    viewer.layers["mine"].data = labels() - 1
    take_image(dock, user)
    take_labels(dock, user)
    user.wait_idle(dock)
    assert session_of(viewer).labels.current is None
    assert "contain -1" in dock.steps[StepId.CELLS].reason.text()


def test_a_preview_finds_the_cells_of_the_view_and_follows_the_size(viewer, dock, user, image):
    dock.steps[StepId.CELLS].set_open(True)
    user.click(dock.cells.preview_button)
    user.wait_idle(dock)
    layer = layers.own_layer(viewer, PREVIEW)
    assert len(np.unique(layer.data)) - 1 == 16
    assert dock.cells.preview_line.text().startswith("16 cells in view, nuclei about ")
    assert "µm" in dock.cells.preview_line.text()
    assert session_of(viewer).labels.current is None
    before = dock.cells.preview_line.text()
    dock.cells.diameter.setFocus()
    dock.cells.diameter.selectAll()
    QTest.keyClicks(dock.cells.diameter, "7")
    user.until(lambda: dock.cells.preview_line.text() != before)
    user.wait_idle(dock)
    user.click(dock.cells.preview_button)
    assert layers.own_layer(viewer, PREVIEW) is None
    assert not dock.cells.preview_line.isVisible()


def test_a_preview_of_a_part_lies_where_its_cells_are(viewer, dock, user, image):
    dock.steps[StepId.CELLS].set_open(True)
    pixels = np.tile(planes(), (1, 2, 2))
    for layer, plane in zip(list(viewer.layers)[:3], pixels, strict=True):
        layer.data = plane
    viewer.layers.selection = set(list(viewer.layers)[:3])
    user.wait_idle(dock)
    dock.steps[StepId.IMAGE].set_open(True)
    user.click(dock.image.layers_button)
    dock.steps[StepId.CELLS].set_open(True)
    viewer.scene.camera.center = (0, 1.5 * SIDE * 0.5, 1.5 * SIDE * 0.5)
    viewer.scene.camera.zoom = 12
    user.wait_idle(dock)
    user.click(dock.cells.preview_button)
    user.wait_idle(dock)
    layer = layers.own_layer(viewer, PREVIEW)
    assert 0 < layer.data.shape[0] < 2 * SIDE
    y, x = np.argwhere(layer.data == layer.data.max()).mean(axis=0)
    world = layer.data_to_world((y, x))
    inside = viewer.layers["ER"].world_to_data(world)
    assert pixels[1][tuple(np.round(inside).astype(int))] > 3000
    user.click(dock.cells.segment_button)
    user.wait_idle(dock)
    assert layers.own_layer(viewer, PREVIEW) is None


def test_only_edited_cells_are_embedded_again(viewer, dock, user, embedded):
    before = embedded.result.current.table.copy()
    mine = viewer.layers["mine"]
    # One cell loses its half, one is erased, one is new.
    half = np.argwhere(labels() == 9)
    mine.data_setitem(tuple(half[: len(half) // 2].T), 0)
    mine.data_setitem(np.nonzero(labels() == 12), 0)
    mine.data_setitem((np.arange(90, 100), np.arange(90, 100)), 500)
    user.wait_idle(dock)
    affected_neighbours = embedded.labels.edits.affected_neighbours
    count = len(affected_neighbours)
    line = f"out of date: 3 cells edited by hand, {count} neighbours affected"
    assert line in dock.steps[StepId.EMBED].header.line
    assert dock.embed.update_button.text() == f"Update 3 edited cells and {count} neighbours"
    user.click(dock.embed.update_button)
    user.wait_idle(dock)
    after = embedded.result.current.table
    assert dock.steps[StepId.EMBED].reason.text() == ""
    assert "out of date" not in dock.steps[StepId.EMBED].header.line
    expected = sorted({*np.unique(labels()).tolist(), 500} - {0, 12})
    assert after.obs["label"].tolist() == expected
    assert 0 < count < len(expected) - 2
    for label in expected:
        row = after[after.obs["label"] == label].X
        old = before[before.obs["label"] == label].X
        if label in {9, 500} | affected_neighbours:
            assert not np.array_equal(row, old)
        else:
            np.testing.assert_array_equal(row, old)
    assert after.obs["area_px"][after.obs["label"] == 500].tolist() == [10]
    assert "3 cells of" in after.uns[KEY]["notes"][-1]
    # What was updated is what embedding everything would give.
    dock.steps[StepId.EMBED].set_open(True)
    user.click(dock.embed.embed_button)
    user.wait_idle(dock)
    np.testing.assert_allclose(after.X, embedded.result.current.table.X, atol=2e-4)


def test_an_edit_that_is_undone_leaves_nothing_stale(viewer, dock, user, embedded):
    mine = viewer.layers["mine"]
    mine.data_setitem(np.nonzero(labels() == 12), 0)
    user.wait_idle(dock)
    assert "1 cell edited" in dock.steps[StepId.EMBED].header.line
    mine.undo()
    user.wait_idle(dock)
    assert "out of date" not in dock.steps[StepId.EMBED].header.line
    assert not dock.embed.update_button.isVisible()


def test_filters_hide_and_bring_back(viewer, dock, user, embedded):
    mine = viewer.layers["mine"]
    mine.data_setitem((np.arange(0, 12), np.full(12, 100)), 700)
    user.wait_idle(dock)
    user.click(dock.embed.update_button)
    user.wait_idle(dock)
    before = embedded.result.current.table.copy()
    assert "1 at the border" in dock.steps[StepId.CELLS].header.line
    dock.steps[StepId.CELLS].set_open(True)
    user.click(dock.cells.border)
    table = embedded.result.current.table
    assert 700 not in table.obs["label"].tolist()
    assert len(table) == len(before) - 1
    assert embedded.result.current.hidden_count == 1
    assert "hiding cells at the border (1 in the result)" in dock.steps[StepId.CELLS].header.line
    user.click(dock.cells.border)
    back = embedded.result.current.table
    assert back.obs["label"].tolist() == before.obs["label"].tolist()
    np.testing.assert_array_equal(back.X, before.X)
    assert dict(back.uns[KEY]["roles"]) == dict(before.uns[KEY]["roles"])
    dock.steps[StepId.CELLS].set_open(True)
    user.click(dock.cells.unusual)
    assert 700 not in embedded.result.current.table.obs["label"].tolist()


def test_the_list_of_labels_keeps_its_place_and_follows_new_names(viewer, dock, user, image):
    viewer.add_labels(labels(), name="others", scale=(0.5, 0.5), units="um")
    box = dock.cells.labels
    user.until(lambda: box.count() == 2)
    box.setCurrentText("others")
    model = box.view().selectionModel()
    model.setCurrentIndex(box.model().index(0, 0), model.SelectionFlag.ClearAndSelect)
    viewer.add_image(planes()[0], name="another")
    user.wait_idle(dock)
    # The entry under the mouse stays, and so does what was chosen.
    assert box.view().currentIndex().row() == 0
    assert box.currentText() == "others"
    viewer.layers["others"].name = "renamed"
    user.until(lambda: box.findText("renamed") >= 0)
    assert box.findText("others") < 0
    assert box.currentText() == "renamed"
