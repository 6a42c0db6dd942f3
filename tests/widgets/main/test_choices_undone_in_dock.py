"""Whatever a person sets in the dock goes back by its undo button, and forth again."""

from __future__ import annotations

import pytest
from qtpy.QtCore import Qt
from qtpy.QtTest import QTest

from napari_c3r.session import session_of
from napari_c3r.widgets.main.step_ids import StepId

pytestmark = pytest.mark.gl


def fold_out(dock, user, number):
    if not dock.steps[number].is_open:
        user.click(dock.steps[number].header)


@pytest.mark.usefixtures("quick", "small_sample")
def test_roles_names_and_settings_go_back_and_forth(viewer, dock, user):
    session = session_of(viewer)
    user.click(dock.image.sample_button)
    user.wait_idle(dock)
    user.click(dock.cells.labels_choice)
    user.click(dock.cells.labels_button)
    user.click(dock.embed.embed_button)
    user.wait_idle(dock)
    bar, line = dock.session_bar, dock.steps[StepId.EMBED].header

    # A role, by the button and by the keys.
    fold_out(dock, user, StepId.CHANNELS)
    user.choose(dock.channels.roles[1], "Concept")
    assert bar.undo_button.toolTip() == "Undo: make ER concept (Ctrl+Z)"
    assert "out of date" in line.line
    user.click(bar.undo_button)
    assert dock.channels.roles[1].currentText() == "Context"
    assert "out of date" not in line.line
    dock.steps[StepId.CHANNELS].header.setFocus()
    QTest.keyClick(
        dock.steps[StepId.CHANNELS].header,
        Qt.Key.Key_Z,
        Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier,
    )
    assert dock.channels.roles[1].currentText() == "Concept"
    user.click(bar.undo_button)

    # A name.
    edit = dock.channels.names[1]
    edit.setFocus()
    edit.selectAll()
    QTest.keyClicks(edit, "conA")
    QTest.keyClick(edit, Qt.Key.Key_Return)
    user.wait_idle(dock)
    assert session.fields.image.channel_names[1] == "conA"
    user.click(bar.undo_button)
    user.wait_idle(dock)
    assert session.fields.image.channel_names[1] == "ER"
    assert dock.channels.names[1].text() == "ER"

    # A list and a number of a form; a number is one step however it was typed.
    fold_out(dock, user, StepId.MAP)
    method, seed = dock.map.method, dock.map.seed
    before = dock.map.choice()
    user.choose(method, "k-means")
    seed.setFocus()
    seed.selectAll()
    QTest.keyClicks(seed, "12")
    assert dock.map.choice().seed == 12
    assert "to 12" in bar.undo_button.toolTip()
    user.click(bar.undo_button)
    assert (dock.map.choice().seed, dock.map.choice().method) == (before.seed, "kmeans")
    user.click(bar.undo_button)
    assert dock.map.choice() == before
    user.click(bar.redo_button)
    user.click(bar.redo_button)
    assert (dock.map.choice().seed, dock.map.choice().method) == (12, "kmeans")

    # All of a section put back at once.
    fold_out(dock, user, StepId.EMBED)
    user.click(dock.embed.options.button)
    user.choose(dock.embed.precision, "float32")
    user.click(dock.embed.options.reset_button)
    assert dock.embed.choice().options.precision == "auto"
    user.click(bar.undo_button)
    assert dock.embed.choice().options.precision == "float32"
