"""Opening files, folders and plates, with the mouse; turning from field to field."""

from __future__ import annotations

import numpy as np
import pytest
import tifffile
from qtpy.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from qtpy.QtGui import QDragEnterEvent, QDropEvent
from qtpy.QtTest import QTest
from qtpy.QtWidgets import QApplication

from napari_c3r.session import Cells, session_of
from napari_c3r.widgets.common.plate import place_of
from napari_c3r.widgets.main.step_ids import StepId
from napari_c3r.widgets.viewer import layers
from tests.widgets.fields import labels, planes, write_plate

pytestmark = [pytest.mark.gl, pytest.mark.usefixtures("quick")]


def drop(dock, paths):
    """Drag paths over the dock and let go."""
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path)) for path in paths])
    where, action = QPoint(50, 50), Qt.DropAction.CopyAction
    left, none = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    entering = QDragEnterEvent(where, action, data, left, none)
    QApplication.sendEvent(dock, entering)
    assert entering.isAccepted()
    QApplication.sendEvent(dock, QDropEvent(QPointF(where), action, data, left, none))


@pytest.fixture
def plate(dock, user, tmp_path):
    """A plate of four fields, dropped and loaded with its channels named."""
    drop(dock, [write_plate(tmp_path / "plate")])
    user.wait_idle(dock)
    for edit, name in zip(dock.image.scan.names, ("DNA", "ER", "RNA"), strict=True):
        edit.selectAll()
        QTest.keyClicks(edit, name)
    user.click(dock.image.scan.load_button)
    user.wait_idle(dock)


def test_a_dropped_plate_is_understood_corrected_and_loaded(viewer, dock, user, tmp_path):
    drop(dock, [write_plate(tmp_path / "plate")])
    user.wait_idle(dock)
    panel = dock.image.scan
    assert panel.isVisible()
    assert panel.title.text() == ("Understood: 4 fields in 2 wells\n3 channels · 200 × 200 px")
    assert panel.pixel_size.value() == 0.5
    assert [edit.text() for edit in panel.names] == ["w1", "w2", "w3"]
    assert not viewer.layers
    panel.names[0].selectAll()
    QTest.keyClicks(panel.names[0], "DNA")
    panel.pixel_size.setValue(0.25)
    user.click(panel.load_button)
    user.wait_idle(dock)
    assert not panel.isVisible()
    assert [layer.name for layer in viewer.layers] == ["DNA", "w2", "w3"]
    image = session_of(viewer).fields.image
    assert image.channel_names == ("DNA", "w2", "w3")
    assert image.pixel_size_um == 0.25
    np.testing.assert_array_equal(np.asarray(image.data), planes(1))
    assert dock.image.layers.text() == "Made of the layers DNA, w2, w3"
    # The layers on the screen and the image are one and the same.
    for layer, plane in zip(viewer.layers, planes(1), strict=True):
        np.testing.assert_array_equal(np.asarray(layer.data), plane)


def test_two_channels_of_one_name_are_refused_before_loading(viewer, dock, user, tmp_path):
    drop(dock, [write_plate(tmp_path / "plate")])
    user.wait_idle(dock)
    panel = dock.image.scan
    panel.names[0].selectAll()
    QTest.keyClicks(panel.names[0], "w2")
    user.click(panel.load_button)
    assert panel.doubts.text() == "Two channels are called 'w2'; give each its own name"
    assert not viewer.layers
    user.click(panel.cancel_button)
    assert not panel.isVisible()


