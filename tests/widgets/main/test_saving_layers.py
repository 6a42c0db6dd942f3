"""The docks' own layers are saved as tables with napari's own save."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import napari_c3r as c3r
from napari_c3r.core.encoder import local
from napari_c3r.core.table import KEY
from napari_c3r.session import session_of
from napari_c3r.widgets.main.step_ids import StepId
from napari_c3r.widgets.viewer import layers
from tests.widgets.fields import planes

pytestmark = pytest.mark.gl


@pytest.fixture(autouse=True)
def _tiny_encoder(tiny_model, monkeypatch):
    monkeypatch.setattr(local, "MODELS", tiny_model.parent)


def same(first, second):
    np.testing.assert_array_equal(first.X, second.X)
    pd.testing.assert_frame_equal(first.obs, second.obs, check_categorical=False)
    assert first.uns[KEY] == second.uns[KEY]


def test_the_layer_of_cells_is_saved_as_its_table(viewer, dock, user, tmp_path):
    for name, plane in zip(("DNA", "ER", "RNA"), planes(), strict=True):
        viewer.add_image(plane, name=name)
    viewer.layers.selection = set(viewer.layers)
    user.wait_idle(dock)
    dock.steps[StepId.IMAGE].set_open(True)
    user.click(dock.image.layers_button)
    dock.steps[StepId.CELLS].set_open(True)
    user.click(dock.cells.segment_button)
    user.wait_idle(dock)
    cells = layers.own_layer(viewer, layers.CELLS)
    with pytest.raises(RuntimeError, match="carries no C3R table"):
        cells.save(str(tmp_path / "early.csv"), plugin="napari-c3r")

    user.click(dock.embed.embed_button)
    user.wait_idle(dock)
    session = session_of(viewer)
    # A map as the dock keeps it, without waiting for one.
    mapped = session.result.current.table.copy()
    mapped.obsm["X_umap"] = np.arange(32, dtype=np.float32).reshape(16, 2)
    mapped.obs["cluster"] = pd.Categorical(["0", "1"] * 8)
    mapped.uns[KEY]["map"] = {"seed": 0}
    session.result.set_mapped(mapped)
    dock.controller.embedding.fill_features()
    session.result.annotate(np.arange(16) < 3, "bright")

    table = session.result.current.table
    clusters = layers.own_layer(viewer, layers.CLUSTERS)
    for suffix in (".csv", ".parquet", ".h5ad"):
        for layer in (cells, clusters):
            path = tmp_path / f"{layer.name}{suffix}"
            viewer.layers.selection = {layer}
            written = viewer.layers.save(str(path), selected=True, plugin="napari-c3r")
            assert written[0] == str(path)
            read = c3r.read(path)
            same(read, table)
            np.testing.assert_array_equal(read.obsm["X_umap"], table.obsm["X_umap"])
    assert (read.obs["annotation"] == "bright").sum() == 3
    # A layer that is duplicated carries the table along.
    data, attributes, _ = cells.as_layer_data_tuple()
    copy = type(cells)(data, **attributes)
    copy.save(str(tmp_path / "copy.csv"), plugin="napari-c3r")
    same(c3r.read(tmp_path / "copy.csv"), table)
