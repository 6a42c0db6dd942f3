"""What was guessed is a question until somebody has looked, and never a tick."""

from __future__ import annotations

import numpy as np
import pytest
import tifffile

from napari_c3r.session import session_of
from napari_c3r.widgets.common.step import Mark
from napari_c3r.widgets.main.step_ids import StepId
from tests.widgets.fields import planes

pytestmark = [pytest.mark.gl, pytest.mark.usefixtures("quick")]


def mark(dock, number):
    """The sign in a step's header."""
    shown = dock.steps[number].header.mark
    return next(each for each in Mark if each.value == shown)


@pytest.mark.parametrize("how", ["keep", "choose"])
def test_guessed_roles_are_asked_about_and_then_settled(viewer, dock, user, how):
    for number, plane in enumerate(planes(), 1):
        viewer.add_image(plane, name=f"w{number}")
    user.wait_idle(dock)
    header = dock.steps[StepId.CHANNELS].header
    assert mark(dock, StepId.CHANNELS) is Mark.DOUBT
    assert "which one is the nucleus?" in header.line
    # One can look at it, and go on.
    assert dock.steps[StepId.CHANNELS].is_open
    assert dock.steps[StepId.CELLS].is_open
    roles = session_of(viewer).roles.assignment
    if how == "keep":
        user.click(dock.channels.keep_button)
        assert session_of(viewer).roles.assignment == roles
    else:
        for box in dock.channels.roles:
            user.choose(box, "Concept" if box is not dock.channels.roles[0] else "Context")
    assert mark(dock, StepId.CHANNELS) is Mark.DONE
    assert "?" not in header.line
    assert dock.channels.keep_button.isHidden()


def test_names_that_tell_are_a_tick(viewer, dock, user):
    for name, plane in zip(("DAPI", "ER", "RNA"), planes(), strict=True):
        viewer.add_image(plane, name=name)
    user.wait_idle(dock)
    assert mark(dock, StepId.CHANNELS) is Mark.DONE
    assert dock.channels.keep_button.isHidden()


def test_what_may_be_misread_of_files_that_napari_opened_is_asked(viewer, dock, user, tmp_path):
    path = tmp_path / "stack.tif"
    tifffile.imwrite(path, planes(), imagej=True, metadata={"axes": "ZYX"})
    with pytest.warns(UserWarning, match="Of its 3 Z slices the brightest"):
        viewer.open(path, plugin="napari-c3r")
    session = session_of(viewer)
    user.until(lambda: bool(session.fields.doubts))
    user.wait_idle(dock)
    assert mark(dock, StepId.IMAGE) is Mark.DOUBT
    assert "if the slices are channels" in dock.steps[StepId.IMAGE].header.line
    dock.steps[StepId.IMAGE].set_open(True)
    before = np.asarray(session.fields.image.data)
    user.click(dock.image.right_button)
    user.wait_idle(dock)
    assert mark(dock, StepId.IMAGE) is Mark.DONE
    np.testing.assert_array_equal(session.fields.image.data, before)
