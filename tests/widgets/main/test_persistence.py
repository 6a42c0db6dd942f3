"""Save, close, reopen: everything is there. Copy, paste, run: the same numbers."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
from qtpy.QtWidgets import QApplication

import napari_c3r as c3r
from napari_c3r.core.reduce import cluster
from napari_c3r.core.table import KEY
from napari_c3r.core.table.annotate import annotate
from napari_c3r.session import session_of
from napari_c3r.session.file import read_session, write_session
from napari_c3r.session.kept import Kept
from napari_c3r.widgets.main.step_ids import StepId
from napari_c3r.widgets.viewer import layers
from tests.widgets.fields import labels, planes, write_plate

pytestmark = pytest.mark.gl


@pytest.fixture
def worked(viewer, dock, user, tmp_path):
    """A plate of which one field is segmented, embedded, mapped, filtered and named."""
    dock.controller.open_paths([str(write_plate(tmp_path / "plate"))])
    user.wait_idle(dock)
    dock.image.scan.names[0].setText("DNA")
    user.click(dock.image.scan.load_button)
    user.wait_idle(dock)
    dock.cells.diameter.setValue(7.5)
    user.click(dock.cells.segment_button)
    user.wait_idle(dock)
    user.click(dock.embed.embed_button)
    user.wait_idle(dock)
    return session_of(viewer)


@pytest.mark.usefixtures("quick")
def test_a_session_is_saved_and_reopened_in_another_window(
    viewer, dock, user, worked, tmp_path, make_napari_viewer_proxy
):
    from napari_c3r.core.cells.filters import CellFilter

    named = worked.result.current.table.copy()
    named.obsm["X_umap"] = np.random.default_rng(0).normal(size=(16, 2)).astype(np.float32)
    named.uns[KEY]["map"] = {"seed": 0}
    cluster(named, method="kmeans", n_clusters=3)
    chosen = np.zeros(len(named), bool)
    chosen[2:5] = True
    worked.result.set_mapped(annotate(named, chosen, "mitotic"))
    worked.set_filter(CellFilter(border=True))
    worked.selection.select(np.arange(len(worked.result.current.table)) < 3)
    worked.selection.set_current(1)
    worked.view.set_colour_by("area_px")
    cells = layers.own_layer(viewer, layers.CELLS)
    cells.data_setitem(np.nonzero(cells.data == 7), 0)
    user.wait_idle(dock)
    user.answer(tmp_path / "mine")
    user.click(dock.session_bar.save_button)
    user.wait_idle(dock)
    assert (tmp_path / "mine.c3r" / "session.json").is_file()

    other = make_napari_viewer_proxy(show=True)
    _, again = other.window.add_plugin_dock_widget("napari-c3r", "C3R")
    user.ready(again)
    try:
        again.controller.open_paths([str(tmp_path / "mine.c3r")])
        user.wait_idle(again)
        session = session_of(other)
        assert [f.name for f in session.fields.sources] == [f.name for f in worked.fields.sources]
        assert session.roles.assignment == worked.roles.assignment
        assert session.fields.image.channel_names == ("DNA", "w2", "w3")
        before, after = worked.result.current, session.result.current
        np.testing.assert_array_equal(after.all_rows.X, before.all_rows.X)
        np.testing.assert_array_equal(after.table.obsm["X_umap"], before.table.obsm["X_umap"])
        assert after.table.obs["cluster"].tolist() == before.table.obs["cluster"].tolist()
        assert (after.table.obs["annotation"] == "mitotic").sum() == 3
        assert after.hidden_count == before.hidden_count
        np.testing.assert_array_equal(session.selection.mask, worked.selection.mask)
        assert (session.selection.current, session.view.colour_by) == (1, "area_px")
        # What was drawn and not embedded yet is still known to be so.
        assert "1 cell edited by hand" in again.steps[StepId.EMBED].header.line
        assert again.cells.diameter.value() == 7.5
        assert again.cells.border.isChecked()
        shown = layers.own_layer(other, layers.CELLS).data
        np.testing.assert_array_equal(shown, layers.own_layer(viewer, layers.CELLS).data)
    finally:
        again.release()


def test_what_is_copied_makes_the_same_vectors(viewer, dock, user, worked, tmp_path):
    dock.session_bar.python_action.trigger()
    assert dock.steps[StepId.MAP].reason.text() == ""
    script = tmp_path / "again.py"
    script.write_text(QApplication.clipboard().text(), "utf-8")
    done = subprocess.run(
        [sys.executable, script], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    table = c3r.read(tmp_path / "cells.csv")
    np.testing.assert_array_equal(table.X, worked.result.current.table.X)
    assert table.obs_names.tolist() == worked.result.current.table.obs_names.tolist()
    dock.session_bar.shell_action.trigger()
    assert QApplication.clipboard().text().startswith("napari-c3r embed ")


def test_cells_that_are_on_no_disk_have_to_be_saved_first(viewer, dock, user, tmp_path):
    for name, plane in zip(("DNA", "ER", "RNA"), planes(), strict=True):
        viewer.add_image(plane, name=name)
    viewer.add_labels(labels(), name="mine")
    viewer.layers.selection = set(list(viewer.layers)[:3])
    user.wait_idle(dock)
    dock.controller.images.use_layers()
    dock.controller.segmentation.use_labels("mine")
    user.wait_idle(dock)
    user.click(dock.embed.embed_button)
    user.wait_idle(dock)
    dock.session_bar.python_action.trigger()
    assert "save the session first" in dock.steps[StepId.MAP].reason.text()
    dock.controller.persistence.save(str(tmp_path / "mine.c3r"), {})
    user.wait_idle(dock)
    dock.session_bar.python_action.trigger()
    assert dock.steps[StepId.MAP].reason.text() == ""
    text = QApplication.clipboard().text().replace("cells.csv", "cells.h5ad")
    done = subprocess.run(
        [sys.executable, "-c", text], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    table = c3r.read(tmp_path / "cells.h5ad")
    np.testing.assert_array_equal(table.X, session_of(viewer).result.current.table.X)


def test_what_another_window_saved_is_not_lost_and_damage_is_said(viewer, dock, user, tmp_path):
    dock.controller.open_paths([str(write_plate(tmp_path / "plate", ("A01",), 1))])
    user.wait_idle(dock)
    user.click(dock.image.scan.load_button)
    user.wait_idle(dock)
    mine, session = tmp_path / "mine.c3r", session_of(viewer)
    session.keeping.add("own", lambda: Kept({}, {"x": np.arange(9)}), lambda kept: None)

    def save(name):
        user.answer(tmp_path / name)
        user.click(dock.session_bar.save_button)
        user.wait_idle(dock)
        return said.pop()

    said = []
    dock.controller.error_changed.connect(lambda _, line: said.append(line))
    assert dock.session_bar.copy_button.toolTip() == "Embed some cells first, in step 4"
    assert save("mine") == save("mine") == ""
    # Another window saves its own there.
    write_session(mine, read_session(mine))
    described = (mine / "session.json").read_bytes()
    assert "was saved by another window since it was opened or saved here" in save("mine")
    assert (mine / "session.json").read_bytes() == described
    assert save("other") == save("other") == ""

    # A damaged part is said, and the rest is opened.
    heard = []
    dock.controller.notified.connect(heard.append)
    (mine / "parts" / "own.npz").write_bytes(b"PK junk")
    dock.controller.open_paths([str(mine)])
    user.wait_idle(dock)
    (line,) = heard
    assert line.startswith("The own of this session: 'own.npz' is damaged (")
    assert session.fields.image.name in mine.joinpath("session.json").read_text("utf-8")
    assert save("mine") == ""