def test_fields_are_turned_by_arrows_list_and_plate(viewer, dock, user, plate):
    session, picker = session_of(viewer), dock.image.picker
    user.click(dock.steps[StepId.IMAGE].header)
    assert picker.choice.currentText() == "1/4 · A01_s1"
    assert not picker.previous.isEnabled()
    limits = viewer.layers["DNA"].contrast_limits = (300, 5000)
    user.click(picker.following)
    user.wait_idle(dock)
    assert session.fields.image.name == "A01_s2"
    assert len(viewer.layers) == 3
    np.testing.assert_array_equal(np.asarray(viewer.layers["DNA"].data), planes(2)[0])
    assert tuple(viewer.layers["DNA"].contrast_limits) == limits
    # The roles, chosen once, hold for every field.
    assert session.roles.assignment.context == ("DNA", "ER")
    user.choose(picker.choice, "4/4 · B02_s2")
    user.wait_idle(dock)
    assert session.fields.image.name == "B02_s2"
    assert not picker.following.isEnabled()
    grid = picker.plate
    user.click(grid, lambda: grid.rect_of("A01").center())
    user.wait_idle(dock)
    assert session.fields.image.name == "A01_s1"
    # Again on the same well: its next site.
    user.click(grid, lambda: grid.rect_of("A01").center())
    user.wait_idle(dock)
    assert session.fields.image.name == "A01_s2"
    QTest.keyClick(grid, Qt.Key.Key_Right)
    user.wait_idle(dock)
    assert session.fields.image.name == "B02_s1"
    # An empty well does nothing.
    grid_before = session.fields.image
    user.click(grid, lambda: grid.rect_of("B01").center())
    user.wait_idle(dock)
    assert session.fields.image is grid_before


def test_each_field_keeps_its_cells(viewer, dock, user, plate):
    session = session_of(viewer)
    user.click(dock.cells.segment_button)
    user.wait_idle(dock)
    first = layers.own_layer(viewer, layers.CELLS).data.copy()
    assert session.labels.current.count == 16
    user.click(dock.steps[StepId.IMAGE].header)
    user.click(dock.image.picker.following)
    user.wait_idle(dock)
    assert session.labels.current is None
    assert layers.own_layer(viewer, layers.CELLS) is None
    user.click(dock.image.picker.previous)
    user.wait_idle(dock)
    np.testing.assert_array_equal(layers.own_layer(viewer, layers.CELLS).data, first)
    assert session.labels.current.count == 16


def test_names_that_only_may_be_channels_are_doubted_before_they_are_loaded(dock, user, tmp_path):
    for number, plane in zip((1, 2, 5), planes(), strict=True):
        tifffile.imwrite(tmp_path / f"HeLa_c{number}.tif", plane)
    drop(dock, [tmp_path])
    user.wait_idle(dock)
    panel = dock.image.scan
    assert panel.doubts.isVisible()
    assert "c1, c2, c5 are taken as channels of one image 'HeLa'" in panel.doubts.text()


def test_channels_saved_as_slices_are_noticed_and_put_right(viewer, dock, user, tmp_path):
    stack = tmp_path / "stack.tif"
    tifffile.imwrite(stack, planes(), imagej=True, metadata={"axes": "ZYX"})
    drop(dock, [stack])
    user.wait_idle(dock)
    panel = dock.image.scan
    assert "if the slices are channels, say so under Axes" in panel.doubts.text()
    user.choose(panel.axes, "Z slices are channels")
    user.wait_idle(dock)
    assert not panel.doubts.isVisible()
    assert len(panel.names) == 3
    user.click(panel.load_button)
    user.wait_idle(dock)
    np.testing.assert_array_equal(np.asarray(session_of(viewer).fields.image.data), planes())


def test_a_slice_is_chosen_instead_of_the_brightest(viewer, dock, user, tmp_path):
    pixels = np.stack([planes(seed) for seed in range(4)])
    stack = tmp_path / "stack.tif"
    tifffile.imwrite(stack, pixels, imagej=True, metadata={"axes": "ZCYX"})
    drop(dock, [stack])
    user.wait_idle(dock)
    panel = dock.image.scan
    assert "4 Z slices" in panel.title.text()
    user.choose(panel.z, "One slice")
    panel.slice.setValue(2)
    user.click(panel.load_button)
    user.wait_idle(dock)
    np.testing.assert_array_equal(np.asarray(session_of(viewer).fields.image.data), pixels[2])


