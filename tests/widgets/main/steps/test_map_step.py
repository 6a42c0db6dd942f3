"""The map: seen against control cells, stopped, and what was noticed on the way."""

from __future__ import annotations

import threading
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from anndata import AnnData
from qtpy.QtWidgets import QFileDialog

from napari_c3r.core.reduce import cluster, map_cells
from napari_c3r.core.reduce.sample import FITTED
from napari_c3r.core.table import KEY
from napari_c3r.core.table.annotate import annotate
from napari_c3r.session import session_of
from napari_c3r.widgets.main.mapping import MapProgress
from napari_c3r.widgets.main.step_ids import StepId
from napari_c3r.widgets.viewer import layers
from tests.widgets.fields import add_layers, planes, take_image, take_labels, write_plate

pytestmark = [pytest.mark.gl, pytest.mark.usefixtures("quick")]


@pytest.fixture
def plate(viewer, dock, user, tmp_path):
    """Two wells, embedded into one table."""
    dock.controller.open_paths([str(write_plate(tmp_path / "plate", sites=1))])
    user.wait_idle(dock)
    user.click(dock.image.scan.load_button)
    user.wait_idle(dock)
    dock.steps[StepId.EMBED].set_open(True)
    user.choose(dock.embed.scope, "all 2 fields")
    user.click(dock.embed.embed_button)
    user.wait_idle(dock)
    dock.steps[StepId.MAP].set_open(True)
    return session_of(viewer)


def test_there_is_no_list_of_controls_where_no_column_tells_any(dock):
    body = dock.map
    assert not body.controls.isVisibleTo(body)
    body._offer([("well", "A01")])
    assert body.controls.isVisibleTo(body)
    body._offer([])
    assert not body.controls.isVisibleTo(body)


def test_a_map_of_a_sample_says_so_and_its_size_is_offered_where_there_are_more_cells(dock):
    body = dock.map
    rows = AnnData(np.zeros((200_001, 1), np.float32), uns={KEY: {"map": {FITTED: 150_000}}})
    result = SimpleNamespace(current=SimpleNamespace(table=rows), has_map=False)
    body.show_session(SimpleNamespace(result=result, clusters=None))
    assert "150,000 of 200,001 cells" in body.note.text()
    fitted = body.form.widgets["max_fitted"].native
    assert body.note.isVisibleTo(body)
    assert fitted.isVisibleTo(body)
    result.current.table = AnnData(np.zeros((9, 1), np.float32), uns={KEY: {"map": {}}})
    body.show_session(SimpleNamespace(result=result, clusters=None))
    assert not body.note.isVisibleTo(body)
    assert not fitted.isVisibleTo(body)
    body.show_choice(method="kmeans", n_clusters=3, seed=1, max_fitted=5_000)
    assert body.choice().max_fitted == 5_000


def test_a_well_of_controls_is_chosen_and_the_script_knows_it(dock, user, plate):
    assert dock.map.controls.currentText() == "none"
    before = plate.result.current.table.X.copy()
    user.choose(dock.map.controls, "Well A01")
    user.choose(dock.map.method, "k-means")
    user.click(dock.map.map_button)
    user.wait_idle(dock)
    table = plate.result.current.table
    assert dock.steps[StepId.MAP].reason.text() == ""
    assert "seen against well A01" in dock.steps[StepId.MAP].header.line
    expected = map_cells(table.copy(), controls=("well", "A01"))
    np.testing.assert_allclose(table.obsm["X_umap"], expected.obsm["X_umap"], atol=1e-4)
    np.testing.assert_array_equal(table.X, before)
    assert table.uns[KEY]["cluster"]["controls"] == ["well", "A01"]
    assert dock.controller.persistence.as_python().count("controls=('well', 'A01')") == 2
    # What was chosen is kept through what happens to the table.
    assert dock.map.controls.currentText() == "Well A01"


def test_cells_named_by_hand_are_controls_too_and_few_are_one_line(dock, user, plate):
    chosen = (plate.result.current.table.obs["well"] == "B02").to_numpy()
    plate.result.annotate(chosen & (np.arange(len(chosen)) % 4 == 0), "DMSO")
    user.choose(dock.map.controls, "Annotation DMSO")
    user.click(dock.map.map_button)
    user.wait_idle(dock)
    said = "There are 4 control cells with annotation 'DMSO'; at least 10 are needed"
    assert dock.steps[StepId.MAP].reason.text() == said
    assert not plate.result.has_map
    named = annotate(plate.result.current.table.copy(), chosen, "DMSO")
    plate.result.set_mapped(cluster(map_cells(named, controls=("annotation", "DMSO"))))
    dock.session_bar.python_action.trigger()
    assert (
        "named 'DMSO' by hand, which a script does not know" in dock.steps[StepId.MAP].reason.text()
    )


def held_up(monkeypatch, where):
    """Make a step of the work wait until it is told to go on."""
    begun, resume = threading.Event(), threading.Event()

    def wait(*_, **__):
        begun.set()
        assert resume.wait(60)
        raise AssertionError("what was stopped must not be waited for")

    monkeypatch.setattr(where, wait)
    return begun, resume


def test_a_map_that_takes_too_long_is_stopped(dock, user, plate, monkeypatch, caplog):
    begun, resume = held_up(monkeypatch, "napari_c3r.core.reduce.map_cells")
    user.click(dock.map.map_button)
    user.until(begun.is_set)
    assert dock.map.map_button.text() == "Stop mapping"
    assert not dock.embed.embed_button.isEnabled()
    user.click(dock.map.map_button)
    assert dock.map.map_button.text() == "Make map"
    assert dock.embed.embed_button.isEnabled()
    assert dock.controller.jobs.running is None
    resume.set()
    user.until(lambda: "A job failed" in caplog.text)
    # What comes out afterwards is not heeded.
    assert dock.steps[StepId.MAP].reason.text() == ""
    assert not plate.result.has_map


