"""The explorer in a real napari: one selection in map, image, table and montage."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
import tifffile
from napari.components import ViewerModel
from qtpy.QtCore import QModelIndex, QPoint, Qt
from qtpy.QtTest import QTest
from qtpy.QtWidgets import QApplication

import napari_c3r as c3r
from napari_c3r.core.cells.filters import CellFilter
from napari_c3r.core.channels import ChannelAssignment
from napari_c3r.core.images import FieldSource, Image, ImageFiles
from napari_c3r.core.table import make_result
from napari_c3r.session import Cells, EmbeddingResult, ids_by_image, session_of
from napari_c3r.widgets.explorer.dock import C3RExplorer
from napari_c3r.widgets.viewer import layers

pytestmark = pytest.mark.gl

NONE, CTRL = Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.ControlModifier
SHIFT = Qt.KeyboardModifier.ShiftModifier
SIDE, PITCH, WINDOW = 120, 20, 15
ROLES = ChannelAssignment({"DNA": "context", "RNA": "concept"})


def field(name, offset):
    """A 6 × 6 grid of square cells whose labels are sparse and whose pixels say where they are."""
    y, x = np.indices((SIDE, SIDE))
    number = (y // PITCH) * 6 + x // PITCH
    numbers = np.random.default_rng(offset).permutation(36) * 7 + 3
    inside = (y % PITCH >= 4) & (y % PITCH < 16) & (x % PITCH >= 4) & (x % PITCH < 16)
    labels = np.where(inside, numbers[number], 0).astype(np.int32)
    pixels = np.stack([number * 10 + offset, y + x]).astype(np.uint16)
    return Image.from_array(pixels, ["DNA", "RNA"], 0.5, name=name), labels


def rows_of(image, labels, rng):
    """A table in no order, which lacks some of the cells."""
    present = rng.permutation(np.unique(labels[labels > 0]))[:30]
    centres = np.array([np.argwhere(labels == label).mean(axis=0) for label in present])
    values = rng.random(len(present))
    values[3] = np.nan
    return pd.DataFrame(
        {
            "image": image.name,
            "label": present,
            "y_px": centres[:, 0],
            "x_px": centres[:, 1],
            "area_px": 144,
            "intensity_mean_DNA": values,
            "well": "A01" if image.name == "one" else "B02",
        }
    )


class World:
    """A viewer that shows the first of two embedded fields, and its explorer."""

    def __init__(self, viewer, user):
        self.user = user
        rng = np.random.default_rng(0)
        made = {name: field(name, offset) for name, offset in (("one", 1), ("two", 5))}
        self.images = {name: image for name, (image, _) in made.items()}
        self.labels = {name: labels for name, (_, labels) in made.items()}
        obs = pd.concat([rows_of(*pair, rng) for pair in made.values()])
        obs = obs.sample(frac=1, random_state=1).reset_index(drop=True)
        provenance = {
            "roles": ROLES.to_dict(),
            "map": {"seed": 0},
            "images": {"name": ["one", "two"], "crop_window_px": [WINDOW, WINDOW]},
        }
        vectors = rng.normal(size=(len(obs), 8)).astype(np.float32)
        self.table = make_result(obs, vectors, [("RNA", "cls")] * 8, provenance)
        groups = np.arange(len(obs)) % 3
        self.table.obs["cluster"] = pd.Categorical(
            np.array(["0", "1", "noise"])[groups], ["0", "1", "noise"]
        )
        places = np.column_stack([np.arange(len(obs)) % 10, np.arange(len(obs)) // 10])
        self.table.obsm["X_umap"] = places.astype(np.float32)
        self.viewer = viewer
        for name, colour in (("DNA", "blue"), ("RNA", "yellow")):
            plane = np.asarray(self.images["one"].channel(name))
            viewer.add_image(plane, name=name, colormap=colour, blending="additive")
        self.session = session_of(viewer)
        self.session.set_image(self.images["one"])
        cells = self.cells = {
            name: Cells(labels, 36, name, "") for name, labels in self.labels.items()
        }
        self.session.labels.set_current(cells["one"])
        self.explorer = C3RExplorer(viewer)
        self.result = EmbeddingResult(
            self.table, ids_by_image(cells.values()), ROLES, "", 0.0, True, self.images
        )

    def show(self):
        self.session.set_result(self.result, self.cells.values())
        self.explorer.show()
        self.idle()
        self.user.rest(self.explorer)

    def idle(self):
        QApplication.processEvents()
        self.user.until(
            lambda: not (self.explorer.montage.busy or self.explorer.panel.exports.busy)
        )

    @property
    def obs(self):
        return self.table.obs

    def rows(self, image="one"):
        return np.flatnonzero(self.obs["image"] == image)

    def inside(self, row):
        """A position on a cell, in world coordinates."""
        at = np.argwhere(self.labels[self.obs["image"].iloc[row]] == self.obs["label"].iloc[row])
        return self.viewer.layers["DNA"].data_to_world(at[len(at) // 2])

    def lit(self, mark):
        """Labels that have outlines of a class in the selection layer."""
        marks = layers.own_layer(self.viewer, layers.SELECTION).data
        return set(np.unique(self.labels["one"][marks == mark]))

    def point(self, row):
        """Where a point is drawn on the map."""
        x, y = self.explorer.scatter.canvas.camera.to_screen(self.explorer.model.xy[row])
        return QPoint(round(float(x)), round(float(y)))

    def click_point(self, row, modifier=NONE):
        overlay = self.explorer.scatter.canvas.overlay
        self.user.click(overlay, lambda: self.point(row), modifier)

    def cell_of_table(self, place, column=0):
        table = self.explorer.panel.table
        index = table.model().index(place, column)
        table.scrollTo(index)
        return table.visualRect(index).center()

    def click_row(self, row, modifier=NONE):
        table = self.explorer.panel.table
        place = table.rows.place_of(row)
        self.user.click(table.viewport(), lambda: self.cell_of_table(place), modifier)

    def listed(self):
        """What the table on the screen says, as keys."""
        model = self.explorer.panel.table.model()
        image, label = model.columns.index("image"), model.columns.index("label")
        return [
            (model.data(model.index(r, image)), int(model.data(model.index(r, label))))
            for r in range(model.rowCount())
        ]

    def keys(self, rows):
        return [(self.obs["image"].iloc[r], self.obs["label"].iloc[r]) for r in rows]


@pytest.fixture
def shown(qtbot, user):
    """The explorer as a window of its own, of a viewer without one: quicker to make."""
    world = World(ViewerModel(), user)
    qtbot.addWidget(world.explorer)
    world.explorer.resize(1300, 420)
    world.show()
    yield world
    world.idle()
    world.explorer.release()


@pytest.fixture
def world(make_napari_viewer, user):
    """The explorer in the window of napari."""
    viewer = make_napari_viewer(show=True)
    viewer.window.resize(1400, 900)
    world = World(viewer, user)
    viewer.window.add_dock_widget(world.explorer, name="C3R Explorer", area="bottom")
    yield world
    world.idle()
    world.explorer.release()


def key(world, widget, which, modifier=NONE):
    QTest.keyClick(widget, which, modifier)
    QApplication.processEvents()


def test_a_click_on_a_point_shows_the_cell_everywhere(shown):
    row = int(shown.rows()[4])
    shown.click_point(row)
    assert shown.session.selection.current == row
    assert shown.lit(layers.CURRENT_CLASS) == {shown.obs["label"].iloc[row]}
    np.testing.assert_allclose(
        shown.viewer.scene.camera.center[-2:], shown.obs[["y_px", "x_px"]].iloc[row], atol=1e-6
    )
    table = shown.explorer.panel.table
    assert table.rows.rows[table.currentIndex().row()] == row
    assert not shown.session.selection.mask.any()


def test_a_click_in_the_image_points_at_point_and_row(shown):
    row = int(shown.rows()[7])
    shown.explorer.link.point_at(shown.inside(row))
    assert shown.explorer.model.current == row
    table = shown.explorer.panel.table
    assert shown.keys([table.rows.rows[table.currentIndex().row()]]) == shown.keys([row])
    # A cell that the table lacks is no other cell.
    known = set(shown.obs["label"][shown.obs["image"] == "one"])
    missing = next(lab for lab in np.unique(shown.labels["one"]) if lab and lab not in known)
    y, x = np.argwhere(shown.labels["one"] == missing)[0]
    shown.explorer.link.point_at(shown.viewer.layers["DNA"].data_to_world((y, x)))
    assert shown.session.selection.current is None


def canvas_click(world, row, modifier=NONE):
    """Click on a cell in napari's canvas, where it is on the screen."""
    native = world.viewer.window._qt_viewer.canvas.native

    def place():
        camera = world.viewer.scene.camera
        away = (np.array(world.inside(row)) - camera.center[-2:]) * camera.zoom
        y, x = away + np.array([native.height(), native.width()]) / 2
        return QPoint(round(x), round(y))

    world.user.click(native, place, modifier)


