"""What a user does to layers while the plugin works, or after: never a wrong row of the table."""

from __future__ import annotations

import time

import numpy as np
import pytest
from qtpy.QtCore import QPoint
from qtpy.QtWidgets import QApplication

import napari_c3r as c3r
from napari_c3r.core.crops.cut import iter_crops
from napari_c3r.core.images import Image
from napari_c3r.session import session_of
from napari_c3r.widgets.main.step_ids import StepId
from napari_c3r.widgets.viewer import layers
from napari_c3r.widgets.viewer.stacks import plane_of
from tests.widgets.fields import SIDE, labels, planes, take_image, write_plate

pytestmark = [pytest.mark.gl, pytest.mark.usefixtures("quick")]

NAMES = ("DNA", "ER", "RNA")
# At this scale the crops of neighbours overlap in part, so that some of them see an edit.
SCALE = 0.5


@pytest.fixture
def dock(dock, monkeypatch):
    """The dock, set so that embedding takes a while and can be disturbed."""

    def slowly(*args, **options):
        for batch in iter_crops(*args, **options):
            time.sleep(0.01)
            yield batch

    monkeypatch.setattr("napari_c3r.core.embed.field.iter_crops", slowly)
    dock.embed.batch.setValue(1)
    dock.embed.precision.setCurrentText("float32")
    return dock


