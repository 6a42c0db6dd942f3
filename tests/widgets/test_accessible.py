"""Keyboard and screen reader: every control has a name and a tip, and tabs run as one reads."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from qtpy.QtCore import QPoint, QRect, Qt
from qtpy.QtTest import QTest
from qtpy.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QAbstractSlider,
    QAbstractSpinBox,
    QApplication,
    QComboBox,
    QLineEdit,
    QScrollBar,
    QWidget,
)

from napari_c3r.core.encoder import local
from napari_c3r.core.table import KEY
from napari_c3r.session import session_of
from napari_c3r.widgets.common.collapsible import Collapsible
from napari_c3r.widgets.explorer.dock import C3RExplorer
from napari_c3r.widgets.main.step_ids import StepId
from tests.widgets.fields import planes, write_plate

pytestmark = pytest.mark.gl

CONTROLS = (
    QAbstractButton,
    QAbstractItemView,
    QAbstractSlider,
    QAbstractSpinBox,
    QComboBox,
    QLineEdit,
)


@pytest.fixture(autouse=True)
def _tiny_encoder(tiny_model, monkeypatch):
    monkeypatch.setattr(local, "MODELS", tiny_model.parent)


def is_part_of_another(widget: QWidget) -> bool:
    """The line in a spin box, the list of a combo box and the like, which users do not meet."""
    parent = widget.parentWidget()
    while parent is not None:
        if isinstance(parent, QComboBox | QAbstractSpinBox | QAbstractItemView | QAbstractSlider):
            return True
        parent = parent.parentWidget()
    return isinstance(widget, QScrollBar)


def controls(dock: QWidget) -> list[QWidget]:
    """All that can be worked with, hidden ones included."""
    found = [w for w in dock.findChildren(QWidget) if isinstance(w, CONTROLS)]
    focused = [w for w in dock.findChildren(QWidget) if w.focusPolicy() & Qt.FocusPolicy.TabFocus]
    every = dict.fromkeys([*found, *focused])
    return [w for w in every if not is_part_of_another(w) and w.metaObject().className() != "QMenu"]


def name_of(widget: QWidget) -> str:
    """What a screen reader says."""
    text = widget.text() if isinstance(widget, QAbstractButton) else ""
    return widget.accessibleName() or text


def described(widget: QWidget) -> str:
    path, parent = [], widget
    while parent is not None and len(path) < 4:
        path.append(f"{parent.metaObject().className()} {parent.objectName()}".strip())
        parent = parent.parentWidget()
    return " < ".join(path) + f" [{name_of(widget)}]"


def nameless(dock: QWidget) -> list[str]:
    return [described(widget) for widget in controls(dock) if not name_of(widget).strip()]


def tipless(dock: QWidget) -> list[str]:
    # Tables, pictures and the map would be hidden under their tip; what is in them has tips.
    views = QAbstractItemView
    found = [w for w in controls(dock) if isinstance(w, CONTROLS) and not isinstance(w, views)]
    return [described(widget) for widget in found if not widget.toolTip().strip()]


def reached_by_tab(dock: QWidget, first: QWidget) -> list[QWidget]:
    """Controls in the order in which Tab goes from one to the next, within the dock."""
    first.setFocus()
    QApplication.processEvents()
    reached: list[QWidget] = []
    while True:
        # A virtual screen has no window manager, so that no window is ever the active one.
        widget = dock.window().focusWidget()
        if widget is None or not dock.isAncestorOf(widget) or widget in reached:
            return reached
        reached.append(widget)
        QTest.keyClick(widget, Qt.Key.Key_Tab)
        QApplication.processEvents()


def out_of_order(dock: QWidget, reached: list[QWidget]) -> list[str]:
    """Pairs in which the later one stands before the earlier one, as one reads."""

    def place(widget: QWidget) -> QRect:
        return QRect(widget.mapTo(dock, QPoint(0, 0)), widget.size())

    wrong = []
    for before, after in pairwise(reached):
        a, b = place(before), place(after)
        overlap = min(a.bottom(), b.bottom()) - max(a.top(), b.top())
        same_row = overlap > min(a.height(), b.height()) / 2
        if (same_row and b.left() < a.left()) or (not same_row and b.top() < a.top()):
            wrong.append(f"{described(before)} {a} -> {described(after)} {b}")
    return wrong


def unreached(dock: QWidget, reached: list[QWidget]) -> list[str]:
    """Controls on the screen that Tab never comes to."""
    there = [w for w in controls(dock) if w.isVisible() and w.isEnabled()]
    return [
        described(w)
        for w in there
        if not any(r is w or w.isAncestorOf(r) or r.focusProxy() is w for r in reached)
    ]


@pytest.fixture
def worked(viewer, dock, user):
    """A dock that has come all the way, with a map that is not waited for."""
    for name, plane in zip(("DNA", "ER", "RNA"), planes(), strict=True):
        viewer.add_image(plane, name=name)
    viewer.layers.selection = set(viewer.layers)
    user.wait_idle(dock)
    dock.steps[StepId.CELLS].set_open(True)
    user.click(dock.cells.segment_button)
    user.wait_idle(dock)
    user.click(dock.embed.embed_button)
    user.wait_idle(dock)
    session = session_of(viewer)
    mapped = session.result.current.table.copy()
    mapped.obsm["X_umap"] = mapped.obsm["spatial"].astype(np.float32)
    mapped.obs["cluster"] = pd.Categorical(np.arange(16) % 2)
    mapped.obs["cluster"] = mapped.obs["cluster"].cat.rename_categories(["0", "1"])
    mapped.uns[KEY]["map"] = {"seed": 0}
    session.result.set_mapped(mapped)
    user.wait_idle(dock)
    return dock


def test_the_dock(worked, user):
    dock = worked
    assert nameless(dock) == []
    assert tipless(dock) == []
    for step in dock.steps.values():
        step.set_open(True)
    for fold in dock.findChildren(Collapsible):
        if fold.isVisible():
            fold.button.setChecked(True)
    dock.window().resize(1500, 1900)
    user.rest(dock)
    reached = reached_by_tab(dock, dock.steps[StepId.IMAGE].header)
    assert out_of_order(dock, reached) == []
    assert unreached(dock, reached) == []


def test_the_check_of_what_is_opened(viewer, dock, user, tmp_path):
    dock.controller.images.scan([str(write_plate(tmp_path / "plate"))])
    user.wait_idle(dock)
    user.rest(dock)
    reached = reached_by_tab(dock, dock.steps[StepId.IMAGE].header)
    assert unreached(dock, reached) == []
    assert nameless(dock) == []
    assert tipless(dock) == []
    assert out_of_order(dock, reached) == []
    user.click(dock.image.scan.load_button)
    user.wait_idle(dock)
    dock.steps[StepId.IMAGE].set_open(True)
    user.rest(dock)
    reached = reached_by_tab(dock, dock.steps[StepId.IMAGE].header)
    assert out_of_order(dock, reached) == []
    assert tipless(dock) == []


def test_the_explorer(worked, viewer, user):
    explorer = C3RExplorer(viewer)
    user.until(lambda: explorer.model.count == 16)
    session_of(viewer).selection.select(np.arange(16) < 5)
    user.until(lambda: not explorer.montage.busy)
    user.rest(explorer)
    assert nameless(explorer) == []
    assert tipless(explorer) == []
    reached = reached_by_tab(explorer, controls(explorer.scatter.toolbar)[0])
    # Down the map, then down the cells beside it.
    in_panel = [explorer.panel.isAncestorOf(widget) for widget in reached]
    assert in_panel == sorted(in_panel)
    # In it, down the pictures, then down the table or the figure beside them.
    panel = explorer.panel
    hint = explorer.hints.line
    above = [widget for widget in reached if not hint.isAncestorOf(widget)]
    assert reached[: len(above)] == above
    in_tabs = [panel.tabs.isAncestorOf(widget) for widget in above]
    assert in_tabs == sorted(in_tabs)
    before = [w for w in above if panel.isAncestorOf(w) and not panel.tabs.isAncestorOf(w)]
    assert out_of_order(panel, before) == []
    for part in (explorer.scatter, panel.tabs):
        assert out_of_order(part, [w for w in reached if part.isAncestorOf(w)]) == []
    assert unreached(explorer, reached) == []


def test_a_step_is_folded_and_opened_with_the_keyboard(dock):
    header = dock.steps[StepId.IMAGE].header
    assert dock.steps[StepId.IMAGE].is_open
    QTest.keyClick(header, Qt.Key.Key_Space)
    assert not dock.steps[StepId.IMAGE].is_open
    QTest.keyClick(header, Qt.Key.Key_Return)
    assert dock.steps[StepId.IMAGE].is_open


def test_the_diagnostics(worked, viewer, user):
    _, dock = viewer.window.add_plugin_dock_widget("napari-c3r", "C3R Diagnostics", tabify=True)
    user.until(lambda: not dock.busy)
    assert nameless(dock) == []
    assert tipless(dock) == []
    for step in dock.steps.values():
        step.set_open(True)
    dock.window().resize(1500, 1900)
    user.rest(dock)
    first = next(iter(dock.steps.values())).header
    reached = reached_by_tab(dock, first)
    assert out_of_order(dock, reached) == []
    assert unreached(dock, reached) == []
    dock.release()
