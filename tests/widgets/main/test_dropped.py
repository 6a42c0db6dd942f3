"""Files dropped on the viewer itself, and layers that are no part of the image."""

from __future__ import annotations

import numpy as np
import pytest
import tifffile
from napari.settings import get_settings
from qtpy.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from qtpy.QtGui import QDragEnterEvent, QDropEvent
from qtpy.QtWidgets import QApplication, QWidget

from napari_c3r.session import session_of
from napari_c3r.widgets.main.step_ids import StepId
from tests.widgets.fields import planes

pytestmark = [pytest.mark.gl, pytest.mark.usefixtures("quick")]

STAINS = ("dna", "er", "rna")


@pytest.fixture(params=["napari", "napari-c3r"])
def reader(request):
    """The reader that the user chose for TIFF files, once and for all."""
    chosen = get_settings().plugins
    chosen.extension2reader = {"*.tif": request.param}
    yield request.param
    chosen.extension2reader = {}


@pytest.fixture
def paths(tmp_path):
    for name, plane in zip(STAINS, planes(), strict=True):
        size = {"resolution": (4, 4), "metadata": {"unit": "um"}}
        tifffile.imwrite(tmp_path / f"{name}-picture.tif", plane, imagej=True, **size)
    return [tmp_path / f"{name}-picture.tif" for name in STAINS]


def drop(viewer, paths, modifier=Qt.KeyboardModifier.NoModifier):
    """Drag files over the viewer's canvas and let go."""
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path)) for path in paths])
    central = viewer.window.main_menu.window().centralWidget()
    canvas = next(w for w in central.findChildren(QWidget) if type(w).__name__ == "QtViewer")
    how = Qt.DropAction.CopyAction, data, Qt.MouseButton.LeftButton, modifier
    QApplication.sendEvent(canvas, QDragEnterEvent(QPoint(50, 50), *how))
    QApplication.sendEvent(canvas, QDropEvent(QPointF(50, 50), *how))


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 0, 1)])
def test_files_dropped_on_the_viewer_are_one_image(viewer, dock, user, paths, reader, order):
    drop(viewer, [paths[number] for number in order])
    user.wait_idle(dock)
    image = session_of(viewer).fields.image
    assert image.channel_names == STAINS
    np.testing.assert_array_equal(np.asarray(image.data), planes())
    assert not dock.image.outside.text()
    assert [edit.text() for edit in dock.channels.names] == list(STAINS)
    # Its files are known, so that a script can read them.
    user.until(lambda: len(session_of(viewer).fields.sources) == 1)
    # Some readers leave the pixel size out.
    assert session_of(viewer).fields.image.pixel_size_um == 0.25
    assert (dock.cells.nucleus.currentText(), dock.cells.cell.currentText()) == ("dna", "rna")


def test_files_dropped_as_a_stack_are_one_image(viewer, dock, user, paths, reader):
    drop(viewer, paths, Qt.KeyboardModifier.ShiftModifier)
    user.wait_idle(dock)
    image = session_of(viewer).fields.image
    np.testing.assert_array_equal(np.asarray(image.data), planes())


def test_layers_that_come_late_are_taken_while_nothing_was_made(viewer, dock, user, paths):
    viewer.open(paths[2], plugin="napari")
    user.wait_idle(dock)
    assert session_of(viewer).fields.image.shape[0] == 1
    for path in paths[:2]:
        viewer.open(path, plugin="napari")
        user.wait_idle(dock)
    assert session_of(viewer).fields.image.channel_names == STAINS
    assert (dock.cells.nucleus.currentText(), dock.cells.cell.currentText()) == ("dna", "rna")


def test_a_layer_that_is_no_part_of_the_image_is_said_and_taken_in(viewer, dock, user, paths):
    viewer.open(paths[:2], plugin="napari")
    user.wait_idle(dock)
    session = session_of(viewer)
    user.choose(dock.channels.roles[0], "Concept")
    viewer.add_image(np.zeros((20, 30), np.uint8), name="small")
    user.wait_idle(dock)
    dock.steps[StepId.IMAGE].set_open(True)
    assert dock.image.outside.text() == "Not part of the image: small (30 × 20 px)"
    assert dock.image.take_button.isHidden()
    viewer.layers.remove("small")
    # The user chose roles already: what comes is not taken without being asked for.
    viewer.add_image(planes()[2], name="third")
    user.wait_idle(dock)
    assert session.fields.image.shape[0] == 2
    assert dock.image.outside.text() == "Not part of the image: third"
    user.click(dock.image.take_button)
    user.wait_idle(dock)
    assert session.fields.image.channel_names == ("dna", "er", "third")
    assert not dock.image.outside.text()
    viewer.layers["third"].visible = False
    viewer.layers.selection = set()
    dock.steps[StepId.IMAGE].set_open(True)
    user.click(dock.image.layers_button)
    user.wait_idle(dock)
    assert dock.image.outside.text() == "Not part of the image: third (hidden)"


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda layer: setattr(layer, "translate", (0, 7)), r"does not lie on"),
        (lambda layer: setattr(layer, "data", layer.data * np.nan), "holds no number"),
    ],
)
def test_what_cannot_be_an_image_is_refused_in_one_line(viewer, dock, user, spoil, said):
    for name, plane in zip(STAINS, planes(), strict=True):
        viewer.add_image(plane.astype(float), name=name, contrast_limits=(0, 6000))
    spoil(viewer.layers["rna"])
    user.wait_idle(dock)
    assert session_of(viewer).fields.image is None
    reason = dock.steps[StepId.IMAGE].reason.text()
    assert said in reason
    assert "'rna'" in reason
    assert "\n" not in reason
    viewer.layers["rna"].visible = False
    user.click(dock.image.layers_button)
    user.wait_idle(dock)
    assert session_of(viewer).fields.image.channel_names == STAINS[:2]
    assert not dock.steps[StepId.IMAGE].reason.isVisible()
    mine = viewer.add_labels(np.ones((200, 200), int), name="mine", translate=(0, 7))
    user.wait_idle(dock)
    dock.controller.segmentation.use_labels(mine.name)
    assert "'mine' do not lie on" in dock.steps[StepId.CELLS].reason.text()
