"""What it takes to make a result again is in every file of it."""

from __future__ import annotations

import hashlib
import platform
from importlib.metadata import version

import numpy as np
import pytest

import napari_c3r as c3r
from napari_c3r.core.embed import EmbedDriver, FieldTask
from napari_c3r.core.encoder.local import MODELS
from napari_c3r.core.encoder.options import RunOptions
from napari_c3r.core.images import ReadOptions, scan
from napari_c3r.core.segment import NO_CELL_CHANNEL, SegmentOptions
from napari_c3r.core.table import KEY, roles_of
from tests.widgets.fields import labels, write_plate

ROLES = c3r.ChannelAssignment({"DNA": "context", "w2": "ignore", "w3": "concept"})


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Two fields of files, one segmented and one of labels, mapped and clustered."""
    folder = write_plate(tmp_path_factory.mktemp("plate") / "p", ("A01",))
    sources = scan(folder).sources(ReadOptions({"w1": "DNA"}))
    tasks = [
        FieldTask.of(sources[0]),
        FieldTask("A01_s2", source=sources[1], labels=labels(), cells_from="from the layer mine"),
    ]
    run = EmbedDriver(
        tasks,
        ROLES,
        c3r.load_encoder(),
        RunOptions("cpu", "float32"),
        SegmentOptions("DNA", NO_CELL_CHANNEL),
    )
    for _ in run.steps():
        pass
    table = c3r.map_cells(run.result(), seed=11)
    return folder, c3r.cluster(table, method="kmeans", n_clusters=3, seed=11)


@pytest.mark.parametrize("suffix", [".csv", ".parquet", ".h5ad"])
def test_seed_versions_weights_roles_and_settings_are_in_it(made, tmp_path, suffix):
    folder, table = made
    found = c3r.read(c3r.write(table, tmp_path / f"cells{suffix}")).uns[KEY]
    assert (found["map"]["seed"], found["cluster"]["seed"]) == (11, 11)
    assert (found["map"]["n_neighbors"], found["map"]["min_dist"]) == (15, 0.1)
    assert found["cluster"]["n_clusters"] == 3
    assert found["versions"]["python"] == platform.python_version()
    for package in ("napari-c3r", "torch", "numpy", "umap-learn"):
        assert found["versions"][package] == version(package)
    weights = (MODELS / "bundled" / "weights.safetensors").read_bytes()
    assert found["encoder"]["weights_sha256"] == hashlib.sha256(weights).hexdigest()
    assert roles_of(c3r.read(tmp_path / f"cells{suffix}")) == ROLES.to_dict()
    assert (found["device"], found["precision"]) == ("cpu", "float32")
    assert found["crop"]["neighbours"] in ("mask", "keep")
    assert list(found["images"]["pixel_size_um"]) == [0.5, 0.5]
    assert list(found["images"]["cells_from"]) == [
        "segment_cells(nucleus='DNA')",
        "from the layer mine",
    ]
    assert list(found["images"]["read_as"]) == ["read_image(scene=0, t=0, z='max')"] * 2
    files = sorted(folder.iterdir())
    assert sorted(found["sources"]["path"]) == [str(path) for path in files]
    hash_of = dict(zip(found["sources"]["path"], found["sources"]["sha256"], strict=True))
    for path in files:
        assert hash_of[str(path)] == hashlib.sha256(path.read_bytes()).hexdigest()


def test_the_words_on_the_cells_find_them_again(made):
    folder, table = made
    image = scan(folder).sources(ReadOptions({"w1": "DNA"}))[0].read()
    call = table.uns[KEY]["images"]["cells_from"][0]
    assert call.startswith("segment_cells(")
    _, cells = eval(f"segment({call.removeprefix('segment_cells(')}", {"segment": segment(image)})
    rows = table.obs[table.obs["image"] == "A01_s1"]
    assert rows["label"].tolist() == np.unique(cells[cells > 0]).tolist()
    assert rows["area_px"].tolist() == np.bincount(cells.ravel())[rows["label"]].tolist()


def segment(image):
    return lambda **keywords: c3r.segment_cells(image, **keywords)
