"""A stack from its files and labels in three dimensions on it, by clicks."""

from __future__ import annotations

import numpy as np
import pytest
import tifffile

from napari_c3r.core.cells.stacked import project_labels
from napari_c3r.session import session_of
from napari_c3r.widgets.main.step_ids import StepId
from tests.widgets.fields import labels, planes

pytestmark = [pytest.mark.gl, pytest.mark.usefixtures("quick")]
SLICES = 4


def labels_over_z(slices: int = SLICES) -> np.ndarray:
    """(Z, Y, X): another cell is absent in each slice, and one lies over its neighbour."""
    first = labels()
    stack = np.stack([np.where(first == 3 * (z + 1), 0, first) for z in range(slices)])
    stack[0, first == 9] = 48
    return stack


@pytest.fixture
def opened(dock, user, tmp_path):
    """Opens stacks of some slices, and times, in the dock."""

    def open_stack(slices=SLICES, times=1, z=None):
        path = tmp_path / f"stack {slices} {times}.ome.tif"
        if not path.exists():
            pixels = np.stack([[planes(t + z) for z in range(slices)] for t in range(times)])
            told = {"axes": "TZCYX", "Channel": {"Name": ["DNA", "ER", "RNA"]}}
            tifffile.imwrite(path, pixels, metadata=told)
        dock.controller.open_paths([str(path)])
        user.wait_idle(dock)
        scan = dock.image.scan
        if z is not None:
            user.choose(scan.z, "One slice")
            scan.slice.setValue(z)
        if times > 1:
            user.click(scan.all_times)
        user.click(scan.load_button)
        user.wait_idle(dock)

    return open_stack


def take(dock, user, name):
    dock.steps[StepId.CELLS].set_open(True)
    if not dock.cells.labels_choice.isChecked():
        user.click(dock.cells.labels_choice)
    user.choose(dock.cells.labels, name)
    user.click(dock.cells.labels_button)
    user.wait_idle(dock)


def test_labels_in_three_dimensions_become_as_the_image_is(viewer, dock, user, opened):
    session, over_z = session_of(viewer), labels_over_z()
    opened()
    layer = viewer.add_labels(over_z.copy(), name="in 3-D", scale=(3, 1, 1))
    viewer.add_labels(labels_over_z(3), name="lower")
    viewer.add_labels(over_z[:1], name="one")
    user.wait_idle(dock)
    take(dock, user, "lower")
    assert "have 3 axes" in dock.steps[StepId.CELLS].reason.text()
    assert "labels of all 4 Z slices" in dock.steps[StepId.CELLS].reason.text()

    take(dock, user, "in 3-D")
    np.testing.assert_array_equal(session.labels.current.labels, project_labels(over_z))
    assert "4 slices projected" in session.labels.current.origin
    # What is drawn in a slice counts where most slices then have it.
    layer.data_setitem(tuple(np.argwhere(over_z == 6).T), 0)
    user.wait_idle(dock)
    assert session.labels.edits.removed == {6}

    take(dock, user, "one")
    np.testing.assert_array_equal(session.labels.current.labels, over_z[0])

    opened(z=2)
    take(dock, user, "in 3-D")
    np.testing.assert_array_equal(session.labels.current.labels, np.asarray(layer.data)[2])
    assert session.labels.current.origin.endswith("slice 2 of 4")


def test_labels_over_time_and_z_are_those_of_every_time(viewer, dock, user, opened):
    opened(slices=2, times=2)
    both = np.stack([labels_over_z(2), labels_over_z(2)[::-1] * 2])
    viewer.add_labels(both, name="4-D")
    user.wait_idle(dock)
    take(dock, user, "4-D")
    session = session_of(viewer)
    for t, source in enumerate(session.fields.sources):
        made = session.labels.by_image[source.name]
        np.testing.assert_array_equal(made.labels, project_labels(both[t]))
        assert "2 slices projected" in made.origin
    # Of as many times as slices, only the name of the axis tells which is meant.
    viewer.add_labels(both[0], name="z alone", axis_labels=("z", "y", "x"))
    user.wait_idle(dock)
    take(dock, user, "z alone")
    shown = session.labels.current
    np.testing.assert_array_equal(shown.labels, project_labels(both[0]))
    last = session.fields.sources[1].name
    np.testing.assert_array_equal(session.labels.by_image[last].labels, project_labels(both[1]))
