from __future__ import annotations

import numpy as np
import pytest

from napari_c3r.core.diagnose.structure import (
    cka,
    cosine_shift,
    nearest,
    neighbours_changed,
    rand_index,
    structure,
)

RNG = np.random.default_rng(0)
VECTORS = RNG.normal(size=(60, 12)).astype(np.float32)
COLUMNS = [("RNA", "cls")] * 6 + [("AGP", "cls")] * 6


def arranged(vectors, k=5):
    return structure(vectors, k=k, n_clusters=3)


def test_neighbours_do_not_depend_on_rotation_scale_or_a_common_offset():
    rotation = np.linalg.qr(RNG.normal(size=(12, 12)))[0].astype(np.float32)
    same = 3 * VECTORS @ rotation + 40
    a, b = arranged(VECTORS), arranged(same.astype(np.float32))
    assert neighbours_changed(a.member, b.member).max() == 0
    assert cka(a.similarity, b.similarity) == pytest.approx(1, abs=1e-3)
    assert (arranged(VECTORS).member.sum(axis=1) == 5).all()


def test_neighbours_are_those_of_the_greatest_cosine():
    a = arranged(VECTORS)
    centred = VECTORS - VECTORS.mean(axis=0)
    unit = centred / np.linalg.norm(centred, axis=1, keepdims=True)
    cosine = unit @ unit.T - 9 * np.eye(60)
    assert [set(np.flatnonzero(row)) for row in a.member] == [
        set(np.argsort(-row)[:5]) for row in cosine
    ]


def test_unrelated_vectors_change_all_but_what_chance_keeps():
    changed, alignment, agreement = [], [], []
    for seed in range(10):
        other = np.random.default_rng(seed + 1).normal(size=(60, 30)).astype(np.float32)
        a, b = arranged(VECTORS), arranged(other)
        changed.append(neighbours_changed(a.member, b.member).mean())
        alignment.append(cka(a.similarity, b.similarity))
        agreement.append(rand_index(a.clusters, b.clusters))
    assert np.mean(changed) == pytest.approx(5 * (1 - 5 / 59), abs=0.1)
    assert abs(np.mean(alignment)) < 0.05
    assert abs(np.mean(agreement)) < 0.05


def test_neighbours_changed_by_hand():
    similarity = np.array([[1, 0.9, 0.8, 0.1], [0.9, 1, 0.5, 0.4], [0, 0.1, 1, 0.2], [0, 0, 0, 1]])
    marked = nearest(similarity.astype(np.float32), 2)
    assert marked[:3].tolist() == [
        [False, True, True, False],
        [True, False, True, False],
        [False, True, False, True],
    ]
    other = marked.copy()
    other[0] = [False, False, True, True]
    assert neighbours_changed(marked, other).tolist() == [1, 0, 0, 0]


def test_cosine_shift_compares_only_what_both_read_out():
    moved = VECTORS.copy()
    moved[:, 6:] = RNG.normal(size=(60, 6))
    assert cosine_shift(VECTORS, moved[:, :6], COLUMNS, COLUMNS[:6]).max() < 1e-6
    assert cosine_shift(VECTORS, moved, COLUMNS, COLUMNS).mean() > 0.3
    assert cosine_shift(VECTORS, VECTORS[:, :6], COLUMNS, [("DNA", "cls")] * 6) is None
    # Read out jointly, vectors are outputs of the same kind whatever they are called.
    joint, other = [("RNA+AGP", "cls")] * 12, [("DNA+ER", "cls")] * 12
    assert cosine_shift(VECTORS, VECTORS + 5, joint, other).max() < 1e-5
    assert cosine_shift(VECTORS, 2 * VECTORS.mean(axis=0) - VECTORS, joint, other).min() > 1.99


def test_vectors_that_tell_no_cells_apart_give_numbers():
    flat = np.ones((10, 4), np.float32)
    a = arranged(flat, k=3)
    b = arranged(RNG.normal(size=(10, 4)).astype(np.float32), k=3)
    assert cka(a.similarity, b.similarity) == 0
    assert np.isfinite(neighbours_changed(a.member, b.member)).all()
    assert cosine_shift(flat, flat, COLUMNS[:4], COLUMNS[:4]).max() == 0
