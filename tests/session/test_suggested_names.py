"""What is suggested follows the cells, and every step of it can be taken back."""

from __future__ import annotations

import threading

import numpy as np
import pandas as pd
import pytest

from napari_c3r.core.cells.filters import CellFilter
from napari_c3r.core.errors import InputError
from napari_c3r.core.images import Image
from napari_c3r.core.learn import LearnOptions
from napari_c3r.core.learn.columns import COLUMNS
from napari_c3r.core.table import make_result
from napari_c3r.core.table.annotate import name_column
from napari_c3r.session import EmbeddingResult, Part, Session
from napari_c3r.session.suggestions import RELEARN_AFTER
from napari_c3r.session.walk import Walk

CELLS = 80


def made(seed=0):
    """Two kinds of cells in four fields; every tenth touches the border."""
    rng = np.random.default_rng(seed)
    kind = np.arange(CELLS) // 4 % 2
    obs = pd.DataFrame(
        {
            "image": [f"f{n % 4}" for n in range(CELLS)],
            "label": np.arange(CELLS) + 1,
            "y_px": 0.0,
            "x_px": 0.0,
            "area_px": 100.0,
            "touches_border": np.arange(CELLS) % 10 == 9,
        }
    )
    vectors = rng.normal(size=(CELLS, 6)) + 2.5 * kind[:, None] * [1, 1, 0, 0, 0, 0]
    table = make_result(obs, vectors.astype(np.float32), [("RNA", "cls")] * 6, {"map": {}})
    table.obsm["X_umap"] = table.X[:, :2].copy()
    table.obs["cluster"] = pd.Categorical(["0"] * CELLS)
    return table, kind


@pytest.fixture
def session():
    session = Session()
    session.set_image(Image.from_array(np.zeros((2, 9, 9), np.uint8), ["DNA", "RNA"], name="f0"))
    show(session)
    session.suggestions.options = LearnOptions(c=0.1)
    return session


def show(session, seed=0):
    table, _ = made(seed)
    roles = session.roles.assignment
    session.set_result(EmbeddingResult(table, {"f0": 1}, roles, "", 0, True))


def name(session, rows, what):
    session.result.annotate(np.isin(np.arange(len(session.selection.mask)), rows), what)


def learn(session):
    *_, last = _run(session.suggestions.job())
    return last


def _run(body):
    work = body(threading.Event())
    while True:
        try:
            yield next(work)
        except StopIteration as end:
            yield end.value
            return


@pytest.fixture
def taught(session):
    """Sixteen cells have names, and the others have suggestions."""
    name(session, range(4), "round")
    name(session, range(4, 8), "long")
    name(session, range(8, 12), "round")
    name(session, range(12, 16), "long")
    session.suggestions.take(learn(session))
    return session


def named(session):
    column = name_column(session.result.current.table).astype(object)
    return column.where(column.notna(), "").tolist()


def test_why_nothing_can_be_learned_is_said():
    empty = Session()
    assert empty.suggestions.sentence().startswith("No cells yet")
    assert empty.suggestions.unsure().tolist() == []


def test_names_are_asked_for_until_there_are_enough(session):
    assert "no cell has a name" in session.suggestions.why_not()
    name(session, range(4), "round")
    assert "only 'round' is given" in session.suggestions.why_not()
    name(session, range(4, 6), "long")
    assert "'long' has 2 cells" in session.suggestions.why_not()
    name(session, [6], "long")
    assert session.suggestions.why_not() == ""


def test_suggestions_are_columns_and_one_step_to_undo(taught):
    table = taught.result.current.table
    assert (table.obs["suggested"].astype(str) == np.where(made()[1], "long", "round")).mean() > 0.9
    assert taught.suggestions.sentence().startswith("8 named round, 8 named long → 64 suggested")
    assert taught.history.undo_sentence == "suggest names for 64 cells"
    taught.history.undo()
    assert not set(COLUMNS) & set(table.obs)
    assert taught.suggestions.current is None
    taught.history.redo()
    assert set(COLUMNS) <= set(table.obs)
    assert taught.suggestions.current is not None


def test_accepting_is_one_step_and_leaves_named_cells_alone(taught):
    rows = taught.suggestions.acceptable(0.7)
    before, table = named(taught), taught.result.current.table
    assert 0.7 <= taught.suggestions.expected_right(rows) <= 1
    taught.suggestions.accept(rows)
    expected = list(before)
    for row in rows:
        expected[row] = table.obs["suggested"].iloc[row]
    assert named(taught) == expected
    assert taught.history.undo_sentence == f"accept the names suggested for {len(rows)} cells"
    taught.history.undo()
    assert named(taught) == before
    with pytest.raises(InputError, match="No suggestion is chosen"):
        taught.suggestions.accept(np.zeros(0, np.intp))