def test_progress_says_how_long_the_map_will_take(dock):
    body = dock.map
    assert not body.bar.isVisibleTo(body)
    body.show_running(True)
    body.show_progress(MapProgress("finding neighbours"))
    assert (body.bar.minimum(), body.bar.maximum()) == (0, 0)
    body.show_progress(MapProgress.of(120, 500, 12.0))
    assert body.doing.text() == "laying out the map: epoch 120 of 500 · 40 s left"
    assert (body.bar.value(), body.bar.maximum()) == (240, 1000)
    # At first there is nothing to guess it by.
    assert MapProgress.of(2, 500, 0.1).words == "laying out the map: epoch 2 of 500"
    body.show_running(False)
    assert not body.bar.isVisibleTo(body)


def test_the_slider_makes_clusters_finer_and_the_next_map_as_fine(dock, user, plate):
    user.click(dock.map.map_button)
    user.wait_idle(dock)
    body, clusters = dock.map, plate.clusters
    assert body.fineness.isVisibleTo(body)
    before = plate.history.undo_sentence
    body.fineness.slider.setValue(body.fineness.slider.maximum())
    finest = body.fineness.value
    user.until(lambda: clusters.value == finest)
    user.wait_idle(dock)
    assert plate.history.undo_sentence == f"cluster by HDBSCAN, smallest of {finest} cells"
    assert f"smallest of {finest} cells" in body.clusters_line.text()
    assert body.choice().min_cluster_size == finest
    assert f"min_cluster_size={finest}" in dock.controller.persistence.as_python()
    plate.history.undo()
    assert plate.history.undo_sentence == before
    assert clusters.value != finest


def test_finding_cells_is_stopped_and_they_are_as_they_were(
    viewer, dock, user, plate, monkeypatch, caplog
):
    before, shown = plate.labels.current, layers.own_layer(viewer, layers.CELLS)
    begun, resume = held_up(monkeypatch, "napari_c3r.core.segment.find_cells")
    dock.steps[StepId.CELLS].set_open(True)
    user.click(dock.cells.segment_button)
    user.until(begun.is_set)
    assert dock.cells.segment_button.text() == "Stop finding"
    user.click(dock.cells.segment_button)
    assert dock.cells.segment_button.text() == "Find cells"
    resume.set()
    user.until(lambda: "A job failed" in caplog.text)
    assert dock.steps[StepId.CELLS].reason.text() == ""
    assert plate.labels.current is before
    assert layers.own_layer(viewer, layers.CELLS) is shown


def test_what_was_noticed_while_embedding_is_told_under_the_button(viewer, dock, user):
    pixels = planes()
    pixels[1] = 500
    add_layers(viewer, pixels)
    take_image(dock, user)
    take_labels(dock, user)
    assert not dock.embed.noted.isVisible()
    user.click(dock.embed.embed_button)
    user.wait_idle(dock)
    dock.steps[StepId.EMBED].set_open(True)
    assert dock.embed.noted.isVisible()
    assert "'ER' is constant" in dock.embed.noted.text()


@pytest.fixture
def two_days(dock, plate):
    """The two wells were made on two days."""
    table = plate.result.current.table
    table.obs["day"] = pd.Categorical(np.where(table.obs["well"] == "A01", "Monday", "Tuesday"))
    dock.map.show_session(plate)
    return plate


def test_batches_are_brought_together_and_everything_says_so(dock, user, two_days):
    body, step = dock.map, dock.steps[StepId.MAP]
    assert body.batch.currentText() == "left as they are"
    assert not body.batch_method.isVisibleTo(body)
    user.click(body.map_button)
    user.wait_idle(dock)
    before = two_days.result.current.table.obsm["X_umap"].copy()
    assert "brought together" not in step.header.line
    user.choose(body.batch, "Day")
    assert body.batch_method.isVisibleTo(body)
    user.choose(body.batch_method, "ComBat")
    user.choose(body.method, "k-means")
    user.click(body.map_button)
    user.wait_idle(dock)
    table = two_days.result.current.table
    assert "batches of 'day' brought together by ComBat" in step.header.line
    expected = map_cells(table.copy(), batch="day", batch_method="combat")
    np.testing.assert_allclose(table.obsm["X_umap"], expected.obsm["X_umap"], atol=1e-4)
    said = "batch='day', batch_method='combat'"
    assert dock.controller.persistence.as_python().count(said) == 2
    user.click(dock.session_bar.undo_button)
    np.testing.assert_array_equal(two_days.result.current.table.obsm["X_umap"], before)
    assert "brought together" not in step.header.line
    kept = dock.settings()["map"]
    body.form.reset()
    body.show_choice(**kept)
    assert (body.choice().batch, body.choice().batch_method) == ("day", "combat")


def test_a_kept_cellpaintr_is_a_folder_to_choose(dock, user, two_days, monkeypatch, tmp_path):
    body = dock.map
    user.choose(body.batch, "Day")
    user.choose(body.batch_method, "ComBat")
    answers = ["", str(tmp_path / "fitted")]
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: answers.pop(0))
    user.choose(body.batch_method, "CellPainTR folder…")
    assert body.choice().batch_method == "combat"
    (tmp_path / "fitted").mkdir()
    user.choose(body.batch_method, "CellPainTR folder…")
    assert body.batch_method.currentText() == "CellPainTR fitted"
    user.click(body.map_button)
    user.wait_idle(dock)
    assert "fitted" in dock.steps[StepId.MAP].reason.text()
    assert not two_days.result.has_map
