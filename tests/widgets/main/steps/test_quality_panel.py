"""The quality panel alone, with a session: thresholds are seen, moved by mouse and keys, undone."""

from __future__ import annotations

import pytest
from qtpy.QtCore import QPoint, Qt
from qtpy.QtTest import QTest

from napari_c3r.core.cells.quality import QualityOptions
from napari_c3r.session import Session
from napari_c3r.widgets.main.steps.quality import QualityPanel
from tests.session.test_quality_flags import result


@pytest.fixture
def shown(qtbot):
    """Panel and session, connected as in the dock."""
    session, panel = Session(), QualityPanel()
    qtbot.addWidget(panel)
    panel.changed.connect(session.set_quality)
    panel.filter_chosen.connect(session.set_filter)
    panel.selected.connect(session.selection.select)
    session.changed.connect(lambda change: panel.show_session(session))
    session.set_result(*result())
    panel.resize(320, 400)
    panel.show()
    panel.collapsible.button.click()
    panel.choice.setCurrentIndex(panel.choice.findData("debris"))
    panel.choice.activated.emit(panel.choice.currentIndex())
    return session, panel


def test_what_is_flagged_is_said_and_selected(shown):
    session, panel = shown
    assert panel.summary.text() == "2 of 40 cells flagged: 1 debris, 1 clipped"
    assert panel.told.text() == "Cell or nucleus smaller than usual: 1 cell"
    assert "1 above it" in panel.histogram.accessibleDescription()
    panel.select_button.click()
    assert session.selection.mask.nonzero()[0].tolist() == [0]


def test_a_threshold_is_dragged_counted_on_the_way_and_undone(shown):
    session, panel = shown
    histogram = panel.histogram
    left = Qt.MouseButton.LeftButton
    start = QPoint(round(histogram.x_of(4.0)), 20)
    QTest.mousePress(histogram, left, Qt.KeyboardModifier.NoModifier, start)
    QTest.mouseMove(histogram, QPoint(round(histogram.x_of(0.5)), 20))
    assert session.result.quality == QualityOptions()
    assert panel.told.text() != "Cell or nucleus smaller than usual: 1 cell"
    end = QPoint(round(histogram.x_of(0.5)), 20)
    QTest.mouseRelease(histogram, left, Qt.KeyboardModifier.NoModifier, end)
    moved = session.result.quality.debris
    assert 0 < moved < 4
    flagged = int(session.result.current.table.obs["qc_debris"].sum())
    assert panel.told.text() == f"Cell or nucleus smaller than usual: {flagged} cells"
    assert panel.limit.value() == moved
    session.history.undo()
    assert panel.limit.value() == 4.0


def test_keys_move_it_and_the_box_switches_it_off(shown):
    session, panel = shown
    QTest.keyClick(panel.histogram, Qt.Key.Key_Left)
    assert session.result.quality.debris < 4
    panel.on.click()
    assert session.result.quality.debris is None
    assert not panel.limit.isEnabled()
    assert panel.summary.text() == "1 of 40 cells flagged: 1 clipped"
    panel.on.click()
    assert session.result.quality.debris == 4.0


def test_flagged_cells_are_left_out_by_one_box(shown):
    session, panel = shown
    panel.leave_out.click()
    assert session.result.current.hidden_count == 2
    # What is left out is counted still, and cannot be selected.
    assert panel.summary.text().startswith("2 of 40 cells flagged")
    assert not panel.select_button.isEnabled()
    session.history.undo()
    assert not panel.leave_out.isChecked()
