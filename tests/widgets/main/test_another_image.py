"""The sample and files one after the other: nothing of the image before lies on the next."""

from __future__ import annotations

import pytest
import tifffile

from napari_c3r.session import session_of
from napari_c3r.widgets.main.step_ids import StepId
from tests.widgets.fields import planes

pytestmark = [pytest.mark.gl, pytest.mark.usefixtures("quick", "small_sample")]


def test_the_sample_goes_when_files_are_opened_and_the_reverse(viewer, dock, user, tmp_path):
    session = session_of(viewer)
    path = tmp_path / "without a pixel size.tif"
    told = {"axes": "CYX", "Channel": {"Name": ["DNA", "ER", "RNA"]}}
    tifffile.imwrite(path, planes(), metadata=told, ome=True)
    user.click(dock.image.sample_button)
    user.wait_idle(dock)
    assert "cells (truth)" in viewer.layers
    session.table_view.set_filter("area_px > 3")

    dock.controller.open_paths([str(path)])
    user.wait_idle(dock)
    user.click(dock.image.scan.load_button)
    user.wait_idle(dock)
    opened = list(viewer.layers)
    assert [layer.name for layer in opened] == ["DNA", "ER", "RNA"]
    # Else napari warns that pixels and micrometres do not go together.
    assert viewer.layers.extent.units is not None
    assert session.table_view.look.filter == ""

    dock.steps[StepId.IMAGE].set_open(True)
    user.click(dock.image.sample_button)
    user.wait_idle(dock)
    assert not any(layer in viewer.layers for layer in opened)
    assert session.fields.image.name == "cell-painting-sample"
    # Once more, it takes the place of itself.
    count = len(viewer.layers)
    dock.steps[StepId.IMAGE].set_open(True)
    user.click(dock.image.sample_button)
    user.wait_idle(dock)
    assert len(viewer.layers) == count