def renumbered(seed):
    """The cells under sparse labels in no order."""
    numbers = np.random.default_rng(seed).permutation(5000)[:17] + 1
    found = labels()
    return np.where(found > 0, numbers[found // 3], 0).astype(np.int32)


def fill(viewer, seed=0):
    """Three channels and their labels as layers."""
    viewer.layers.clear()
    for name, plane in zip(NAMES, planes(seed), strict=True):
        viewer.add_image(plane, name=name, scale=(SCALE, SCALE), units="um")
    viewer.add_labels(renumbered(seed), name="mine", scale=(SCALE, SCALE), units="um")
    viewer.layers.selection = set(list(viewer.layers)[:3])


def take(dock, user, labels_name="mine"):
    """Take the selected layers as the image, and a Labels layer as its cells."""
    take_image(dock, user)
    dock.steps[StepId.CELLS].set_open(True)
    dock.cells.labels_choice.setChecked(True)
    user.choose(dock.cells.labels, labels_name)
    user.click(dock.cells.labels_button)
    user.wait_idle(dock)
    dock.steps[StepId.EMBED].set_open(True)


def truth(session, pixels, cells):
    """What the core makes of these arrays."""
    from napari_c3r.core.encoder import load_encoder

    image = Image.from_array(pixels, NAMES, SCALE, name=session.fields.image.name)
    encoder = load_encoder()
    return c3r.embed(image, cells, session.roles.assignment, encoder=encoder, precision="float32")


def same(table, expected):
    assert table.obs["label"].tolist() == expected.obs["label"].tolist()
    np.testing.assert_allclose(table.X, expected.X, atol=1e-4)
    for column in ("y_px", "x_px", "area_px", "intensity_mean_RNA"):
        np.testing.assert_array_equal(table.obs[column], expected.obs[column])


def disturb(viewer, rng):
    """Something that a user may do to the layers at any moment."""
    here = list(viewer.layers)
    chosen = here[rng.integers(len(here))] if here else None
    what = rng.integers(7)
    if what == 0:
        for layer in here:
            layer.name = f"{rng.integers(100)} {layer.name}"
    elif what == 1 and chosen is not None:
        viewer.layers.remove(chosen)
    elif what == 2 and chosen is not None:
        chosen.data = rng.permutation(np.asarray(chosen.data).ravel()).reshape(chosen.data.shape)
    elif what == 3 and chosen is not None:
        chosen.data = np.zeros((SIDE + 3, SIDE), chosen.data.dtype)
    elif what == 4:
        viewer.add_labels(renumbered(int(rng.integers(99))), name="mine")
    elif what == 5:
        for layer in here:
            if hasattr(layer, "brush_size") and layer.data.shape == (SIDE, SIDE):
                y, x = rng.integers(5, SIDE - 5, 2)
                layer.data_setitem(tuple(np.mgrid[y - 5 : y + 5, x - 5 : x + 5].reshape(2, -1)), 7)
    else:
        viewer.layers.clear()


def test_whatever_happens_to_the_layers_the_table_is_that_of_what_was_embedded(viewer, dock, user):
    session = session_of(viewer)
    for seed in range(5):
        rng = np.random.default_rng(seed)
        fill(viewer, seed)
        take(dock, user)
        expected = truth(session, planes(seed), renumbered(seed))
        user.click(dock.embed.embed_button)
        for _ in range(rng.integers(1, 5)):
            disturb(viewer, rng)
            QApplication.processEvents()
        user.wait_idle(dock)
        same(session.result.current.table, expected)
        # What is edited is told against what was embedded, and all of it can be embedded again.
        mine = dock.controller.segmentation._watched()
        if mine is not None and session.labels.edited:
            drawn = np.asarray(mine.data)
            differs = (drawn != renumbered(seed)) & (drawn > 0)
            assert set(np.unique(drawn[differs])) <= session.labels.edits.changed
        if session.labels.edited and session.can_update:
            dock.steps[StepId.EMBED].set_open(True)
            now = truth(session, planes(seed), np.asarray(mine.data))
            user.click(dock.embed.update_button)
            user.wait_idle(dock)
            same(session.result.current.table, now)
            assert session.result_outdated() is None


def test_what_is_drawn_while_edits_are_embedded_is_stale_afterwards(
    viewer, dock, user, paused_worker
):
    session = session_of(viewer)
    fill(viewer)
    take(dock, user)
    user.click(dock.embed.embed_button)
    user.wait_idle(dock)
    mine, before = viewer.layers["mine"], renumbered(0)
    first, second = np.unique(before)[[1, 5]]
    mine.data_setitem(np.nonzero(before == first), 0)
    user.wait_idle(dock)
    paused_worker.hold(after=0)
    user.click(dock.embed.update_button)
    mine.data_setitem(np.nonzero(before == second), 0)
    assert dock.controller.jobs.running
    paused_worker.let_go()
    user.wait_idle(dock)
    table = session.result.current.table
    assert first not in table.obs["label"].tolist()
    assert second in table.obs["label"].tolist()
    assert session.labels.edits.removed == {second}
    assert "1 cell edited by hand" in dock.steps[StepId.EMBED].header.line
    user.click(dock.embed.update_button)
    user.wait_idle(dock)
    cells = np.where(np.isin(before, (first, second)), 0, before)
    same(session.result.current.table, truth(session, planes(0), cells))


def test_an_update_that_is_aborted_leaves_the_result_as_it_was(viewer, dock, user, paused_worker):
    session = session_of(viewer)
    fill(viewer)
    take(dock, user)
    user.click(dock.embed.embed_button)
    user.wait_idle(dock)
    before = session.result.current.table
    mine = viewer.layers["mine"]
    mine.data_setitem(np.nonzero(mine.data == mine.data.max()), 0)
    user.wait_idle(dock)
    affected_neighbours = len(session.labels.edits.affected_neighbours)
    assert affected_neighbours
    assert (
        dock.embed.update_button.text()
        == f"Update 1 edited cell and {affected_neighbours} neighbours"
    )
    paused_worker.hold(after=0)
    user.click(dock.embed.update_button)
    user.click(dock.embed.abort_button)
    paused_worker.let_go()
    user.wait_idle(dock)
    assert session.result.current.table is before
    assert (
        f"1 cell edited by hand, {affected_neighbours} neighbours affected"
        in dock.steps[StepId.EMBED].header.line
    )


def test_edits_are_gone_with_their_layer(viewer, dock, user):
    session = session_of(viewer)
    fill(viewer)
    take(dock, user)
    user.click(dock.embed.embed_button)
    user.wait_idle(dock)
    mine = viewer.layers["mine"]
    mine.data_setitem(np.nonzero(mine.data == mine.data.max()), 0)
    user.wait_idle(dock)
    assert session.labels.edited
    viewer.layers.remove("mine")
    user.wait_idle(dock)
    assert not session.labels.edited
    assert "out of date" not in dock.steps[StepId.EMBED].header.line
    assert not dock.embed.update_button.isVisible()


def test_other_pixels_under_the_same_names_are_another_image(viewer, dock, user):
    session = session_of(viewer)
    fill(viewer)
    take(dock, user)
    user.click(dock.embed.embed_button)
    user.wait_idle(dock)
    row = session.result.row_of(session.result.current.table.obs["label"].iloc[0])
    y, x = session.result.current.table.obs[["y_px", "x_px"]].iloc[row] * SCALE
    assert dock.link.row_at((y, x)) == row
    fill(viewer, seed=1)
    take_image(dock, user)
    assert session.fields.image.name == "DNA (2)"
    assert "out of date: made on 'DNA'" in dock.steps[StepId.CELLS].header.line
    assert "out of date: made on 'DNA'" in dock.steps[StepId.EMBED].header.line
    assert not dock.embed.embed_button.isEnabled()
    assert dock.link.row_at((y, x)) is None
    # The layers taken again are the image that they were.
    dock.steps[StepId.IMAGE].set_open(True)
    user.click(dock.image.layers_button)
    user.wait_idle(dock)
    assert session.fields.image.name == "DNA (2)"


def test_another_field_may_be_turned_to_while_edits_are_embedded(
    viewer, dock, user, paused_worker, tmp_path
):
    session = session_of(viewer)
    dock.controller.open_paths([str(write_plate(tmp_path / "plate", ("A01",)))])
    user.wait_idle(dock)
    user.click(dock.image.scan.load_button)
    user.wait_idle(dock)
    dock.steps[StepId.EMBED].set_open(True)
    user.choose(dock.embed.scope, "all 2 fields")
    user.click(dock.embed.embed_button)
    user.wait_idle(dock)
    mine = layers.own_layer(viewer, layers.CELLS)
    mine.data_setitem(np.nonzero(mine.data == 3), 0)
    user.wait_idle(dock)
    dock.steps[StepId.EMBED].set_open(True)
    paused_worker.hold(after=0)
    user.click(dock.embed.update_button)
    dock.controller.images.show_field(1)
    user.until(lambda: dock.controller.opening.running is None)
    assert dock.controller.jobs.running
    paused_worker.let_go()
    user.wait_idle(dock)
    assert session.fields.image.name == "A01_s2"
    assert session.labels.current is session.labels.by_image["A01_s2"]
    assert session.result.image_name == "A01_s2"
    obs = session.result.current.table.obs
    assert obs["label"][obs["image"] == "A01_s1"].tolist() == [1, 2, *range(4, 17)]
    assert obs["label"][obs["image"] == "A01_s2"].tolist() == list(range(1, 17))
    assert session.result_outdated() is None
    dock.controller.images.show_field(0)
    user.wait_idle(dock)
    assert 3 not in layers.own_layer(viewer, layers.CELLS).data
    assert session.result_outdated() is None


def test_measurements_are_never_told_of_other_cells_with_the_same_labels(viewer, dock, user):
    fill(viewer)
    take(dock, user)
    for _ in range(2):
        dock.steps[StepId.CELLS].set_open(True)
        dock.cells.segment_choice.setChecked(True)
        user.click(dock.cells.segment_button)
        user.wait_idle(dock)
        shown = layers.own_layer(viewer, layers.CELLS)
        # Found again, they may be numbered otherwise: what is known is of the cells before.
        assert not len(shown.features)
        dock.steps[StepId.EMBED].set_open(True)
        user.click(dock.embed.embed_button)
        user.wait_idle(dock)
        areas = np.bincount(shown.data.ravel())[shown.features["label"]]
        assert shown.features["area_px"].tolist() == areas.tolist()


def movie():
    """(T, C, Y, X): other pixels at every time."""
    return np.stack([planes(seed) for seed in range(3)])


def canvas_click(viewer, user, y, x):
    """Click in napari's canvas on a position of the world."""
    native = viewer.__wrapped__.window._qt_viewer.canvas.native

    def place():
        camera = viewer.scene.camera
        away = (np.array((y, x)) - camera.center[-2:]) * camera.zoom
        down, right = away + np.array([native.height(), native.width()]) / 2
        return QPoint(round(right), round(down))

    user.click(native, place)


def test_of_a_movie_the_time_on_show_is_embedded_and_no_other_time_is_linked(viewer, dock, user):
    session = session_of(viewer)
    drawn = np.stack([renumbered(0), np.roll(renumbered(0), 20, axis=0), renumbered(2)])
    viewer.add_image(
        movie(), name="movie", axis_labels=("t", "c", "y", "x"), scale=(1, 1, SCALE, SCALE)
    )
    viewer.add_labels(drawn[:, None], name="mine", scale=(1, 1, SCALE, SCALE))
    viewer.layers.selection = {viewer.layers["movie"]}
    viewer.dims.set_current_step(0, 1)
    take(dock, user)
    for number, name in enumerate(NAMES, 1):
        session.rename_channel(f"movie {number}", name)
    assert dock.steps[StepId.IMAGE].header.line.startswith("movie t=1\n")
    assert "the layer movie at t\u00a0=\u00a01" in dock.image.layers.text()
    user.click(dock.embed.embed_button)
    user.wait_idle(dock)
    table = session.result.current.table
    same(table, truth(session, movie()[1], drawn[1]))
    assert table.obs["t"].unique().tolist() == [1]
    assert table.obs["image"].unique().tolist() == ["movie t=1"]
    # The same label at the same place at another time is another cell.
    viewer.reset_view()
    row = 4
    label, y, x = (table.obs[name].iloc[row] for name in ("label", "y_px", "x_px"))
    assert label in drawn[0][round(y) - 25 : round(y), round(x)]
    canvas_click(viewer, user, y * SCALE, x * SCALE)
    assert session.selection.current == row
    viewer.dims.set_current_step(0, 0)
    assert "The viewer shows another slice" in dock.image.layers.text()
    canvas_click(viewer, user, y * SCALE, x * SCALE)
    assert session.selection.current is None
    session.selection.set_current(row)
    assert dock.link.centre_on(row)
    assert viewer.dims.current_step[0] == 1
    assert "another slice" not in dock.image.layers.text()
    # An edit at another time is none of these cells'.
    mine = viewer.layers["mine"]
    mine.data_setitem((np.array([0, 2]), *np.zeros((3, 2), int)), 3)
    user.wait_idle(dock)
    assert not session.labels.edited
    at = np.nonzero(drawn[1] == label)
    mine.data_setitem((np.ones_like(at[0]), np.zeros_like(at[0]), *at), 0)
    user.wait_idle(dock)
    assert session.labels.edits.removed == {label}


def test_found_cells_of_a_movie_are_shown_at_their_time_only(viewer, dock, user):
    session = session_of(viewer)
    for number, name in enumerate(NAMES):
        viewer.add_image(
            movie()[:, number], name=name, axis_labels=("t", "y", "x"), blending="additive"
        )
    viewer.dims.set_current_step(0, 2)
    viewer.layers.selection = set(viewer.layers)
    user.wait_idle(dock)
    dock.steps[StepId.IMAGE].set_open(True)
    user.click(dock.image.layers_button)
    dock.steps[StepId.CELLS].set_open(True)
    dock.cells.segment_choice.setChecked(True)
    user.click(dock.cells.segment_button)
    user.wait_idle(dock)
    image = Image.from_array(planes(2), NAMES, None)
    choice = dock.cells.choice()
    _, expected = c3r.segment_cells(image, choice.nucleus, choice.cell)
    shown = layers.own_layer(viewer, layers.CELLS)
    np.testing.assert_array_equal(plane_of(shown), expected)
    y, x = np.argwhere(expected > 0)[0]
    assert shown.get_value((2, y, x), world=True) == expected[y, x]
    viewer.dims.set_current_step(0, 0)
    assert not shown.get_value((0, y, x), world=True)
    # Cells of one time are not offered for the image of another.
    dock.steps[StepId.IMAGE].set_open(True)
    user.click(dock.image.layers_button)
    user.wait_idle(dock)
    assert session.fields.image.name == "DNA t=0"
    assert "out of date: made on 'DNA t=2'" in dock.steps[StepId.CELLS].header.line
    assert not dock.embed.embed_button.isEnabled()
