"""Names that a file has are the channels' names, and what is guessed of them can be changed."""

from __future__ import annotations

import numpy as np
import pytest
import tifffile
from qtpy.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from qtpy.QtGui import QDragEnterEvent, QDropEvent
from qtpy.QtWidgets import QApplication

from napari_c3r.session import session_of
from napari_c3r.widgets.main.step_ids import StepId
from tests.widgets.fields import planes, take_image

pytestmark = [pytest.mark.gl, pytest.mark.usefixtures("quick")]


def drop(dock, path):
    """Drag a file over the dock and let go."""
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path))])
    how = Qt.DropAction.CopyAction, data, Qt.MouseButton.LeftButton
    none = Qt.KeyboardModifier.NoModifier
    QApplication.sendEvent(dock, QDragEnterEvent(QPoint(50, 50), *how, none))
    QApplication.sendEvent(dock, QDropEvent(QPointF(50, 50), *how, none))


def test_names_of_an_ome_tiff_are_read_and_suggest_roles_that_can_be_changed(
    viewer, dock, user, tmp_path
):
    path = tmp_path / "field.ome.tiff"
    names = ["Hoechst 33342", "alpha-tubulin", "GFP"]
    tifffile.imwrite(
        path,
        planes(),
        metadata={
            "axes": "CYX",
            "Channel": {"Name": names},
            "PhysicalSizeX": 0.65,
            "PhysicalSizeXUnit": "µm",
            "PhysicalSizeY": 0.65,
            "PhysicalSizeYUnit": "µm",
        },
    )
    drop(dock, path)
    user.wait_idle(dock)
    panel = dock.image.scan
    assert [edit.text() for edit in panel.names] == names
    user.click(panel.load_button)
    user.wait_idle(dock)
    session = session_of(viewer)
    assert [layer.name for layer in viewer.layers] == names
    assert session.fields.image.channel_names == tuple(names)
    assert session.fields.image.pixel_size_um == pytest.approx(0.65)
    np.testing.assert_array_equal(np.asarray(session.fields.image.data), planes())
    # The suggestion is told with its reason, and is only that.
    assert session.roles.assignment.context == ("Hoechst 33342", "alpha-tubulin")
    assert all(label.text() for label in dock.channels.reasons[:3])
    dock.steps[StepId.CHANNELS].set_open(True)
    user.choose(dock.channels.roles[1], "Concept")
    assert session.roles.assignment.concept == ("alpha-tubulin", "GFP")
    # What the nuclei are found on is chosen by name too.
    dock.steps[StepId.CELLS].set_open(True)
    assert dock.cells.nucleus.currentText() == "Hoechst 33342"


def test_layers_of_another_reader_give_their_names(viewer, dock, user):
    for name, plane in zip(("DAPI", "tubulin", "my marker"), planes(), strict=True):
        viewer.add_image(plane, name=name)
    viewer.layers.selection = set(viewer.layers)
    take_image(dock, user)
    session = session_of(viewer)
    assert session.fields.image.channel_names == ("DAPI", "tubulin", "my marker")
    assert session.roles.assignment.to_dict() == {
        "DAPI": "context",
        "tubulin": "context",
        "my marker": "concept",
    }
