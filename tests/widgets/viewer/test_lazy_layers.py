"""Layers that are lazy, multiscale or stacks of channels, sliced in the background."""

from __future__ import annotations

import threading
import traceback
from pathlib import Path

import dask.array as da
import numpy as np
import pandas as pd
import pytest
from qtpy.QtCore import Qt
from qtpy.QtTest import QTest

import napari_c3r
from napari_c3r.core.encoder import local
from napari_c3r.core.table import KEY
from napari_c3r.session import session_of
from napari_c3r.widgets.explorer.dock import C3RExplorer
from napari_c3r.widgets.main.step_ids import StepId
from napari_c3r.widgets.viewer import layers
from tests.widgets.fields import SIDE, labels, planes

pytestmark = [pytest.mark.gl, pytest.mark.usefixtures("sliced_in_the_background")]

NAMES = ("DNA", "ER", "RNA")
SOURCE = str(Path(napari_c3r.__file__).parent)
UM = {"scale": (0.5, 0.5), "units": ("um", "um")}


@pytest.fixture(autouse=True)
def _tiny_encoder(tiny_model, monkeypatch):
    monkeypatch.setattr(local, "MODELS", tiny_model.parent)


class Disk:
    """Lazy arrays that note when our code waits for them in the window's thread."""

    def __init__(self) -> None:
        self.waited: list[str] = []

    def _read(self, block):
        if threading.current_thread() is threading.main_thread():
            ours = [f for f in traceback.extract_stack() if f.filename.startswith(SOURCE)]
            # The guard is a part of the pixels, and runs for whoever reads them.
            ours = [frame for frame in ours if not frame.filename.endswith("guard.py")]
            self.waited += [f"{frame.name} in {frame.filename}" for frame in ours[-1:]]
        return block

    def lazy(self, pixels: np.ndarray) -> da.Array:
        chunks = (1,) * (pixels.ndim - 2) + (64, 64)
        return da.from_array(pixels, chunks).map_blocks(self._read, dtype=pixels.dtype)

    def pyramid(self, pixels: np.ndarray) -> list[da.Array]:
        return [self.lazy(pixels), self.lazy(pixels[..., ::2, ::2])]


def lazy_planes(viewer, disk):
    for name, plane in zip(NAMES, planes(), strict=True):
        viewer.add_image(disk.lazy(plane), name=name, contrast_limits=(0, 6000), **UM)
    return NAMES


def pyramids(viewer, disk):
    for name, plane in zip(NAMES, planes(), strict=True):
        viewer.add_image(disk.pyramid(plane), name=name, contrast_limits=(0, 6000), **UM)
    return NAMES


def pyramid_of_channels(viewer, disk):
    viewer.add_image(
        disk.pyramid(planes()),
        name="stack",
        axis_labels=("c", "y", "x"),
        contrast_limits=(0, 6000),
        scale=(1, 0.5, 0.5),
        units=("pixel", "um", "um"),
    )
    return ("stack 1", "stack 2", "stack 3")


def embed_and_map(viewer, dock, user):
    """Step 4 by a click; a map with the cells from left to right, without waiting for one."""
    dock.steps[StepId.EMBED].set_open(True)
    user.click(dock.embed.embed_button)
    user.wait_idle(dock)
    assert dock.steps[StepId.EMBED].reason.text() == ""
    session = session_of(viewer)
    mapped = session.result.current.table.copy()
    mapped.obsm["X_umap"] = mapped.obsm["spatial"].astype(np.float32)
    mapped.obs["cluster"] = pd.Categorical(np.where(mapped.obs["x_px"] < SIDE / 2, "0", "1"))
    mapped.uns[KEY]["map"] = {"seed": 0}
    session.result.set_mapped(mapped)
    return mapped


