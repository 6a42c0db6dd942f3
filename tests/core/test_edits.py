"""Only what was edited changes, whatever the labels are."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from napari_c3r.core.edits import Edits, compare_labels, update_result
from napari_c3r.core.errors import InputError
from napari_c3r.core.table import KEY, make_result

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
