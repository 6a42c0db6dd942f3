"""A window that PyTorch does not load into: the dock embeds all the same, elsewhere."""

from __future__ import annotations

import sys

import numpy as np
import pytest

import napari_c3r as c3r
from napari_c3r.core.encoder import load_encoder
from napari_c3r.session import session_of
from napari_c3r.widgets.main.step_ids import StepId
from tests.widgets.fields import labels, planes

pytestmark = pytest.mark.gl

NAMES = ("DNA", "ER", "RNA")


@pytest.fixture
def expected():
    """What the same cells get in this process."""
    image = c3r.Image.from_array(planes(), NAMES, 0.5, name="DNA")
    roles = c3r.ChannelAssignment.suggest(NAMES)
    return c3r.embed(image, labels(), roles, encoder=load_encoder(), batch_size=2)


def test_the_dock_embeds_in_a_process_of_its_own(expected, torch_clash, viewer, dock, user):
    for name, plane in zip(NAMES, planes(), strict=True):
        viewer.add_image(plane, name=name, scale=(0.5, 0.5), units="um")
    viewer.add_labels(labels(), name="mine")
    viewer.layers.selection = set(list(viewer.layers)[:3])
    user.wait_idle(dock)
    dock.steps[StepId.IMAGE].set_open(True)
    user.click(dock.image.layers_button)
    dock.controller.segmentation.use_labels("mine")
    user.wait_idle(dock)

    # Told in one line; the cost is known before the run as ever.
    assert dock.embed.elsewhere.isVisible()
    assert "does not load inside this window" in dock.embed.elsewhere.text()
    assert torch_clash in dock.embed.elsewhere.toolTip()
    user.until(lambda: dock.embed.cost.text() != "")

    # Abort keeps what is done, and going on gives the rest.
    user.click(dock.embed.options.button)
    dock.embed.batch.setValue(2)
    user.wait_idle(dock)
    user.click(dock.embed.embed_button)
    user.until(lambda: "cells/s" in dock.embed.speed.text())
    user.click(dock.embed.abort_button)
    user.wait_idle(dock)
    session = session_of(viewer)
    assert 0 < len(session.result.current.table) < 16
    user.click(dock.embed.continue_button)
    user.wait_idle(dock)
    table = session.result.current.table
    assert table.obs["label"].tolist() == expected.obs["label"].tolist()
    np.testing.assert_array_equal(table.X, expected.X)

    # A process that dies is one line beside the button, and the next run starts another.
    dock.steps[StepId.EMBED].set_open(True)
    user.click(dock.embed.embed_button)
    user.until(lambda: "cells/s" in dock.embed.speed.text())
    dock.session.encoders.loaded["bundled"].release()
    user.wait_idle(dock)
    assert dock.steps[StepId.EMBED].reason.text().startswith("The process that embeds has ended (")
    assert session.result.current.table is table
    user.click(dock.embed.embed_button)
    user.wait_idle(dock)
    assert session.result.current.table is not table
    np.testing.assert_array_equal(session.result.current.table.X, expected.X)
    # All that while, nothing in this process has loaded it.
    assert "torch" not in sys.modules
