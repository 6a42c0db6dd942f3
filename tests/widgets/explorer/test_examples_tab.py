"""Learning from examples in the explorer: by clicks and keys from names to names."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from qtpy.QtCore import Qt
from qtpy.QtTest import QTest
from qtpy.QtWidgets import QApplication

from napari_c3r.core.channels import ChannelAssignment
from napari_c3r.core.images import Image
from napari_c3r.core.learn import LearnOptions
from napari_c3r.core.table import make_result
from napari_c3r.core.table.annotate import name_column
from napari_c3r.session import Cells, EmbeddingResult, ids_by_image, session_of
from napari_c3r.widgets.explorer.dock import C3RExplorer
from napari_c3r.widgets.explorer.examples.tab import ExamplesTab

pytestmark = pytest.mark.gl

ROLES = ChannelAssignment({"DNA": "context", "RNA": "concept"})
SIDE, PITCH = 100, 10
CELLS = 100


def field(name):
    """A grid of 10 × 10 square cells; odd columns are brighter in RNA."""
    y, x = np.indices((SIDE, SIDE)) // PITCH
    inside = (np.indices((SIDE, SIDE)) % PITCH > 1).all(axis=0)
    labels = np.where(inside, y * 10 + x + 1, 0).astype(np.int32)
    pixels = np.stack([inside * 100, inside * (50 + 100 * (x % 2))]).astype(np.uint8)
    return Image.from_array(pixels, ["DNA", "RNA"], 0.5, name=name), labels


def table(names):
    rng = np.random.default_rng(0)
    number = np.tile(np.arange(CELLS), len(names))
    kind = number % 2
    obs = pd.DataFrame(
        {
            "image": np.repeat(names, CELLS),
            "label": number + 1,
            "y_px": number // 10 * PITCH + 5.5,
            "x_px": number % 10 * PITCH + 5.5,
            "area_px": 64,
        }
    )
    vectors = rng.normal(size=(len(obs), 6)) + 1.6 * kind[:, None] * [1, 1, 0, 0, 0, 0]
    provenance = {
        "roles": ROLES.to_dict(),
        "map": {"seed": 0},
        "images": {"name": list(names), "crop_window_px": [16] * len(names)},
    }
    made = make_result(obs, vectors.astype(np.float32), [("RNA", "cls")] * 6, provenance)
    made.obs["cluster"] = pd.Categorical(["0"] * len(obs))
    made.obsm["X_umap"] = made.X[:, :2].copy()
    return made


class World:
    """Two fields in a viewer, and the explorer's tab on examples."""

    def __init__(self, viewer, user):
        self.user, self.viewer = user, viewer
        made = {name: field(name) for name in ("one", "two")}
        images = {name: image for name, (image, _) in made.items()}
        for channel, colour in (("DNA", "blue"), ("RNA", "yellow")):
            plane = np.asarray(images["one"].channel(channel))
            viewer.add_image(plane, name=channel, colormap=colour, blending="additive")
        self.session = session_of(viewer)
        self.session.set_image(images["one"])
        self.session.suggestions.options = LearnOptions(c=0.1)
        cells = {name: Cells(labels, CELLS, name, "") for name, (_, labels) in made.items()}
        self.session.labels.set_current(cells["one"])
        ids = ids_by_image(cells.values())
        result = EmbeddingResult(table(tuple(made)), ids, ROLES, "", 0.0, True, images)
        self.session.set_result(result, cells.values())
        self.explorer = C3RExplorer(viewer)
        self.explorer.resize(1200, 420)
        self.explorer.show()
        self.explorer.activateWindow()
        self.tab = self.explorer.tabs.group(ExamplesTab)
        self.idle()

    def idle(self):
        QApplication.processEvents()
        self.user.until(lambda: not (self.explorer.tabs.busy or self.explorer.montage.busy))
        self.user.rest(self.explorer)

    def open_tab(self):
        tabs = self.explorer.panel.tabs
        number = [tabs.tabText(n) for n in range(tabs.count())].index("Examples")
        self.user.click(tabs.tabBar(), lambda: tabs.tabBar().tabRect(number).center())
        self.idle()

    def name(self, rows, name):
        mask = np.isin(np.arange(len(self.session.selection.mask)), rows)
        self.session.result.annotate(mask, name)
        self.idle()

    def click(self, button):
        self.user.click(button)
        self.idle()

    def key(self, key):
        QTest.keyClick(self.tab.walk_page, key)
        self.idle()

    @property
    def names(self):
        column = name_column(self.session.result.current.table).astype(object)
        return column.where(column.notna(), "").tolist()

    @property
    def obs(self):
        return self.session.result.current.table.obs


@pytest.fixture
def world(viewer, user):
    made = World(viewer, user)
    yield made
    made.explorer.close()


@pytest.fixture
def taught(world):
    """Twelve cells of each kind in both fields are named, and the others have suggestions."""
    even = [2 * n for n in range(6)] + [2 * n + CELLS for n in range(6)]
    world.name(even, "dim")
    world.name([row + 1 for row in even], "bright")
    world.open_tab()
    world.click(world.tab.overview.learn_button)
    return world


