"""At its narrowest, beside a scroll bar, nothing of the dock is cut off."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import tifffile
from qtpy.QtCore import QPoint, Qt
from qtpy.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QComboBox,
    QLabel,
    QLineEdit,
    QScrollArea,
    QStyle,
    QTabBar,
    QWidget,
)

from napari_c3r.core.images import Image
from napari_c3r.session import EmbeddingResult, session_of
from napari_c3r.widgets.common.collapsible import Collapsible
from napari_c3r.widgets.common.labels import WrappedLabel
from napari_c3r.widgets.common.step import Mark, StepHeader, StepStatus
from napari_c3r.widgets.common.table_view import ITEM_PADDING_PX
from napari_c3r.widgets.explorer.dock import C3RExplorer
from napari_c3r.widgets.explorer.panel import ExplorerPanel
from napari_c3r.widgets.main.step_ids import StepId
from tests.widgets.explorer.test_compare_tabs import ROLES, table
from tests.widgets.fields import planes, write_plate

NARROWEST_PX = 300


def too_wide(dock) -> list[str]:
    """The steps that need more than the narrowest dock has beside its scroll bar."""
    bar = dock.style().pixelMetric(QStyle.PixelMetric.PM_ScrollBarExtent)
    holder = dock.findChild(QScrollArea).widget()
    around = holder.layout().contentsMargins()
    room = NARROWEST_PX - bar - around.left() - around.right()
    for step in dock.steps.values():
        step.set_open(True)
    for section in dock.findChildren(Collapsible):
        section.button.setChecked(True)
    needed = {step: step.minimumSizeHint().width() for step in dock.steps.values()}
    return [
        f"{step.header.accessibleName()}: {width} px of {room}"
        for step, width in needed.items()
        if width > room
    ]


@pytest.mark.gl
def test_every_step_fits_the_narrowest_dock(viewer, dock, user):
    assert too_wide(dock) == []
    viewer.add_image(planes(), name="a stack with a name that is longer than the dock is wide")
    user.until(lambda: len(dock.channels.names) == 3)
    user.wait_idle(dock)
    assert too_wide(dock) == []


@pytest.mark.gl
def test_what_was_understood_fits_the_narrowest_dock(dock, user, tmp_path):
    write_plate(tmp_path / "plate")
    dock.controller.open_paths([str(tmp_path / "plate")])
    user.wait_idle(dock)
    assert not dock.image.scan.isHidden()
    assert too_wide(dock) == []


@pytest.mark.gl
def test_the_number_of_clusters_shows_only_where_it_is_asked_for(dock, user):
    dock.steps[StepId.MAP].set_open(True)
    method, number = dock.map.method, dock.map.n_clusters
    assert not number.isVisible()
    user.choose(method, "k-means")
    assert number.isVisible()
    user.choose(method, "HDBSCAN")
    assert not number.isVisible()


def test_a_header_is_one_line_with_its_title_and_keeps_numbers_with_their_units(qtbot):
    header = StepHeader(1, "Image")
    # Whatever the window's style, labels may have a frame, from which Qt would indent.
    header.setStyleSheet("QLabel { border: 1px solid black; }")
    qtbot.addWidget(header)
    header.show_status(StepStatus(Mark.DONE, "5 channels · 696 × 520 px · 0.656 µm/px"))
    header.resize(700, 40)
    with qtbot.waitExposed(header):
        header.show()
    title, line = header._title, header._line
    assert title.mapTo(header, QPoint()).y() == line.mapTo(header, QPoint()).y()
    assert line.height() == title.height()
    assert "696\u00a0×\u00a0520\u00a0px · 0.656\u00a0µm/\u2060px" in QLabel.text(line)
    assert header.line == "5 channels · 696 × 520 px · 0.656 µm/px"


def test_what_does_not_fit_beside_the_title_stands_below_and_folded_with_short_names(qtbot):
    name = "2026-05-14_U2OS_experiment0012_plate1_B02_s1"
    whole = f"{name}\n12 wells · Compound given to the cells (vendor name), Dose (uM), 6 controls"
    header = StepHeader(1, "Image")
    qtbot.addWidget(header)
    header.show_status(StepStatus(Mark.DONE, whole))
    header.resize(NARROWEST_PX, 40)
    with qtbot.waitExposed(header):
        header.show()
    title, line = header._title, header._line
    lines = QLabel.text(line).split("\n")
    assert line.mapTo(header, QPoint()).y() >= title.geometry().bottom()
    assert len(lines) == 3
    assert [each.split(" · ")[0] for each in lines[1:]] == ["12 wells", "Dose (uM), 6 controls"]
    assert all(line.fontMetrics().horizontalAdvance(each) <= NARROWEST_PX for each in lines)
    assert name in header.toolTip()
    header.show_open(True)
    assert line.text() == header.line == whole
    # What needs the user is read whole, folded or not.
    header.show_open(False)
    header.show_status(StepStatus(Mark.DOUBT, whole))
    assert line.text() == whole


def test_names_break_after_what_divides_their_parts(qtbot):
    label = WrappedLabel("The cell of cell-painting-sample is here")
    qtbot.addWidget(label)
    assert QLabel.text(label).split("\u200b") == [
        "The cell of cell-",
        "painting-",
        "sample is here",
    ]


def test_a_long_name_breaks_and_is_told_as_it_is(qtbot):
    name = "2026-05-plate_0001_treated_with_something_A14_site1_channel1.ome.tiff"
    label = WrappedLabel(f"No file '{name}'; <b>check</b> the name")
    qtbot.addWidget(label)
    assert label.text() == f"No file '{name}'; <b>check</b> the name"
    assert label.minimumSizeHint().width() < label.fontMetrics().horizontalAdvance(name) / 3
    assert label.textFormat() == Qt.TextFormat.PlainText


@pytest.mark.gl
def test_a_long_file_name_does_not_widen_the_dock(dock, user, tmp_path):
    long = "2026-05-plate_0001_treated_with_something_A14_site1_channel1"
    (tmp_path / f"{long}.tif").write_text("not a picture")
    dock.controller.open_paths([str(tmp_path / f"{long}.tif")])
    user.wait_idle(dock)
    assert f"{long}.tif cannot be read" in dock.steps[StepId.IMAGE].reason.text()
    assert too_wide(dock) == []
    tifffile.imwrite(tmp_path / f"{long}.tif", planes(), photometric="minisblack")
    dock.controller.open_paths([str(tmp_path / f"{long}.tif")])
    user.wait_idle(dock)
    assert not dock.image.scan.isHidden()
    assert too_wide(dock) == []


def test_texts_of_the_table_have_room_beside_their_padding(qtbot):
    panel = ExplorerPanel()
    qtbot.addWidget(panel)
    panel.set_theme("#222222", "#dddddd")
    texts = {"plate": "plate1", "well": "A14", "image": "plate1_A14"}
    frame = pd.DataFrame({name: [text] * 3 for name, text in texts.items()})
    panel.table.set_frame(frame, list(texts))
    for column, text in enumerate(texts.values()):
        needed = panel.table.fontMetrics().horizontalAdvance(text) + 2 * ITEM_PADDING_PX
        assert panel.table.columnWidth(column) > needed


def beyond(dock, width: int) -> list[str]:
    """What can be clicked on in a dock and reaches over its right edge."""
    kinds = QAbstractButton, QComboBox, QLineEdit
    within = [w for w in dock.findChildren(QWidget) if isinstance(w, kinds) and not w.isWindow()]
    # Tabs and columns that there is no room for are scrolled to.
    scrolled = QTabBar, QAbstractItemView
    seen = [w for w in within if w.isVisible() and not isinstance(w.parentWidget(), scrolled)]
    ends = {w: w.mapTo(dock, QPoint(w.width(), 0)).x() for w in seen}
    return [
        f"{w.accessibleName() or w.objectName()}: {end}" for w, end in ends.items() if end > width
    ]


@pytest.mark.gl
def test_every_tab_of_the_explorer_fits_the_narrowest_dock(viewer, user):
    session, explorer = session_of(viewer), C3RExplorer(viewer)
    blank = np.zeros((2, 10, 10), np.uint8)
    session.set_image(Image.from_array(blank, list(ROLES.names), name="i0"))
    session.set_result(EmbeddingResult(table(), {}, ROLES, "", 0.0, True))
    explorer.resize(NARROWEST_PX, 760)
    explorer.show()
    panel = explorer.panel
    for number in range(panel.tabs.count()):
        panel.tabs.setCurrentIndex(number)
        user.until(lambda: not (explorer.tabs.busy or explorer.montage.busy))
        user.rest(explorer)
        assert explorer.width() == NARROWEST_PX
        assert beyond(explorer, NARROWEST_PX) == [], panel.tabs.tabText(number)
    for button in (panel.name_button, panel.similar_button):
        button.setEnabled(True)
        user.click(button)
        user.rest(explorer)
        assert beyond(explorer, NARROWEST_PX) == []
        user.click(button)
    explorer.close()
