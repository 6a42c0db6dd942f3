"""No wrong row, ever: what the image shows and answers, against the table, pixel by pixel."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from napari.components import ViewerModel

from napari_c3r.core.channels import ChannelAssignment
from napari_c3r.core.images import Image
from napari_c3r.core.table import make_result
from napari_c3r.session import Cells, EmbeddingResult, ids_by_image, session_of
from napari_c3r.widgets.viewer import layers
from napari_c3r.widgets.viewer.linking import link_of

SIDE = 12
ROLES = ChannelAssignment({"DNA": "both"})
CHANGES = ("rename", "remove ours", "remove theirs", "edit", "select", "point", "colour", "field")


def label_image(rng, largest):
    """Blocks and single pixels of labels in no order, some labels in several pieces."""
    values = rng.choice(largest, 6, replace=False) + 1
    labels = np.zeros((SIDE, SIDE), np.int64)
    for _ in range(12):
        y, x = rng.integers(0, SIDE - 3, 2)
        height, width = rng.integers(1, 5, 2)
        labels[y : y + height, x : x + width] = rng.choice([0, *values])
    return labels


def cells_in_table(rng, labels, name):
    """Some of an image's cells in any order, and now and then one that no pixel has."""
    present = np.unique(labels[labels > 0])
    kept = rng.permutation(present)[: rng.integers(0, len(present) + 1)]
    if rng.random() < 0.3:
        kept = np.append(kept, labels.max() + 5)
    values = rng.choice([np.nan, np.inf, 1.0, 2.0, -3.0], len(kept))
    return pd.DataFrame(
        {
            "image": name,
            "label": kept,
            "y_px": rng.choice([np.nan, 3.0], len(kept)),
            "x_px": 2.0,
            "value": values,
            "text": rng.choice(np.array(["a", "b", None], object), len(kept)),
        }
    )


class World:
    def __init__(self, seed):
        self.rng = np.random.default_rng(seed)
        largest = int(self.rng.choice([20, 3000, 1 << 26]))
        self.labels = {name: label_image(self.rng, largest) for name in ("one", "two")}
        parts = [cells_in_table(self.rng, labels, name) for name, labels in self.labels.items()]
        obs = pd.concat(parts, ignore_index=True).sample(frac=1, random_state=seed % 1000)
        obs["value"], obs["label"] = obs["value"].astype(float), obs["label"].astype(np.int64)
        self.count = len(obs)
        vectors = np.zeros((self.count, 1), np.float32)
        table = make_result(obs, vectors, [("DNA", "cls")], {})
        groups = self.rng.choice(["1", "0", "noise"], self.count)
        table.obs["cluster"] = pd.Categorical(groups, ["0", "1", "noise"])
        table.obsm["X_umap"] = self.rng.random((self.count, 2)).astype(np.float32)
        self.obs = table.obs
        self.viewer = ViewerModel()
        self.images = {
            name: Image.from_array(np.zeros((SIDE, SIDE), np.uint8), ["DNA"], name=name)
            for name in self.labels
        }
        self.viewer.add_image(np.zeros((SIDE, SIDE)), name="DNA", scale=(0.5, 0.5))
        self.theirs = self.viewer.add_labels(self.labels["one"].astype(np.int64), name="mine")
        self.session, self.link = session_of(self.viewer), link_of(self.viewer)
        self.session.set_image(self.images["one"])
        made = {name: Cells(labels, 6, name, "") for name, labels in self.labels.items()}
        self.session.labels.set_current(made["one"])
        self.session.set_result(
            EmbeddingResult(table, ids_by_image(made.values()), ROLES, "", 0.0, True, self.images),
            made.values(),
        )
        self.shown = "one"

    def change(self, what):
        viewer, rng = self.viewer, self.rng
        if what == "rename":
            for layer in viewer.layers:
                layer.name = f"{rng.integers(100)} {layer.name}"
        elif what == "remove ours":
            ours = layers.own_layer(viewer, rng.choice([layers.CLUSTERS, layers.SELECTION]))
            if ours is not None:
                viewer.layers.remove(ours)
        elif what == "remove theirs" and self.theirs in viewer.layers:
            viewer.layers.remove(self.theirs)
        elif what == "edit":
            self.theirs.data[rng.integers(0, SIDE, 20), rng.integers(0, SIDE, 20)] = 1
            self.theirs.refresh()
        elif what == "select":
            self.session.selection.select(rng.random(self.count) < 0.5)
        elif what == "point" and self.count:
            self.session.selection.set_current(int(rng.integers(self.count)))
        elif what == "colour":
            self.link.colour_by(str(rng.choice(["cluster", "value", "text", "gone"])))
        elif what == "field":
            self.shown = str(rng.choice(["one", "two"]))
            self.session.show_field(0, self.images[self.shown])

    def row_of(self, label):
        here = (self.obs["image"] == self.shown) & (self.obs["label"] == label)
        return int(np.flatnonzero(here)[0]) if label and here.any() else None

    def check(self):
        labels = self.labels[self.shown]
        rows = {label: self.row_of(label) for label in np.unique(labels)}
        where = layers.reference_layer(self.viewer, labels.shape)
        for y, x in self.rng.integers(0, SIDE, (40, 2)):
            found = self.link.row_at(where.data_to_world((y, x)))
            assert found == rows[labels[y, x]]
        self.check_selection(labels, rows)
        self.check_clusters(labels, rows)

    def check_selection(self, labels, rows):
        layer = layers.own_layer(self.viewer, layers.SELECTION)
        if layer is None:
            return
        for label, row in rows.items():
            chosen = row is not None and self.session.selection.mask[row]
            pointed = row is not None and row == self.session.selection.current
            allowed = {0, layers.CURRENT_CLASS} if pointed else {0, 1} if chosen else {0}
            assert set(np.unique(layer.data[labels == label])) <= allowed
            # Every cell touches another label or the border of its pieces: it has an edge.
            if (chosen or pointed) and not (labels == label).all():
                assert layer.data[labels == label].any()

    def check_clusters(self, labels, rows):
        layer = layers.own_layer(self.viewer, layers.CLUSTERS)
        if layer is None or self.link._colour_by != "cluster":
            return
        names = np.asarray(self.obs["cluster"])
        dimming = self.session.selection.mask.any()
        for label, row in rows.items():
            wanted = 0
            if row is not None:
                wanted = layers.NOISE_CLASS if names[row] == "noise" else int(names[row]) + 1
                if dimming and not self.session.selection.mask[row]:
                    wanted = layers.DIMMED_CLASS
            assert np.unique(layer.data[labels == label]).tolist() == [wanted]


