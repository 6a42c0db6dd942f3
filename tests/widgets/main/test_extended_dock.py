"""What is registered from outside, in one place, is in the dock at once."""

from __future__ import annotations

import numpy as np
import pytest
import tifffile

import napari_c3r as c3r
from napari_c3r.core.images import Layout, layouts, register_layout
from napari_c3r.core.segment import SegmentMethod, methods, register_method
from napari_c3r.core.table import KEY
from napari_c3r.session import session_of
from napari_c3r.widgets.main.step_ids import StepId
from tests.core.diagnose.small import base_sc_folder
from tests.core.encoder import toy
from tests.widgets.fields import add_layers, labels, planes, take_image, take_labels

pytestmark = pytest.mark.gl


def embed_with(dock, user, monkeypatch, folder) -> None:
    """Choose a model folder in the list of encoders, and embed."""
    monkeypatch.setattr(dock.dialogs, "_folder", lambda title: str(folder))
    dock.steps[StepId.EMBED].set_open(True)
    user.wait_idle(dock)
    user.choose(dock.embed.encoder, "Model folder…")
    user.wait_idle(dock)
    user.click(dock.embed.embed_button)
    user.wait_idle(dock)


@pytest.fixture
def base_sc(tmp_path):
    """A model folder of the second family, untrained."""
    return base_sc_folder(tmp_path)


@pytest.fixture
def toy_folder(tmp_path):
    with toy.registered():
        yield toy.write_toy_folder(tmp_path / "toy")


@pytest.mark.parametrize(("kind", "name"), [("toy_folder", "toy"), ("base_sc", "Base-SC tiny")])
def test_encoders_of_other_families_embed(viewer, dock, user, monkeypatch, request, kind, name):
    folder = request.getfixturevalue(kind)
    add_layers(viewer)
    take_image(dock, user)
    take_labels(dock, user)
    embed_with(dock, user, monkeypatch, folder)
    session = session_of(viewer)
    result = session.result.current
    assert result is not None
    assert result.table.uns[KEY]["encoder"]["name"] == name
    image = session.fields.image
    alone = c3r.embed(
        image, labels(), session.roles.assignment, encoder=c3r.load_encoder(str(folder))
    )
    np.testing.assert_allclose(result.table.X, alone.X, atol=2e-2)
    assert result.table.var.equals(alone.var)


def test_a_method_is_in_the_list_of_the_cells(viewer, user, monkeypatch, request):
    monkeypatch.setattr(methods, "_METHODS", dict(methods._METHODS))
    # Squares on a grid, wherever the image has its nuclei.
    grid = np.kron(np.arange(1, 17).reshape(4, 4), np.ones((46, 46), int))[:184, :184]
    squares = np.pad(np.where(np.indices((184, 184)).max(0) % 46 < 20, grid, 0), (0, 16))
    register_method(SegmentMethod("squares", "Squares", lambda plane, diameter: squares))
    dock = request.getfixturevalue("dock")
    add_layers(viewer)
    take_image(dock, user)
    dock.steps[StepId.CELLS].set_open(True)
    user.click(dock.cells.options.button)
    user.choose(dock.cells.more.widgets["method"].native, "Squares")
    user.click(dock.cells.segment_button)
    user.wait_idle(dock)
    cells = session_of(viewer).labels.current
    assert cells.found_by["method"] == "squares"
    found = np.unique(cells.nuclei[cells.nuclei > 0])
    assert len(found) == len(np.unique(squares)) - 1


def test_files_named_in_a_new_way_are_fields_with_channels(dock, user, monkeypatch, tmp_path):
    monkeypatch.setattr("napari_c3r.core.images.layouts._layouts", list(layouts.BUILT_IN))
    register_layout(
        Layout("ours", r"(?P<well>[A-P]\d\d)@(?P<site>\d)(?P<vary> \((?P<channel>\w+)\))")
    )
    for site in (1, 2):
        for name, plane in zip(("DNA", "ER", "RNA"), planes(site), strict=True):
            tifffile.imwrite(tmp_path / f"B03@{site} ({name}).tif", plane)
    dock.controller.open_paths([str(tmp_path)])
    user.wait_idle(dock)
    user.click(dock.image.scan.load_button)
    user.wait_idle(dock)
    fields = session_of(dock.viewer).fields
    assert [source.name for source in fields.sources] == ["B03@1", "B03@2"]
    assert fields.image.channel_names == ("DNA", "ER", "RNA")
    np.testing.assert_array_equal(np.asarray(fields.image.channel("ER")), planes(1)[1])
