"""The table in the explorer: filtered, sorted, its columns chosen, its rows copied."""

from __future__ import annotations

from io import StringIO

import numpy as np
import pandas as pd
import pytest
from napari.components import ViewerModel
from qtpy.QtCore import QPoint, Qt
from qtpy.QtGui import QPalette
from qtpy.QtTest import QTest
from qtpy.QtWidgets import QApplication, QFileDialog

from napari_c3r.session.table_view import TableLook
from napari_c3r.widgets.common.rows_model import RowsModel
from napari_c3r.widgets.common.table_view import ITEM_PADDING_PX, CellTable
from tests.widgets.explorer.test_explorer import World

pytestmark = pytest.mark.gl

NONE = Qt.KeyboardModifier.NoModifier
CTRL, SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier
ALT = Qt.KeyboardModifier.AltModifier
RIGHT = Qt.MouseButton.RightButton


@pytest.fixture(scope="module")
def made(qapp):
    world = World(ViewerModel(), None)
    world.explorer.resize(1300, 420)
    yield world
    world.explorer.release()
    world.explorer.close()


@pytest.fixture
def shown(made, user):
    """One explorer for all tests, each of which finds it as at the beginning."""
    made.user = user
    made.page = made.explorer.panel.table_page
    made.show()
    yield made
    made.page.filter.clear()
    made.explorer.rows.view._put(TableLook(), None)
    made.explorer.clear()
    made.idle()


def columns_of(world):
    return list(world.page.table.rows.columns)


def write(world, text, end=Qt.Key.Key_Return):
    line = world.page.filter
    world.user.click(line)
    line.selectAll()
    QTest.keyClicks(line, text)
    if end is not None:
        QTest.keyClick(line, end)
    QApplication.processEvents()