def test_real_clicks_in_napari_s_canvas(world, user):
    assert not world.explorer.panel.isVisible()
    user.click(world.explorer.begin_button)
    docks = world.viewer.window.dock_widgets
    dock = next(dock for name, dock in docks.items() if name.startswith("C3R ("))

    world.show()
    world.viewer.reset_view()
    rows = world.rows()[[2, 9, 4]]
    canvas_click(world, rows[2])
    assert world.session.selection.current == rows[2]
    for row in rows[:2]:
        canvas_click(world, row, SHIFT)
    assert np.flatnonzero(world.session.selection.mask).tolist() == sorted(rows[:2])
    assert world.lit(1) == set(world.obs["label"].iloc[rows[:2]])
    canvas_click(world, rows[0], Qt.KeyboardModifier.AltModifier)
    assert np.flatnonzero(world.session.selection.mask).tolist() == [rows[1]]
    key(world, world.explorer.panel.table, Qt.Key.Key_Z, CTRL)
    assert np.flatnonzero(world.session.selection.mask).tolist() == sorted(rows[:2])

    # While a label is painted, a click is the layer's own.
    drawn = world.viewer.add_labels(world.labels["one"].copy(), name="mine")
    world.viewer.layers.selection.active = drawn
    drawn.mode = "paint"
    canvas_click(world, rows[1])
    assert world.session.selection.current == rows[2]
    drawn.mode = "pan_zoom"
    canvas_click(world, rows[1])
    assert world.session.selection.current == rows[1]
    world.idle()
    dock.release()


