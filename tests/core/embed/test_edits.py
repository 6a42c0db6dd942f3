"""Only what was edited changes, whatever the labels are."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from napari_c3r.core.cells.measure import measure_cells
from napari_c3r.core.channels import ChannelAssignment
from napari_c3r.core.crops.cut import iter_crops
from napari_c3r.core.crops.plan import CropPlan
from napari_c3r.core.embed import EmbedDriver, FieldTask
from napari_c3r.core.embed.edits import Edits, Windows, compare_labels, update_result
from napari_c3r.core.encoder.options import RunOptions
from napari_c3r.core.errors import InputError
from napari_c3r.core.images import Image
from napari_c3r.core.table import KEY, make_result
from tests.core.diagnose.small import small_encoder

LABELS = st.lists(st.sampled_from([0, 1, 2, 7, 40_000]), min_size=36, max_size=36)


def result(labels, image="a", value=0.0, roles=None):
    labels = list(labels)
    obs = pd.DataFrame({"image": image, "label": labels, "y_px": 0.0, "x_px": 0.0})
    vectors = np.array([[label, value] for label in labels], np.float32)
    facts = {"roles": roles or {"DNA": "context"}, "encoder": {"name": "e"}, "notes": []}
    return make_result(obs, vectors, [("RNA", "cls")] * 2, facts)


@settings(max_examples=60, deadline=None)
@given(LABELS, LABELS)
def test_edits_are_the_labels_whose_pixels_differ(before, after):
    before, after = (np.array(v).reshape(6, 6) for v in (before, after))
    edits = compare_labels(before, after)
    for label in {1, 2, 7, 40_000}:
        differs = not np.array_equal(before == label, after == label)
        there = (after == label).any()
        assert (label in edits.changed) == (differs and there)
        assert (label in edits.removed) == (differs and not there)


def test_labels_of_another_size_are_refused():
    with pytest.raises(InputError, match="take them as the cells again"):
        compare_labels(np.zeros((3, 3), int), np.zeros((3, 4), int))


@settings(max_examples=40, deadline=None)
@given(
    st.sets(st.integers(1, 60), min_size=2),
    st.sets(st.integers(1, 60)),
    st.sets(st.integers(61, 80)),
    st.data(),
)
def test_every_row_is_the_right_one_after_an_update(old, touched, new, data):
    removed = data.draw(st.sets(st.sampled_from(sorted(old)), max_size=len(old) - 1))
    changed = ((touched & old) | new) - removed
    first = make_two(result(sorted(old)), result(sorted(old), "b"))
    part = result(sorted(changed), value=1.0) if changed else None
    after = update_result(first, "a", Edits(frozenset(changed), frozenset(removed)), part)
    here = after[after.obs["image"] == "a"]
    assert here.obs["label"].tolist() == sorted((old | changed) - removed)
    assert here.X[:, 0].tolist() == here.obs["label"].tolist()
    assert (here.X[:, 1] == here.obs["label"].isin(changed).to_numpy()).all()
    other = after[after.obs["image"] == "b"]
    assert other.obs["label"].tolist() == sorted(old)
    assert (other.X[:, 1] == 0).all()


def make_two(first, second):
    obs = pd.concat([first.obs, second.obs], ignore_index=True)
    vectors = np.concatenate([first.X, second.X])
    return make_result(obs, vectors, [("RNA", "cls")] * 2, first.uns[KEY])


def test_names_of_cells_are_carried_over_and_the_map_is_not():
    before = result([1, 2, 3])
    before.obs["annotation"] = pd.Categorical(["x", "y", None])
    before.obs["cluster"] = pd.Categorical(["0", "0", "1"])
    before.obsm["X_umap"] = np.zeros((3, 2))
    before.uns[KEY]["map"] = {"seed": 0}
    after = update_result(before, "a", Edits(frozenset({2}), frozenset({1})), result([2], value=1))
    assert after.obs["annotation"].tolist()[0] == "y"
    assert "cluster" not in after.obs
    assert "X_umap" not in after.obsm
    assert "map" not in after.uns[KEY]


def test_other_roles_and_an_empty_result_are_refused():
    other = result([1], roles={"DNA": "concept"})
    with pytest.raises(InputError, match="another roles"):
        update_result(result([1, 2]), "a", Edits(frozenset({1})), other)
    with pytest.raises(InputError, match="Every cell of the result was removed"):
        update_result(result([1]), "a", Edits(removed=frozenset({1})), None)


SIDE, PITCH, WINDOW = 96, 12, 21
ROLES = ChannelAssignment({"DNA": "context", "RNA": "concept"})


def grown_field(rng):
    """Touching and lonely cells of any shape, labelled in no order, on pixels that all differ."""
    labels = np.zeros((SIDE, SIDE), np.int32)
    names = rng.permutation(500)[: (SIDE // PITCH) ** 2] + 1
    for number, label in enumerate(names):
        if rng.random() < 0.8:
            y, x = divmod(number, SIDE // PITCH)
            height, width = rng.integers(3, 2 * PITCH, 2)
            labels[y * PITCH : y * PITCH + height, x * PITCH : x * PITCH + width] = label
    pixels = rng.permutation(2 * SIDE**2).reshape(2, SIDE, SIDE).astype(np.float32)
    return Image.from_array(pixels, ["DNA", "RNA"], 40 / WINDOW, name="a"), labels


def scribbled(labels, rng):
    """What a user may do in a label image: erase, grow, cut, swap, draw anew."""
    drawn = labels.copy()
    present = np.unique(labels[labels > 0])
    for _ in range(rng.integers(1, 4)):
        y, x = rng.integers(0, SIDE - 4, 2)
        box = np.s_[y : y + rng.integers(1, 9), x : x + rng.integers(1, 9)]
        kind = rng.integers(4)
        if kind == 0:
            drawn[box] = 0
        elif kind == 1:
            drawn[box] = rng.choice(present)
        elif kind == 2:
            drawn[drawn == rng.choice(present)] = rng.choice([0, *present])
        else:
            drawn[box] = 600 + rng.integers(3)
    return drawn


def crops_of(image, labels, neighbours):
    cells = measure_cells(image, labels).obs
    plan = CropPlan(WINDOW, 16, neighbours, "")
    return {
        int(cells["label"].iloc[batch.rows[0]]): batch.crops.tobytes()
        for batch in iter_crops(image, labels, cells, plan, batch_size=1)
    }


@pytest.mark.parametrize("neighbours", ["mask", "keep"])
@pytest.mark.parametrize("seed", range(12))
def test_those_are_stale_whose_crops_are_others(seed, neighbours, monkeypatch):
    monkeypatch.setattr("napari_c3r.core.cells.labels.BLOCK_PX", 40)
    rng = np.random.default_rng(seed)
    image, before = grown_field(rng)
    after = scribbled(before, rng)
    obs = measure_cells(image, before).obs
    facts = {
        "crop": {"neighbours": neighbours},
        "images": {"name": ["a"], "crop_window_px": [WINDOW]},
    }
    table = make_result(obs, np.zeros((len(obs), 1), np.float32), [("RNA", "cls")], facts)
    edits = compare_labels(before, after, Windows.of(table, "a"))
    old, new = crops_of(image, before, neighbours), crops_of(image, after, neighbours)
    others = {label for label in new if label in old and new[label] != old[label]}
    assert others <= edits.stale
    # No pixel is like another, so a crop in which another pixel is masked is another crop.
    assert edits.affected_neighbours == others - edits.changed
    assert edits.removed == set(old) - set(new)
    assert not edits.stale & edits.removed
    assert edits.count == len(edits.changed) + len(edits.removed)


@pytest.fixture(scope="module")
def encoder(tmp_path_factory):
    return small_encoder(tmp_path_factory.mktemp("encoder"))


def embedded(encoder, image, labels, wanted=None):
    # One at a time, as the size of a batch moves the last bit of a product.
    task = FieldTask("a", image, labels=labels, labels_wanted=wanted, window_px=WINDOW)
    run = EmbedDriver([task], ROLES, encoder, RunOptions(precision="float32", batch_size=1))
    list(run.steps())
    return run.result()


@pytest.mark.parametrize("seed", range(4))
def test_an_update_gives_to_the_bit_what_embedding_everything_gives(encoder, seed):
    rng = np.random.default_rng(seed)
    image, before = grown_field(rng)
    after = scribbled(before, rng)
    first = embedded(encoder, image, before)
    edits = compare_labels(before, after, Windows.of(first, "a"))
    kept = set(first.obs["label"]) - edits.stale - edits.removed
    assert kept, "nothing was left to be kept"
    part = embedded(encoder, image, after, edits.stale) if edits.stale else None
    updated, whole = update_result(first, "a", edits, part), embedded(encoder, image, after)
    np.testing.assert_array_equal(updated.X, whole.X)
    pd.testing.assert_frame_equal(updated.obs, whole.obs)
    np.testing.assert_array_equal(updated.obsm["spatial"], whole.obsm["spatial"])
