"""Tabs are made when they are needed, and nothing that came before is lost on them."""

from __future__ import annotations

import numpy as np
import pytest
from napari.components import ViewerModel
from qtpy.QtCore import Qt
from qtpy.QtTest import QTest
from qtpy.QtWidgets import QApplication, QWidget

from napari_c3r.core.gates import Interval
from napari_c3r.widgets.explorer.gates.tab import GateTab
from napari_c3r.widgets.explorer.tabs import TAB_KINDS
from tests.widgets.explorer.test_explorer import World

pytestmark = pytest.mark.gl

TITLES = [tab.title for kind in TAB_KINDS for tab in kind.tabs]
TIPS = [tab.tip for kind in TAB_KINDS for tab in kind.tabs]


class Fresh(World):
    """The explorer as it opens: with the table in front, and no other tab made."""

    def __init__(self, viewer, user):
        super().__init__(viewer, user)
        self.explorer.resize(1500, 420)
        self.show()
        self.bar = self.explorer.panel.tabs

    def page(self, title):
        return self.bar.widget(
            [self.bar.tabText(at) for at in range(self.bar.count())].index(title)
        )

    def made(self):
        """Titles of the tabs that hold something."""
        return [title for title in TITLES if self.page(title).findChildren(QWidget)]

    def click(self, title):
        head = self.bar.tabBar()
        at = self.bar.indexOf(self.page(title))
        self.user.click(head, lambda: head.tabRect(at).center())
        self.user.until(lambda: not self.explorer.tabs.busy)
        self.idle()

    def press(self, key, modifier=Qt.KeyboardModifier.NoModifier):
        overlay = self.explorer.scatter.canvas.overlay
        overlay.setFocus()
        QTest.keyClick(overlay, key, modifier)
        QApplication.processEvents()


@pytest.fixture
def fresh(user):
    world = Fresh(ViewerModel(), user)
    yield world
    world.idle()
    world.explorer.release()
    world.explorer.close()


def test_each_is_made_by_the_first_click_and_stays_in_its_place(fresh):
    assert fresh.made() == []
    for title in TITLES:
        fresh.click(title)
        assert title in fresh.made()
        page = fresh.page(title)
        assert fresh.bar.currentWidget() is page
        assert page.isVisible()
        fresh.click("Table")
        fresh.click(title)
        assert fresh.bar.currentWidget() is page
    assert [fresh.bar.tabText(at) for at in range(fresh.bar.count())] == ["Table", *TITLES]
    assert [fresh.bar.tabToolTip(at) for at in range(1, fresh.bar.count())] == TIPS


def test_what_was_selected_before_is_shown_once_it_is_made(fresh):
    chosen = np.arange(len(fresh.table)) < 9
    fresh.session.selection.select(chosen)
    fresh.click("Clusters")
    listed = fresh.page("Clusters").list
    told = [listed.topLevelItem(row).text(2) for row in range(listed.topLevelItemCount())]
    assert told == ["3", "3", "3"]
    fresh.session.selection.select(~chosen)
    fresh.click("Table")
    fresh.click("Clusters")
    told = [listed.topLevelItem(row).text(2) for row in range(listed.topLevelItemCount())]
    assert sum(map(int, told)) == len(chosen) - 9


def test_gates_are_drawn_on_the_map_though_nobody_looked_at_their_tab(fresh):
    fresh.session.gates.add("large", Interval("area_px", 1.0))
    assert fresh.made() == ["Gates"]
    assert fresh.bar.currentWidget() is fresh.explorer.panel.table_page
    fresh.session.gates.open("large")
    fresh.user.until(lambda: fresh.page("Gates").list.topLevelItemCount() == 1)
    way = fresh.explorer.tabs.group(GateTab).way
    fresh.user.until(way.isVisible)
    fresh.click("Gates")
    assert fresh.page("Gates").list.item_of("large") is not None


def test_a_key_makes_what_it_asks_and_the_tab_in_front_stays(fresh):
    fresh.session.selection.select(np.arange(len(fresh.table)) < 5)
    fresh.press(Qt.Key.Key_G)
    (gate,) = fresh.session.gates.all
    assert fresh.session.gates.mask(gate.name).sum() == 5
    assert fresh.made() == ["Gates"]
    assert fresh.bar.currentWidget() is fresh.explorer.panel.table_page
    fresh.press(Qt.Key.Key_T)
    assert fresh.bar.currentWidget() is fresh.page("Gates")
    fresh.press(Qt.Key.Key_T)
    assert fresh.bar.currentWidget() is fresh.page("Clusters")
    assert fresh.made() == ["Gates", "Clusters"]


def test_it_is_drawn_in_the_theme_that_came_before_it(fresh):
    fresh.explorer.set_theme("#ffffff", "#000000")
    fresh.click("Gates")
    assert fresh.page("Gates").list.ground == "#ffffff"