def click_title(world, name, modifier=NONE, pinned=False):
    table = world.page.table
    header = table.pinned.titles if pinned else table.horizontalHeader()
    column = columns_of(world).index(name)
    table.scrollTo(table.model().index(0, column))

    def where():
        return QPoint(header.sectionViewportPosition(column) + 8, header.height() // 2)

    world.user.click(header.viewport(), where, modifier)


def choose_in_menu(world, name, text):
    table = world.page.table
    header = table.horizontalHeader()
    column = columns_of(world).index(name)
    table.scrollTo(table.model().index(0, column))
    at = QPoint(header.sectionViewportPosition(column) + 8, header.height() // 2)
    header.customContextMenuRequested.emit(at)
    menu = QApplication.activePopupWidget()
    action = next(each for each in menu.actions() if each.text() == text)
    QTest.mouseClick(menu, Qt.MouseButton.LeftButton, NONE, menu.actionGeometry(action).center())
    QApplication.processEvents()


def test_a_filter_lists_what_fits_and_says_how_many(shown):
    fits = (shown.obs["intensity_mean_DNA"] > 0.5) & (shown.obs["well"] == "B02")
    write(shown, "DNA intensity > 0.5 and well = b2")
    assert shown.listed() == shown.keys(np.flatnonzero(fits))
    assert shown.page.found.text() == f"{fits.sum()} of 60 rows"
    assert not shown.session.selection.mask.any()
    shown.user.click(shown.page.select_button)
    assert (shown.session.selection.mask == fits).all()
    write(shown, "label > 100")
    more = (shown.obs["label"] > 100).to_numpy()
    shown.user.click(shown.page.select_button, modifier=SHIFT | ALT)
    assert (shown.session.selection.mask == fits & more).all()
    shown.user.click(shown.page.select_button, modifier=SHIFT)
    assert (shown.session.selection.mask == fits & more | more).all()
    shown.user.click(shown.page.select_button, modifier=ALT)
    assert not shown.session.selection.mask.any()
    QTest.keyClick(shown.page.filter, Qt.Key.Key_Escape)
    assert len(shown.listed()) == 60
    assert not shown.page.found.isVisible()


def test_what_is_unfinished_is_not_wrong_yet(shown):
    write(shown, "label > 100", None)
    shown.user.until(lambda: len(shown.listed()) < 60)
    before = shown.listed()
    QTest.keyClicks(shown.page.filter, " and lab")
    QTest.qWait(400)
    assert shown.page.found.text() == f"{len(before)} of 60 rows"
    assert shown.page.filter.styleSheet() == ""
    QTest.keyClick(shown.page.filter, Qt.Key.Key_Escape)  # closes what is offered
    QTest.keyClick(shown.page.filter, Qt.Key.Key_Return)
    assert "No column 'lab'; did you mean 'label'?" in shown.page.found.text()
    assert shown.page.filter.styleSheet() != ""
    assert not shown.page.select_button.isEnabled()
    assert shown.listed() == before
    write(shown, "well = C09")
    assert shown.page.found.text() == "0 of 60 rows · No well is 'C09'"
    assert not shown.page.select_button.isEnabled()


def test_names_and_values_are_offered(shown):
    write(shown, "wel", None)
    assert shown.page.filter.offered == ["well"]
    popup = QApplication.activePopupWidget()
    QTest.keyClick(popup, Qt.Key.Key_Down)
    QTest.keyClick(popup, Qt.Key.Key_Return)
    assert shown.page.filter.text() == "well "
    QTest.keyClicks(shown.page.filter, "= b")
    assert shown.page.filter.offered == ["B02"]
    popup = QApplication.activePopupWidget()
    QTest.keyClick(popup, Qt.Key.Key_Down)
    QTest.keyClick(popup, Qt.Key.Key_Return)
    QTest.keyClick(shown.page.filter, Qt.Key.Key_Return)
    assert shown.listed() == shown.keys(shown.rows("two"))


def test_titles_sort_by_several_columns(shown):
    click_title(shown, "well")
    click_title(shown, "label", SHIFT)
    click_title(shown, "label", SHIFT)
    order = shown.obs.reset_index().sort_values(["well", "label"], ascending=[True, False]).index
    assert shown.listed() == shown.keys(order)
    model = shown.page.table.model()
    titles = [model.headerData(c, Qt.Orientation.Horizontal) for c in range(model.columnCount())]
    assert {"Well ▲1", "Label ▼2"} <= set(titles)
    shown.explorer.undo()
    shown.explorer.undo()
    assert shown.listed() == shown.keys(
        shown.obs.reset_index().sort_values("well", kind="stable").index
    )
    click_title(shown, "well")
    click_title(shown, "well")
    assert shown.listed() == shown.keys(range(60))


def test_columns_are_hidden_pinned_and_found(shown):
    assert columns_of(shown)[:3] == ["image", "label", "cluster"]
    choose_in_menu(shown, "well", "Pin: keep it in sight")
    assert columns_of(shown)[0] == "well"
    table = shown.page.table
    shown.explorer.resize(900, 420)
    table.horizontalScrollBar().setValue(400)
    QApplication.processEvents()
    assert table.pinned.isVisible()
    assert table.pinned.columnAt(4) == 0
    assert table.pinned.geometry().width() == table.columnWidth(0)
    click_title(shown, "well", pinned=True)
    assert table.rows.sorting == (("well", True),)
    spot = table.pinned.visualRect(table.model().index(3, 0)).center()
    QTest.mouseClick(table.pinned.viewport(), Qt.MouseButton.LeftButton, NONE, spot)
    assert shown.session.selection.current == table.rows.rows[3]
    choose_in_menu(shown, "area_px", "Hide")
    assert "area_px" not in columns_of(shown)
    shown.user.click(shown.page.columns_button)
    listed = shown.page.columns
    QTest.keyClicks(listed.search, "Area")
    QTest.mouseClick(listed.all_button, Qt.MouseButton.LeftButton)
    listed.close()
    assert "area_px" in columns_of(shown)
    for _ in range(3):
        shown.explorer.undo()
    assert columns_of(shown)[0] == "well"
    assert table.rows.sorting == ()
    shown.explorer.undo()
    assert not table.pinned.isVisible()
    shown.explorer.resize(1300, 420)


def test_rows_are_copied_as_they_are_listed(shown):
    write(shown, "label < 60")
    click_title(shown, "label")
    shown.user.click(shown.page.table.viewport(), lambda: shown.cell_of_table(1))
    shown.click_row(int(shown.page.table.rows.rows[3]), SHIFT)
    QTest.keyClick(shown.page.table, Qt.Key.Key_C, CTRL)
    pasted = pd.read_csv(
        StringIO(QApplication.clipboard().text()), sep="\t", float_precision="round_trip"
    )
    assert list(pasted.columns) == columns_of(shown)
    rows = shown.page.table.rows.rows[1:4]
    wanted = shown.obs.iloc[rows]
    assert pasted["label"].tolist() == wanted["label"].tolist()
    np.testing.assert_array_equal(pasted["intensity_mean_DNA"], wanted["intensity_mean_DNA"])
    assert "Copied 3 rows" in shown.explorer.panel._said.text()


def test_a_slash_goes_to_the_filter(shown):
    shown.page.table.setFocus()
    QTest.keyClicks(shown.page.table, "/")
    assert shown.explorer.focusWidget() is shown.page.filter
    assert shown.page.filter.text() == ""


def test_names_have_room_and_widths_stay(shown):
    table = shown.page.table
    measure = table.fontMetrics().horizontalAdvance
    for name in ("image", "cluster"):
        column = columns_of(shown).index(name)
        longest = max(map(str, shown.obs[name].unique()), key=measure)
        assert table.columnWidth(column) >= measure(longest) + 2 * ITEM_PADDING_PX
    column = columns_of(shown).index("label")
    header = table.horizontalHeader()
    edge = QPoint(header.sectionViewportPosition(column) + header.sectionSize(column) - 1, 8)
    before = table.columnWidth(column)
    QTest.mousePress(header.viewport(), Qt.MouseButton.LeftButton, NONE, edge)
    QTest.mouseMove(header.viewport(), edge + QPoint(40, 0))
    QTest.mouseRelease(header.viewport(), Qt.MouseButton.LeftButton, NONE, edge + QPoint(40, 0))
    wide = table.columnWidth(column)
    assert wide > before
    shown.session.result.annotate(np.arange(60) < 3, "mitotic")
    assert table.columnWidth(columns_of(shown).index("label")) == wide


def test_the_look_is_saved_and_taken_back(shown):
    write(shown, "well = B02")
    kept = shown.session.keeping.keep()["table"]
    write(shown, "")
    shown.session.keeping.restore({"table": kept})
    assert shown.page.filter.text() == "well = B02"
    assert shown.listed() == shown.keys(shown.rows("two"))


def test_a_filter_makes_a_gate(shown):
    write(shown, "well = B02")
    shown.user.click(shown.page.gate_button)
    gates = shown.session.gates
    assert gates.all[-1].name == "well = B02"
    assert gates.mask("well = B02").sum() == 30
    shown.explorer.undo()
    assert gates.all == ()


def tick(world, panel, name):
    """Click on the box before a column."""
    (item,) = panel.columns.findItems(name, Qt.MatchFlag.MatchExactly)
    at = panel.columns.visualItemRect(item)
    world.user.click(panel.columns.viewport(), lambda: at.center() - QPoint(at.width() // 2 - 9, 0))


def test_a_table_of_ones_own_is_joined_after_a_look(shown, tmp_path, monkeypatch):
    frame = shown.obs[["image", "label"]].assign(mine=np.arange(60) * 1.5, dose="10 µM")
    frame.iloc[:58].sample(frac=1, random_state=0).to_csv(tmp_path / "mine.csv", index=False)
    chosen = str(tmp_path / "mine.csv"), ""
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *args, **kwargs: chosen)
    shown.user.click(shown.page.columns_button)
    QTest.mouseClick(shown.page.columns.add_button, Qt.MouseButton.LeftButton)
    joining, panel = shown.explorer.rows.joining, shown.page.join
    shown.user.until(lambda: not joining.busy)
    assert "mine.csv: 58 of 60 rows match by image and label; 2 have none:" in panel.words.text()
    assert "mine" not in shown.obs
    assert [panel.way.itemText(n) for n in range(panel.way.count())] == [
        "what fits best",
        "image, label",
    ]
    assert panel.add_button.text() == "Add 2 columns"
    # Without a column, and with it again.
    tick(shown, panel, "dose")
    assert panel.add_button.text() == "Add 1 column"
    shown.user.click(panel.none_button)
    assert not panel.add_button.isEnabled()
    assert "tick those to add" in panel.add_button.toolTip()
    panel.sought.setText("min")
    shown.user.click(panel.all_button)
    assert panel.ticked == ["mine"]
    panel.sought.clear()
    tick(shown, panel, "dose")
    assert panel.ticked == ["mine", "dose"]
    shown.user.click(panel.add_button)
    assert not panel.isVisible()
    np.testing.assert_array_equal(shown.obs["mine"].iloc[:58], frame["mine"].iloc[:58])
    assert {"mine", "dose"} <= set(columns_of(shown))
    write(shown, "mine > 80")
    assert shown.listed() == shown.keys(range(54, 58))
    write(shown, "")
    choose_in_menu(shown, "mine", "Take away all columns of mine.csv")
    assert "mine" not in columns_of(shown)
    shown.explorer.undo()
    assert "mine" in columns_of(shown)
    shown.explorer.undo()
    assert "mine" not in columns_of(shown)
    joining.open(tmp_path / "mine.csv")
    shown.user.until(lambda: not joining.busy)
    tick(shown, panel, "dose")
    shown.user.click(panel.add_button)
    assert "mine" in shown.obs
    assert "dose" not in shown.obs
    assert shown.session.joined.paths == {"mine.csv": tmp_path / "mine.csv"}
    shown.explorer.undo()


def test_what_does_not_fit_is_said_and_adds_nothing(shown, tmp_path):
    frame = shown.obs[["image", "label"]].assign(mine=1.0)
    pd.concat([frame, frame.iloc[[3]]]).to_csv(tmp_path / "mine.csv", index=False)
    joining, panel = shown.explorer.rows.joining, shown.page.join
    joining.open(tmp_path / "mine.csv")
    shown.user.until(lambda: not joining.busy)
    assert "The table has two rows for image" in panel.words.text()
    assert not panel.add_button.isEnabled()
    assert "two rows" in panel.add_button.toolTip()
    shown.user.click(panel.cancel_button)
    assert not panel.isVisible()
    joining.open(tmp_path / "none.csv")
    shown.user.until(lambda: not joining.busy)
    assert "There is no file" in shown.explorer.panel._said.text()


def test_all_rows_are_taken_up_by_a_key_and_some_by_the_mouse(shown):
    table, selection = shown.page.table, shown.explorer.session.selection

    def click(place, keys=NONE):
        index = table.model().index(place, 1)
        table.scrollTo(index)
        shown.user.click(table.viewport(), lambda: table.visualRect(index).center(), keys)

    click(1)
    QTest.keyClick(table, Qt.Key.Key_A, CTRL)
    assert selection.mask.all()
    listed = table.rows.rows.copy()
    click(3)
    click(1, CTRL)
    assert np.flatnonzero(selection.mask).tolist() == sorted(listed[[1, 3]].tolist())


def test_a_million_rows_are_taken_up_at_once(qapp, monkeypatch):
    asked = []
    own = RowsModel.columnCount
    monkeypatch.setattr(RowsModel, "columnCount", lambda *given: asked.append(1) or own(*given))
    table, count = CellTable(), 10**6
    try:
        table.set_frame(pd.DataFrame({"label": np.arange(count), "size": 1.5}), ["label", "size"])
        taken = []
        table.chosen.connect(taken.append)
        table.show()
        QApplication.processEvents()
        asked.clear()
        QTest.keyClick(table, Qt.Key.Key_A, CTRL)
        assert np.array_equal(taken[-1], np.arange(count))
        # All of it that is drawn is marked, and what is out of sight is not looked at.
        picture = table.grab().toImage()
        chosen = table.palette().color(QPalette.ColorRole.Highlight)
        side = table.visualRect(table.model().index(5, 1))
        at = table.viewport().mapTo(table, side.topRight() - QPoint(3, -3))
        assert picture.pixelColor(at) == chosen
        QApplication.processEvents()
        assert len(asked) < 10_000
    finally:
        table.deleteLater()
