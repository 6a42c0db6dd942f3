"""The role table: pictures, layers, presets, and what is remembered."""

from __future__ import annotations

import numpy as np
import pytest
from qtpy.QtGui import QColor

from napari_c3r.core.images import Image
from napari_c3r.session import session_of
from napari_c3r.widgets.main.step_ids import StepId
from tests.widgets.fields import planes

pytestmark = [pytest.mark.gl, pytest.mark.usefixtures("quick")]


def colour_of(label) -> tuple[int, int, int]:
    """Mean red, green and blue of a thumbnail."""
    picture = label.pixmap().toImage()
    pixels = [
        QColor(picture.pixel(x, y)).getRgb()[:3]
        for x in range(picture.width())
        for y in range(picture.height())
    ]
    return tuple(np.mean(pixels, axis=0))


@pytest.fixture
def image(viewer, dock, user):
    """Three layers, one per channel."""
    for name, plane, colour in zip(
        ("DNA", "ER", "RNA"), planes(), ("blue", "green", "red"), strict=True
    ):
        viewer.add_image(plane, name=name, colormap=colour, contrast_limits=(200, 6000))
    user.wait_idle(dock)
    user.until(lambda: session_of(viewer).fields.image is not None)
    if len(session_of(viewer).fields.image.channel_names) < 3:
        viewer.layers.selection = set(viewer.layers)
        dock.steps[StepId.IMAGE].set_open(True)
        user.click(dock.image.layers_button)
    dock.steps[StepId.CHANNELS].set_open(True)


def test_thumbnails_follow_the_layers_colours(viewer, dock, user, image):
    pictures = dock.channels.pictures
    user.until(lambda: all(not label.pixmap().isNull() for label in pictures))
    assert np.argmax(colour_of(pictures[0])) == 2
    assert np.argmax(colour_of(pictures[1])) == 1
    viewer.layers["DNA"].colormap = "red"
    user.until(lambda: np.argmax(colour_of(pictures[0])) == 0)
    viewer.layers["DNA"].contrast_limits = (50_000, 60_000)
    user.until(lambda: sum(colour_of(pictures[0])) < 1)


def test_a_layer_with_a_channel_axis_has_thumbnails_and_is_named(viewer, dock, user):
    viewer.add_image(planes(), name="stack")
    user.until(lambda: session_of(viewer).fields.image is not None)
    user.wait_idle(dock)
    assert dock.image.layers.text() == "Made of the 3 planes of the layer stack"
    assert "3 planes, taken as channels" in dock.image.notes.text()
    pictures = dock.channels.pictures
    user.until(lambda: all(not label.pixmap().isNull() for label in pictures))
    assert len(pictures) == 3


def test_which_layers_make_up_the_image_is_never_in_doubt(viewer, dock, user, image):
    assert dock.image.layers.text() == "Made of the layers DNA, ER, RNA"
    viewer.layers["ER"].name = "renamed"
    viewer.layers.remove("RNA")
    user.until(lambda: "1 of its layers" in dock.image.layers.text())
    assert dock.image.layers.text() == (
        "Made of the layers DNA, renamed; "
        "1 of its layers are no longer in the viewer, their pixels are kept"
    )
    # What was read stays what it was.
    image = session_of(viewer).fields.image
    assert image.channel_names == ("DNA", "ER", "RNA")
    np.testing.assert_array_equal(np.asarray(image.channel("RNA")), planes()[2])


def test_a_preset_and_a_suggestion_say_why(viewer, dock, user, image):
    user.choose(dock.channels.preset, "Human Protein Atlas")
    assert dock.channels.reasons[2].text() == "hpa preset"
    user.click(dock.channels.suggest_button)
    assert dock.channels.reasons[0].text() == session_of(viewer).roles.assignment.reasons["DNA"]


def test_a_preset_that_does_not_fit_is_refused_in_one_line(viewer, dock, user):
    for name in ("a", "b"):
        viewer.add_image(planes()[0], name=name)
    viewer.layers.selection = set(viewer.layers)
    user.wait_idle(dock)
    dock.steps[StepId.IMAGE].set_open(True)
    user.click(dock.image.layers_button)
    dock.steps[StepId.CHANNELS].set_open(True)
    user.choose(dock.channels.preset, "Cell Painting (JUMP-CP)")
    assert "does not fit the channels 'a', 'b'" in dock.steps[StepId.CHANNELS].reason.text()


def test_roles_come_back_for_the_same_layers_in_another_viewer(
    viewer, dock, user, image, make_napari_viewer_proxy
):
    user.choose(dock.channels.roles[1], "Concept")
    other = make_napari_viewer_proxy()
    for name, plane in zip(("RNA", "ER", "DNA"), planes(), strict=True):
        other.add_image(plane, name=name)
    other.layers.selection = set(other.layers)
    _, second = other.window.add_plugin_dock_widget("napari-c3r", "C3R")
    try:
        assert session_of(other).roles.assignment.to_dict() == {
            "RNA": "concept",
            "ER": "concept",
            "DNA": "context",
        }
    finally:
        second.release()


def test_forty_channels_scroll_and_long_names_elide(viewer, dock, user):
    names = [f"a very long channel name with a number at its end {n}" for n in range(40)]
    pixels = np.random.default_rng(0).random((40, 16, 16))
    # Forty layers would be napari's work, which takes it long.
    session_of(viewer).set_image(Image.from_array(pixels, names, None, name="many"))
    user.wait_idle(dock)
    dock.steps[StepId.CHANNELS].set_open(True)
    user.rest(dock)
    assert len(dock.channels.roles) == 40
    assert dock.channels.height() < 600
    assert dock.minimumSizeHint().width() <= 300


def test_where_names_say_nothing_the_nucleus_is_looked_for_and_stays_a_doubt(viewer, dock, user):
    dna, er, rna = planes()
    image = Image.from_array(np.stack([rna, dna, er]), ["C0", "C1", "C2"])
    session = session_of(viewer)
    session.set_image(image)
    user.wait_idle(dock)
    roles = session.roles.assignment
    assert roles.context == ("C1",)
    assert "which one is the nucleus?" in roles.doubt
    assert dock.cells.nucleus.currentText() == "C1"
    # Another choice is the user's; it is not taken back by a search that ends later.
    session.roles.set_assignment(roles.with_role("C1", "concept").with_role("C2", "context"))
    session.roles.take_suggestion(roles, roles)
    assert session.roles.assignment.context == ("C2",)
    assert dock.cells.nucleus.currentText() == "C2"
    # A guess is nothing that was chosen before.
    session.set_image(Image.from_array(np.stack([rna, dna]), ["ch1", "ch2"]))
    user.wait_idle(dock)
    session.set_image(Image.from_array(np.stack([rna, dna]), ["ch1", "ch2"]))
    assert session.roles.assignment.doubt
