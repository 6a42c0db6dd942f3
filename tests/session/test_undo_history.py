"""What a person made outlives what is computed, and every step of it can be taken back."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from napari_c3r.core.cells.filters import CellFilter
from napari_c3r.core.images import Image
from napari_c3r.core.table import make_result
from napari_c3r.core.table.annotate import name_column
from napari_c3r.session import Cells, EmbeddingResult, Part, Session, history
from napari_c3r.session.history import Command, History
from napari_c3r.session.same_cells import same_cells

SIDE = 40


def squares(shift=0, first=1):
    """Four cells of 10 × 10 px, labelled in steps of three."""
    labels = np.zeros((SIDE, SIDE), np.int32)
    for number, (y, x) in enumerate(((2, 2), (2, 22), (22, 2), (22, 22))):
        labels[y : y + 10, x + shift : x + shift + 10] = first + 3 * number
    return labels


def made_of(*cells, seed=0):
    """A result of all cells of some images, with clusters and a map."""
    obs = pd.concat(
        pd.DataFrame(
            {
                "image": each.image_name,
                "label": np.unique(each.labels)[1:],
                "y_px": 0.0,
                "x_px": 0.0,
                "area_px": 100.0,
                "touches_border": [True, False, False, False],
            }
        )
        for each in cells
    ).reset_index(drop=True)
    vectors = np.random.default_rng(seed).normal(size=(len(obs), 3)).astype(np.float32)
    table = make_result(obs, vectors, [("RNA", "cls")] * 3, {"map": {"seed": seed}})
    table.obs["cluster"] = pd.Categorical(np.array(["0", "1"])[np.arange(len(obs)) % 2])
    table.obsm["X_umap"] = vectors[:, :2]
    return table


def shown(session, *cells, seed=0):
    roles = session.roles.assignment
    ids = {each.image_name: each.id for each in cells}
    session.set_result(EmbeddingResult(made_of(*cells, seed=seed), ids, roles, "", 0, True), cells)


def names(session):
    table = session.result.current.table
    column = name_column(table)
    keys = zip(table.obs["image"], table.obs["label"], strict=True)
    return {key: name for key, name in zip(keys, column, strict=True) if isinstance(name, str)}


def selected(session):
    obs = session.result.current.table.obs[session.selection.mask]
    return set(zip(obs["image"], obs["label"], strict=True))


@pytest.fixture
def session():
    """Images a and b of four cells each, both embedded, a on show."""
    made = Session()
    made.set_image(Image.from_array(np.zeros((2, SIDE, SIDE)), ("DNA", "RNA"), 0.5, name="a"))
    a, b = (Cells(squares(), 4, name, "drawn") for name in "ab")
    made.labels.put(b)
    made.labels.set_current(a)
    shown(made, a, b)
    return made


def state(session):
    """All that steps change, as plain values."""
    result = session.result
    return (
        result.current.id,
        result.current.table.obsm["X_umap"].tobytes(),
        names(session),
        session.selection.mask.tolist(),
        result.filter or CellFilter(),
        session.labels.current.labels.tobytes(),
    )


def test_every_kind_of_step_is_undone_and_done_again(session):
    cells = {each.image_name: each for each in session.labels.by_image.values()}
    mapped = session.result.current.table.copy()
    mapped.obsm["X_umap"] = mapped.obsm["X_umap"] + 1
    odd = np.arange(8) % 2 == 1
    steps = {
        "select 4 cells": lambda: session.selection.select(odd),
        "name cluster 1 'flat'": lambda: session.result.annotate(odd, " flat "),
        "make another map": lambda: session.result.set_mapped(mapped),
        "name 1 cell 'round'": lambda: session.result.annotate(np.arange(8) == 0, "round"),
        "hide cells at the border": lambda: session.set_filter(CellFilter(border=True)),
        "remove the name of 3 cells": lambda: session.result.annotate(np.arange(6) < 3, ""),
        "select nothing": lambda: session.selection.select(np.zeros(6, bool)),
        "hide no cells": lambda: session.set_filter(CellFilter()),
        "embed 4 cells": lambda: shown(session, cells["a"], seed=1),
        "find cells again": lambda: session.replace_cells(
            Cells(squares(4), 4, "a", "found"), session.labels.current, "find cells again"
        ),
    }
    states = [state(session)]
    for sentence, act in steps.items():
        act()
        assert session.history.undo_sentence == sentence
        states.append(state(session))
    for _ in range(2):
        for before in reversed(states[:-1]):
            session.history.undo()
            assert state(session) == before
        assert not session.history.undo_sentence
        session.history.undo()
        for sentence, after in zip(steps, states[1:], strict=True):
            assert session.history.redo_sentence == sentence
            session.history.redo()
            assert state(session) == after
        assert not session.history.redo_sentence


def test_what_is_done_after_undoing_takes_the_place_of_what_was_undone(session):
    first, second = np.arange(8) < 3, np.arange(8) > 5
    session.selection.select(first)
    session.history.undo()
    session.selection.select(second)
    session.history.redo()
    assert session.selection.mask.tolist() == second.tolist()


def test_names_and_selection_survive_a_new_embedding_of_the_same_cells(session):
    a, b = (session.labels.by_image[name] for name in "ab")
    session.result.annotate(np.arange(8) < 2, "mitotic")
    session.result.annotate(np.arange(8) == 5, "flat")
    session.selection.select(np.arange(8) % 3 == 0)
    before, kept = names(session), selected(session)
    shown(session, a, b, seed=2)
    assert (names(session), selected(session)) == (before, kept)
    # Of one image only: the other's names wait for it.
    shown(session, a)
    assert names(session) == {key: name for key, name in before.items() if key[0] == "a"}
    assert selected(session) == {key for key in kept if key[0] == "a"}
    session.result.annotate(np.arange(4) == 3, "flat")
    shown(session, b, a)
    assert names(session) == {**before, ("a", 10): "flat"}
    # The order of names, which their colours go by, is that in which they were given.
    assert session.result.current.table.obs["annotation"].cat.categories.tolist() == [
        "mitotic",
        "flat",
    ]


def test_names_of_a_preview_are_those_of_its_cells_and_no_other_is_lost(session):
    a = session.labels.by_image["a"]
    session.result.annotate(np.ones(8, bool), "one")
    sample = made_of(a)[:2].copy()
    roles = session.roles.assignment
    session.set_result(EmbeddingResult(sample, {"a": a.id}, roles, "", 0, True, preview=True), [a])
    session.result.annotate(np.array([True, False]), "other")
    session.discard_preview()
    assert names(session)["a", 1] == "other"
    assert list(names(session).values()).count("one") == 7


@pytest.mark.parametrize("shift", [2, 12])
def test_a_name_is_a_cell_s_and_not_a_label_s(session, shift):
    session.result.annotate(np.arange(8) < 2, "mitotic")
    session.selection.select(np.arange(8) < 1)
    before = names(session)
    # Found anew with other labels, a little or far beside; label 4 is another cell now.
    found = Cells(squares(shift, first=4), 4, "a", "found")
    session.labels.set_current(found)
    shown(session, found, seed=3)
    near = shift == 2
    assert names(session) == ({("a", 4): "mitotic", ("a", 7): "mitotic"} if near else {})
    assert selected(session) == ({("a", 4)} if near else set())
    assert session.result.names.waiting("a") == (0 if near else 2)
    session.history.undo()
    assert names(session) == before
    assert selected(session) == {("a", 1)}


def test_a_replaced_result_comes_back_with_its_cells_and_no_longer_if_that_takes_too_much(
    session, monkeypatch
):
    before, embedded = session.result.current, session.embedded_cells()
    found = Cells(squares(4), 4, "a", "found")
    session.labels.set_current(found)
    shown(session, found)
    session.history.undo()
    assert session.result.current is before
    assert session.embedded_cells() is embedded
    monkeypatch.setattr(history, "MAX_BYTES", before.n_bytes)
    for seed in range(3):
        shown(session, found, seed=seed)
    session.history.undo()
    session.history.undo()
    # The last one is kept always, and only it.
    assert not session.history.undo_sentence


def test_cells_drawn_since_come_back_when_a_step_is_done_again(session):
    session.replace_cells(Cells(squares(4), 4, "a", "found"), session.labels.current, "find")
    drawn = replace(session.labels.current, labels=squares(4) * 2)
    session.as_drawn = lambda: drawn
    session.history.undo()
    session.as_drawn = None
    session.history.redo()
    np.testing.assert_array_equal(session.labels.current.labels, squares(4) * 2)


def test_a_step_is_told_as_one_that_was_undone(session):
    heard = []
    session.result.annotate(np.arange(8) < 2, "x")
    session.changed.connect(heard.append)
    session.history.undo()
    assert [change.part for change in heard] == [Part.ANNOTATION]
    assert not heard[0].is_work
    assert "annotation" not in session.result.current.table.obs


def test_steps_beyond_the_last_hundred_are_forgotten():
    steps, did = History(), []
    for number in range(history.MAX_STEPS + 3):
        step = Command(str(number), lambda number=number: did.append(number), lambda: None)
        steps.record(step)
    while steps.undo_sentence:
        steps.undo()
    assert did == list(range(history.MAX_STEPS + 2, 2, -1))


@pytest.mark.parametrize("seed", range(4))
def test_the_same_cells_are_those_that_share_most_pixels(seed):
    rng = np.random.default_rng(seed)
    before = Cells(np.kron(rng.permutation(36).reshape(6, 6), np.ones((8, 8), int)), 35, "a", "")
    other = rng.permutation(36)[before.labels] * 11
    gone = rng.choice(36, 9, replace=False)
    after = Cells(np.where(np.isin(before.labels, gone), 0, other), 26, "a", "")
    found = same_cells(before, after, range(1, 36))
    for label in range(1, 36):
        here = np.unique(after.labels[before.labels == label])
        assert found.get(label, 0) == here[0]