@settings(deadline=None, max_examples=25, suppress_health_check=list(HealthCheck))
@given(st.integers(0, 1 << 31), st.lists(st.sampled_from(CHANGES), max_size=7))
def test_no_change_leads_to_a_wrong_row(seed, changes):
    world = World(seed)
    theirs = world.theirs.data.copy()
    world.check()
    for what in changes:
        world.change(what)
        # What was taken away comes back with the next selection.
        world.session.selection.select(world.rng.random(world.count) < 0.5)
        world.check()
    if "edit" not in changes:
        np.testing.assert_array_equal(world.theirs.data, theirs)


@settings(deadline=None, max_examples=10, suppress_health_check=list(HealthCheck))
@given(st.integers(0, 1 << 31))
def test_values_are_painted_on_their_own_cells(seed):
    world = World(seed)
    world.link.colour_by("value")
    layer = layers.own_layer(world.viewer, layers.CLUSTERS)
    if layer is None:
        return
    values = world.obs["value"].to_numpy()
    finite = values[np.isfinite(values)]
    for label in np.unique(world.labels["one"]):
        row = world.row_of(label)
        painted = np.unique(layer.data[world.labels["one"] == label]).tolist()
        if row is None:
            assert painted == [0]
        elif not np.isfinite(values[row]):
            assert painted == [layers.NOISE_CLASS]
        elif finite.min() < finite.max() and values[row] == finite.max():
            assert painted == [250]
        elif values[row] == finite.min():
            assert painted == [1]


def test_a_cell_without_a_position_or_a_layer_is_not_gone_to():
    world = World(3)
    rows = np.flatnonzero((world.obs["image"] == "one") & world.obs["y_px"].isna())
    for row in rows:
        assert world.link.centre_on(int(row)) is False
    world.viewer.layers.clear()
    placed = np.flatnonzero((world.obs["image"] == "one") & world.obs["y_px"].notna())
    for row in placed:
        assert world.link.centre_on(int(row)) is False
    assert world.link.row_at((1.0, 1.0)) is None


@pytest.mark.parametrize("position", [(-3.0, 2.0), (2.0, 400.0)])
def test_beside_the_image_there_is_no_cell(position):
    assert World(5).link.row_at(position) is None
