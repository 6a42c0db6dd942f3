"""The plugin's settings: where the dock starts, followed while it is open, never a crash."""

from __future__ import annotations

from pathlib import Path

import pytest

from napari_c3r.session import session_of
from napari_c3r.widgets.common.settings import Preferences, Settings, read_settings
from napari_c3r.widgets.main.step_ids import StepId
from napari_c3r.widgets.main.steps.embed import EmbedBody
from napari_c3r.widgets.main.steps.embed_choice import EncoderInfo
from tests.widgets.fields import labels, planes

NEWS = EncoderInfo("bundled", "C3R", True, ("cuda:0", "cuda:1", "cpu"), ("cls", "cls+std"))


@pytest.fixture
def kept(plugin_settings, npe2pm):
    """The settings of the plugin, fresh, and kept in a folder of this test."""
    from importlib.resources import files

    from napari.settings import get_plugin_settings
    from npe2 import PluginManifest

    if "napari-c3r" not in npe2pm:
        npe2pm.register(PluginManifest.from_file(str(files("napari_c3r") / "napari.yaml")))
    return lambda: get_plugin_settings("napari-c3r")


@pytest.fixture
def body(qtbot):
    body = EmbedBody()
    qtbot.addWidget(body)
    return body


def write(kept, text: str) -> Path:
    """Edit the file of the settings by hand, as it is read at the next start."""
    from napari import settings

    path = Path(kept().config_path)
    path.write_text(text)
    settings._clear_plugin_settings_cache()
    return path


def test_without_a_file_the_settings_are_the_defaults(kept):
    assert read_settings() == Settings()


def test_every_setting_is_read(kept):
    embedding = kept().embedding
    embedding.device, embedding.precision = "cuda:1", "bfloat16"
    embedding.batch_size, embedding.seed = 12, 7
    assert read_settings() == Settings("cuda:1", "bfloat16", 12, 7)
    kept().session.autosave = False
    assert read_settings() == Settings("cuda:1", "bfloat16", 12, 7, autosave=False)
    # Every one that the manifest declares is used.
    assert set(type(embedding).model_fields) == {"device", "precision", "batch_size", "seed"}


@pytest.mark.parametrize(
    "text",
    [
        "embedding: 3\n",
        "embedding: {seed: many, batch_size: -1, precision: float8}\n",
        "embedding: {batch_size: 100000, device: 5}\n",
        "not: {valid",
    ],
)
def test_wrong_values_become_the_defaults(kept, text):
    write(kept, text)
    assert read_settings() == Settings()


def test_a_file_that_is_something_else_is_one_clear_line(kept):
    write(kept, "- a\n- b\n")
    found = read_settings()
    assert "cannot be read, so the defaults are used; delete the file" in found.problem
    assert "\n" not in found.problem
    assert (found.device, found.seed) == ("auto", 0)


def test_a_device_that_cannot_be_is_one_clear_line(kept, body):
    kept().embedding.device = "gpu"
    preferences = Preferences(body.preferred | {"seed": int})
    body.show_encoder(NEWS)
    assert body.setting_problem.text().startswith("The setting Device is 'gpu', so auto is used")
    assert body.choice().options.device == "auto"
    kept().embedding.device = "cpu"
    assert body.setting_problem.isHidden()
    assert body.choice().options.device == "cpu"
    preferences.release()


def test_a_device_that_is_not_here_is_one_clear_line(kept, body):
    kept().embedding.device = "cuda:7"
    preferences = Preferences(body.preferred | {"seed": int})
    assert body.setting_problem.isHidden()
    body.show_encoder(NEWS)
    assert body.setting_problem.text() == (
        "This machine has no cuda:7, which is the setting Device, so auto is used; "
        "there is: cuda:0, cuda:1, cpu"
    )
    kept().embedding.device = "cuda"
    assert body.setting_problem.isHidden()
    assert body.choice().options.device == "cuda:0"
    preferences.release()


@pytest.mark.gl
@pytest.mark.usefixtures("quick")
def test_the_dock_starts_with_them_follows_them_and_uses_them(kept, viewer, qtbot, user):
    embedding = kept().embedding
    embedding.precision, embedding.batch_size, embedding.seed = "float32", 5, 7
    _, dock = viewer.window.add_plugin_dock_widget("napari-c3r", "C3R")
    user.ready(dock)
    assert dock.map.choice().seed == 7
    options = dock.embed.choice().options
    assert (options.device, options.precision, options.batch_size) == ("auto", "float32", 5)

    # What was set by hand stays when another setting changes.
    dock.map.seed.setValue(3)
    embedding.batch_size = 6
    assert dock.embed.choice().options.batch_size == 6
    assert dock.map.choice().seed == 3
    embedding.seed = 11
    assert dock.map.choice().seed == 11

    # And the run is what they say.
    for name, plane in zip(("DNA", "ER", "RNA"), planes(), strict=True):
        viewer.add_image(plane, name=name)
    viewer.add_labels(labels(), name="mine")
    viewer.layers.selection = set(list(viewer.layers)[:3])
    user.wait_idle(dock)
    dock.steps[StepId.IMAGE].set_open(True)
    user.click(dock.image.layers_button)
    dock.controller.segmentation.use_labels("mine")
    user.wait_idle(dock)
    user.click(dock.embed.embed_button)
    user.wait_idle(dock)
    facts = session_of(viewer).result.current.table.uns["napari_c3r"]
    assert facts["precision"] == "float32"
    dock.map.map_requested.disconnect()
    with qtbot.waitSignal(dock.map.map_requested) as asked:
        user.click(dock.map.map_button)
    assert asked.args[0].seed == 11

    dock.release()
    embedding.seed = 12
    assert dock.map.choice().seed == 11