def lasso_left_half(viewer, user):
    explorer = C3RExplorer(viewer)
    canvas = explorer.scatter.canvas
    user.until(lambda: explorer.model.count > 0)
    user.rest(explorer)
    QTest.keyClick(explorer.scatter, Qt.Key.Key_L)
    width, height = canvas.width(), canvas.height()
    user.drag(
        canvas.overlay,
        [(2, 2), (width / 2, 2), (width / 2, height - 2), (2, height - 2), (2, 2)],
    )


def shown(layer):
    """The pixels of a label layer that are on the screen."""
    return np.asarray(layer.data).reshape(SIDE, SIDE)


@pytest.mark.parametrize("add", [lazy_planes, pyramids, pyramid_of_channels])
def test_from_lazy_layers_to_a_lasso(viewer, dock, user, add):
    disk = Disk()
    names = add(viewer, disk)
    viewer.layers.selection = set(viewer.layers)
    user.wait_idle(dock)
    session = session_of(viewer)
    assert session.fields.image.channel_names == names
    assert session.fields.image.pixel_size_um == 0.5
    np.testing.assert_array_equal(session.fields.image.data.compute(), planes())
    for name, role in zip(names, ("context", "context", "concept"), strict=True):
        dock.controller.set_role(name, role)

    dock.steps[StepId.CELLS].set_open(True)
    user.choose(dock.cells.nucleus, names[0])
    user.click(dock.cells.segment_button)
    user.wait_idle(dock)
    found = np.asarray(session.labels.current.labels)
    assert session.labels.current.count == 16
    table = embed_and_map(viewer, dock, user)

    # The rows are those of the pixels, held in memory as plain arrays.
    image = napari_c3r.Image.from_array(planes(), names, 0.5, name=session.fields.image.name)
    roles = session.roles.assignment
    expected = napari_c3r.embed(
        image, found, roles, encoder=napari_c3r.load_encoder(), nuclei=session.labels.current.nuclei
    )
    np.testing.assert_array_equal(table.X, expected.X)
    assert table.obs["label"].tolist() == expected.obs["label"].tolist()

    lasso_left_half(viewer, user)
    chosen = session.selection.mask
    assert chosen.tolist() == (table.obs["x_px"] < SIDE / 2).tolist()
    lit = shown(layers.own_layer(viewer, layers.SELECTION))
    assert set(np.unique(found[lit == 1])) == set(table.obs["label"][chosen])
    clusters = shown(layers.own_layer(viewer, layers.CLUSTERS))
    assert (clusters[np.isin(found, table.obs["label"][~chosen])] == layers.DIMMED_CLASS).all()

    # What the screen shows is what the layers hold, once slicing in the background is through.
    user.until(lambda: all(layer.loaded for layer in viewer.layers))
    before = viewer.screenshot(flash=False)
    session.selection.select(~chosen)
    user.until(lambda: (viewer.screenshot(flash=False) != before).any(axis=-1).sum() > 500)
    assert sorted(set(disk.waited)) == []


def test_labels_that_are_lazy_and_multiscale_are_used_as_they_are(viewer, dock, user):
    disk = Disk()
    lazy_planes(viewer, disk)
    viewer.add_labels(disk.pyramid(labels()), name="mine", **UM)
    viewer.layers.selection = set(list(viewer.layers)[:3])
    user.wait_idle(dock)
    dock.steps[StepId.CELLS].set_open(True)
    user.click(dock.cells.labels_choice)
    user.click(dock.cells.labels_button)
    user.wait_idle(dock)
    assert dock.steps[StepId.CELLS].reason.text() == ""
    table = embed_and_map(viewer, dock, user)
    assert table.obs["label"].tolist() == list(range(3, 51, 3))
    lasso_left_half(viewer, user)
    chosen = session_of(viewer).selection.mask
    assert chosen.sum() == 8
    lit = shown(layers.own_layer(viewer, layers.SELECTION))
    assert set(np.unique(labels()[lit == 1])) == set(table.obs["label"][chosen])
    dock.link.point_at(viewer.layers["DNA"].data_to_world((30, 30)))
    assert session_of(viewer).selection.current == 0
