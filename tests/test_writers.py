"""A layer of cells is saved as its table, from napari's own dialog and calls."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from napari.layers import Labels

import napari_c3r as c3r
from napari_c3r.core.table import KEY, make_result
from napari_c3r.core.table.flat import to_frame
from napari_c3r.writers import write_table

SUFFIXES = (".csv", ".parquet", ".h5ad")


@pytest.fixture
def table():
    """Two images, labels sparse and in no order, a map, clusters, names and a gap."""
    rng = np.random.default_rng(0)
    label = np.concatenate([rng.permutation(np.arange(3, 33, 3)), [9, 3]])
    obs = pd.DataFrame({"image": ["one"] * 10 + ["two"] * 2, "label": label, "index": label})
    obs["y_px"], obs["x_px"] = rng.random(12) * 100, rng.random(12) * 100
    obs["intensity_mean_DNA"] = np.where(np.arange(12) == 4, np.nan, rng.random(12))
    provenance = {"roles": {"DNA": "context", "RNA": "concept"}, "seed": 0}
    vectors = rng.normal(size=(12, 5)).astype(np.float32)
    result = make_result(obs, vectors, [("RNA", "cls")] * 5, provenance)
    result.obsm["X_umap"] = rng.normal(size=(12, 2)).astype(np.float32)
    result.obs["cluster"] = pd.Categorical(["0", "noise", "1"] * 4)
    result.obs["annotation"] = pd.Categorical(["big", "=small"] * 6)
    return result


def saved(layer, path):
    """Save as napari does it, with the attributes that it hands over."""
    data, attributes, _ = layer.as_layer_data_tuple()
    return write_table(str(path), data, attributes)


def layer_of(table, image="one"):
    layer = Labels(np.zeros((8, 8), int), name="C3R cells")
    layer.metadata[KEY] = {"own": "C3R cells", "table": table, "image": image}
    layer.features = table.obs[table.obs["image"] == image].reset_index(drop=True)
    return layer


def assert_same(first, second):
    np.testing.assert_array_equal(first.X, second.X)
    pd.testing.assert_frame_equal(first.obs, second.obs, check_categorical=False)
    np.testing.assert_array_equal(first.obsm["X_umap"], second.obsm["X_umap"])
    assert first.uns[KEY] == second.uns[KEY]


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_the_cells_of_the_layer_s_image_are_written(table, tmp_path, suffix):
    path = tmp_path / f"cells{suffix}"
    written = saved(layer_of(table), path)
    assert written[0] == str(path)
    assert len(written) == (2 if suffix == ".csv" else 1)
    part = table[np.asarray(table.obs["image"] == "one")]
    c3r.write(part, tmp_path / f"expected{suffix}")
    assert_same(c3r.read(path), c3r.read(tmp_path / f"expected{suffix}"))
    assert c3r.read(path).obs["label"].tolist() == part.obs["label"].tolist()


def test_what_others_added_to_the_features_is_written(table, tmp_path):
    layer = layer_of(table)
    features = layer.features.sample(frac=1, random_state=1).reset_index(drop=True)
    features["MANUAL_ID"] = features["label"] % 4
    features["c3r_0000"] = 1.0
    layer.features = features
    saved(layer, tmp_path / "cells.csv")
    read = c3r.read(tmp_path / "cells.csv")
    assert (read.obs["MANUAL_ID"] == read.obs["label"] % 4).all()
    np.testing.assert_array_equal(read.X, table.X[:10])


def test_features_that_are_such_a_table_will_do(table, tmp_path):
    layer = Labels(np.zeros((8, 8), int), features=to_frame(table[:10]))
    saved(layer, tmp_path / "cells.parquet")
    read = c3r.read(tmp_path / "cells.parquet")
    np.testing.assert_array_equal(read.X, table.X[:10])
    assert read.obs["label"].tolist() == table.obs["label"].tolist()[:10]


def test_other_layers_are_refused_in_one_line(table, tmp_path):
    plain = Labels(np.zeros((8, 8), int), name="mine", features={"label": [1], "size": [2.0]})
    with pytest.raises(RuntimeError, match="The layer 'mine' carries no C3R table; embed"):
        saved(plain, tmp_path / "cells.csv")
    with pytest.raises(RuntimeError, match="No cell of 'three' is in the table"):
        saved(layer_of(table, "three"), tmp_path / "cells.csv")
    assert not list(tmp_path.iterdir())
