"""Compare, Plate and Marks in the explorer: by clicks from a table to the cells of a bar."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from qtpy.QtCore import QPoint, Qt
from qtpy.QtTest import QTest
from qtpy.QtWidgets import QApplication

from napari_c3r.core.channels import ChannelAssignment
from napari_c3r.core.figures.drawing import Box, Dot, Words
from napari_c3r.core.images import Image
from napari_c3r.core.metadata import Design, set_design
from napari_c3r.core.table import KEY, make_result
from napari_c3r.session import EmbeddingResult, session_of
from napari_c3r.widgets.explorer.compare.tabs import GroupTabs
from napari_c3r.widgets.explorer.dock import C3RExplorer

pytestmark = pytest.mark.gl
SHIFT = Qt.KeyboardModifier.ShiftModifier
ROLES = ChannelAssignment({"DNA": "context", "RNA": "concept"})


def table(*, with_wells=True):
    """8 control wells and 4 of each of 4 doses; cluster 1 is what high doses make."""
    rng = np.random.default_rng(0)
    doses = [0.0] * 8 + [dose for dose in (1.0, 10.0, 100.0, 1000.0) for _ in range(4)]
    per_well = 20
    well = np.repeat(np.arange(len(doses)), per_well)
    dose = np.repeat(doses, per_well)
    chosen = rng.random(len(well)) < np.where(dose >= 100, 0.8, 0.1)
    obs = pd.DataFrame(
        {
            "image": [f"i{n}" for n in well] if with_wells else "i0",
            "label": np.arange(len(well)) + 1,
            "y_px": 5.0,
            "x_px": 5.0,
            "area_px": rng.normal(100, 5, len(well)) + 10 * chosen,
        }
    )
    if with_wells:
        obs["plate"] = "p"
        obs["well"] = [f"{'ABCD'[n // 6]}{n % 6 + 1:02d}" for n in well]
        obs["compound"], obs["dose"] = np.where(dose > 0, "drug", "DMSO"), dose
    vectors = rng.normal(size=(len(obs), 4)) + 2 * chosen[:, None]
    provenance = {"roles": ROLES.to_dict(), "map": {"seed": 0}}
    made = make_result(obs, vectors.astype(np.float32), [("RNA", "cls")] * 4, provenance)
    made.obs["cluster"] = pd.Categorical(chosen.astype(int).astype(str))
    made.obsm["X_umap"] = made.X[:, :2].copy()
    if with_wells:
        control = ("compound", "DMSO")
        design = Design(treatment="compound", dose="dose", dose_unit="nM", negative=control)
        set_design(made, design)
    return made


@pytest.fixture(scope="module")
def tables():
    return {True: table(), False: table(with_wells=False)}


@pytest.fixture
def world(viewer, user, tables):
    """An explorer that shows a table, and how to go about in it."""

    def show(with_wells=True):
        made = tables[with_wells].copy()
        session.set_result(EmbeddingResult(made, {}, ROLES, "", 0.0, True))
        explorer.resize(1200, 420)
        explorer.show()
        idle()
        return made

    def idle():
        QApplication.processEvents()
        user.until(lambda: not (explorer.tabs.busy or explorer.montage.busy))
        user.rest(explorer)

    def open_tab(name):
        tabs = explorer.panel.tabs
        number = [tabs.tabText(n) for n in range(tabs.count())].index(name)
        user.click(tabs.tabBar(), lambda: tabs.tabBar().tabRect(number).center())
        idle()

    def choose(box, text):
        user.choose(box, text)
        idle()

    def click(view, mark, keys=Qt.KeyboardModifier.NoModifier):
        user.click(view, lambda: view.place_of(mark).toPoint(), keys)
        idle()

    session, explorer = session_of(viewer), C3RExplorer(viewer)
    session.set_image(Image.from_array(np.zeros((2, 10, 10), np.uint8), ["DNA", "RNA"], name="i0"))
    yield SimpleNamespace(
        session=session,
        explorer=explorer,
        groups=explorer.tabs.group(GroupTabs),
        user=user,
        show=show,
        idle=idle,
        open_tab=open_tab,
        choose=choose,
        click=click,
    )
    explorer.close()


def bar(view, start, value=""):
    """The bar whose tooltip begins so and that shows this value."""
    return next(
        mark
        for mark in reversed(view.drawing.marks)
        if isinstance(mark, Box) and mark.where and mark.tip.startswith(start)
        if mark.where.value == value
    )


def test_from_the_tab_to_the_cells_of_a_bar(world, tmp_path):
    made = world.show()
    world.open_tab("Compare")
    tab = world.groups.compare
    assert tab.sentence.text().startswith("Cluster 1 holds ")
    assert "wells with drug 100" in tab.sentence.text()
    assert "never on cells" in tab.caption.text()
    assert tab.controls_button.text() == "8 controls"

    world.click(tab.view, bar(tab.view, "drug 100 nM", "1"))
    obs = made.obs
    expected = (obs["dose"] == 100) & (obs["cluster"] == "1")
    assert np.array_equal(world.session.selection.mask, expected)

    well = next(m for m in tab.view.drawing.marks if isinstance(m, Dot) and m.where.value == "0")
    world.click(tab.view, well, SHIFT)
    wells = world.groups.overview.current.wells
    more = (obs["well"] == wells.name(well.where.wells[0])) & (obs["cluster"] == "0")
    assert np.array_equal(world.session.selection.mask, expected | more)

    world.user.click(tab.save_button)
    world.idle()
    world.user.answer(str(tmp_path / "shares.svg"))
    world.user.click(tab.door.file_button)
    world.idle()
    assert "t test on wells" in (tmp_path / "shares.svg").read_text("utf-8")
    assert len(pd.read_csv(tmp_path / "shares.csv")) == 24 * 2
    told = (tmp_path / "shares.txt").read_text("utf-8")
    assert "480 cells of 24 wells on 1 plate. Map: UMAP (seed 0)." in told

    world.choose(tab.figure, "Dose curves")
    assert "half of the effect" in tab.sentence.text()
    assert not tab.grouping.isVisible()
    world.choose(tab.quantity, "Distance to the controls")
    assert tab.value.isHidden()
    world.choose(tab.figure, "Bars")
    world.choose(tab.grouping, "wells")
    assert "taken for one more control" in tab.caption.text()
    world.choose(tab.figure, "Resemblance")
    world.choose(tab.grouping, "compound and dose")
    assert tab.sentence.text().startswith("Most alike are drug")


def test_keys_go_from_bar_to_bar_and_select(world):
    made = world.show()
    world.open_tab("Compare")
    view = world.groups.compare.view
    view.setFocus()
    QTest.keyClick(view, Qt.Key.Key_Down)
    assert view.current.tip.startswith("controls")
    QTest.keyClick(view, Qt.Key.Key_Down)
    QTest.keyClick(view, Qt.Key.Key_Return)
    assert np.array_equal(world.session.selection.mask, made.obs["dose"] == 1)
    QTest.keyClick(view, Qt.Key.Key_Escape)
    assert not world.session.selection.mask.any()


def test_wells_brushed_on_the_plate_are_cells_selected(world):
    made = world.show()
    world.open_tab("Plate")
    tab = world.groups.plate
    assert tab.plate.currentText() == "p"
    world.choose(tab.value, "Share of cluster 1")
    view = tab.view
    ends = [view.place_of(bar(view, start)).toPoint() for start in ("A01", "B02")]
    around = [ends[0] - QPoint(8, 8), ends[1] + QPoint(8, 8)]
    world.user.drag(view, [(point.x(), point.y()) for point in around])
    world.idle()
    chosen = set(made.obs["well"][world.session.selection.mask])
    assert chosen == {"A01", "A02", "B01", "B02"}
    row = next(m for m in view.drawing.marks if isinstance(m, Words) and m.text == "C")
    world.click(view, row)
    assert set(made.obs["well"][world.session.selection.mask]) == {f"C0{n}" for n in range(1, 7)}
    world.choose(tab.value, "Compound")
    assert "2 different on 24 wells" in tab.sentence.text()


def test_marks_follow_the_selection_and_a_feature_colours_the_map(world):
    made = world.show()
    world.open_tab("Marks")
    tab = world.groups.marks
    assert "Select cells on the map" in tab.reason.text()
    assert not tab.save_button.isEnabled()
    world.session.selection.select((made.obs["cluster"] == "1").to_numpy())
    world.idle()
    assert tab.sentence.text().startswith("The selection has more area (")
    area = next(m for m in tab.view.drawing.marks if isinstance(m, Dot) and m.where)
    world.click(tab.view, area)
    assert world.explorer.colouring.column == "area_px"
    world.choose(tab.cells, "Cluster 0")
    assert tab.sentence.text().startswith("Cluster 0 has less area (")

    world.session.result.annotate(np.arange(len(made)) % 2 == 0, "mitotic")
    world.open_tab("Compare")
    tab = world.groups.compare
    world.choose(tab.quantity, "Shares of named cells")
    assert set(tab.view.drawing.numbers["compared"]) == {"mitotic"}


def test_without_wells_it_is_said_how_to_get_some(world):
    world.show(with_wells=False)
    for tab, told in (("Compare", "choose a plate map"), ("Plate", "No wells are known")):
        world.open_tab(tab)
        shown = world.explorer.panel.tabs.currentWidget()
        assert told in shown.reason.text()
        assert shown.action_button.isVisible()
        assert "no figure" in shown.save_button.toolTip()


def test_what_was_corrected_is_said_below_map_and_figures(world, tables, tmp_path):
    told = "Batches of 'plate' brought together by Harmony"
    corrected = tables[True].copy()
    facts = {"batch": "plate", "batch_method": "harmony"}
    corrected.uns[KEY] = {
        **corrected.uns[KEY],
        "map": {"seed": 0, **facts},
        "cluster": {"method": "kmeans", **facts},
    }
    world.session.set_result(EmbeddingResult(corrected, {}, ROLES, "", 0.0, True))
    world.explorer.resize(1200, 420)
    world.explorer.show()
    world.idle()
    shown = world.explorer.scatter._caption.text()
    assert shown.startswith("Corrected for 'plate' by Harmony. Distances on this map")
    for name in ("Compare", "Plate"):
        world.open_tab(name)
        tab = getattr(world.groups, name.lower())
        assert tab.caption.text().endswith(
            f"{told} for the map and clusters; vectors and features are as embedded."
        )
        # In a file, the method says it, and nothing says it twice.
        words = "\n".join(tab.view.drawing.words)
        assert words.count(told) == 1
    world.show()
    assert "Corrected" not in world.explorer.scatter._caption.text()
    assert "Batches" not in world.groups.plate.caption.text()