def test_a_lasso_is_seen_in_table_image_and_montage_and_goes_back_by_keys(shown, user):
    overlay = shown.explorer.scatter.canvas.overlay
    key(shown, overlay, Qt.Key.Key_L)
    a, b = shown.point(0), shown.point(13)
    left, right = a.x() - 9, b.x() + 9
    low, high = a.y() + 9, b.y() - 9
    user.drag(overlay, [(left, low), (right, low), (right, high), (left, high), (left, low - 1)])
    expected = [0, 1, 2, 3, 10, 11, 12, 13]
    assert np.flatnonzero(shown.session.selection.mask).tolist() == expected
    assert shown.listed() == shown.keys(expected)
    here = [row for row in expected if row in shown.rows()]
    assert shown.lit(1) == set(shown.obs["label"].iloc[here])
    shown.idle()
    assert shown.explorer.panel.montage.thumbnails.rows == expected
    assert "8 of 60 cells selected" in shown.explorer.panel.selection.text()
    key(shown, shown.explorer.panel.montage.thumbnails, Qt.Key.Key_Escape)
    assert not shown.session.selection.mask.any()
    key(shown, shown.explorer.panel.table, Qt.Key.Key_Z, CTRL)
    assert np.flatnonzero(shown.session.selection.mask).tolist() == expected
    key(shown, overlay, Qt.Key.Key_I)
    assert np.flatnonzero(~shown.session.selection.mask).tolist() == expected
    key(shown, overlay, Qt.Key.Key_N)
    assert shown.explorer.panel.naming.label.text() == "Name 52 cells"
    assert shown.explorer.panel.naming.isVisible()


