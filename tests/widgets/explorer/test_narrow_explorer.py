"""Room in a narrow explorer: what was large once does not keep the map low."""

from __future__ import annotations

import numpy as np
import pytest
from qtpy.QtWidgets import QComboBox, QLabel, QPushButton, QScrollArea, QWidget

from napari_c3r.core.figures.colouring import Categories
from napari_c3r.core.figures.grounds import on_ground
from napari_c3r.core.images import Image
from napari_c3r.session import EmbeddingResult, session_of
from napari_c3r.widgets.explorer.clusters_tab import ClusterTabs
from napari_c3r.widgets.explorer.compare.tabs import GroupTabs
from napari_c3r.widgets.explorer.dock import C3RExplorer
from napari_c3r.widgets.explorer.examples.walk_page import WalkPage
from napari_c3r.widgets.explorer.gates.tab import GateTab
from napari_c3r.widgets.explorer.montage import MontagePanel
from napari_c3r.widgets.explorer.plot import PlotRow
from napari_c3r.widgets.explorer.tracks.tab import TrackTabs
from napari_c3r.widgets.explorer.why.tab import WhyTabs
from napari_c3r.widgets.scatter.legend import NAME_ROLE, CategoryLegend
from tests.widgets.explorer.test_compare_tabs import ROLES, table

pytestmark = pytest.mark.gl


def test_a_large_picture_gets_small_again(qtbot, user):
    page = WalkPage()
    qtbot.addWidget(page)
    page.resize(700, 480)
    page.show()
    page.picture.show_picture(np.zeros((64, 64, 3), np.uint8))
    user.rest(page)
    assert page.picture.height() == page.picture.width() == 320
    assert page.minimumSizeHint().height() < 160
    page.resize(700, 200)
    user.rest(page)
    assert 150 < page.picture.height() <= 190


@pytest.fixture
def explorer(viewer, user):
    """An explorer of some cells, in a window of its own."""
    session, made = session_of(viewer), C3RExplorer(viewer)
    session.set_image(Image.from_array(np.zeros((2, 10, 10), np.uint8), ["DNA", "RNA"], name="i0"))
    session.set_result(EmbeddingResult(table(), {}, ROLES, "", 0.0, True))
    made.resize(700, 900)
    made.show()
    user.until(lambda: not (made.tabs.busy or made.montage.busy))
    user.rest(made)
    yield made
    made.close()


def cut(page) -> list[str]:
    """What of a page cannot be seen however far it is scrolled."""
    area = page.findChild(QScrollArea)
    inner = area.widget()
    found = []
    if area.horizontalScrollBar().isVisible():
        found.append("it is wider than there is room")
    shown = [*inner.findChildren(QPushButton), *inner.findChildren(QComboBox)]
    shown += inner.findChildren(QLabel)
    for each in shown:
        if not each.isVisibleTo(inner) or not isinstance(each.parent(), QWidget):
            continue
        right = each.mapTo(area.viewport(), each.rect().topRight()).x()
        if right >= area.viewport().width():
            found.append(f"{each} ends at {right} px")
        needed = each.minimumSizeHint().height()
        if isinstance(each, QLabel) and each.wordWrap():
            needed = each.heightForWidth(each.width())
        if each.height() < needed:
            found.append(f"{each} is {each.height()} px high, not {needed}")
        holder = each.parentWidget()
        if not holder.rect().contains(each.geometry()):
            found.append(f"{each} leaves its holder")
    return found


@pytest.mark.parametrize("group", [GroupTabs, GateTab, ClusterTabs, WhyTabs])
def test_nothing_of_a_low_and_narrow_tab_is_cut(explorer, user, group):
    for page in explorer.tabs.group(group).pages():
        explorer.panel.tabs.setCurrentWidget(page)
        user.until(lambda: not explorer.tabs.busy)
        # As in a dock of 300 px, alone.
        explorer.panel.tabs.setFixedSize(284, 210)
        user.rest(explorer)
        user.until(lambda: not explorer.tabs.busy)
        assert cut(page) == []


def test_the_menu_of_pictures_begins_where_the_pictures_do(qtbot, user):
    montage = MontagePanel()
    qtbot.addWidget(montage)
    montage.show()
    for width, place in ((400, None), (montage.minimumWidth(), 0), (400, None)):
        montage.resize(width, 400)
        user.rest(montage)
        assert montage.choice.isVisible() == (place is None)
        assert montage.more.x() == 0 if place == 0 else montage.more.y() + montage.more.x() > 0


def test_bars_below_pictures_have_the_colours_of_the_map(qtbot):
    montage = MontagePanel()
    qtbot.addWidget(montage)
    for ground in ("#262930", "#efebe9"):
        montage.set_theme(ground)
        montage.show_rows([0], ["cell 1"], ["#e66100"])
        item = montage.thumbnails.item(0)
        picture = item.icon().pixmap(1000).toImage()
        colour = picture.pixelColor(picture.width() // 2, picture.height() - 2).name()
        assert colour == on_ground("#e66100", ground)
        other = "#efebe9" if ground == "#262930" else "#262930"
        montage.set_theme(other)
        picture = item.icon().pixmap(1000).toImage()
        colour = picture.pixelColor(picture.width() // 2, picture.height() - 2).name()
        assert colour == on_ground("#e66100", other)


def test_a_long_name_in_the_legend_takes_the_room_that_no_other_needs(qtbot, user):
    legend = CategoryLegend()
    qtbot.addWidget(legend)
    names = ("rounded up, most likely before division", "spread")
    codes = np.array([0, 0, 1], np.intp)
    legend.show_categories(Categories(codes, names))
    legend.show()
    shown = {}
    for width in (300, 900):
        legend.resize(width, 60)
        user.rest(legend)
        shown[width] = legend.item(0).text()
        assert legend.item(0).data(NAME_ROLE) == names[0]
    assert len(shown[300]) > len(shown[900])


def test_a_scale_stands_beside_its_axis_in_a_narrow_row(qtbot, user):
    row = PlotRow()
    qtbot.addWidget(row)
    for box in row.axes.values():
        box.addItem("SYTO 14 green RNA stain (531/593 nm, 20x) intensity", "one")
    row.resize(284, 200)
    row.show()
    user.rest(row)
    for scale in row.scales.values():
        assert scale.isVisible()
        assert scale.mapTo(row, scale.rect().bottomRight()).x() < row.width()


def test_nothing_is_followed_without_tracks(explorer, user):
    tracks = explorer.tabs.group(TrackTabs).tracks
    assert not tracks.follow_button.isEnabled()
    assert not tracks.paths_button.isEnabled()
