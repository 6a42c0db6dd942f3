"""All that is done by keys stands in one list, which `?` shows, and nothing clashes with napari."""

from __future__ import annotations

from collections import Counter

import pytest
from napari._app_model import get_app_model
from napari.utils.shortcuts import default_shortcuts
from qtpy.QtCore import Qt
from qtpy.QtGui import QKeySequence
from qtpy.QtTest import QTest
from qtpy.QtWidgets import QLabel

from napari_c3r.widgets.common.docks import Dock, open_dock
from napari_c3r.widgets.common.key_list import KeyList, caps
from napari_c3r.widgets.main.step_ids import StepId

pytestmark = [pytest.mark.gl, pytest.mark.usefixtures("quick")]

# napari undoes strokes with them, and turns the view in space; ours go first in our docks alone.
SHARED = {"Ctrl+Z", "Ctrl+Shift+Z", "Ctrl+Y"}
OF_VIEWER = ("toggle_console_visibility", "toggle_ndisplay", "reset_view", "roll_axes")
CTRL = Qt.KeyboardModifier.ControlModifier


@pytest.fixture
def docks(make_napari_viewer, user):
    viewer = make_napari_viewer(show=True)
    viewer.window.resize(1280, 800)
    for each in Dock:
        open_dock(viewer, each)
    made = {each: each.kind(viewer) for each in Dock}
    user.rest(viewer.window.main_menu.window())
    yield made
    for dock in made.values():
        dock.release()


def list_over(dock) -> KeyList | None:
    shown = [each for each in dock.window().findChildren(KeyList) if each.isVisible()]
    return shown[0] if shown else None


def texts(shown: KeyList) -> Counter:
    return Counter(label.text() for label in shown.findChildren(QLabel))


def test_each_key_does_one_thing_and_none_is_a_key_of_naparis_window(docks):
    menus = {str(each.keybinding) for each in get_app_model().keybindings}
    viewers = {str(key) for name in OF_VIEWER for key in default_shortcuts[f"napari:{name}"]}
    napari = menus | viewers
    assert {"Ctrl+O", "Ctrl+E"} <= napari
    for dock in docks.values():
        keys = [key for action in dock.all_key_actions for key in action.keys]
        assert max(Counter(keys).values()) == 1
        assert all(QKeySequence(key).toString() for key in keys)
        assert not (set(keys) - SHARED) & napari
        assert all(action.sentence[0].isupper() for action in dock.all_key_actions)


def test_a_question_mark_lists_the_keys_of_all_docks_and_puts_the_list_away(docks, user):
    for which in Dock:
        ask_for_keys(docks, user, which)


def ask_for_keys(docks, user, which):
    dock = docks[which]
    open_dock(dock.viewer, which)
    dock.setFocus()
    QTest.keyClick(dock, "?", Qt.KeyboardModifier.ShiftModifier)
    shown = list_over(dock)
    assert shown is not None
    assert not shown.isModal()
    told = texts(shown)
    for each in docks.values():
        assert told[f"<b>{each.name}</b>"] == 1
        for action in each.all_key_actions:
            assert told[action.sentence] >= 1
            assert told[caps(action)[0]] >= 1
        for done, sentence in each.gestures:
            assert told[done] == told[sentence] == 1
    window = dock.window().frameGeometry()
    assert window.contains(shown.geometry())
    QTest.keyClick(shown if which is Dock.MAIN else dock, "?")
    assert list_over(dock) is None
    QTest.keyClick(dock, "?")
    QTest.keyClick(list_over(dock), Qt.Key.Key_Escape)
    user.until(lambda: list_over(dock) is None)


def test_digits_open_steps_and_control_return_clicks_the_button_of_the_open_one(docks):
    dock = docks[Dock.MAIN]
    open_dock(dock.viewer, Dock.MAIN)
    dock.setFocus()
    clicked = []
    for button in (dock.cells.segment_button, dock.map.map_button):
        button.clicked.connect(lambda *_, b=button: clicked.append(b))
    QTest.keyClick(dock, "3")
    assert [n for n, step in dock.steps.items() if step.is_open] == [StepId.CELLS]
    header = dock.steps[StepId.CELLS].header
    assert dock.window().focusWidget() is header
    # What is disabled is not done by a key either.
    QTest.keyClick(header, Qt.Key.Key_Return, CTRL)
    assert not clicked
    dock.cells.segment_button.setEnabled(True)
    dock.cells.segment_button.clicked.disconnect(dock.cells._on_segment)
    QTest.keyClick(dock, Qt.Key.Key_Return, CTRL)
    assert clicked == [dock.cells.segment_button]
    # A digit in a field of numbers is a digit.
    seed = dock.map.seed
    dock.open_step(StepId.MAP)
    seed.setFocus()
    QTest.keyClick(seed, Qt.Key.Key_A, CTRL)
    QTest.keyClick(seed, "3")
    assert dock.steps[StepId.MAP].is_open
    assert dock.map.choice().seed == 3


def test_the_explorer_turns_tabs(docks):
    explorer = docks[Dock.EXPLORER]
    tabs = explorer.panel.tabs
    QTest.keyClick(explorer, Qt.Key.Key_T, Qt.KeyboardModifier.ShiftModifier)
    assert tabs.currentIndex() == tabs.count() - 1
    QTest.keyClick(explorer, "t")
    assert tabs.currentIndex() == 0
