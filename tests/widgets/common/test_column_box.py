"""Finding a column among hundreds by typing, by real keys and clicks."""

from __future__ import annotations

import pytest
from qtpy.QtCore import Qt
from qtpy.QtTest import QTest

from napari_c3r.core.table.search import found_by
from napari_c3r.widgets.common.column_box import ColumnBox

GROUPS = [
    ("", [("", "Map")]),
    ("Stains", [("intensity_mean_ER", "ER intensity"), ("intensity_mean_RNA", "RNA intensity")]),
    ("Parts of the vector", [(f"c3r_{n:04d}", f"RNA vector {n}") for n in range(400)]),
]


@pytest.fixture
def box(qtbot, user):
    made = ColumnBox("X axis", "What is shown")
    qtbot.addWidget(made)
    made.offer(GROUPS)
    made.choose("intensity_mean_ER")
    made.resize(160, 28)
    made.show()
    user.rest(made)
    yield made
    made.hidePopup()


def listed(box):
    view = box.view()
    return [box.itemText(row) for row in range(box.count()) if not view.isRowHidden(row)]


def test_what_is_typed_is_found_under_its_headings_and_return_chooses_it(box, user, qtbot):
    user.click(box)
    user.until(lambda: box.search.isVisible())
    chosen = []
    box.activated.connect(lambda: chosen.append(box.chosen))
    QTest.keyClicks(box.view(), "rna")
    assert box.search.text() == "rna"
    QTest.keyClicks(box.search, " int")
    assert listed(box) == ["Stains", "RNA intensity"]
    QTest.keyClick(box.search, Qt.Key.Key_Return)
    user.until(lambda: not box.view().isVisible())
    assert chosen == ["intensity_mean_RNA"]
    assert len(listed(box)) == box.count()


def test_arrows_go_through_what_was_found_and_skip_headings(box, user):
    user.click(box)
    user.until(lambda: box.search.isVisible())
    QTest.keyClicks(box.search, "c3r_039")
    assert listed(box)[:2] == ["Parts of the vector", "RNA vector 390"]
    for _ in range(2):
        QTest.keyClick(box.search, Qt.Key.Key_Down)
    QTest.keyClick(box.search, Qt.Key.Key_Return)
    user.until(lambda: not box.view().isVisible())
    assert box.chosen == "c3r_0392"


def test_what_is_called_nothing_like_it_is_said_and_escape_changes_nothing(box, user):
    user.click(box)
    user.until(lambda: box.search.isVisible())
    QTest.keyClicks(box.search, "nucleolus")
    assert listed(box) == []
    assert box.nothing.isVisible()
    QTest.keyClick(box.view(), Qt.Key.Key_Escape)
    user.until(lambda: not box.view().isVisible())
    assert box.chosen == "intensity_mean_ER"


def test_a_name_that_is_gone_gives_the_first_and_headings_are_no_choice(box):
    box.choose("gone")
    assert box.currentText() == "Map"
    QTest.keyClick(box, Qt.Key.Key_Down)
    assert box.chosen == "intensity_mean_ER"


@pytest.mark.parametrize(
    ("text", "found"),
    [("", True), ("rna", True), ("INT rna", True), ("mean_R", True), ("dna", False), ("  ", True)],
)
def test_every_word_is_looked_for_in_title_and_name(text, found):
    assert found_by(text, "RNA intensity", "intensity_mean_RNA") is found
