"""Gates by mouse and keys: drawn, between limits, in words, combined, opened, seen everywhere."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from napari.components import ViewerModel
from qtpy.QtCore import QPoint, QPointF, Qt
from qtpy.QtTest import QTest
from qtpy.QtWidgets import QApplication, QLineEdit, QToolButton

from napari_c3r.core.figures.plot import AxisChoice, PlotChoice
from napari_c3r.core.gates import Chosen, Filter, Interval, Operator, Polygon
from napari_c3r.widgets.explorer.compare.tabs import GroupTabs
from napari_c3r.widgets.explorer.gates.tab import GateTab
from napari_c3r.widgets.scatter.legend import COUNT_ROLE
from napari_c3r.widgets.scatter.overlay import Tool
from napari_c3r.widgets.viewer import layers
from tests.widgets.explorer.test_explorer import NONE, SHIFT, World

pytestmark = pytest.mark.gl

ALT = Qt.KeyboardModifier.AltModifier
LEFT = Qt.MouseButton.LeftButton


class Gated(World):
    """The explorer with the tab of gates in front."""

    def show(self):
        super().show()
        self.tab = self.explorer.tabs.group(GateTab)
        self.page, self.gates = self.tab.page, self.session.gates
        self.explorer.panel.tabs.setCurrentWidget(self.page)
        QApplication.processEvents()

    def drag(self, *places, modifier=NONE):
        """Drag over the map through points, each a row or a place on the screen."""
        overlay = self.explorer.scatter.canvas.overlay
        first, *others = places
        QTest.mousePress(overlay, LEFT, modifier, first)
        for place in others:
            QTest.mouseMove(overlay, place)
        QTest.mouseRelease(overlay, LEFT, modifier, others[-1])
        QApplication.processEvents()

    def press(self, key, modifier=NONE):
        overlay = self.explorer.scatter.canvas.overlay
        overlay.setFocus()
        QTest.keyClick(overlay, key, modifier)
        QApplication.processEvents()

    def at(self, x, y):
        """A place of the map on the screen."""
        there = self.explorer.scatter.canvas.camera.to_screen((x, y))
        return QPoint(round(float(there[0])), round(float(there[1])))

    def click_gate(self, name, modifier=NONE, column=0):
        listed = self.page.list
        item = listed.item_of(name)
        listed.scrollToItem(item)
        index = listed.indexFromItem(item, column)
        self.user.click(listed.viewport(), lambda: listed.visualRect(index).center(), modifier)

    def column(self, name):
        return self.table.obs[f"gate_{name}"].to_numpy()

    @property
    def selected(self):
        return self.session.selection.mask


@pytest.fixture(scope="module")
def window():
    """One explorer for all tests, made by the first."""
    made = []
    yield made
    for world in made:
        world.idle()
        world.explorer.release()
        world.explorer.close()


@pytest.fixture
def world(window, user):
    """The explorer as if nothing had been done in it."""
    if not window:
        made = Gated(ViewerModel(), user)
        made.explorer.resize(1300, 420)
        made.show()
        made.first = made.table, made.result
        window.append(made)
        return made
    made = window[0]
    made.user = user
    made.page.edit(None)
    made.explorer.scatter.set_tool(Tool.PAN)
    made.session.view.set_plot(PlotChoice())
    made.session.view.set_colour_by("cluster")
    made.gates.delete([gate.name for gate in made.gates.all])
    made.explorer.clear()
    if made.result is not made.first[1]:
        made.table, made.result = made.first
        made.session.set_result(made.result, made.cells.values())
    made.session.history.clear()
    QApplication.processEvents()
    return made


def test_a_rectangle_is_gated_and_selected_by_a_click(world, user):
    assert not world.page.gate_button.isEnabled()
    assert "select the cells to gate" in world.page.gate_button.toolTip()
    assert "press G" in world.page.told.text()
    user.click(world.explorer.scatter.toolbar.rectangle)
    world.drag(world.at(-0.5, 3.5), world.at(2.5, 1.5))
    xy = world.table.obsm["X_umap"]
    inside = (xy[:, 0] < 2.5) & (xy[:, 1] > 1.5) & (xy[:, 1] < 3.5)
    np.testing.assert_array_equal(world.selected, inside)
    # From the list too, whose letters search for nothing.
    QTest.keyClick(world.page.list, Qt.Key.Key_G)
    (gate,) = world.gates.all
    assert isinstance(gate.rule, Polygon)
    np.testing.assert_allclose(gate.rule.corners[0], (-0.5, 3.5), atol=0.1)
    np.testing.assert_array_equal(world.column(gate.name), inside)
    (outline,) = world.explorer.scatter.canvas.overlay._outlines
    assert (outline.name, outline.colour) == (gate.name, gate.colour)
    world.press(Qt.Key.Key_Escape)
    item = world.page.list.item_of(gate.name)
    assert [item.text(n) for n in (1, 2)] == ["6", "0"]
    world.click_gate(gate.name)
    np.testing.assert_array_equal(world.selected, inside)
    here = world.table.obs["label"].to_numpy()[inside & (world.obs["image"] == "one")]
    # The image shows them too.
    assert world.lit(1) == set(here)
    assert world.page.list.item_of(gate.name).text(2) == "6"


def test_shift_adds_a_gate_and_alt_takes_it_away(world):
    n = len(world.table)
    world.gates.add("a", cells=np.arange(n) < 8)
    world.gates.add("b", cells=np.arange(n) % 2 == 0)
    a, b = world.column("a"), world.column("b")
    world.click_gate("a")
    world.click_gate("b", SHIFT)
    np.testing.assert_array_equal(world.selected, a | b)
    world.click_gate("a", ALT)
    np.testing.assert_array_equal(world.selected, b & ~a)
    world.press(Qt.Key.Key_G)
    made = world.gates.all[-1]
    # No single line goes around them.
    assert made.rule == Chosen()
    world.press(Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert [gate.name for gate in world.gates.all] == ["a", "b"]


def test_a_threshold_by_two_handles(world, user):
    user.click(world.page.threshold_button)
    editor, histogram = world.page.threshold, world.page.threshold.histogram
    editor.box.choose("intensity_mean_DNA")
    editor.box.activated.emit(editor.box.currentIndex())
    user.rest(world.explorer)
    values = world.obs["intensity_mean_DNA"].to_numpy()
    low, high = histogram.range
    for which, value in ((0, low + 0.25 * (high - low)), (1, low + 0.75 * (high - low))):
        start = QPoint(round(histogram.place_of(which)), 20)
        end = QPoint(round(histogram.x_of(value)), 20)
        QTest.mousePress(histogram, LEFT, NONE, start)
        QTest.mouseMove(histogram, end)
        QTest.mouseRelease(histogram, LEFT, NONE, end)
    written = float(editor.low.text()), float(editor.high.text())
    np.testing.assert_allclose(
        written, (low + (high - low) / 4, low + 3 * (high - low) / 4), atol=0.01
    )
    inside = (values >= written[0]) & (values <= written[1])
    assert editor.told.text() == f"{inside.sum()} of 60 cells"
    editor.low.selectAll()
    QTest.keyClicks(editor.low, "0,4")
    inside = (values >= 0.4) & (values <= written[1])
    assert editor.told.text() == f"{inside.sum()} of 60 cells"
    QTest.keyClick(histogram, Qt.Key.Key_Right)
    assert float(editor.high.text()) > written[1]
    editor.high.clear()
    editor.high.textEdited.emit("")
    editor.name.selectAll()
    QTest.keyClicks(editor.name, "bright")
    QTest.keyClick(editor.name, Qt.Key.Key_Return)
    assert world.gates.find("bright").rule == Interval("intensity_mean_DNA", 0.4, None)
    np.testing.assert_array_equal(world.column("bright"), values >= 0.4)
    assert not world.page.is_editing
    assert world.page.told.text() == "DNA intensity ≥ 0.4"
    # The limits can be changed, and what is no number is said.
    user.click(world.page.edit_button)
    assert (editor.low.text(), editor.high.text()) == ("0.4", "")
    QTest.keyClicks(editor.high, "x")
    assert "'x' is no number" in editor.told.text()
    assert not editor.done_button.isEnabled()
    QTest.keyClick(editor.high, Qt.Key.Key_Backspace)
    editor.low.selectAll()
    QTest.keyClicks(editor.low, "0.6")
    user.click(editor.done_button)
    np.testing.assert_array_equal(world.column("bright"), values >= 0.6)


def test_a_filter_in_words(world, user):
    user.click(world.page.filter_button)
    editor = world.page.filter
    assert "Write which cells" in editor.told.text()
    QTest.keyClicks(editor.line, "well = a1 and intensity_mean_DNA > 0.5")
    expected = (world.obs["well"] == "A01") & (world.obs["intensity_mean_DNA"] > 0.5)
    assert editor.told.text() == f"{expected.sum()} of 60 cells"
    QTest.keyClicks(editor.line, " and arae > 1")
    assert "arae" in editor.told.text()
    QTest.keyClick(editor.line, Qt.Key.Key_Return)
    assert world.gates.all == ()
    for _ in range(len(" and arae > 1")):
        QTest.keyClick(editor.line, Qt.Key.Key_Backspace)
    QTest.keyClick(editor.line, Qt.Key.Key_Return)
    (gate,) = world.gates.all
    assert isinstance(gate.rule, Filter)
    np.testing.assert_array_equal(world.column(gate.name), expected)
    user.click(world.page.filter_button)
    QTest.keyClick(editor.line, Qt.Key.Key_Escape)
    assert not world.page.is_editing


def choose(world, menu, *path):
    """Choose from a menu and those within it."""
    menu.aboutToShow.emit()
    for text in path[:-1]:
        menu = next(a for a in menu.actions() if a.text() == text).menu()
    next(a for a in menu.actions() if a.text() == path[-1]).trigger()
    QApplication.processEvents()


def test_gates_are_combined_renamed_recoloured_and_deleted(world, user):
    n = len(world.table)
    world.gates.add("a", cells=np.arange(n) < 8)
    world.gates.add("b", cells=np.arange(n) % 2 == 0)
    assert not world.page.combine_button.isEnabled()
    assert "Click a gate" in world.page.combine_button.toolTip()
    a, b = world.column("a"), world.column("b")
    world.click_gate("a")
    menu = world.page.combine_button.menu()
    choose(world, menu, "a and …", "b")
    np.testing.assert_array_equal(world.column("a and b"), a & b)
    world.click_gate("a")
    choose(world, menu, "a and not …", "b")
    np.testing.assert_array_equal(world.column("a and not b"), a & ~b)
    world.click_gate("b")
    choose(world, menu, "not b")
    np.testing.assert_array_equal(world.column("not b"), ~b)
    # In place: F2, and what is written.
    listed = world.page.list
    world.click_gate("a")
    listed.setFocus()
    QTest.keyClick(listed, Qt.Key.Key_F2)
    editor = listed.viewport().findChild(QLineEdit)
    QTest.keyClick(editor, Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
    QTest.keyClicks(editor, "mitotic")
    QTest.keyClick(editor, Qt.Key.Key_Return)
    user.until(lambda: world.gates.all[0].name == "mitotic")
    assert world.gates.find("a and b").rule.of == ("mitotic", "b")
    assert listed.name == "mitotic"
    spot = world.page.colour_button.menu().actions()[0].defaultWidget().findChildren(QToolButton)[5]
    spot.click()
    assert world.gates.find("mitotic").colour == spot.toolTip()
    QTest.keyClick(listed, Qt.Key.Key_Delete)
    assert [gate.name for gate in world.gates.all] == ["b", "a and b", "a and not b", "not b"]
    np.testing.assert_array_equal(world.column("a and b"), a & b)
    for _ in range(3):
        world.press(Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert world.gates.find("a").colour != spot.toolTip()


def test_a_name_that_is_taken_is_refused(world, user):
    n = len(world.table)
    world.gates.add("a", cells=np.arange(n) < 8)
    world.gates.add("b", cells=np.arange(n) < 9)
    listed = world.page.list
    listed.item_of("b").setText(0, "a")
    user.until(lambda: listed.item_of("b") is not None)
    assert [gate.name for gate in world.gates.all] == ["a", "b"]
    assert "There is a gate “a” already" in world.explorer.panel._said.text()


def test_an_opened_gate_is_alone_on_the_map(world, user):
    n, model = len(world.table), world.explorer.model
    outer = np.arange(n) % 2 == 0
    world.gates.add("outer", cells=outer)
    world.click_gate("outer")
    user.click(world.page.open_button)
    np.testing.assert_array_equal(np.isfinite(model.xy[:, 0]), outer)
    assert world.tab.way.isVisible()
    told = world.explorer.scatter._caption.text()
    assert (
        told
        == "30 of 60 cells are shown, those of “outer”. Distances on this map are not evidence."
    )
    world.press(Qt.Key.Key_Escape)
    assert (
        world.explorer.panel.selection.text()
        == "30 of 60 cells in “outer”; draw a lasso to select some"
    )
    assert world.explorer.panel.table.rows.rowCount() == 30
    # All of the legend's first cluster, but only those that are shown.
    legend = world.explorer.scatter.legend.categories
    user.click(legend.viewport(), lambda: legend.visualItemRect(legend.item(0)).center())
    cluster = (world.obs["cluster"] == "0").to_numpy()
    np.testing.assert_array_equal(world.selected, cluster & outer)
    world.press(Qt.Key.Key_R)
    world.drag(world.at(-0.5, 9.5), world.at(4.5, 2.5))
    world.press(Qt.Key.Key_G)
    inner = world.gates.all[-1]
    assert inner.within == "outer"
    assert world.page.list.item_of(inner.name).parent() is world.page.list.item_of("outer")
    user.click(world.page.open_button)
    texts = [button.text() for button in world.tab.way.findChildren(QToolButton)]
    assert texts == ["All cells", "outer (30)", "✕"]
    assert world.column(inner.name).sum() == np.isfinite(model.xy[:, 0]).sum()
    user.click(world.tab.way.findChildren(QToolButton)[0])
    assert np.isfinite(model.xy).all()
    assert not world.tab.way.isVisible()
    world.press(Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert world.gates.opened == inner.name


def test_what_is_drawn_on_other_axes_is_a_rule_of_columns(world, user):
    axes = AxisChoice("intensity_mean_DNA"), AxisChoice("y_px")
    world.session.view.set_plot(PlotChoice(*axes))
    world.press(Qt.Key.Key_R)
    dna, y = (world.obs[axis.column].to_numpy() for axis in axes)
    axis_x, axis_y = world.explorer.model.axes
    low, high = (0.31, 30.0), (0.82, 90.0)
    corners = [(axis_x.places(x), axis_y.places(v)) for x, v in (low, high)]
    world.drag(world.at(*map(float, corners[0])), world.at(*map(float, corners[1])))
    world.press(Qt.Key.Key_G)
    gate = world.gates.all[0]
    drawn = np.array(gate.rule.corners)
    inside = (dna >= drawn[:, 0].min()) & (dna <= drawn[:, 0].max())
    inside &= (y >= drawn[:, 1].min()) & (y <= drawn[:, 1].max())
    np.testing.assert_array_equal(world.column(gate.name), inside)
    np.testing.assert_allclose(drawn.min(axis=0), low, rtol=0.05)
    np.testing.assert_allclose(drawn.max(axis=0), high, rtol=0.05)
    canvas = world.explorer.scatter.canvas
    assert len(canvas.overlay._outlines) == 1
    # Nothing jumps for a gate: what one looks at is still there.
    canvas.overlay.zoomed.emit(2.0, QPointF(100, 100))
    camera = canvas.camera
    world.gates.add("another", cells=np.arange(len(world.table)) < 3)
    assert canvas.camera == camera
    world.session.view.set_plot(PlotChoice())
    assert world.explorer.scatter.canvas.overlay._outlines == []


def test_colours_by_gates_are_those_of_map_and_image(world, user):
    n = len(world.table)
    world.gates.add("a", cells=np.arange(n) < 20, colour="#ff0000")
    world.gates.add("b", cells=np.arange(n) >= 10, colour="#0000ff")
    user.click(world.page.all_button)
    on_map = world.explorer.model.shown_colouring().colours()
    assert on_map[[0, 30]].tolist() == [[255, 0, 0], [0, 0, 255]]
    assert on_map[15].tolist() == [186, 0, 186]
    layer = layers.own_layer(world.viewer, layers.CLUSTERS)
    for row in world.rows()[:8]:
        y, x = np.argwhere(world.labels["one"] == world.obs["label"].iloc[row])[0]
        drawn = layer.colormap.map(layer.data[y, x]).ravel()[:3] * 255
        assert np.abs(drawn - on_map[row]).max() < 6
    world.gates.rename("a", "mitotic")
    world.explorer.colour_by("gate_mitotic")
    world.gates.rename("mitotic", "a")
    assert world.explorer.colouring.column == "gate_a"
    assert world.explorer.model.shown_colouring().colours()[0].tolist() == [255, 0, 0]


def test_gates_of_all_kinds_survive_another_result(world):
    world.gates.add("large", Interval("intensity_mean_DNA", 0.5))
    world.gates.combine("rest", Operator.NOT, ["large"])
    world.click_gate("large")
    table = world.table[::-1].copy()
    del table.obs["gate_large"], table.obs["gate_rest"]
    world.table = table
    world.result = type(world.result)(
        table, world.result.cells_ids, world.result.assignment, "", 0.0, True, world.images
    )
    world.session.set_result(world.result, world.cells.values())
    values = table.obs["intensity_mean_DNA"].to_numpy()
    np.testing.assert_array_equal(world.column("large"), values >= 0.5)
    np.testing.assert_array_equal(world.selected, values >= 0.5)
    assert world.page.list.item_of("large").text(1) == str((values >= 0.5).sum())


def test_every_button_has_a_name_and_says_why_it_is_disabled(world):
    buttons = [b for b in world.page.findChildren(QToolButton) if b.isVisible()]
    for button in (*buttons, *world.page.findChildren(type(world.page.gate_button))):
        assert button.toolTip()
        if not button.isEnabled() and button.parent() is not None:
            assert "." in button.toolTip() or button.toolTip().count(" ") > 3


def test_a_gate_repaints_only_what_it_colours(world):
    model, painted = world.explorer.model, []
    count = lambda: painted.append(model.shown_colouring())  # noqa: E731
    model.colours_changed.connect(count)
    world.gates.add("a", cells=np.arange(len(world.table)) < 20)
    world.session.result.annotate(np.arange(len(world.table)) < 3, "mine")
    assert not painted
    assert "gate_a" in world.explorer.panel.table.rows.columns
    assert world.explorer.colouring.box.findData("gate_a") >= 0
    world.explorer.colour_by("gate_a")
    painted.clear()
    world.gates.set_rule("a", Chosen(), np.arange(len(world.table)) < 5)
    assert int((painted[-1].codes == 0).sum()) == 5
    painted.clear()
    world.gates.delete(["a"])
    # Without its column cells are coloured as at first.
    assert painted[-1].title == "Cluster"
    model.colours_changed.disconnect(count)


def test_the_histogram_of_a_threshold_is_saved_as_a_figure(world, user, tmp_path):
    world.gates.add("left", cells=world.table.obsm["X_umap"][:, 0] < 5)
    world.gates.open("left")
    user.click(world.page.threshold_button)
    editor = world.page.threshold
    user.choose(editor.box, "DNA intensity")
    editor.high.setFocus()
    QTest.keyClicks(editor.high, "0.5")
    user.click(editor.save_button)
    path = tmp_path / "histogram.svg"
    user.answer(path)
    user.click(editor.door.file_button)
    user.until(lambda: not editor.door.busy and path.exists())
    inside = world.obs["intensity_mean_DNA"][world.column("left")]
    words = path.with_suffix(".txt").read_text()
    assert "Of the 30 cells in the open gate “left” only." in words
    assert f"Within … to 0.5: {int((inside <= 0.5).sum())} cells" in words
    assert pd.read_csv(path.with_suffix(".csv"))["cells"].sum() == inside.notna().sum()
    user.click(editor.save_button)
    assert not editor.door.isVisible()
    editor.high.clear()


def test_pictures_rows_and_export_are_of_the_open_gate(world, user, tmp_path):
    world.gates.add("left", cells=world.table.obsm["X_umap"][:, 0] < 5)
    left = np.flatnonzero(world.column("left"))
    panel = world.explorer.panel
    assert not panel.export_button.isEnabled()
    assert "step 5" in panel.export_button.toolTip()
    world.gates.open("left")
    world.idle()
    assert set(panel.montage.thumbnails.rows) == set(left)
    legend = world.explorer.scatter.legend.categories
    counts = world.obs["cluster"].iloc[left].value_counts()
    assert [legend.item(row).data(COUNT_ROLE) for row in range(3)] == [
        str(counts[name]) for name in ("0", "1", "noise")
    ]
    assert "30 cells (the cells of gate “left”)" in panel.export_button.toolTip()
    path = tmp_path / "gate.csv"
    user.answer(path)
    user.click(panel.export_button)
    user.until(path.exists)
    world.idle()
    written = pd.read_csv(path)
    assert list(zip(written["image"], written["label"], strict=True)) == world.keys(left)
    # What is selected beyond it is not in the open gate, and nothing is made up for it.
    outside = np.flatnonzero(~world.column("left"))[:4]
    world.session.selection.select(np.isin(np.arange(60), [*outside, left[3]]))
    world.idle()
    assert panel.montage.thumbnails.rows == [left[3]]
    assert "1 cell (the selected cells of gate “left”)" in panel.export_button.toolTip()
    world.session.selection.select(np.isin(np.arange(60), outside))
    world.idle()
    assert panel.montage.thumbnails.rows == []
    assert "None of the selected cells is in the open gate" in panel.montage._reason.text()
    assert not panel.export_button.isEnabled()


def test_figures_of_an_open_gate_are_of_its_cells_and_say_so(world, user):
    world.gates.add("left", cells=world.table.obsm["X_umap"][:, 0] < 5)
    groups, tabs = world.explorer.tabs.group(GroupTabs), world.explorer.panel.tabs
    world.gates.open("left")
    tabs.setCurrentWidget(groups.compare)
    user.until(lambda: not world.explorer.tabs.busy)
    left = world.column("left")
    note = "Of the 30 cells in the open gate “left” only."
    assert groups.compare.caption.text().startswith(note)
    assert len(groups.overview.current.table) == 30
    assert "30 cells of 2 wells" in groups.compare.view.drawing.method
    where = next(mark.where for mark in groups.compare.view.drawing.marks if mark.where)
    here = groups.overview.current.wells.cells(where, groups.overview.current.table.obs)
    groups._on_chosen((SimpleNamespace(where=where),), NONE)
    np.testing.assert_array_equal(world.selected, groups.overview.current.among_all(here))
    assert not (world.selected & ~left).any()
    tabs.setCurrentWidget(groups.marks)
    user.until(lambda: not world.explorer.tabs.busy)
    assert groups.marks.caption.text().startswith(note)
    world.gates.open(None)
    user.until(lambda: not world.explorer.tabs.busy)
    assert len(groups.overview.current.table) == 60
    assert "open gate" not in groups.marks.caption.text()
    tabs.setCurrentWidget(world.page)