def test_slices_are_chosen_for_each_channel_and_every_time_is_a_field(viewer, dock, user, tmp_path):
    pixels = np.stack([[planes(4 * t + z) for z in range(3)] for t in range(2)])
    movie = tmp_path / "movie.tif"
    tifffile.imwrite(movie, pixels, imagej=True, metadata={"axes": "TZCYX"})
    drop(dock, [movie])
    user.wait_idle(dock)
    panel = dock.image.scan
    assert not panel.z_by_channel[1].isVisible()
    user.choose(panel.z, "By channel")
    user.choose(panel.z_by_channel[1], "Mean")
    user.click(panel.all_times)
    assert not panel.time.isEnabled()
    user.click(panel.load_button)
    user.wait_idle(dock)
    fields = session_of(viewer).fields
    assert [source.name for source in fields.sources] == ["movie", "movie t=1"]
    first, second, _ = np.asarray(fields.image.data)
    np.testing.assert_array_equal(first, pixels[0, :, 0].max(axis=0))
    np.testing.assert_allclose(second, pixels[0, :, 1].mean(axis=0), rtol=1e-6)


def test_a_colour_picture_says_that_its_colours_are_taken_as_channels(dock, user, tmp_path):
    from PIL import Image as Picture

    path = tmp_path / "photo.png"
    Picture.fromarray(np.zeros((60, 60, 3), np.uint8)).save(path)
    drop(dock, [path])
    user.wait_idle(dock)
    assert "red, green and blue are taken as channels" in dock.image.scan.notes.text()


def test_what_cannot_be_read_is_one_line(viewer, dock, user, tmp_path):
    (tmp_path / "empty").mkdir()
    drop(dock, [tmp_path / "empty"])
    user.wait_idle(dock)
    assert "holds no image" in dock.steps[StepId.IMAGE].reason.text()
    assert "\n" not in dock.steps[StepId.IMAGE].reason.text()


def test_a_real_plate_and_layers_of_the_user_stay(viewer, dock, user, data_dir):
    mine = viewer.add_labels(labels(), name="mine")
    drop(dock, [data_dir / "fields/bbbc022_20585"])
    user.wait_idle(dock)
    title = dock.image.scan.title.text()
    assert title.startswith("Understood: 6 fields in 3 wells of plate1\n5 channels · 696 × 520 px")
    user.click(dock.image.scan.load_button)
    user.wait_idle(dock)
    assert session_of(viewer).roles.assignment.context == ("H33342", "conA")
    user.click(dock.steps[StepId.IMAGE].header)
    user.click(dock.image.picker.following)
    user.wait_idle(dock)
    assert mine in viewer.layers
    assert session_of(viewer).fields.image.well == "A14"


def test_what_an_image_before_was_made_of_is_out_of_sight(viewer, dock, user, tmp_path):
    user.click(dock.image.sample_button)
    user.wait_idle(dock)
    user.click(dock.cells.segment_button)
    user.wait_idle(dock)
    before = list(dock.controller.images.shown_layers())
    mine = viewer.add_image(before[0].data, name="mine")
    assert layers.own_layer(viewer, layers.CELLS) is not None
    drop(dock, [write_plate(tmp_path / "plate")])
    user.wait_idle(dock)
    user.click(dock.image.scan.load_button)
    user.wait_idle(dock)
    # Cells of another image would lie on this one as if they were its own.
    assert layers.own_layer(viewer, layers.CELLS) is None
    assert "out of date: made on" in dock.steps[StepId.CELLS].header.line
    assert len(before) == 5
    assert not any(layer in viewer.layers for layer in before)
    assert mine in viewer.layers


