"""The whole way through the dock, with the mouse."""

from __future__ import annotations

import numpy as np
import pytest
from qtpy.QtCore import Qt
from qtpy.QtTest import QTest

import napari_c3r as c3r
from napari_c3r.core.table import KEY, roles_of
from napari_c3r.session import session_of
from napari_c3r.widgets.explorer.dock import C3RExplorer
from napari_c3r.widgets.main.step_ids import StepId
from napari_c3r.widgets.viewer import layers

pytestmark = pytest.mark.gl


def export_by_dialog(dock, user, path):
    """Press Export and type a name into the dialog that comes."""
    user.answer(path)
    user.click(dock.map.export_button)
    user.wait_idle(dock)


@pytest.mark.usefixtures("small_sample")
def test_from_the_sample_to_a_table(viewer, dock, user, tmp_path):
    session = session_of(viewer)

    # An empty dock teaches: its first step is open and offers the sample.
    assert dock.steps[StepId.IMAGE].is_open
    assert not dock.embed.embed_button.isEnabled()
    user.click(dock.image.sample_button)
    user.wait_idle(dock)
    assert dock.steps[StepId.IMAGE].header.line.startswith("cell-painting-sample\n5 channels · ")
    assert session.roles.assignment.context == ("DNA", "ER")

    # Roles by dropdown.
    user.choose(dock.channels.roles[4], "Ignore")
    assert session.roles.assignment.ignored == ("Mito",)
    assert dock.steps[StepId.CHANNELS].header.line == "2 context · 2 concept"

    # Cells.
    user.click(dock.cells.segment_button)
    user.wait_idle(dock)
    assert dock.steps[StepId.CELLS].reason.text() == ""
    found = layers.own_layer(viewer, layers.CELLS).data
    truth = viewer.layers["cells (truth)"].data
    assert abs(len(np.unique(found)) - len(np.unique(truth))) <= 0.15 * len(np.unique(truth))

    # Vectors, and plain words about the encoder.
    user.click(dock.embed.embed_button)
    user.wait_idle(dock)
    assert dock.steps[StepId.EMBED].reason.text() == ""
    assert dock.embed.untrained.isHidden() == c3r.load_encoder().trained
    labels = np.unique(found[found > 0])
    assert session.result.current.table.obs["label"].tolist() == labels.tolist()

    # Map; the explorer comes by itself.
    user.click(dock.map.map_button)
    user.wait_idle(dock)
    # Past the proxy that guards plugins, as a mouse does.
    explorer = C3RExplorer(viewer)
    user.until(lambda: explorer.model.count == len(labels))

    # A lasso round the left half of the map.
    canvas = explorer.scatter.canvas
    user.rest(explorer)
    QTest.keyClick(explorer.scatter, Qt.Key.Key_L)
    width, height = canvas.width(), canvas.height()
    surface = canvas.overlay
    user.drag(surface, [(2, 2), (width / 2, 2), (width / 2, height - 2), (2, height - 2), (2, 2)])
    chosen = session.selection.mask
    assert 0 < chosen.sum() < len(labels)
    assert f"{chosen.sum()} of {len(labels)} cells selected" in explorer.panel.selection.text()

    # They light up in the image, and only they.
    lit = layers.own_layer(viewer, layers.SELECTION).data
    table = session.result.current.table
    assert set(np.unique(found[lit == 1])) == set(table.obs["label"][chosen])
    assert (lit[np.isin(found, table.obs["label"][~chosen])] == 0).all()

    # A click on a cell rings its point.
    row = int(np.flatnonzero(~chosen)[0])
    label = table.obs["label"].iloc[row]
    inside = np.argwhere(found == label)
    y, x = inside[len(inside) // 2]
    dock.link.point_at(viewer.layers["DNA"].data_to_world((y, x)))
    assert explorer.model.current == row

    # The table on disk is what the layers say.
    path = tmp_path / "cells.csv"
    export_by_dialog(dock, user, path)
    written = c3r.read(path)
    assert written.obs["label"].tolist() == labels.tolist()
    np.testing.assert_array_equal(written.X, table.X)
    assert roles_of(written)["Mito"] == "ignore"
    assert written.uns[KEY]["encoder"]["trained"] is c3r.load_encoder().trained
    for name in ("DNA", "RNA"):
        plane = np.asarray(viewer.layers[name].data)
        means = [plane[found == label].mean() for label in labels]
        np.testing.assert_allclose(written.obs[f"intensity_mean_{name}"], means)
    centres = [np.argwhere(found == label).mean(axis=0) for label in labels]
    np.testing.assert_allclose(written.obs[["y_px", "x_px"]], centres)
    clusters = layers.own_layer(viewer, layers.CLUSTERS).data
    for label, name in zip(labels, written.obs["cluster"], strict=True):
        classes = np.unique(clusters[found == label])
        wanted = layers.NOISE_CLASS if name == "noise" else int(name) + 1
        assert classes.tolist() in ([wanted], [layers.DIMMED_CLASS])

    # The sample's own layers are as they were.
    assert viewer.layers["cells (truth)"].visible is False
    assert list(viewer.layers["cells (truth)"].features.columns)


@pytest.mark.usefixtures("quick", "small_sample")
def test_a_missing_role_is_said_beside_the_button(viewer, dock, user):
    user.click(dock.image.sample_button)
    user.wait_idle(dock)
    for row in (0, 1):
        user.choose(dock.channels.roles[row], "Ignore")
    assert dock.steps[StepId.CHANNELS].reason.text() == "Tag at least one context channel"
    assert "!" in dock.steps[StepId.CHANNELS].header.mark
    assert not dock.embed.embed_button.isEnabled()


@pytest.mark.usefixtures("quick", "small_sample")
def test_existing_labels_are_used_as_they_are_and_edits_are_noticed(viewer, dock, user):
    user.click(dock.image.sample_button)
    user.wait_idle(dock)
    truth = viewer.layers["cells (truth)"]
    truth.visible = True
    before = truth.data.copy()
    user.click(dock.cells.labels_choice)
    user.click(dock.cells.labels_button)
    count = len(np.unique(before)) - 1
    assert f"{count} cells" in dock.steps[StepId.CELLS].header.line
    user.click(dock.embed.embed_button)
    user.wait_idle(dock)
    np.testing.assert_array_equal(truth.data, before)
    session = session_of(viewer)
    assert len(session.result.current.table) == count

    truth.data_setitem(np.nonzero(before == before.max()), 0)
    user.wait_idle(dock)
    assert "out of date: 1 cell edited by hand" in dock.steps[StepId.EMBED].header.line
    assert dock.steps[StepId.EMBED].is_open
    user.click(dock.embed.embed_button)
    user.wait_idle(dock)
    assert len(session.result.current.table) == count - 1


@pytest.mark.usefixtures("quick", "small_sample")
def test_a_changed_role_makes_the_result_out_of_date_and_back(viewer, dock, user):
    user.click(dock.image.sample_button)
    user.wait_idle(dock)
    user.click(dock.cells.labels_choice)
    user.click(dock.cells.labels_button)
    user.click(dock.embed.embed_button)
    user.wait_idle(dock)
    user.click(dock.steps[StepId.CHANNELS].header)
    user.choose(dock.channels.roles[1], "Concept")
    assert "out of date: the role of ER changed" in dock.steps[StepId.EMBED].header.line
    user.choose(dock.channels.roles[1], "Context")
    assert "out of date" not in dock.steps[StepId.EMBED].header.line


@pytest.mark.usefixtures("quick", "small_sample")
def test_abort_keeps_what_is_done(viewer, dock, user, paused_worker):
    user.click(dock.image.sample_button)
    user.wait_idle(dock)
    user.click(dock.cells.labels_choice)
    user.click(dock.cells.labels_button)
    dock.embed.batch.setValue(2)
    paused_worker.hold(after=1)
    user.click(dock.embed.embed_button)
    user.until(lambda: "cells/s" in dock.embed.speed.text())
    user.click(dock.embed.abort_button)
    paused_worker.let_go()
    user.wait_idle(dock)
    session = session_of(viewer)
    rows = len(session.result.current.table)
    assert 0 < rows < session.labels.current.count
    assert "stopped early" in dock.steps[StepId.EMBED].header.line
    assert "Stopped early" in session.result.current.table.uns[KEY]["notes"][-1]


@pytest.mark.usefixtures("quick", "small_sample")
def test_layers_removed_while_a_job_runs_change_nothing_in_it(viewer, dock, user, paused_worker):
    user.click(dock.image.sample_button)
    user.wait_idle(dock)
    user.click(dock.cells.labels_choice)
    user.click(dock.cells.labels_button)
    count = session_of(viewer).labels.current.count
    paused_worker.hold(after=0)
    user.click(dock.embed.embed_button)
    viewer.layers.clear()
    assert dock.controller.jobs.running
    paused_worker.let_go()
    user.wait_idle(dock)
    assert len(session_of(viewer).result.current.table) == count
    user.click(dock.map.map_button)
    user.wait_idle(dock)
    assert session_of(viewer).result.has_map


@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize(
    ("labels", "said"),
    [
        (np.ones((3, 64, 64), int), "have 3 axes"),
        (np.ones((32, 64), int), "64 × 32 px but the image is 64 × 64 px"),
        (np.zeros((64, 64), int), "hold no cell"),
    ],
)
def test_labels_that_do_not_fit_are_one_line(viewer, dock, user, labels, said):
    rng = np.random.default_rng(0)
    viewer.add_image(rng.random((64, 64)), name="DAPI")
    viewer.add_image(rng.random((64, 64)), name="GFP")
    viewer.layers.selection = set(viewer.layers)
    user.wait_idle(dock)
    dock.steps[StepId.IMAGE].set_open(True)
    user.click(dock.image.layers_button)
    dock.controller.segmentation.use_labels(viewer.add_labels(labels, name="mine").name)
    assert said in dock.steps[StepId.CELLS].reason.text()
    assert "\n" not in dock.steps[StepId.CELLS].reason.text()


@pytest.mark.usefixtures("quick")
def test_an_rgb_picture_is_refused_with_what_to_do(viewer, dock, user):
    viewer.add_image(np.zeros((64, 64, 3), np.uint8), rgb=True, name="photo")
    user.click(dock.image.layers_button)
    assert "'photo' is an RGB picture; split it" in dock.steps[StepId.IMAGE].reason.text()


@pytest.mark.usefixtures("quick", "small_sample")
def test_channels_are_renamed_in_the_table_and_a_taken_name_is_refused(viewer, dock, user):
    user.click(dock.image.sample_button)
    user.wait_idle(dock)
    if not dock.steps[StepId.CHANNELS].is_open:
        user.click(dock.steps[StepId.CHANNELS].header)
    edit = dock.channels.names[1]
    edit.setFocus()
    edit.selectAll()
    QTest.keyClicks(edit, "RNA")
    QTest.keyClick(edit, Qt.Key.Key_Return)
    assert (
        dock.steps[StepId.CHANNELS].reason.text()
        == "There is already a channel 'RNA'; choose another name"
    )
    assert edit.text() == "ER"
    edit.selectAll()
    QTest.keyClicks(edit, "conA")
    QTest.keyClick(edit, Qt.Key.Key_Return)
    session = session_of(viewer)
    assert session.fields.image.channel_names == ("DNA", "conA", "RNA", "AGP", "Mito")
    assert session.roles.assignment.context == ("DNA", "conA")
    assert dock.steps[StepId.CHANNELS].reason.text() == ""


def test_settings_of_the_plugin_are_where_the_dock_starts(make_napari_viewer_proxy, qtbot):
    from napari.settings import get_plugin_settings

    settings = get_plugin_settings("napari-c3r")
    settings.embedding.seed = 7
    try:
        viewer = make_napari_viewer_proxy()
        _, dock = viewer.window.add_plugin_dock_widget("napari-c3r", "C3R")
        assert dock.map.seed.value() == 7
        dock.release()
    finally:
        settings.embedding.seed = 0
