"""Undo and redo by key and button, in the explorer and in the dock C3R."""

from __future__ import annotations

import numpy as np
import pytest
from qtpy.QtCore import Qt
from qtpy.QtTest import QTest

from napari_c3r.session import session_of
from napari_c3r.widgets.main.step_ids import StepId
from tests.widgets.explorer.test_explorer import CTRL, SHIFT, key, shown  # noqa: F401
from tests.widgets.fields import add_layers, take_image, take_labels

pytestmark = pytest.mark.gl


def named(world):
    obs = world.obs
    return [] if "annotation" not in obs else obs["annotation"].dropna().tolist()


def give(world, name):
    """Write a name into the row that the button brings up, and press Return."""
    panel = world.explorer.panel
    if panel.naming.isHidden():
        world.user.click(panel.name_button)
    panel.naming.names.lineEdit().selectAll()
    QTest.keyClicks(panel.naming.names, name)


def test_naming_is_told_before_and_taken_back(shown):  # noqa: F811
    bar, naming = shown.explorer.scatter.toolbar, shown.explorer.panel.naming
    first, second = (np.asarray(shown.obs["cluster"] == name) for name in "01")
    shown.session.selection.select(first)
    give(shown, "flat")
    assert naming.consequence.isHidden()
    QTest.keyClick(naming.names, Qt.Key.Key_Return)
    shown.session.selection.select(first | second)
    give(shown, "round")
    count = int(first.sum())
    assert naming.consequence.text() == f"Replaces ‘flat’ of {count} cells."
    shown.session.selection.select(second)
    give(shown, "flat")
    assert naming.consequence.text() == f"Joins {count} cells named ‘flat’ before."
    QTest.keyClick(naming.names, Qt.Key.Key_Return)
    assert bar.undo.toolTip() == "Undo: name cluster 1 'flat' (Ctrl+Z)"
    assert len(named(shown)) == (first | second).sum()
    give(shown, "")
    assert naming.consequence.text() == f"Named already: ‘flat’ of {int(second.sum())} cells."
    shown.user.click(naming.clear_button)
    assert len(named(shown)) == count
    # By key from the map and from the table, and by button.
    key(shown, shown.explorer.scatter, Qt.Key.Key_Z, CTRL)
    assert len(named(shown)) == (first | second).sum()
    key(shown, shown.explorer.panel.table, Qt.Key.Key_Z, CTRL)
    assert len(named(shown)) == count
    assert bar.redo.toolTip() == "Redo: name cluster 1 'flat' (Ctrl+Shift+Z)"
    shown.user.click(bar.redo)
    key(shown, shown.explorer.scatter, Qt.Key.Key_Z, CTRL | SHIFT)
    assert len(named(shown)) == count
    assert not bar.redo.isEnabled()


def test_a_new_map_is_no_step_of_the_selection(shown):  # noqa: F811
    chosen = np.asarray(shown.obs["cluster"] == "1")
    shown.session.selection.select(chosen)
    other = shown.session.result.current.table.copy()
    other.obsm["X_umap"] = other.obsm["X_umap"][::-1].copy()
    shown.session.result.set_mapped(other)
    assert shown.session.history.undo_sentence == "make another map"
    np.testing.assert_array_equal(shown.explorer.model.selection, chosen)
    shown.session.history.undo()
    np.testing.assert_array_equal(shown.explorer.model.xy, shown.table.obsm["X_umap"])
    shown.session.history.undo()
    assert not shown.explorer.model.selection.any()


@pytest.mark.usefixtures("quick")
def test_a_replaced_embedding_is_brought_back_from_the_dock(viewer, dock, user):
    add_layers(viewer)
    take_image(dock, user)
    take_labels(dock, user)
    user.click(dock.embed.embed_button)
    user.wait_idle(dock)
    session, bar = session_of(viewer), dock.session_bar
    first = session.result.current
    assert not bar.undo_button.isEnabled()
    session.result.annotate(np.arange(16) < 4, "bright")
    dock.steps[StepId.CHANNELS].set_open(True)
    user.choose(dock.channels.roles[1], "Concept")
    dock.steps[StepId.EMBED].set_open(True)
    user.click(dock.embed.embed_button)
    user.wait_idle(dock)
    second = session.result.current
    assert (second.table.obs["annotation"] == "bright").sum() == 4
    assert bar.undo_button.toolTip() == "Undo: embed 16 cells (Ctrl+Z)"
    user.click(bar.undo_button)
    assert session.result.current is first
    assert "out of date: the role of ER changed" in dock.steps[StepId.EMBED].header.line
    # Steps stay open as they were: nothing was made that needs another one.
    QTest.keyClick(dock.embed.embed_button, Qt.Key.Key_Z, CTRL | SHIFT)
    assert session.result.current is second
    # Cells that take the place of others too, with what was drawn in them.
    mine = viewer.layers["mine"]
    mine.data_setitem(np.nonzero(mine.data == 3), 0)
    user.wait_idle(dock)
    dock.steps[StepId.CELLS].set_open(True)
    user.click(dock.cells.segment_choice)
    user.click(dock.cells.segment_button)
    user.wait_idle(dock)
    assert bar.undo_button.toolTip() == "Undo: find cells again (Ctrl+Z)"
    QTest.keyClick(dock.cells.segment_button, Qt.Key.Key_Z, CTRL)
    user.wait_idle(dock)
    assert session.labels.current.count == 15
    np.testing.assert_array_equal(viewer.layers["C3R cells"].data, mine.data)