def test_rows_taken_up_in_the_table_are_selected_everywhere(shown):
    table = shown.explorer.panel.table
    rows = [int(table.rows.rows[place]) for place in (2, 5)]
    shown.click_row(rows[0])
    assert shown.session.selection.current == rows[0]
    shown.click_row(rows[1], CTRL)
    assert np.flatnonzero(shown.session.selection.mask).tolist() == sorted(rows)
    assert np.flatnonzero(shown.explorer.model.selection).tolist() == sorted(rows)
    # The rows not chosen stay until the selection is made elsewhere.
    assert table.model().rowCount() == len(shown.obs)
    shown.explorer.model.undo()
    assert not shown.session.selection.mask.any()
    key(shown, table.viewport(), Qt.Key.Key_Down)
    shown.idle()


def test_the_table_sorts_and_keeps_its_keys(shown):
    table = shown.explorer.panel.table
    model = table.model()
    header = table.horizontalHeader()
    titles = [model.headerData(c, Qt.Orientation.Horizontal) for c in range(model.columnCount())]
    column = titles.index("DNA intensity")
    table.scrollTo(model.index(0, column))

    def where():
        return QPoint(header.sectionViewportPosition(column) + 8, header.height() // 2)

    values = shown.obs["intensity_mean_DNA"].to_numpy()
    for order in (values.argsort(), (-values).argsort()):
        shown.user.click(header.viewport(), where)
        finite = int(np.isfinite(values).sum())
        assert shown.listed()[:finite] == shown.keys(order[:finite])
        assert {shown.listed()[-1], shown.listed()[-2]} == set(
            shown.keys(np.flatnonzero(np.isnan(values)))
        )
    assert model.data(model.index(len(values) - 1, column)) == ""
    shown.session.selection.select(np.arange(len(values)) < 20)
    wanted = [row for row in (-values).argsort()[:finite] if row < 20]
    assert shown.listed()[: len(wanted)] == shown.keys(wanted)


def test_thumbnails_are_the_cells_in_the_viewer_s_colours(shown):
    row = int(shown.rows()[3])
    shown.session.selection.select(np.arange(len(shown.obs)) == row)
    shown.idle()
    number = picture_of(shown, 0)
    assert shown.explorer.panel.montage.thumbnails.rows == [row]
    layer = shown.viewer.layers["DNA"]
    y, x = np.argwhere(shown.labels["one"] == shown.obs["label"].iloc[row]).mean(axis=0)
    low, high = layer.contrast_limits
    blue = (layer.data[int(y), int(x)] - low) / (high - low)
    yellow = shown.viewer.layers["RNA"]
    low, high = yellow.contrast_limits
    red = (yellow.data[int(y), int(x)] - low) / (high - low)
    assert np.abs(number - np.array([red, red, blue]) * 255).max() < 12
    # What the user does to the contrast is seen at once.
    yellow.visible = False
    shown.idle()
    assert picture_of(shown, 0)[:2].max() < 3
    assert abs(picture_of(shown, 0)[2] - blue * 255) < 12


def test_an_explorer_that_is_opened_late_shows_the_cells(shown, qtbot):
    shown.session.view.set_colour_by("well")
    late = C3RExplorer(shown.viewer)
    qtbot.addWidget(late)
    late.show()
    assert late.colouring.column == "well"
    shown.user.until(lambda: not late.montage.busy)
    assert len(late.panel.montage.thumbnails.rows) > 0
    late.release()


def picture_of(world, place):
    """Colour in the middle of a thumbnail."""
    icon = world.explorer.panel.montage.thumbnails.item(place).icon()
    image = icon.pixmap(136, 144).toImage()
    colour = image.pixelColor(image.width() // 2, image.height() * 68 // 144)
    return np.array([colour.red(), colour.green(), colour.blue()])


def test_a_click_on_a_thumbnail_centres_on_its_cell(shown):
    shown.session.selection.select(np.isin(np.arange(len(shown.obs)), shown.rows()[:5]))
    shown.idle()
    thumbnails = shown.explorer.panel.montage.thumbnails
    shown.user.click(
        thumbnails.viewport(), lambda: thumbnails.visualItemRect(thumbnails.item(2)).center()
    )
    row = thumbnails.rows[2]
    assert shown.session.selection.current == row
    np.testing.assert_allclose(
        shown.viewer.scene.camera.center[-2:], shown.obs[["y_px", "x_px"]].iloc[row], atol=1e-6
    )


def test_hovering_a_point_shows_its_cell(shown):
    row = int(shown.rows("two")[2])
    overlay = shown.explorer.scatter.canvas.overlay
    card = shown.explorer.montage.card
    shown.user.move(overlay, shown.point(row))
    assert card.isVisible()
    shown.idle()
    label = shown.obs["label"].iloc[row]
    assert card.text.text().splitlines()[:2] == [f"Cell {label}", "two"]
    assert not card.picture.pixmap().isNull()
    shown.explorer.model.hover(None)
    assert not card.isVisible()


def test_those_like_a_cell_are_found_among_all_images_and_never_among_hidden_cells(shown, user):
    rng = np.random.default_rng(3)
    hidden = rng.random(len(shown.obs)) < 0.4
    shown.obs["area_px"] = np.where(hidden, 9_000, 144)
    vectors = pd.DataFrame(shown.table.X, index=shown.table.obs_names)
    user.choose(shown.explorer.panel.montage.choice, "Similar to cell")
    for chosen in (CellFilter(unusual_size=True), CellFilter(), CellFilter(unusual_size=True)):
        shown.session.set_filter(chosen)
        shown.idle()
        table = shown.session.result.current.table
        left = ~hidden if chosen.active else np.ones(len(hidden), bool)
        assert table.obs_names.tolist() == shown.table.obs_names[left].tolist()
        for image in ("one", "two"):
            row = int(rng.choice(np.flatnonzero(table.obs["image"] == image)))
            shown.click_point(row)
            shown.idle()
            there = vectors[left]
            unit = there.div(np.sqrt((there**2).sum(axis=1)), axis=0)
            alike = (unit @ unit.loc[table.obs_names[row]]).sort_values(ascending=False)
            expected = alike.index[:40].tolist()
            pictured = shown.explorer.panel.montage.thumbnails.rows
            assert table.obs_names[pictured].tolist() == expected
            assert table.obs_names[shown.explorer.model.marked].tolist() == expected[1:]
            for place in (0, 5):
                key = table.obs.iloc[pictured[place]]
                text = shown.explorer.panel.montage.thumbnails.item(place).toolTip()
                assert text.splitlines()[:2] == [f"Cell {key['label']}", key["image"]]
                assert picture_of(shown, place) == pytest.approx(pixel_of(shown, key), abs=12)


def pixel_of(world, cell):
    """Colour that the middle of a cell has in the viewer."""
    at = np.argwhere(world.labels[cell["image"]] == cell["label"]).mean(axis=0).astype(int)
    shares = []
    for name in ("DNA", "RNA"):
        low, high = world.viewer.layers[name].contrast_limits
        value = np.asarray(world.images[cell["image"]].channel(name))[tuple(at)]
        shares.append(np.clip((value - low) / (high - low), 0, 1) * 255)
    return np.array([shares[1], shares[1], shares[0]])


def test_those_like_a_cell_are_shown_first_to_last_and_ringed(shown, user):
    row = int(shown.rows()[6])
    user.choose(shown.explorer.panel.montage.choice, "Similar to cell")
    shown.idle()
    assert shown.explorer.panel.montage.thumbnails.rows == []
    shown.click_point(row)
    shown.idle()
    unit = shown.table.X / np.linalg.norm(shown.table.X, axis=1, keepdims=True)
    expected = np.argsort(-(unit @ unit[row]), kind="stable")[:40]
    assert shown.explorer.panel.montage.thumbnails.rows == expected.tolist()
    assert shown.explorer.model.marked.tolist() == expected[1:].tolist()
    user.click(shown.explorer.panel.montage.select_button)
    assert np.flatnonzero(shown.session.selection.mask).tolist() == sorted(expected)
    tip = shown.explorer.panel.montage.thumbnails.item(1).toolTip()
    assert f"{(unit @ unit[row])[expected[1]]:.3f}" in tip


def test_outliers_and_typical_cells_of_the_selection(shown, user):
    chosen = shown.rows()[:20]
    shown.session.selection.select(np.isin(np.arange(len(shown.obs)), chosen))
    unit = shown.table.X / np.linalg.norm(shown.table.X, axis=1, keepdims=True)
    among = unit[chosen] @ unit[chosen].T
    medoid = among.sum(axis=1).argmax()
    order = chosen[np.argsort(-among[medoid], kind="stable")]
    user.choose(shown.explorer.panel.montage.choice, "Typical")
    shown.idle()
    assert shown.explorer.panel.montage.thumbnails.rows == order.tolist()
    user.choose(shown.explorer.panel.montage.choice, "Extreme")
    shown.idle()
    assert shown.explorer.panel.montage.thumbnails.rows[0] == order[-1]


def test_a_montage_is_saved_with_its_cells(shown, user, tmp_path):
    rows = np.array([shown.rows("one")[0], shown.rows("two")[0]])
    shown.session.selection.select(np.isin(np.arange(len(shown.obs)), rows))
    shown.idle()
    path, door = tmp_path / "cells.tif", shown.explorer.panel.montage.door
    user.click(shown.explorer.panel.montage.save_button)
    user.choose(door.kind, "ImageJ stack")
    assert not door.letters.isEnabled()
    assert "no size on a page" in door.letters.toolTip()
    user.answer(path)
    user.click(door.file_button)
    user.until(path.exists)
    shown.idle()
    with tifffile.TiffFile(path) as file:
        stack, metadata = file.asarray(), json.loads(file.imagej_metadata["Info"])
    for crop, cell in zip(stack, metadata["cells"], strict=True):
        image, labels = shown.images[cell["image"]], shown.labels[cell["image"]]
        y, x = np.argwhere(labels == cell["label"]).mean(axis=0)
        # Cells lie between pixels here, so the window may begin at either of two.
        middle = np.asarray(image.data)[:, int(y), int(x)]
        assert crop[0, WINDOW // 2, WINDOW // 2] == middle[0]
        assert abs(int(crop[1, WINDOW // 2, WINDOW // 2]) - int(middle[1])) <= 2
    assert sorted((c["image"], c["label"]) for c in metadata["cells"]) == sorted(shown.keys(rows))
    assert path.name in shown.explorer.panel._said.text()


def test_clusters_are_named_merged_painted_and_exported(shown, user, tmp_path):
    explorer, naming = shown.explorer, shown.explorer.panel.naming
    legend = explorer.scatter.legend.categories
    clusters = np.asarray(shown.obs["cluster"])
    user.click(legend.viewport(), lambda: legend.visualItemRect(legend.item(0)).center())
    user.click(explorer.panel.name_button)
    assert naming.label.text() == "Name 20 cells"
    QTest.keyClicks(naming.names.lineEdit(), "mitotic")
    user.click(naming.give_button)
    found = shown.obs["annotation"]
    assert (found[clusters == "0"] == "mitotic").all()
    assert found[clusters != "0"].isna().all()
    assert explorer.colouring.box.currentText() == "Annotation"
    assert [legend.item(i).text() for i in range(legend.count())] == ["mitotic", "none"]

    # The image follows the map.
    painted = layers.own_layer(shown.viewer, layers.CLUSTERS).data
    for row in shown.rows():
        classes = np.unique(painted[shown.labels["one"] == shown.obs["label"].iloc[row]])
        assert classes.tolist() == [1 if clusters[row] == "0" else layers.DIMMED_CLASS]

    # Another cluster under the same name is the same group.
    user.choose(explorer.colouring.box, "Cluster")
    user.click(legend.viewport(), lambda: legend.visualItemRect(legend.item(1)).center())
    QTest.keyClicks(naming.names.lineEdit(), "mitotic")
    QTest.keyClick(naming.names.lineEdit(), Qt.Key.Key_Return)
    assert (shown.obs["annotation"] == "mitotic").sum() == 40
    path = tmp_path / "selection.csv"
    user.answer(path)
    user.click(explorer.panel.export_button)
    user.until(path.exists)
    shown.idle()
    again = c3r.read(path)
    assert len(again) == 20
    assert (again.obs["annotation"] == "mitotic").all()
    assert set(again.obs["cluster"].astype(str)) == {"1"}
    user.click(naming.clear_button)
    assert (shown.obs["annotation"] == "mitotic").sum() == 20


def test_names_outlive_a_new_map(shown):
    shown.session.result.annotate(np.asarray(shown.obs["cluster"] == "1"), "flat")
    other = shown.table.copy()
    del other.obs["annotation"]
    shown.session.result.set_mapped(other)
    assert (other.obs["annotation"][shown.obs["cluster"] == "1"] == "flat").all()


def test_colours_of_a_value_are_those_of_the_map(shown, user):
    user.choose(shown.explorer.colouring.box, "DNA intensity")
    assert shown.explorer.scatter.legend.bar.isVisible()
    layer = layers.own_layer(shown.viewer, layers.CLUSTERS)
    values = shown.obs["intensity_mean_DNA"].to_numpy()
    for row in shown.rows():
        y, x = np.argwhere(shown.labels["one"] == shown.obs["label"].iloc[row])[0]
        drawn = layer.colormap.map(layer.data[y, x]).ravel()[:3] * 255
        on_map = shown.explorer.model.shown_colouring().colours()[row]
        assert np.abs(drawn - on_map).max() < 6
        if np.isnan(values[row]):
            assert on_map.tolist() == [128, 128, 128]
    user.choose(shown.explorer.colouring.box, "Well")
    legend = shown.explorer.scatter.legend.categories
    assert [legend.item(i).text() for i in range(legend.count())] == ["A01", "B02"]
    shown.explorer.undo()
    assert shown.explorer.colouring.column == "intensity_mean_DNA"
    assert shown.explorer.scatter.legend.bar.isVisible()


def test_a_cell_of_another_field_turns_to_that_field(shown):
    row = int(shown.rows("two")[3])
    asked = []

    shown.click_point(row)
    assert "not in the viewer" in shown.explorer.panel._said.text()
    shown.session.fields.sources = tuple(
        FieldSource(ImageFiles(name, ())) for name in ("one", "two")
    )
    shown.explorer.link.field_requested.connect(asked.append)
    key(shown, shown.explorer.panel.table, Qt.Key.Key_C)
    assert asked == [1]
    shown.session.show_field(1, shown.images["two"])
    assert shown.session.selection.current == row
    marks = layers.own_layer(shown.viewer, layers.SELECTION).data
    assert set(np.unique(shown.labels["two"][marks > 0])) == {shown.obs["label"].iloc[row]}
    np.testing.assert_allclose(
        shown.viewer.scene.camera.center[-2:], shown.obs[["y_px", "x_px"]].iloc[row], atol=1e-6
    )
    shown.session.fields.sources = ()


def test_without_the_image_its_cells_are_not_made_up(shown):
    from dataclasses import replace

    shown.session.set_result(replace(shown.result, images={}))
    shown.idle()
    montage = shown.explorer.panel.montage
    assert montage.thumbnails.rows == []
    assert "Open the image" in montage._reason.text()
    assert not montage.save_button.isEnabled()


def test_a_hundred_thousand_rows_do_not_hold_up_the_table(shown):
    import time

    count = 100_000
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"image": "a", "label": np.arange(count), "v": rng.random(count)})
    table = shown.explorer.panel.table
    # Of this thread, as what else the machine does is not the table's.
    start = time.thread_time()
    table.set_frame(frame, ["label", "v"])
    table.rows.sort(1)
    table.rows.set_selected(rng.random(count) < 0.5)
    table.show_current(int(frame["v"].argmax()))
    table.viewport().repaint()
    assert time.thread_time() - start < 1.5
    assert table.currentIndex().row() == count - 1
    assert table.selectionModel().isRowSelected(count - 1, QModelIndex())


def test_every_control_of_the_panel_has_a_name_and_a_tooltip(shown):
    from qtpy.QtWidgets import QAbstractButton, QComboBox

    panel = shown.explorer.panel
    for control in [*panel.findChildren(QAbstractButton), *panel.findChildren(QComboBox)]:
        if control.isVisible():
            assert control.toolTip(), control
            assert control.accessibleName() or getattr(control, "text", str)(), control
