"""After *Release memory* nothing holds a network any more."""

from __future__ import annotations

import gc
import weakref

import numpy as np
import pytest

from napari_c3r.core.encoder import runtime
from napari_c3r.session import session_of
from napari_c3r.widgets.main.step_ids import StepId
from tests.widgets.fields import add_layers, take_image, take_labels

pytestmark = pytest.mark.gl


def test_after_a_run_the_network_is_gone_for_good_and_comes_back_when_needed(
    viewer, dock, user, monkeypatch
):
    add_layers(viewer)
    take_image(dock, user)
    take_labels(dock, user)
    user.click(dock.embed.embed_button)
    user.wait_idle(dock)
    before = session_of(viewer).result.current.table.X.copy()
    (encoder,) = dock.session.encoders.loaded.values()
    network, weight = weakref.ref(encoder.network), weakref.ref(next(encoder.network.parameters()))
    del encoder

    given_back = []
    monkeypatch.setattr(
        "napari_c3r.core.encoder.local.release_memory",
        lambda device: given_back.append(device.type),
    )
    dock.steps[StepId.EMBED].set_open(True)
    user.click(dock.embed.options.button)
    user.click(dock.embed.release_button)
    gc.collect()
    assert network() is None
    assert weight() is None
    # What PyTorch keeps for later is given back too, on every device.
    assert given_back == [device.partition(":")[0] for device in runtime.available_devices()]

    user.click(dock.embed.embed_button)
    user.wait_idle(dock)
    np.testing.assert_array_equal(session_of(viewer).result.current.table.X, before)


@pytest.mark.usefixtures("quick")
def test_while_another_dock_computes_nothing_is_released(viewer, dock, user):
    add_layers(viewer)
    take_image(dock, user)
    take_labels(dock, user)
    user.click(dock.embed.embed_button)
    user.wait_idle(dock)
    encoders = session_of(viewer).encoders
    dock.steps[StepId.EMBED].set_open(True)
    user.click(dock.embed.options.button)
    with encoders.use("bundled") as encoder:
        user.click(dock.embed.release_button)
        assert dock.steps[StepId.EMBED].reason.text().startswith("Abort the run first")
        assert encoders.loaded == {"bundled": encoder}
    user.click(dock.embed.release_button)
    assert encoders.loaded == {}
