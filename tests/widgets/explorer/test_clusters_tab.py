"""The tab "Clusters" in a real napari: a slider, a list, merging, splitting, naming."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from qtpy.QtCore import QPoint, Qt
from qtpy.QtTest import QTest
from qtpy.QtWidgets import QApplication, QLineEdit

from napari_c3r.core.figures.colours import CATEGORICAL
from napari_c3r.core.figures.grounds import on_ground
from napari_c3r.core.reduce.stability import Stability
from napari_c3r.core.table import KEY
from napari_c3r.widgets.explorer.clusters_tab import ClusterTabs
from tests.widgets.explorer.test_explorer import World

pytestmark = pytest.mark.gl

CTRL = Qt.KeyboardModifier.ControlModifier
GROUPS = np.arange(60) // 15


class Shown(World):
    """Four groups on the map, of which pairs lie together."""

    def __init__(self, viewer, user):
        super().__init__(viewer, user)
        rng = np.random.default_rng(0)
        places = np.column_stack([GROUPS // 2 * 60 + GROUPS % 2 * 7, GROUPS % 2 * 7.0])
        self.table.obsm["X_umap"] = (places + rng.normal(0, 0.5, (60, 2))).astype(np.float32)
        self.table.obs["cluster"] = pd.Categorical((GROUPS // 2).astype(str))
        self.table.uns[KEY]["cluster"] = {"min_cluster_size": 20, "seed": 0}
        self.group = self.explorer.tabs.group(ClusterTabs)
        self.tab = self.group.tab

    def rest(self):
        QApplication.processEvents()
        self.user.until(lambda: not self.group.busy)
        self.idle()

    def slide(self, wanted):
        """Move the slider by a key to where clusters are so fine."""
        slider = self.tab.fineness.slider
        while self.tab.fineness.value > wanted:
            QTest.keyClick(slider, Qt.Key.Key_Right)
        self.rest()

    def take_up(self, row, modifier=Qt.KeyboardModifier.NoModifier):
        item = self.tab.list.topLevelItem(row)
        rect = self.tab.list.visualItemRect(item)
        place = QPoint(rect.left() + 30, rect.center().y())
        self.user.click(self.tab.list.viewport(), lambda: place, modifier)

    def listed(self):
        items = [self.tab.list.topLevelItem(n) for n in range(self.tab.list.topLevelItemCount())]
        return [[item.text(column) for column in range(4)] for item in items]


@pytest.fixture
def shown(make_napari_viewer, user):
    viewer = make_napari_viewer(show=True)
    viewer.window.resize(1400, 900)
    world = Shown(viewer, user)
    viewer.window.add_dock_widget(world.explorer, name="C3R Explorer", area="bottom")
    world.show()
    world.explorer.panel.tabs.setCurrentWidget(world.tab)
    user.rest(world.tab)
    yield world
    world.rest()
    world.explorer.release()


def test_the_slider_cuts_finer_clusters_everywhere_and_each_rest_is_one_step(shown):
    session, link = shown.session, shown.explorer.link
    assert shown.listed() == [["0", "30", "0", ""], ["1", "30", "0", ""]]
    before = session.history.undo_sentence
    shown.slide(8)
    assert len(shown.listed()) == 4
    assert shown.tab.line.text().startswith("4 clusters · HDBSCAN, smallest of")
    # Those that keep their number keep their colour, on the map and in the list.
    kept = np.asarray(session.clusters.column == "0")
    assert kept.sum() == 15
    seen = link.colours_of("cluster")
    assert {seen.names[code] for code in seen.codes[kept]} == {"0"}
    colour = shown.tab.list.topLevelItem(0).icon(0).pixmap(10, 10).toImage().pixelColor(5, 5)
    assert colour.name() == on_ground(CATEGORICAL[0], "#000000")
    QTest.keyClick(shown.explorer, Qt.Key.Key_F, Qt.KeyboardModifier.ShiftModifier)
    shown.rest()
    while session.history.undo_sentence != before:
        assert session.history.undo_sentence.startswith("cluster by HDBSCAN, smallest of")
        session.history.undo()
    assert [row[:2] for row in shown.listed()] == [["0", "30"], ["1", "30"]]


def test_clusters_taken_up_in_the_list_are_selected_and_merged(shown, user):
    shown.slide(8)
    names = [row[0] for row in shown.listed()]
    assert not shown.tab.merge_button.isEnabled()
    assert "Choose two" in shown.tab.merge_button.toolTip()
    shown.take_up(0)
    assert shown.session.selection.mask.sum() == 15
    assert shown.listed()[0][2] == "15"
    shown.take_up(1, CTRL)
    assert shown.session.selection.mask.sum() == 30
    user.click(shown.tab.merge_button)
    assert shown.session.history.undo_sentence == f"merge clusters {names[0]} and {names[1]}"
    assert len(shown.listed()) == 3
    QTest.keyClick(shown.tab.list, Qt.Key.Key_Z, CTRL)
    assert [row[0] for row in shown.listed()] == names


def test_a_name_is_typed_into_the_list_and_stays_with_its_cells(shown, user):
    tab = shown.tab
    shown.take_up(1)
    QTest.keyClick(tab.list, Qt.Key.Key_F2)
    edit = tab.list.findChild(QLineEdit)
    edit.selectAll()
    QTest.keyClicks(edit, "round ones")
    QTest.keyClick(edit, Qt.Key.Key_Return)
    user.until(lambda: shown.listed()[1][0] == "1 round ones")
    assert shown.session.history.undo_sentence == "call cluster 1 'round ones'"
    was = np.asarray(shown.session.clusters.column == "1 round ones")
    shown.slide(8)
    now = np.asarray(shown.session.clusters.column == "1 round ones")
    assert now.sum() == 15
    assert was[now].all()
    assert "‘1 round ones’ is where 50% of its cells are" in tab.line.text()
    # Called like another one, nothing changes, and it is said why.
    item = tab.list.topLevelItem(0)
    item.setText(0, "0 round ones")
    user.until(lambda: "merge the two instead" in tab.line.text())
    assert shown.listed()[0][0] == "0"


def test_a_selection_becomes_a_cluster_of_its_own(shown, user):
    mask = np.arange(60) % 10 == 0
    assert not shown.tab.own_button.isEnabled()
    shown.session.selection.select(mask)
    user.click(shown.tab.own_button)
    assert shown.listed()[2] == ["2", "6", "6", ""]
    np.testing.assert_array_equal(shown.session.clusters.rows_of("2"), mask)


def test_a_cluster_is_divided_and_judged_in_the_background(shown, user, monkeypatch):
    half = GROUPS == 0
    monkeypatch.setattr("napari_c3r.core.reduce.splitting.in_two", lambda *_, **__: half)
    shown.take_up(0)
    user.click(shown.tab.split_button)
    shown.rest()
    np.testing.assert_array_equal(shown.session.clusters.rows_of("2"), half)
    assert "Cluster 2 has 15 cells of 0" in shown.tab.line.text()

    def steps(table):
        yield 0, 2
        yield 1, 2
        return Stability({"0": 0.93, "1": 0.7, "2": 0.4}, 0.8, 2, 48)

    monkeypatch.setattr("napari_c3r.core.reduce.stability.stability_steps", steps)
    user.click(shown.tab.judge_button)
    shown.rest()
    assert [row[3] for row in shown.listed()] == ["0.93 stable", "0.70 unsure", "0.40 not stable"]
    assert "unsure: 1; not to be trusted: 2" in shown.tab.again.text()


def test_without_its_library_leiden_is_not_chosen_and_says_what_to_install(shown, monkeypatch):
    monkeypatch.setattr("napari_c3r.widgets.explorer.clusters_tab.leiden_problem", lambda: "pip it")
    shown.user.choose(shown.tab.method, "Leiden")
    assert shown.tab.line.text() == "pip it"
    assert shown.tab.method.currentText() == "HDBSCAN"
    shown.user.choose(shown.tab.method, "k-means")
    shown.rest()
    assert shown.session.clusters.method == "kmeans"
    assert shown.session.history.undo_sentence == "cluster by k-means, 4 groups"