def test_names_given_once_come_back_for_the_same_channels(viewer, dock, user, plate, tmp_path):
    drop(dock, [write_plate(tmp_path / "other", ("C03",), 1)])
    user.wait_idle(dock)
    assert [edit.text() for edit in dock.image.scan.names] == ["w1", "w2", "w3"]
    user.click(dock.image.scan.cancel_button)
    # Choosing a role is what makes them worth remembering.
    dock.steps[StepId.CHANNELS].set_open(True)
    user.choose(dock.channels.roles[1], "Concept")
    drop(dock, [tmp_path / "other"])
    user.wait_idle(dock)
    assert [edit.text() for edit in dock.image.scan.names] == ["DNA", "ER", "RNA"]
    user.click(dock.image.scan.load_button)
    user.wait_idle(dock)
    assert session_of(viewer).roles.assignment.to_dict() == {
        "DNA": "context",
        "ER": "concept",
        "RNA": "concept",
    }
    assert session_of(viewer).roles.assignment.reasons["ER"] == "as you chose before"


@pytest.mark.parametrize(
    ("well", "place"),
    [("A01", (0, 0)), ("H12", (7, 11)), ("P24", (15, 23)), ("AF48", (31, 47)), ("7", None)],
)
def test_wells_have_their_place(well, place):
    assert place_of(well) == place


def test_a_plate_that_napari_opened_can_be_turned_too(viewer, dock, user, tmp_path):
    write_plate(tmp_path / "plate")
    with pytest.warns(UserWarning, match="The dock C3R turns to the others"):
        viewer.open(str(tmp_path / "plate"), plugin="napari-c3r")
    user.wait_idle(dock)
    session = session_of(viewer)
    user.until(lambda: len(session.fields.sources) == 4)
    user.click(dock.steps[StepId.IMAGE].header)
    user.click(dock.image.picker.following)
    user.wait_idle(dock)
    assert dock.steps[StepId.IMAGE].reason.text() == ""
    assert session.fields.image.name == "A01_s2"
    assert len(viewer.layers) == 3
    np.testing.assert_array_equal(np.asarray(viewer.layers["w1"].data), planes(2)[0])


def test_how_files_are_read_goes_back_with_what_was_drawn(viewer, dock, user, tmp_path):
    pixels = np.stack([planes(seed) for seed in range(4)])
    stack = tmp_path / "stack.tif"
    tifffile.imwrite(stack, pixels, imagej=True, metadata={"axes": "ZCYX"})
    session, bar, panel = session_of(viewer), dock.session_bar, dock.image.scan

    def opened():
        drop(dock, [stack])
        user.wait_idle(dock)

    def shown():
        image = session.fields.image
        return np.asarray(image.data), image.pixel_size_um

    opened()
    user.click(panel.load_button)
    user.wait_idle(dock)
    # Nothing was read before, so nothing was chosen otherwise.
    assert not bar.undo_button.isEnabled()
    session.labels.set_current(Cells(labels(), 4, "stack", "drawn"))

    opened()
    user.choose(panel.z, "One slice")
    panel.slice.setValue(2)
    panel.pixel_size.setValue(0.25)
    user.click(panel.load_button)
    user.wait_idle(dock)
    assert (
        bar.undo_button.toolTip() == "Undo: read the files with another pixel size and Z (Ctrl+Z)"
    )
    np.testing.assert_array_equal(shown()[0], pixels[2])

    user.click(bar.undo_button)
    user.wait_idle(dock)
    np.testing.assert_array_equal(shown()[0], pixels.max(axis=0))
    assert shown()[1] is None
    np.testing.assert_array_equal(session.labels.current.labels, labels())
    user.click(bar.redo_button)
    user.wait_idle(dock)
    np.testing.assert_array_equal(shown()[0], pixels[2])
    assert shown()[1] == 0.25

    # Of other files, the step says nothing.
    drop(dock, [write_plate(tmp_path / "plate")])
    user.wait_idle(dock)
    user.click(panel.load_button)
    user.wait_idle(dock)
    assert not bar.undo_button.isEnabled()
