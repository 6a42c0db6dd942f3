"""Learning from examples in the explorer: by clicks and keys from names to names."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from qtpy.QtCore import QPoint, Qt
from qtpy.QtTest import QTest
from qtpy.QtWidgets import QApplication

from napari_c3r.core.channels import ChannelAssignment
from napari_c3r.core.images import Image
from napari_c3r.core.learn import LearnOptions, similar_cells
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
        explorer = self.explorer
        at_work = (explorer.tabs, explorer.montage, explorer.similar)
        self.user.until(lambda: not any(part.busy for part in at_work))
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


def test_it_says_what_is_lacking_then_what_it_learned_and_names_what_is_sure(world):
    world.open_tab()
    overview = world.tab.overview
    assert "no cell has a name" in overview.reason.text()
    assert not overview.learn_button.isEnabled()
    assert "no cell has a name" in overview.learn_button.toolTip()
    world.name([0, 2, 4], "dim")
    assert "only 'dim' is given" in overview.reason.text()
    world.name([1, 3, 5], "bright")
    world.click(overview.learn_button)
    assert overview.sentence.text().startswith("3 named dim, 3 named bright → 194 suggested (right")
    assert "all examples are of one field" in overview.caption.text()
    kind = np.where(np.arange(200) % 2, "bright", "dim")
    assert (world.obs["suggested"].astype(str) == kind).mean() > 0.8
    assert world.session.view.colour_by == "suggested"
    assert overview.view.drawing.numbers is not None

    overview.least.setValue(0.8)
    world.idle()
    before, sure = world.names, world.session.suggestions.acceptable(0.8)
    assert f"Name {len(sure)} cells" in overview.accept_button.toolTip()
    world.click(overview.accept_button)
    expected = list(before)
    for row in sure:
        expected[row] = world.obs["suggested"].iloc[row]
    assert world.names == expected
    assert not overview.accept_button.isEnabled()
    assert "so sure" in overview.accept_button.toolTip()
    for lacking in (lambda: world.names == before, lambda: "suggested" not in world.obs):
        QTest.keyClick(
            world.explorer.scatter.canvas, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier
        )
        world.idle()
        assert lacking()
    assert overview.learn_button.text() == "Suggest names"


def use_gate(world, name):
    """Click on a gate in the menu of those that are names."""
    menu = world.tab.overview.gates
    action = next(each for each in menu.actions() if each.text().startswith(name))
    menu.popup(world.tab.overview.gates_button.mapToGlobal(QPoint(0, 0)))
    world.user.click(menu, lambda: menu.actionGeometry(action).center())
    world.idle()


def test_gates_are_names_to_learn_from(world):
    world.open_tab()
    overview, gates, suggestions = (
        world.tab.overview,
        world.session.gates,
        world.session.suggestions,
    )
    assert not overview.gates_button.isEnabled()
    assert "tab Gates" in overview.gates_button.toolTip()
    number = np.tile(np.arange(CELLS), 2)
    gates.add("dim", cells=(number < 20) & (number % 2 == 0))
    gates.add("bright", cells=(number < 21) & (number % 2 == 1))
    world.idle()
    assert overview.gates_button.isEnabled()
    assert "no cell has a name" in overview.learn_button.toolTip()
    use_gate(world, "dim (20 cells)")
    use_gate(world, "bright")
    assert overview.gates_button.text() == "Gates as names: 2"
    # One that a person named has that name.
    world.name([0], "bright")
    world.click(overview.learn_button)
    assert overview.sentence.text().startswith("21 named bright, 19 named dim → 160 suggested (")
    kind = np.where(number % 2, "bright", "dim")
    assert (world.obs["suggested"].astype(str) == kind).mean() > 0.8
    facts = world.session.result.current.table.uns["napari_c3r"]["suggestion"]
    assert facts["column"] == "annotation, gate_dim, gate_bright"
    # Examples are neither gone through nor named by what is accepted.
    overview.least.setValue(0.5)
    world.idle()
    assert not set(suggestions.acceptable(0.5)) & set(np.flatnonzero(number < 20))
    # With a gate open, only its cells wait.
    gates.add("second", cells=np.arange(200) >= CELLS)
    gates.open("second")
    world.idle()
    assert "→ 80 suggested in the open gate “second” (" in overview.sentence.text()
    assert (suggestions.acceptable(0.5) >= CELLS).all()
    gates.open(None)
    # The names follow the gates, which are learned from anew, and every step is undone.
    gates.rename("dim", "dark")
    world.idle()
    assert overview.sentence.text().startswith("21 named bright, 19 named dark → 160 suggested (")
    world.explorer.undo()
    world.idle()
    assert overview.sentence.text().startswith("21 named bright, 19 named dim")
    use_gate(world, "dim")
    assert overview.gates_button.text() == "Gates as names: 1"
    world.explorer.undo()
    assert gates.state.example_columns == ("gate_dim", "gate_bright")


def test_going_through_by_keys_and_learning_on_the_way(taught):
    taught.click(taught.tab.overview.walk_button)
    page, walk = taught.tab.walk_page, taught.tab.walk
    rows, first = list(walk.rows), taught.session.suggestions.current
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
    other = [Qt.Key.Key_1, Qt.Key.Key_2][suggested == "dim"]
    taught.key(other)
    assert taught.names[rows[1]] not in ("", suggested)
    # A key without a name does nothing.
    taught.key(Qt.Key.Key_3)
    assert taught.session.selection.current == rows[2]

    for row in rows[2:9]:
        taught.key(Qt.Key.Key_2 if row % 2 else Qt.Key.Key_1)
    assert taught.session.suggestions.current is first
    taught.key(Qt.Key.Key_1)
    assert taught.session.suggestions.current is not first
    assert taught.session.suggestions.names_changed == 0
    assert walk.rows[:10] == rows[:10]
    assert taught.session.history.undo_sentence.startswith("name 1 cell")
    taught.key(Qt.Key.Key_Escape)
    assert not taught.tab.is_walking


def test_buttons_do_what_keys_do_and_keys_wait_for_the_focus(taught):
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

    before, canvas = taught.names, taught.explorer.scatter.canvas
    canvas.setFocus()
    QTest.keyClick(canvas, Qt.Key.Key_1)
    taught.idle()
    assert taught.names == before
    assert page.hint.isVisible()
    taught.user.click(page.picture)
    assert not page.hint.isVisible()
    taught.click(page.accept_button)
    assert taught.names[rows[1]] == taught.obs["suggested"].iloc[rows[1]]

    # Other cells end the walk; what they are called stays, to be learned from again.
    result = taught.session.result.current
    again = EmbeddingResult(
        table(("one", "two")), result.cells_ids, ROLES, "", 0.0, True, result.images
    )
    taught.session.set_result(again)
    taught.idle()
    assert not taught.tab.is_walking
    assert taught.session.suggestions.current is None
    assert taught.tab.overview.learn_button.isEnabled()


def test_cells_like_the_selected_ones_are_added_to_the_selection(world):
    explorer, selection = world.explorer, world.session.selection
    row = explorer.panel.similar
    world.click(explorer.panel.similar_button)
    assert not row.find_button.isEnabled()
    assert "Select some cells" in row.like.text()
    chosen = np.isin(np.arange(200), [0, 2])
    selection.select(chosen)
    row.count.setValue(7)
    world.user.choose(row.by, "like one of them")
    world.click(row.find_button)
    table_ = world.session.result.current.table
    expected = similar_cells(table_, [0, 2], 7, by="nearest").rows
    assert np.flatnonzero(selection.mask).tolist() == sorted([0, 2, *expected])
    assert world.session.history.undo_sentence == "select 9 cells"
    explorer.clear()
    selection.set_current(5)
    QTest.keyClick(explorer.scatter.canvas, Qt.Key.Key_M)
    world.idle()
    assert np.flatnonzero(selection.mask).tolist() == sorted(
        [5, *similar_cells(table_, [5], 7).rows]
    )
