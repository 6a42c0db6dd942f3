"""Fields are turned to from the explorer; hints go when what they tell is done."""

from __future__ import annotations

import pytest
from qtpy.QtTest import QTest

from napari_c3r.session import session_of
from napari_c3r.widgets.common import settings
from napari_c3r.widgets.common.docks import Dock, open_dock
from napari_c3r.widgets.common.hints import UnderstoodHints
from napari_c3r.widgets.explorer.dock import C3RExplorer
from napari_c3r.widgets.main.step_ids import StepId
from tests.widgets.fields import write_plate

pytestmark = [pytest.mark.gl, pytest.mark.usefixtures("quick")]


@pytest.fixture
def explorer(viewer, dock, user, tmp_path):
    """Of two wells with one field each, embedded."""
    viewer.window.resize(1280, 800)
    dock.controller.open_paths([str(write_plate(tmp_path / "plate", sites=1))])
    user.wait_idle(dock)
    user.click(dock.image.scan.load_button)
    user.wait_idle(dock)
    dock.steps[StepId.EMBED].set_open(True)
    user.choose(dock.embed.scope, "all 2 fields")
    user.click(dock.embed.embed_button)
    user.wait_idle(dock)
    open_dock(viewer, Dock.EXPLORER)
    made = C3RExplorer(viewer)
    user.rest(viewer.window.main_menu.window())
    yield made
    made.release()


def test_fields_are_turned_to_by_arrows_keys_and_the_plate(viewer, dock, user, explorer):
    bar, fields = explorer.fields, session_of(viewer).fields
    # Tab comes to its buttons as one reads them, and then to those beside it.
    first = bar.previous
    assert first.nextInFocusChain() is bar.name
    assert bar.name.nextInFocusChain() is bar.following
    assert bar.following.nextInFocusChain() is explorer.panel.centre_button
    assert bar.name.text() == "1/2 · A01"
    assert not bar.previous.isEnabled()
    user.click(bar.following)
    user.wait_idle(dock)
    assert fields.index == 1
    assert bar.name.text() == "2/2 · B02"
    assert not bar.following.isEnabled()
    QTest.keyClick(explorer, "[")
    user.wait_idle(dock)
    assert fields.index == 0
    # At the end, a key does nothing.
    QTest.keyClick(explorer, "[")
    user.wait_idle(dock)
    assert fields.index == 0
    user.click(bar.name)
    assert bar.popup.isVisible()
    plate = bar.picker.plate
    assert plate.isVisible()
    screen = explorer.screen().availableGeometry()
    assert screen.contains(bar.popup.geometry())
    user.click(plate, lambda: plate.rect_of("B02").center())
    user.wait_idle(dock)
    assert fields.index == 1
    assert not bar.popup.isVisible()


def test_hints_go_when_what_they_tell_is_done(viewer, explorer):
    line, session = explorer.hints.line, session_of(viewer)
    assert line.shown.name == "point"
    session.selection.set_current(0)
    assert line.shown.name == "lasso"
    explorer.invert()
    assert line.shown.name == "name"
    session.result.annotate(session.selection.mask, "x")
    assert line.shown.name == "keys"
    explorer.toggle_keys()
    explorer.toggle_keys()
    assert line.shown is None
    assert line.isHidden()
    kept = UnderstoodHints(settings.understood_hints_path())
    assert all(name in kept for name in ("point", "lasso", "name", "keys"))
