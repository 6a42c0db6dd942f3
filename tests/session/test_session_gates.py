"""Gates follow their cells, rules find theirs anew, and every step is undone to the bit."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from napari_c3r.core.cells.filters import CellFilter
from napari_c3r.core.errors import InputError
from napari_c3r.core.gates import (
    Combination,
    Filter,
    Interval,
    Operator,
    Polygon,
    gates_of,
)
from napari_c3r.core.images import Image
from napari_c3r.session import Cells, EmbeddingResult, Part, Session
from tests.session.test_kept_parts import through_a_file
from tests.session.test_undo_history import SIDE, made_of, shown, squares


@pytest.fixture
def session():
    """Images a and b of four cells each, labelled 1, 4, 7, 10; the first touches the border."""
    made = Session()
    made.set_image(Image.from_array(np.zeros((2, SIDE, SIDE)), ("DNA", "RNA"), 0.5, name="a"))
    a, b = (Cells(squares(), 4, name, "drawn") for name in "ab")
    made.labels.put(b)
    made.labels.set_current(a)
    shown(made, a, b)
    size(made, np.arange(8) * 10.0)
    return made


def size(session, values):
    names = session.result.current.all_rows.obs_names
    session.result.add_column(pd.Series(values, index=names, name="size_um2"))


def flags(*rows, n=8):
    mask = np.zeros(n, bool)
    mask[list(rows)] = True
    return mask


def held(session, name):
    """The cells of a gate by the columns of all rows."""
    obs = session.result.current.all_rows.obs
    obs = obs[obs[f"gate_{name}"].to_numpy(bool)]
    return set(zip(obs["image"], obs["label"].tolist(), strict=True))


def snapshot(session):
    """Everything that the user can see of gates, to the bit."""
    result, gates = session.result.current, session.gates
    columns = {
        name: result.all_rows.obs[name].to_numpy().tobytes()
        for name in result.all_rows.obs
        if name.startswith("gate_")
    }
    shown_columns = [name for name in result.table.obs if name.startswith("gate_")]
    told = [gates.words(gate.name) for gate in gates.all]
    assert gates_of(result.all_rows) == list(gates.all)
    return gates.all, gates.opened, columns, (shown_columns, len(result.table)), told


def worked(session):
    """A gate of each kind, one within another, made in two ways."""
    gates = session.gates
    gates.add("mine", cells=flags(0, 2, 5))
    gates.add("large", Interval("size_um2", 25.0))
    gates.add("top", Polygon.rectangle("size_um2", "label", (0, 5), (100, 11)), within="large")
    gates.add("named", Filter("size_um2 < 50 and image = a"))
    gates.combine("both", Operator.AND, ["mine", "large"])
    gates.add("map", Polygon.rectangle("X_umap[0]", "X_umap[1]", (-9, -9), (0, 9)))


def test_gates_hold_what_their_rules_say(session):
    worked(session)
    assert held(session, "mine") == {("a", 1), ("a", 7), ("b", 4)}
    assert held(session, "large") == {("a", 10), ("b", 1), ("b", 4), ("b", 7), ("b", 10)}
    assert held(session, "top") == {("a", 10), ("b", 7), ("b", 10)}
    assert held(session, "named") == {("a", 1), ("a", 4), ("a", 7), ("a", 10)}
    assert held(session, "both") == {("b", 4)}
    np.testing.assert_array_equal(
        session.gates.mask("map"), session.result.current.table.obsm["X_umap"][:, 0] <= 0
    )


STEPS = {
    "add": lambda s: s.gates.add("new", cells=flags(1)),
    "combine": lambda s: s.gates.combine("new", Operator.NOT, ["mine"]),
    "rename": lambda s: s.gates.rename("large", "huge"),
    "recolour": lambda s: s.gates.recolour("mine", "#123456"),
    "other rule": lambda s: s.gates.set_rule("large", Interval("size_um2", 65.0)),
    "other cells": lambda s: s.gates.set_rule("mine", Interval("size_um2", None, 5.0)),
    "delete": lambda s: s.gates.delete(["large"]),
    "delete two": lambda s: s.gates.delete(["mine", "large"]),
    "move": lambda s: s.gates.move("map", 0),
    "open": lambda s: s.gates.open("top"),
    "hide": lambda s: s.set_filter(CellFilter(border=True)),
    "embed again": lambda s: shown(s, *s.labels.by_image.values(), seed=2),
}


@pytest.mark.parametrize("name", STEPS)
def test_every_step_is_undone_and_redone_to_the_bit(session, name):
    worked(session)
    before = snapshot(session)
    STEPS[name](session)
    after = snapshot(session)
    assert after != before
    for _ in range(2):
        session.history.undo()
        assert snapshot(session)[:4] == before[:4]
        session.history.redo()
        assert snapshot(session)[:4] == after[:4]
    for _ in range(7):
        session.history.undo()
    assert session.gates.all == ()
    assert not [n for n in session.result.current.all_rows.obs if n.startswith("gate_")]


def test_what_is_within_or_made_of_a_gate_follows_it(session):
    worked(session)
    session.gates.set_rule("large", Interval("size_um2", 45.0))
    assert held(session, "top") == {("b", 7), ("b", 10)}
    assert held(session, "both") == {("b", 4)}
    session.gates.set_rule("large", Interval("size_um2", 25.0))
    assert held(session, "top") == {("a", 10), ("b", 7), ("b", 10)}
    session.gates.rename("large", "huge")
    assert session.gates.find("top").within == "huge"
    assert session.gates.find("both").rule.of == ("mine", "huge")
    session.gates.open("top")
    assert session.gates.path() == ["huge", "top"]
    session.gates.delete(["huge"])
    # They keep their cells, and say what they were.
    assert held(session, "top") == {("a", 10), ("b", 7), ("b", 10)}
    assert session.gates.path() == ["top"]
    assert session.gates.words("both") == "Chosen by: “mine” and “huge”"
    session.gates.delete(["top"])
    assert session.gates.opened is None


def test_gates_follow_their_cells_into_another_result(session):
    """Labels move, a cell goes, a field is not embedded and comes back: names do the same."""
    session.gates.add("mine", cells=flags(0, 1, 6))
    session.gates.add("large", Interval("size_um2", 25.0))
    before = snapshot(session)
    labels = squares(shift=1, first=100)
    labels[labels == 100] = 0
    now = Cells(labels, 3, "a", "drawn again")
    session.labels.set_current(now)
    session.set_result(
        EmbeddingResult(made_of_rest(now), {"a": now.id}, session.roles.assignment, "", 0, True)
    )
    assert held(session, "mine") == {("a", 103)}
    # There is no column of sizes now, and the rule keeps the cells that it found.
    assert held(session, "large") == {("a", 109)}
    assert "Its cells are those of before: The table has no numbers" in session.gates.words("large")
    b = session.labels.by_image["b"]
    shown(session, b)
    assert held(session, "mine") == {("b", 7)}
    session.history.undo()
    session.history.undo()
    assert snapshot(session)[:4] == before[:4]
    assert held(session, "mine") == {("a", 1), ("a", 4), ("b", 7)}


def made_of_rest(cells):
    """A table of cells of which the first is gone, so that none touches the border."""
    rest = Cells(np.where(cells.labels, 1, 0), 1, cells.image_name, "")
    assert rest.count == 1
    whole = made_of(Cells(squares(shift=1, first=100), 4, cells.image_name, ""))
    return whole[whole.obs["label"].isin(np.unique(cells.labels))].copy()


def test_thresholds_are_found_anew_when_their_column_changes_and_say_so(session):
    session.gates.add("large", Interval("size_um2", 25.0))
    session.gates.add("not", Combination(Operator.NOT, ("large",)))
    heard = []
    session.changed.connect(heard.append)
    size(session, np.arange(8)[::-1] * 10.0)
    assert held(session, "large") == {("a", 1), ("a", 4), ("a", 7), ("a", 10), ("b", 1)}
    assert held(session, "not") == {("b", 4), ("b", 7), ("b", 10)}
    told = session.gates.words("large")
    assert told == "Size (µm²) ≥ 25. Found anew, as a column changed: 5 cells, before 5"
    # The column is whole when the first view hears of it.
    told_of = [Part.ANNOTATION, Part.GATES, Part.ANNOTATION]
    assert [change.part for change in heard] == told_of
    size(session, np.arange(8)[::-1] * 10.0)
    assert session.gates.words("large") == told


def test_a_filter_goes_by_other_gates_and_by_names(session):
    session.gates.add("mine", cells=flags(0, 2))
    session.gates.add("wide", Filter('"gate_mine" and size_um2 < 15'))
    assert held(session, "wide") == {("a", 1)}
    session.gates.set_rule("mine", Interval("size_um2", 5.0))
    assert held(session, "wide") == {("a", 4)}
    session.history.undo()
    assert held(session, "wide") == {("a", 1)}


def test_gates_of_hidden_cells_stay(session):
    session.set_filter(CellFilter(border=True))
    session.gates.add("mine", cells=flags(0, 5, n=6))
    session.gates.add("large", Interval("size_um2", None, 15.0))
    assert held(session, "mine") == {("a", 4), ("b", 10)}
    assert held(session, "large") == {("a", 1), ("a", 4)}
    assert session.gates.mask("large").tolist() == [True] + [False] * 5
    session.set_filter(CellFilter())
    assert session.gates.mask("large").sum() == 2
    assert session.result.current.table.obs["gate_large"].sum() == 2


def test_gates_survive_another_map_and_a_map_made_of_a_copy(session):
    mapped = session.result.current.table.copy()
    worked(session)
    before = session.gates.mask("map").copy()
    mapped.obsm["X_umap"] = mapped.obsm["X_umap"] + 100
    session.result.set_mapped(mapped)
    assert held(session, "both") == {("b", 4)}
    np.testing.assert_array_equal(session.gates.mask("map"), before)


def test_columns_of_gates_that_a_result_brings_are_those_of_the_session(session):
    """As when some cells were embedded anew, and the rows of the others are those of before."""
    worked(session)
    before = snapshot(session)
    table = session.result.current.all_rows.copy()
    table.obs["gate_mine"] = [True, None, *[False] * 6]
    del table.obs["gate_both"]
    cells = list(session.labels.by_image.values())
    result = session.result.current.updated(table, session.result.current.cells_ids)
    session.set_result(result, cells)
    assert snapshot(session)[:4] == before[:4]


def test_gates_are_saved_with_the_session(session, tmp_path):
    worked(session)
    session.gates.open("top")
    session.gates.use_as_name("mine", True)
    kept = through_a_file(session.keeping.keep(), tmp_path)
    before = snapshot(session)
    session.gates.delete(["mine", "large", "map"])
    assert session.keeping.restore(kept) == []
    assert snapshot(session)[:4] == before[:4]
    assert session.gates.state.example_columns == ("gate_mine",)
    session.keeping.restore({})
    assert session.gates.all == ()


def test_a_gate_that_is_a_name_stays_one_by_another_name_and_not_when_it_is_gone(session):
    gates = session.gates
    gates.add("a", cells=flags(0, 1))
    gates.add("b", cells=flags(2))
    gates.use_as_name("b", True)
    gates.use_as_name("a", True)
    assert session.history.undo_sentence == "learn from gate “a”"
    gates.rename("a", "z")
    assert session.suggestions.columns == ("annotation", "gate_z", "gate_b")
    gates.delete(["b"])
    assert gates.state.example_columns == ("gate_z",)
    for _ in range(4):
        session.history.undo()
    assert gates.state.example_columns == ()


def test_cells_that_are_not_embedded_are_saved_too(session, tmp_path):
    session.gates.add("mine", cells=flags(0, 6))
    a, b = session.labels.by_image["a"], session.labels.by_image["b"]
    shown(session, a)
    kept = through_a_file(session.keeping.keep(), tmp_path)
    session.keeping.restore(kept)
    assert held(session, "mine") == {("a", 1)}
    shown(session, a, b)
    assert held(session, "mine") == {("a", 1), ("b", 7)}


@pytest.mark.parametrize(
    "spoil",
    [
        lambda kept: kept.arrays.update(cells_0=np.ones(5, bool)),
        lambda kept: kept.arrays.update(cells_0=np.ones(8)),
        lambda kept: kept.arrays.pop("absent_0"),
        lambda kept: kept.facts.update(gates=[3]),
        lambda kept: kept.facts.update(opened="other"),
        lambda kept: kept.facts["gates"][0].update(within="other"),
        lambda kept: kept.facts["gates"].append(kept.facts["gates"][0]),
    ],
)
def test_spoilt_gates_are_left_out_and_said(session, spoil):
    session.gates.add("mine", cells=flags(0, 6))
    kept = session.keeping.keep()
    part = replace(kept["gates"], arrays=dict(kept["gates"].arrays))
    spoil(part)
    session.gates.delete(["mine"])
    (line,) = session.keeping.restore({**kept, "gates": part})
    assert line.startswith("The gates of this session: ")
    assert session.gates.all == ()


def test_a_result_brings_its_gates_along(session):
    worked(session)
    other = Session()
    other.set_image(Image.from_array(np.zeros((2, SIDE, SIDE)), ("DNA", "RNA"), 0.5, name="a"))
    cells = list(session.labels.by_image.values())
    table = session.result.current.all_rows.copy()
    ids = {each.image_name: each.id for each in cells}
    other.set_result(EmbeddingResult(table, ids, None, "", 0, True), cells)
    assert other.gates.all == session.gates.all
    assert held(other, "both") == {("b", 4)}


def test_mistakes_are_one_line_and_change_nothing(session):
    worked(session)
    before = snapshot(session)
    gates = session.gates
    for call, line in (
        (lambda: gates.add("mine", cells=flags(0)), "There is a gate “mine” already"),
        (lambda: gates.add("x", cells=flags(0, n=3)), "3 flags for 8 cells"),
        (lambda: gates.add("x", Interval("nothing")), "has no numbers 'nothing'"),
        (lambda: gates.add("x", Filter("size_um2 >")), ""),
        (lambda: gates.rename("mine", "  "), "cannot name a gate"),
        (lambda: gates.set_rule("mine", Combination(Operator.NOT, ("both",))), "depends on itself"),
    ):
        with pytest.raises(InputError) as refused:
            call()
        assert line in str(refused.value)
        assert snapshot(session) == before
    with pytest.raises(InputError, match="embed them first"):
        Session().gates.add("x", cells=flags(0))


def test_who_listens_is_told_which_columns_are_others(session):
    gates, heard = session.gates, []

    def told(act):
        heard.clear()
        act()
        columns = [change.columns for change in heard if change.part is Part.ANNOTATION]
        return [set(each) for each in columns]

    session.changed.connect(heard.append)
    of_gates = {"gates", "gate_large"}
    assert told(lambda: gates.add("large", Interval("size_um2", 30.0))) == [of_gates]
    assert told(lambda: gates.recolour("large", "#102030")) == [of_gates]
    both = {*of_gates, "gate_small"}
    assert told(lambda: gates.rename("large", "small")) == [both]
    assert told(session.history.undo) == [both]
    assert told(lambda: gates.open("large")) == []
    names = session.result.current.all_rows.obs_names
    other = pd.Series(1.0, index=names, name="other")
    assert told(lambda: session.result.add_column(other)) == [{"other"}]
    assert all(change.part is not Part.GATES for change in heard)
    # A gate that follows a column is told of before the column is.
    assert told(lambda: size(session, np.arange(8) * 5.0)) == [of_gates, {"size_um2"}]
    assert told(lambda: size(session, np.arange(8) * 5.0)) == [{"size_um2"}]
    gates.add("all", cells=np.ones(8, bool))
    assert told(lambda: gates.move("all", 0)) == [{"gates", "gate_large", "gate_all"}]
    assert told(lambda: gates.delete(["large"])) == [of_gates]
    heard.clear()
    session.result.flag(session.result.quality)
    assert all(change.touches("gate_all", "anything") for change in heard)
