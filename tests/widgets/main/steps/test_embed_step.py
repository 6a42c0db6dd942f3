"""Vectors: cost before, progress, abort and go on, previews, several fields, memory."""

from __future__ import annotations

import time

import numpy as np
import pytest
from qtpy.QtCore import QDeadlineTimer, QTimer
from qtpy.QtWidgets import QApplication

import napari_c3r as c3r
from napari_c3r.core.crops.cut import iter_crops
from napari_c3r.core.table import KEY
from napari_c3r.session import session_of
from napari_c3r.widgets.main.step_ids import StepId
from napari_c3r.widgets.viewer import layers
from tests.widgets.fields import labels, planes, write_plate

pytestmark = pytest.mark.gl


@pytest.fixture
def session(viewer, dock, user):
    """One field with its cells."""
    for name, plane in zip(("DNA", "ER", "RNA"), planes(), strict=True):
        viewer.add_image(plane, name=name, scale=(0.5, 0.5), units="um")
    viewer.add_labels(labels(), name="mine")
    viewer.layers.selection = set(list(viewer.layers)[:3])
    user.wait_idle(dock)
    dock.steps[StepId.IMAGE].set_open(True)
    user.click(dock.image.layers_button)
    dock.controller.segmentation.use_labels("mine")
    user.wait_idle(dock)
    return session_of(viewer)


def test_the_cost_is_told_before_the_run(dock, user, session):
    user.until(lambda: dock.embed.cost.text() != "")
    assert dock.embed.cost.isVisible()
    words = dock.embed.cost.text()
    assert words.startswith("about ")
    assert "for 16 cells, 0.1 GB on cpu in " in words


@pytest.mark.usefixtures("quick")
def test_the_window_works_on_while_cells_are_embedded(
    viewer, dock, user, session, qtbot, monkeypatch
):
    ticks = QTimer()
    seen = []

    def slowly(*args, **options):
        for batch in iter_crops(*args, **options):
            turned, patience = len(seen), QDeadlineTimer(user.patience * 1000)
            while len(seen) < turned + 4 and not patience.hasExpired():
                time.sleep(0.002)
            yield batch

    monkeypatch.setattr("napari_c3r.core.embed.field.iter_crops", slowly)
    dock.embed.batch.setValue(1)
    ticks.timeout.connect(lambda: seen.append(dock.embed.speed.text()))
    ticks.start(0)
    user.click(dock.embed.embed_button)
    while dock.controller.jobs.running:
        QApplication.processEvents()
    ticks.stop()
    # Every cell waits for the window, which turns several times over each of them.
    assert len(seen) > 3 * 16
    assert len({text.partition(" of")[0] for text in seen if "cells/s" in text}) >= 8


@pytest.mark.usefixtures("quick")
def test_stopped_and_continued_gives_what_one_run_gives(viewer, dock, user, session, paused_worker):
    blocks = 1 + np.arange(200)[:, None] // 20 * 10 + np.arange(200) // 20
    viewer.add_labels(blocks, name="blocks")
    dock.controller.segmentation.use_labels("blocks")
    user.wait_idle(dock)
    user.click(dock.embed.options.button)
    dock.embed.batch.setValue(2)
    paused_worker.hold(after=1)
    user.click(dock.embed.embed_button)
    user.until(lambda: "cells/s" in dock.embed.speed.text())
    assert "left" in dock.embed.speed.text()
    user.click(dock.embed.abort_button)
    paused_worker.let_go()
    user.wait_idle(dock)
    done = len(session.result.current.table)
    assert 0 < done < 100
    assert "stopped early; what was done is kept" in dock.steps[StepId.EMBED].header.line
    kept = session.result.current.table.copy()
    assert dock.embed.continue_button.text() == f"Continue, {100 - done} cells left"
    user.click(dock.embed.continue_button)
    user.wait_idle(dock)
    table = session.result.current.table
    assert len(table) == 100
    assert not dock.embed.continue_button.isVisible()
    same = table.obs["label"].isin(kept.obs["label"]).to_numpy()
    np.testing.assert_array_equal(table.X[same], kept.X)
    assert table.obs["label"].tolist() == list(range(1, 101))


@pytest.mark.usefixtures("quick")
def test_memory_is_released_and_embedding_works_again(dock, user, session):
    user.click(dock.embed.options.button)
    assert dock.session.encoders.loaded
    user.click(dock.embed.release_button)
    assert not dock.session.encoders.loaded
    user.click(dock.embed.embed_button)
    user.wait_idle(dock)
    assert len(session.result.current.table) == 16