def test_what_was_accepted_unseen_is_no_example(taught):
    before = taught.suggestions.current.examples.counts.tolist()
    rows = taught.suggestions.acceptable(0.7)
    assert len(rows) > RELEARN_AFTER
    taught.suggestions.accept(rows)
    assert taught.suggestions.names_changed == 0
    assert learn(taught).suggestion.examples.counts.tolist() == before
    # What a person says of such a cell counts, whatever it is.
    name(taught, rows[:1], named(taught)[rows[0]])
    assert taught.suggestions.names_changed == 1
    assert learn(taught).suggestion.examples.counts.sum() == sum(before) + 1
    # And cells embedded anew, which keep their names, keep that too.
    taught.history.undo()
    accepted = taught.result.current.table.obs["accepted"]
    show(taught, seed=0)
    taught.result.current.table.obs["annotation"] = accepted
    assert "no cell has a name" in taught.suggestions.why_not()


def test_names_given_since_are_counted_whatever_their_order(taught):
    suggestions = taught.suggestions
    assert suggestions.names_changed == 0
    name(taught, [20, 21], "odd")
    name(taught, [0], "long")
    assert suggestions.names_changed == 3
    taught.history.undo()
    assert suggestions.names_changed == 2
    name(taught, range(30, 30 + RELEARN_AFTER - 2), "round")
    assert not suggestions.is_due
    assert "'odd' has 2 cells" in suggestions.why_not()
    name(taught, [22], "odd")
    assert suggestions.is_due
    suggestions.take(learn(taught), is_step=False)
    assert suggestions.names_changed == 0
    assert taught.history.undo_sentence.startswith("name ")


def test_what_was_learned_of_other_cells_is_dropped(taught):
    late = learn(taught)
    show(taught, seed=1)
    assert taught.suggestions.current is None
    taught.suggestions.take(late)
    assert taught.suggestions.current is None
    assert not set(COLUMNS) & set(taught.result.current.table.obs)


def test_a_map_made_meanwhile_does_not_lose_them(session):
    old = session.result.current.table.copy()
    name(session, range(4), "round")
    name(session, range(4, 8), "long")
    session.suggestions.take(learn(session))
    session.result.set_mapped(old)
    assert session.result.current.table is old
    assert set(COLUMNS) <= set(old.obs)
    assert len(session.suggestions.unsure()) + len(session.suggestions.acceptable(0.9)) <= 72


def test_hidden_cells_have_suggestions_and_are_not_gone_through(taught):
    everything = taught.result.current.table
    expected = everything.obs["suggested"].to_numpy()
    border = everything.obs["touches_border"].to_numpy()
    taught.set_filter(CellFilter(border=True))
    assert taught.suggestions.current is not None
    late = learn(taught)
    taught.suggestions.take(late)
    table = taught.result.current.table
    assert len(table) == CELLS - border.sum()
    assert table.obs["suggested"].tolist() == expected[~border].tolist()
    assert taught.result.current.all_rows.obs["suggested"].tolist() == expected.tolist()
    rows = taught.suggestions.acceptable(0.0)
    assert rows.max() < len(table)
    taught.suggestions.accept(rows[:3])
    whole = taught.result.current.all_rows
    assert name_column(whole).notna().sum() == 16 - 1 + 3 + 1
    for row in rows[:3]:
        key = table.obs_names[row]
        assert whole.obs.loc[key, "annotation"] == whole.obs.loc[key, "suggested"]


def test_the_walk_names_accepts_skips_and_goes_back(taught):
    walk = Walk(taught.result, taught.suggestions)
    walk.begin()
    rows = list(walk.rows)
    assert len(rows) > 4
    assert walk.names == ["round", "long"]
    assert walk.sentence().startswith(f"1 of {len(rows)}: ")
    walk.give("long")
    assert named(taught)[rows[0]] == "long"
    suggested = taught.suggestions.suggested_name(rows[1])
    walk.accept()
    assert named(taught)[rows[1]] == suggested
    walk.skip()
    assert named(taught)[rows[2]] == ""
    walk.back()
    walk.back()
    assert walk.row == rows[1]
    assert walk.sentence().endswith(f"named {suggested}")
    other = "round" if suggested == "long" else "long"
    walk.give(other)
    assert named(taught)[rows[1]] == other
    assert walk.row == rows[2]


def test_other_suggestions_change_only_what_is_to_come(taught):
    walk = Walk(taught.result, taught.suggestions)
    walk.begin()
    walk.give("round")
    before = walk.rows[:2]
    name(taught, range(40, 60), "odd")
    taught.suggestions.take(learn(taught), is_step=False)
    walk.refresh()
    assert walk.rows[:2] == before
    assert walk.place == 1
    assert not set(walk.coming) & set(range(40, 60))
    while walk.row is not None:
        walk.skip()
    walk.skip()
    assert walk.sentence().startswith("That was the last")


def test_every_change_is_told_after_the_table_has_it(session):
    name(session, range(4), "round")
    name(session, range(4, 8), "long")
    seen = []
    session.changed.connect(
        lambda change: seen.append((change.part, "suggested" in session.result.current.table.obs))
    )
    session.suggestions.take(learn(session))
    assert seen == [(Part.ANNOTATION, True)]
