"""Lazy labels as cells: read away from the window's thread, once, and again where drawn upon."""

from __future__ import annotations

import threading
import time

import dask.array as da
import numpy as np
import pytest
from qtpy.QtCore import QTimer

from napari_c3r.session import session_of
from napari_c3r.widgets.main.step_ids import StepId
from tests.widgets.fields import SIDE, labels, planes

pytestmark = [pytest.mark.gl, pytest.mark.usefixtures("quick", "sliced_in_the_background")]

_SECONDS = 0.2


class SlowDisk:
    """Labels in four chunks, each of which takes a while; counts the reads by thread."""

    def __init__(self) -> None:
        self.in_window = self.elsewhere = 0
        self.slow = False
        self.ready = threading.Event()
        self.ready.set()

    def _read(self, block):
        if self.slow:
            time.sleep(_SECONDS)
        self.ready.wait(60)
        if threading.current_thread() is threading.main_thread():
            self.in_window += 1
        else:
            self.elsewhere += 1
        return block

    def lazy(self, pixels) -> da.Array:
        return da.from_array(pixels, SIDE // 2).map_blocks(self._read, dtype=pixels.dtype)


@pytest.fixture
def disk(viewer, dock, user):
    """An image, and lazy labels that are not on show: nobody but the dock reads them."""
    disk = SlowDisk()
    for name, plane in zip(("DNA", "ER", "RNA"), planes(), strict=True):
        viewer.add_image(plane, name=name, scale=(0.5, 0.5), units="um")
    viewer.add_labels(disk.lazy(labels()), name="mine", visible=False)
    viewer.layers.selection = set(list(viewer.layers)[:3])
    user.wait_idle(dock)
    dock.steps[StepId.IMAGE].set_open(True)
    user.click(dock.image.layers_button)
    user.wait_idle(dock)
    dock.steps[StepId.CELLS].set_open(True)
    user.click(dock.cells.labels_choice)
    disk.in_window = disk.elsewhere = 0
    return disk


def test_the_window_works_on_while_labels_are_read(viewer, dock, user, disk):
    disk.slow = True
    ticks, seen = QTimer(), []
    ticks.timeout.connect(lambda: seen.append((time.perf_counter(), dock.cells.labels_button)))
    ticks.start(0)
    user.click(dock.cells.labels_button)
    assert dock.cells.labels_button.text() == "Reading labels …"
    assert not dock.cells.labels_button.isEnabled()
    user.wait_idle(dock)
    ticks.stop()
    moments = [moment for moment, _ in seen]
    # Reading takes four times as long as a chunk; the window never waits for even one.
    assert moments[-1] - moments[0] > 3 * _SECONDS
    assert disk.in_window == 0
    assert dock.cells.labels_button.text() == "Use these labels"
    assert dock.cells.labels_button.isEnabled()
    assert session_of(viewer).labels.current.count == 16
    np.testing.assert_array_equal(session_of(viewer).labels.current.labels, labels())


def test_lazy_labels_are_read_once_and_again_where_they_are_drawn_upon(viewer, dock, user, disk):
    user.click(dock.cells.labels_button)
    user.wait_idle(dock)
    user.click(dock.embed.embed_button)
    user.wait_idle(dock)
    session = session_of(viewer)
    assert session.result.current.table.obs["label"].tolist() == list(range(3, 51, 3))
    assert (disk.elsewhere, disk.in_window) == (4, 0)

    layer = viewer.layers["mine"]
    layer.data = da.where(layer.data == 6, 0, layer.data)
    user.wait_idle(dock)
    assert "out of date: 1 cell edited by hand" in dock.steps[StepId.EMBED].header.line
    user.click(dock.embed.embed_button)
    user.wait_idle(dock)
    assert disk.in_window == 0
    assert 6 not in session.result.current.table.obs["label"].tolist()
    assert "out of date" not in dock.steps[StepId.EMBED].header.line


def test_lazy_labels_without_a_cell_are_one_line(viewer, dock, user, disk):
    viewer.layers["mine"].data = disk.lazy(np.zeros((SIDE, SIDE), np.int32))
    user.click(dock.cells.labels_button)
    user.wait_idle(dock)
    assert (
        dock.steps[StepId.CELLS].reason.text() == "The labels 'mine' hold no cell; every pixel is 0"
    )
    assert session_of(viewer).labels.current is None


def test_labels_read_for_a_field_that_was_left_are_not_another_s(viewer, dock, user, disk):
    disk.ready.clear()
    user.click(dock.cells.labels_button)
    for layer in list(viewer.layers)[:3]:
        layer.data = planes(5)[0]
    viewer.layers.selection = set(list(viewer.layers)[:3])
    dock.controller.images.use_layers()
    disk.ready.set()
    user.wait_idle(dock)
    assert session_of(viewer).labels.current is None


def test_pixels_in_the_place_of_freed_ones_are_another_image(viewer, dock, user, disk):
    """A new array may have the identity of one that is gone."""
    names = set()
    for seed in range(20):
        for layer in list(viewer.layers)[:3]:
            layer.data = np.full((SIDE, SIDE), seed, np.uint16)
        viewer.layers.selection = set(list(viewer.layers)[:3])
        dock.controller.images.use_layers()
        names.add(session_of(viewer).fields.image.name)
    assert len(names) == 20


def test_a_channel_renamed_while_labels_are_read_loses_nothing(viewer, dock, user, disk):
    disk.slow = True
    user.click(dock.cells.labels_button)
    session_of(viewer).rename_channel("ER", "conA")
    user.wait_idle(dock)
    assert session_of(viewer).labels.current.count == 16
    assert session_of(viewer).fields.image.channel_names == ("DNA", "conA", "RNA")