def test_it_says_what_is_lacking_and_then_what_it_learned(world):
    world.open_tab()
    overview = world.tab.overview
    assert "no cell has a name" in overview.reason.text()
    assert not overview.learn_button.isEnabled()
    assert "no cell has a name" in overview.learn_button.toolTip()
    world.name([0, 2, 4], "dim")
    assert "only 'dim' is given" in overview.reason.text()
    world.name([1, 3, 5], "bright")
    assert overview.learn_button.isEnabled()
    world.click(overview.learn_button)
    assert overview.sentence.text().startswith("3 named dim, 3 named bright → 194 suggested (right")
    assert "all examples are of one field" in overview.caption.text()
    assert (
        world.obs["suggested"].astype(str) == np.where(np.arange(200) % 2, "bright", "dim")
    ).mean() > 0.8
    assert world.session.view.colour_by == "suggested"
    assert overview.view.drawing.numbers is not None
    QTest.keyClick(world.explorer.scatter.canvas, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    world.idle()
    assert "suggested" not in world.obs
    assert "Suggest names" in overview.learn_button.text()


def test_accepting_names_what_is_sure_in_one_step(taught):
    overview, before = taught.tab.overview, taught.names
    overview.least.setValue(0.8)
    taught.idle()
    sure = taught.session.suggestions.acceptable(0.8)
    assert overview.accept_button.text() == f"Accept {len(sure)}"
    assert f"Name {len(sure)} cells" in overview.accept_button.toolTip()
    taught.click(overview.accept_button)
    expected = list(before)
    for row in sure:
        expected[row] = taught.obs["suggested"].iloc[row]
    assert taught.names == expected
    assert not overview.accept_button.isEnabled()
    assert "so sure" in overview.accept_button.toolTip()
    taught.session.history.undo()
    assert taught.names == before


def test_going_through_by_keys(taught):
    taught.click(taught.tab.overview.walk_button)
    page, walk = taught.tab.walk_page, taught.tab.walk
    rows = list(walk.rows)
    assert page.hasFocus()
    assert page.sentence.text().startswith(f"1 of {len(rows)}: ")
    assert page.picture.has_picture
    assert taught.session.selection.current == rows[0]
    assert [button.text() for button in page.name_buttons] == ["1  dim", "2  bright"]

    taught.key(Qt.Key.Key_2)
    assert taught.names[rows[0]] == "bright"
    assert taught.session.selection.current == rows[1]
    suggested = taught.obs["suggested"].iloc[rows[1]]
    taught.key(Qt.Key.Key_Space)
    assert taught.names[rows[1]] == suggested
    taught.key(Qt.Key.Key_S)
    assert taught.names[rows[2]] == ""
    assert page.sentence.text().startswith(f"4 of {len(rows)}: ")
    taught.key(Qt.Key.Key_Backspace)
    taught.key(Qt.Key.Key_Backspace)
    assert page.sentence.text().endswith(f"named {suggested}")
    taught.key(Qt.Key.Key_1)
    assert taught.names[rows[1]] == "dim"
    # A key without a name, and one held down, do nothing.
    taught.key(Qt.Key.Key_3)
    assert taught.session.selection.current == rows[2]
    taught.key(Qt.Key.Key_Escape)
    assert not taught.tab.is_walking
    assert "2 named since" in taught.tab.overview.sentence.text()


def test_names_given_on_the_way_are_learned_from(taught):
    taught.click(taught.tab.overview.walk_button)
    first = taught.session.suggestions.current
    rows = list(taught.tab.walk.rows)
    for row in rows[:10]:
        assert taught.session.suggestions.current is first
        taught.key(Qt.Key.Key_2 if row % 2 else Qt.Key.Key_1)
    assert taught.session.suggestions.current is not first
    assert taught.session.suggestions.names_changed == 0
    assert taught.tab.is_walking
    assert taught.tab.walk.rows[:10] == rows[:10]
    assert not set(taught.tab.walk.coming) & set(rows[:10])
    assert taught.session.history.undo_sentence.startswith("name 1 cell")


def test_buttons_do_what_keys_do_and_leave_the_focus(taught):
    taught.click(taught.tab.overview.walk_button)
    page, walk = taught.tab.walk_page, taught.tab.walk
    rows = list(walk.rows)
    assert not page.back_button.isEnabled()
    taught.click(page.name_buttons[1])
    assert taught.names[rows[0]] == "bright"
    assert page.hasFocus()
    taught.click(page.skip_button)
    taught.click(page.back_button)
    assert walk.row == rows[1]
    taught.click(page.accept_button)
    assert taught.names[rows[1]] == taught.obs["suggested"].iloc[rows[1]]
    taught.click(page.end_button)
    assert not taught.tab.is_walking


def test_while_the_focus_is_elsewhere_keys_name_nothing_and_the_page_says_so(taught):
    taught.click(taught.tab.overview.walk_button)
    page, before = taught.tab.walk_page, taught.names
    taught.explorer.scatter.canvas.setFocus()
    taught.idle()
    QTest.keyClick(taught.explorer.scatter.canvas, Qt.Key.Key_1)
    taught.idle()
    assert taught.names == before
    assert page.hint.isVisible()
    assert page.hint.text().startswith("Click here")
    taught.user.click(page.picture)
    assert not page.hint.isVisible()


def test_a_cell_of_another_field_is_gone_to(taught):
    asked = []
    taught.explorer.link.field_requested.connect(asked.append)
    taught.click(taught.tab.overview.walk_button)
    rows = taught.tab.walk.rows
    there = next(place for place, row in enumerate(rows) if taught.obs["image"].iloc[row] == "two")
    for _ in range(there):
        taught.key(Qt.Key.Key_S)
    assert taught.tab.walk.row == rows[there]
    assert taught.tab.walk_page.picture.has_picture


def test_other_cells_end_the_walk(taught):
    taught.click(taught.tab.overview.walk_button)
    result = taught.session.result.current
    again = EmbeddingResult(
        table(("one", "two")), result.cells_ids, ROLES, "", 0.0, True, result.images
    )
    taught.session.set_result(again)
    taught.idle()
    assert not taught.tab.is_walking
    assert taught.session.suggestions.current is None
    # The cells kept their names, from which it can be learned again.
    assert taught.tab.overview.learn_button.isEnabled()