@pytest.mark.usefixtures("quick")
def test_the_cells_have_their_measurements_as_features(viewer, dock, user, session):
    dock.steps[StepId.CELLS].set_open(True)
    user.click(dock.cells.segment_choice)
    user.click(dock.cells.segment_button)
    user.wait_idle(dock)
    user.click(dock.embed.embed_button)
    user.wait_idle(dock)
    layer = layers.own_layer(viewer, layers.CELLS)
    assert layer.features["index"].tolist() == layer.features["label"].tolist()
    label = int(layer.features["label"].iloc[3])
    y, x = np.argwhere(layer.data == label)[0]
    # napari itself maps the column to the cell under the mouse.
    status = layer.get_status(layer.data_to_world((y, x)), world=True)
    area = int((layer.data == label).sum())
    assert f"area_px: {area}" in str(status)


@pytest.mark.usefixtures("quick")
def test_a_preview_sets_the_result_aside(viewer, dock, user, session, monkeypatch):
    monkeypatch.setattr("napari_c3r.widgets.main.steps.embed.PREVIEW_CELLS", 10)
    monkeypatch.setattr("napari_c3r.widgets.main.embedding.PREVIEW_CELLS", 10)
    user.click(dock.embed.embed_button)
    user.wait_idle(dock)
    whole = session.result.current.table
    dock.steps[StepId.CHANNELS].set_open(True)
    user.choose(dock.channels.roles[1], "Concept")
    dock.steps[StepId.EMBED].set_open(True)
    user.click(dock.embed.preview_button)
    user.wait_idle(dock)
    assert len(session.result.current.table) == 10
    assert session.result.current.table.uns[KEY]["roles"]["ER"] == "concept"
    assert "preview of 16 cells" in dock.steps[StepId.EMBED].header.line
    dock.steps[StepId.EMBED].set_open(True)
    user.click(dock.embed.back_button)
    assert session.result.current.table is whole
    assert "out of date: the role of ER changed" in dock.steps[StepId.EMBED].header.line


@pytest.mark.usefixtures("quick")
def test_all_fields_of_a_plate_become_one_table(viewer, dock, user, tmp_path):
    folder = write_plate(tmp_path / "plate")
    dock.controller.images.scan([str(folder)])
    user.wait_idle(dock)
    user.click(dock.image.scan.load_button)
    user.wait_idle(dock)
    dock.steps[StepId.EMBED].set_open(True)
    user.choose(dock.embed.scope, "all 4 fields")
    assert dock.embed.embed_button.text() == "Embed 4 fields"
    user.click(dock.embed.embed_button)
    user.wait_idle(dock)
    session = session_of(viewer)
    table = session.result.current.table
    assert table.obs["image"].unique().tolist() == ["A01_s1", "A01_s2", "B02_s1", "B02_s2"]
    assert table.obs["well"].unique().tolist() == ["A01", "B02"]
    assert (table.obs.groupby("image", observed=True).size() == 16).all()
    # The same as every field by itself.
    from napari_c3r.core.encoder import load_encoder

    image = session.fields.sources[3].read()
    nuclei, cells = c3r.segment_cells(image, "w1", None)
    alone = c3r.embed(image, cells, session.roles.assignment, encoder=load_encoder(), nuclei=nuclei)
    last = table[table.obs["image"] == "B02_s2"]
    np.testing.assert_allclose(last.X, alone.X, atol=1e-5)
    # Each field has the cells that were found in it; selecting one shows in its own image only.
    dock.steps[StepId.IMAGE].set_open(True)
    user.choose(dock.image.picker.choice, "4/4 · B02_s2")
    user.wait_idle(dock)
    np.testing.assert_array_equal(layers.own_layer(viewer, layers.CELLS).data, cells)
    assert session.result.row_of(1) == 48
    rows = np.zeros(64, bool)
    rows[[0, 50]] = True
    session.selection.select(rows)
    lit = layers.own_layer(viewer, layers.SELECTION).data > 0
    assert set(np.unique(cells[lit])) == {int(table.obs["label"].iloc[50])}
    assert "field is not in it" not in dock.steps[StepId.EMBED].header.line


@pytest.mark.usefixtures("quick")
def test_a_field_without_cells_is_named_and_stops_nothing(viewer, dock, user, tmp_path):
    import tifffile

    folder = write_plate(tmp_path / "plate", ("A01",))
    for channel in (1, 2, 3):
        tifffile.imwrite(folder / f"B02_s1_w{channel}.tif", np.full((200, 200), 7, "uint16"))
    dock.controller.images.scan([str(folder)])
    user.wait_idle(dock)
    user.click(dock.image.scan.load_button)
    user.wait_idle(dock)
    dock.steps[StepId.EMBED].set_open(True)
    user.choose(dock.embed.scope, "all 3 fields")
    user.click(dock.embed.embed_button)
    user.wait_idle(dock)
    assert "'B02_s1' is left out: No nuclei found" in dock.steps[StepId.EMBED].reason.text()
    assert len(session_of(viewer).result.current.table) == 32
