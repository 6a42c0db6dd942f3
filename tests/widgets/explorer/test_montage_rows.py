"""The montage by real clicks: rows of groups, channels alone and side by side, outlines, files."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from napari.components import ViewerModel
from qtpy.QtCore import Qt
from qtpy.QtGui import QImage
from qtpy.QtTest import QTest

from napari_c3r.core.figures.montage_choice import Choice
from napari_c3r.session import session_of
from napari_c3r.session.montage_view import SIZES, MontageLook
from tests.widgets.explorer.test_explorer import World

pytestmark = pytest.mark.gl


@pytest.fixture
def shown(qtbot, user):
    made = World(ViewerModel(), user)
    qtbot.addWidget(made.explorer)
    made.table.obs["neighbours_changed_swap"] = np.arange(60.0)
    made.table.obs["gate_a"] = np.arange(60) < 5
    made.explorer.resize(1250, 420)
    made.show()
    yield made
    made.idle()
    made.explorer.release()


def panel(world):
    return world.explorer.panel.montage


def headings(world):
    thumbnails = panel(world).thumbnails
    texts = [thumbnails.item(place).text() for place in range(thumbnails.count())]
    return [text for text in texts if text]


def pixels(world, place):
    """The picture of a cell of the list, (Y, X, 3)."""
    thumbnails = panel(world).thumbnails
    item = [thumbnails.item(n) for n in range(thumbnails.count())]
    cell = [each for each in item if each.data(Qt.ItemDataRole.UserRole) is not None][place]
    image = cell.icon().pixmap(1000, 1000).toImage().convertToFormat(QImage.Format.Format_RGB888)
    raw = np.frombuffer(image.constBits().asarray(image.sizeInBytes()), np.uint8)
    lines = raw.reshape(image.height(), image.bytesPerLine())[:, : 3 * image.width()]
    return lines.reshape(image.height(), image.width(), 3).copy()


def test_rows_of_groups_and_back(shown, user):
    user.choose(panel(shown).choice, "Typical")
    user.choose(panel(shown).by, "By cluster")
    shown.idle()
    assert headings(shown) == ["0 · 20 cells", "1 · 20 cells", "noise · 20 cells"]
    rows = panel(shown).thumbnails.rows
    clusters = shown.obs["cluster"].iloc[rows].tolist()
    assert clusters == sorted(clusters)
    assert len(rows) == len(set(rows)) >= 12
    user.choose(panel(shown).by, "By gate")
    shown.idle()
    assert headings(shown) == ["a · 5 cells"]
    assert set(panel(shown).thumbnails.rows) <= set(range(5))
    user.choose(panel(shown).by, "By well")
    user.choose(panel(shown).choice, "Most moved")
    shown.idle()
    assert headings(shown) == ["A01 · 30 cells", "B02 · 30 cells"]
    first = panel(shown).thumbnails.rows[0]
    assert first == np.flatnonzero(shown.obs["well"] == "A01").max()
    # All of it is the user's choice, which undo takes back.
    shown.explorer.undo()
    shown.explorer.undo()
    shown.idle()
    assert headings(shown) == ["a · 5 cells"]
    assert panel(shown).choice.currentText() == "Typical"


def test_those_like_a_cell_stand_in_the_rows_of_their_groups(shown, user):
    user.choose(panel(shown).choice, "Similar to cell")
    user.choose(panel(shown).by, "By well")
    shown.idle()
    assert panel(shown).thumbnails.rows == []
    row = int(shown.rows()[4])
    shown.session.selection.set_current(row)
    shown.idle()
    assert panel(shown).thumbnails.rows[0] == row
    assert headings(shown) == ["A01 · 30 cells", "B02 · 30 cells"]


def test_without_diagnostics_nothing_has_moved_and_that_is_said(shown, user):
    del shown.table.obs["neighbours_changed_swap"]
    user.choose(panel(shown).choice, "Most moved")
    shown.idle()
    assert "run the diagnostics" in panel(shown)._reason.text()
    assert not panel(shown).save_button.isEnabled()


def test_a_key_shows_a_channel_alone_and_again_all(shown, user):
    shown.session.selection.select(np.isin(np.arange(60), shown.rows()[:3]))
    shown.idle()
    thumbnails = panel(shown).thumbnails
    both = pixels(shown, 0)
    assert both[20:-20, 20:-20, 2].max() > 40
    user.ready(thumbnails)
    thumbnails.setFocus()
    QTest.keyClick(thumbnails, Qt.Key.Key_A)
    shown.idle()
    assert panel(shown).show_box.currentText() == "RNA"
    alone = pixels(shown, 0)
    # Yellow has no blue, apart from the outline.
    inside = alone[60:80, 60:80]
    assert inside[..., 2].max() < 3 <= inside[..., 0].max()
    QTest.keyClick(thumbnails, Qt.Key.Key_A)
    shown.idle()
    assert panel(shown).show_box.currentText() == "Composite"
    np.testing.assert_array_equal(pixels(shown, 0), both)
    user.choose(panel(shown).show_box, "Side by side")
    shown.idle()
    assert pixels(shown, 0).shape[1] == 2 * both.shape[1]


def test_the_outline_is_the_label_s_border_and_dimming_leaves_the_cell(shown, user):
    shown.session.selection.select(np.isin(np.arange(60), shown.rows()[:3]))
    shown.session.montage.change(outlined=False)
    shown.idle()
    plain = pixels(shown, 0)
    shown.session.montage.change(outlined=True, dimmed=True)
    shown.idle()
    drawn = pixels(shown, 0)
    side = drawn.shape[1]
    # The cell of 12 px is in the middle of a window of 15.
    pitch = side / 15
    middle = slice(round(3 * pitch), round(12 * pitch))
    np.testing.assert_array_equal(drawn[middle, middle], plain[middle, middle])
    line = (drawn[:side] == 255).all(axis=2)
    y, x = np.nonzero(line)
    assert y.max() - y.min() == pytest.approx(12 * pitch, abs=4)
    assert x.max() - x.min() == pytest.approx(12 * pitch, abs=4)
    assert drawn[2:5, 2:5].sum() < plain[2:5, 2:5].sum()


def test_sizes_and_the_scale_are_said(shown, user):
    key = panel(shown).key
    assert "Scale bar: 2 µm" in key.words
    # 15 px of 0.5 µm across a picture.
    assert key.bar_px == pytest.approx(2 / 7.5 * SIZES["Medium"])
    large = next(a for a in panel(shown).sizes.actions() if a.data() == SIZES["Large"])
    large.trigger()
    shown.idle()
    assert pixels(shown, 0).shape[1] == 2 * SIZES["Large"]
    assert key.bar_px == pytest.approx(2 / 7.5 * SIZES["Large"])


@pytest.mark.parametrize("suffix", ["svg", "png"])
def test_a_figure_is_saved_with_the_list_of_its_cells(shown, user, tmp_path, suffix):
    shown.session.montage.change(by="cluster", which=str(Choice.MEDOID))
    shown.idle()
    rows = panel(shown).thumbnails.rows
    path = tmp_path / f"cells.{suffix}"
    user.click(panel(shown).save_button)
    user.answer(path)
    user.click(panel(shown).door.file_button)
    user.until(path.exists)
    shown.idle()
    assert "cells of" in path.with_suffix(".txt").read_text()
    listed = pd.read_csv(path.with_suffix(".csv"))
    assert list(zip(listed["image"], listed["label"], strict=True)) == shown.keys(rows)
    if suffix == "svg":
        assert "Typical cells of each cluster" in path.read_text()


def test_only_what_is_in_sight_is_drawn_until_one_scrolls(shown):
    shown.session.montage.change(side_px=SIZES["Very large"])
    shown.idle()
    thumbnails = panel(shown).thumbnails
    bar = thumbnails.verticalScrollBar()
    assert bar.maximum() > 0
    assert not thumbnails.undrawn_in_sight()
    last = len(thumbnails.rows) - 1
    assert pixels(shown, last)[40:-60, 40:-60].max() == 0
    bar.setValue(bar.maximum())
    shown.idle()
    assert pixels(shown, last)[40:-60, 40:-60].max() > 0


def test_the_montage_is_kept_with_the_session(shown):
    session = session_of(shown.viewer)
    session.montage.change(by="well", show="RNA", dimmed=True, side_px=SIZES["Small"])
    look, kept = session.montage.look, session.montage.keep()
    session.montage.change(by="", show="composite")
    session.montage.restore(kept)
    assert session.montage.look == look != MontageLook()
    shown.idle()
    assert panel(shown).by.currentText() == "By well"
    assert panel(shown).show_box.currentText() == "RNA"
    assert panel(shown).dim.isChecked()


def test_a_narrow_montage_has_all_of_it_in_a_menu(shown, user):
    part = panel(shown)
    part.setMaximumWidth(120)
    user.until(part.by.isHidden)
    cells, rows, channels, _ = part._folded
    for menu in (cells, rows, channels):
        menu.aboutToShow.emit()
    next(a for a in cells.actions() if a.text() == "Typical").trigger()
    next(a for a in rows.actions() if a.text() == "By well").trigger()
    next(a for a in channels.actions() if a.text() == "RNA").trigger()
    shown.idle()
    assert (shown.session.montage.look.by, shown.session.montage.look.show) == ("well", "RNA")
    assert part.more.text() == "Typical"
