"""Gates against numpy by hand; what a file says of them makes them again."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

import napari_c3r as c3r
from napari_c3r.core.errors import InputError
from napari_c3r.core.figures.axes import Scale
from napari_c3r.core.gates import (
    Chosen,
    Combination,
    DrawnAxis,
    Filter,
    Gate,
    Interval,
    Operator,
    Polygon,
    add_gate,
    apply_gates,
    fitting_name,
    free_name,
    gate_masks,
    gates_of,
    in_order,
    write_gates,
)
from napari_c3r.core.metadata import design_of
from napari_c3r.core.profiles.comparison import SHARES, Quantity, compare
from napari_c3r.core.profiles.sentences import title_of
from napari_c3r.core.profiles.wells import groupings, wells_of
from napari_c3r.core.table import KEY, join_results, make_result
from napari_c3r.core.table.titles import title

N = 200
RNG = np.random.default_rng(3)


@pytest.fixture
def table():
    rng = np.random.default_rng(1)
    obs = pd.DataFrame(
        {
            "image": np.repeat(["a", "b"], N // 2),
            "label": np.tile(np.arange(N // 2) * 3 + 1, 2),
            "y_px": rng.random(N),
            "x_px": rng.random(N),
            "area_um2": rng.lognormal(5, 1, N),
            "balance": rng.normal(0, 50, N),
            "well": np.where(np.arange(N) % 2, "A01", "B13"),
        }
    )
    obs.loc[[3, 30], "area_um2"] = np.nan, -4.0
    vectors = rng.normal(size=(N, 3)).astype(np.float32)
    made = make_result(obs, vectors, [("RNA", "cls")] * 3, {"map": {"seed": 0}})
    made.obsm["X_umap"] = rng.normal(size=(N, 2)).astype(np.float32)
    return made


def mask_of(table, rule):
    return gate_masks(table, [Gate("g", rule)])["g"]


def test_an_interval_holds_its_ends_and_no_missing_value(table):
    area = table.obs["area_um2"].to_numpy()
    low, high = np.sort(area[np.isfinite(area)])[[40, 90]]
    np.testing.assert_array_equal(
        mask_of(table, Interval("area_um2", low, high)), (area >= low) & (area <= high)
    )
    np.testing.assert_array_equal(mask_of(table, Interval("area_um2", low)), area >= low)
    np.testing.assert_array_equal(mask_of(table, Interval("area_um2", None, high)), area <= high)
    assert mask_of(table, Interval("area_um2", low, high)).sum() == 51
    assert not mask_of(table, Interval("area_um2"))[3]
    np.testing.assert_array_equal(mask_of(table, Interval("c3r_0001", 0.0)), table.X[:, 1] >= 0)


@pytest.mark.parametrize("scale", [Scale.LINEAR, Scale.LOG, Scale.SYMLOG])
def test_a_rectangle_is_two_intervals_on_any_scale(table, scale):
    x0, x1, y0, y1 = 60.0, 400.0, -30.0, 45.0
    corners = ((x0, y0), (x1, y0), (x1, y1), (x0, y1))
    drawn = Polygon(DrawnAxis("area_um2", scale, 10.0), DrawnAxis("balance"), corners)
    by_hand = mask_of(table, Interval("area_um2", x0, x1)) & mask_of(
        table, Interval("balance", y0, y1)
    )
    np.testing.assert_array_equal(mask_of(table, drawn), by_hand)
    assert by_hand.any()


def test_a_lasso_on_a_logarithmic_axis_has_straight_sides_there(table):
    triangle = ((10.0, -100.0), (1000.0, -100.0), (1000.0, 100.0))
    inside = mask_of(
        table, Polygon(DrawnAxis("area_um2", Scale.LOG), DrawnAxis("balance"), triangle)
    )
    x, y = table.obs["area_um2"].to_numpy(), table.obs["balance"].to_numpy()
    with np.errstate(invalid="ignore"):
        share = (np.log10(x) - 1) / 2
        by_hand = (share <= 1) & (y >= -100) & ((y + 100) / 200 <= share)
    np.testing.assert_array_equal(inside, by_hand)
    assert 0 < inside.sum() < N
    # Without a logarithm, and missing.
    assert not inside[[3, 30]].any()


def test_on_the_map_the_values_are_coordinates(table):
    low, high = (-1.0, -0.5), (0.5, 1.0)
    drawn = Polygon.rectangle("X_umap[0]", "X_umap[1]", low, high)
    places = table.obsm["X_umap"]
    by_hand = ((places >= low) & (places <= high)).all(axis=1)
    np.testing.assert_array_equal(mask_of(table, drawn), by_hand)
    assert not drawn.follows(table)
    assert Polygon.rectangle("area_um2", "balance", low, high).follows(table)


@pytest.mark.parametrize(
    ("operator", "by_hand"),
    [
        (Operator.AND, lambda a, b, c: a & b & c),
        (Operator.OR, lambda a, b, c: a | b | c),
        (Operator.NOT, lambda a, b, c: ~(a | b | c)),
        (Operator.AND_NOT, lambda a, b, c: a & ~b & ~c),
    ],
)
def test_the_algebra_of_gates_is_that_of_sets(table, operator, by_hand):
    a, b, c = RNG.random((3, N)) < 0.5
    gates = [Gate(name, Chosen()) for name in "abc"]
    both = Gate("all", Combination(operator, ("a", "b", "c")))
    masks = gate_masks(table, [both, *gates], {"a": a, "b": b, "c": c})
    assert list(masks) == ["all", "a", "b", "c"]
    np.testing.assert_array_equal(masks["all"], by_hand(a, b, c))


def test_a_gate_within_another_holds_none_but_its_cells(table):
    outer = Gate("outer", Interval("balance", 0.0))
    inner = Gate("inner", Interval("area_um2", 100.0), within="outer")
    none = Gate("none", Combination(Operator.NOT, ("inner",)), within="outer")
    hand = Gate("hand", Chosen(), within="none")
    known = {"hand": np.ones(N, bool)}
    masks = gate_masks(table, [hand, none, inner, outer], known)
    inside = (table.obs["balance"] >= 0).to_numpy()
    large = (table.obs["area_um2"] >= 100).to_numpy()
    np.testing.assert_array_equal(masks["inner"], inside & large)
    np.testing.assert_array_equal(masks["none"], inside & ~large)
    np.testing.assert_array_equal(masks["hand"], inside & ~large)


RULES = [
    Chosen("chosen by a lasso"),
    Interval("area_um2", 100.0, None),
    Polygon(DrawnAxis("area_um2", Scale.LOG), DrawnAxis("balance", Scale.SYMLOG, 10.0),
            ((60.0, -3.5), (400.0, 0.0), (80.0, 30.0))),
    Filter("area_um2 > 500 and well = B13"),
    Combination(Operator.AND_NOT, ("a", "b")),
    # As a map and a column have them.
    Interval("area_um2", np.float32(100.5), np.int64(900)),
    Polygon.rectangle("X_umap[0]", "X_umap[1]", *np.float32([[-1, 0], [1, 2]])),
]  # fmt: skip


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.kind)
def test_a_gate_comes_back_from_json(rule):
    gate = Gate("µ “x”/1", rule, "#a1b2c3", "outer")
    assert Gate.from_dict(json.loads(json.dumps(gate.to_dict()))) == gate


@pytest.mark.parametrize(
    "spoilt",
    [
        {},
        {"name": "g"},
        {"rule": {"kind": "magic"}},
        {"rule": {"kind": "interval", "name": "x", "low": "much", "high": None}},
        {"rule": {"kind": "polygon", "x": {"name": "a"}, "y": None, "corners": []}},
        {"rule": {"kind": "polygon", "x": {"name": "a"}, "y": {"name": "b"}, "corners": [[1]]}},
        {"rule": {"kind": "combination", "operator": "xor", "names": []}},
        {"rule": {"kind": "chosen", "other": 1}},
        {"rule": 3},
        {"colour": "red"},
        {"colour": 7},
    ],
)
def test_what_describes_no_gate_is_one_line(spoilt):
    sound = Gate("g", Chosen()).to_dict()
    with pytest.raises(InputError) as refused:
        Gate.from_dict({**sound, **spoilt} if len(spoilt) == 1 and "name" not in spoilt else spoilt)
    assert str(refused.value).isprintable()


@pytest.mark.parametrize("suffix", [".csv", ".parquet", ".h5ad"])
def test_gates_are_a_column_each_in_every_format(table, tmp_path, suffix):
    add_gate(table, "large/odd", Interval("area_um2", 100.0), colour="#80e040")
    add_gate(table, "mine", RNG.random(N) < 0.3, within="large/odd")
    add_gate(table, "rest", Combination(Operator.NOT, ("mine",)))
    again = c3r.read(c3r.write(table, tmp_path / f"cells{suffix}"))
    assert gates_of(again) == gates_of(table)
    for name in ("large/odd", "mine", "rest"):
        column = again.obs[f"gate_{name}"]
        assert column.dtype == bool
        np.testing.assert_array_equal(column, table.obs[f"gate_{name}"])
    facts = again.uns[KEY]["gates"]
    assert facts["name"] == ["large/odd", "mine", "rest"]
    assert facts["how"] == ["Area (µm²) ≥ 100", "Chosen by hand", "Not “mine”"]
    assert facts["cells"][1] == int(table.obs["gate_mine"].sum())


def test_gates_of_one_table_find_their_cells_in_another(table):
    other = table[::-1].copy()
    add_gate(table, "large", Interval("area_um2", 100.0))
    add_gate(
        table, "up", Polygon.rectangle("balance", "area_um2", (0, 50), (90, 900)), within="large"
    )
    apply_gates(other, gates_of(table))
    for name in ("gate_large", "gate_up"):
        np.testing.assert_array_equal(other.obs[name], table.obs[name][::-1])
    add_gate(table, "mine", np.arange(N) < 4)
    with pytest.raises(InputError, match=r"“mine”: The cells of this gate were chosen by hand"):
        apply_gates(other, gates_of(table))
    # What was refused has changed nothing.
    assert len(gates_of(other)) == 2
    write_gates(table, [], {})
    assert not [name for name in table.obs if name.startswith("gate_")]
    assert "gates" not in table.uns[KEY]


def test_a_gate_says_how_cells_were_chosen_that_are_given(table):
    picked = np.arange(len(table)) % 7 == 0
    add_gate(table, "picked", Chosen("chosen by: a lasso"), cells=picked)
    np.testing.assert_array_equal(table.obs["gate_picked"], picked)
    assert next(gate for gate in gates_of(table) if gate.name == "picked").rule.how.endswith(
        "lasso"
    )


def test_a_column_of_a_gate_is_told_as_it_is_called():
    assert title("gate_my_cells x") == "Gate “my_cells x”"


@pytest.mark.parametrize(
    ("call", "line"),
    [
        (lambda t: add_gate(t, " ", Interval("balance")), "cannot name a gate: give 1 to 60"),
        (lambda t: add_gate(t, "a\nb", Interval("balance")), "cannot name a gate"),
        (lambda t: add_gate(t, "x" * 61, Interval("balance")), "cannot name a gate"),
        (lambda t: add_gate(t, "odd ", Interval("balance")), "There is a gate “odd” already"),
        (lambda t: add_gate(t, "g", Interval("wellness")), "“g”: The table has no numbers"),
        (lambda t: add_gate(t, "g", Interval("well")), "column of text"),
        (lambda t: add_gate(t, "g", [True, False]), "2 flags for 200 cells in the gate “g”"),
        (lambda t: add_gate(t, "g", Interval("balance"), within="no"), "“no”, which is not there"),
        (lambda t: add_gate(t, "g", Combination(Operator.AND, ("odd",))), "'and' of 1 gates"),
        (
            lambda t: add_gate(t, "g", Polygon(DrawnAxis("balance"), DrawnAxis("x_px"), ((0, 1),))),
            "encloses nothing",
        ),
        (
            lambda t: add_gate(
                t,
                "g",
                Polygon(
                    DrawnAxis("balance", Scale.LOG), DrawnAxis("x_px"), ((-1, 0), (1, 0), (1, 1))
                ),
            ),
            "numbers that its axes can show",
        ),
    ],
)
def test_what_is_wrong_is_one_line_and_changes_nothing(table, call, line):
    add_gate(table, "odd", np.arange(N) % 2 > 0)
    before = list(table.obs)
    with pytest.raises(InputError, match=line):
        call(table)
    assert list(table.obs) == before
    assert len(gates_of(table)) == 1


def test_gates_that_depend_on_themselves_are_refused():
    a = Gate("a", Combination(Operator.NOT, ("b",)))
    b = Gate("b", Chosen(), within="a")
    with pytest.raises(InputError, match="depends on itself"):
        in_order([a, b])


def test_names_are_told_apart():
    assert free_name("gate", ["gate", "gate 2"]) == "gate 3"
    assert free_name("gate", []) == "gate"
    assert fitting_name(" same ", ["same"], "same") == "same"
    renamed = Gate("x", Combination(Operator.OR, ("a", "b")), within="a").renamed("a", "new")
    assert (renamed.rule.of, renamed.within, renamed.name) == (("new", "b"), "new", "x")


def test_the_share_of_a_gate_in_each_well_is_a_quantity_to_compare(table):
    table.obs["plate"] = "p1"
    add_gate(table, "up", Interval("balance", 0.0))
    wells, design = wells_of(table), design_of(table)
    quantity = Quantity(SHARES, "gate_up")
    found = compare(table, wells, quantity, groupings(wells, design)[0], design)
    assert list(found.values.columns) == ["True"]
    by_hand = table.obs.groupby("well")["gate_up"].mean()
    np.testing.assert_allclose(found.values["True"], by_hand[wells.table["well"]])
    assert title_of(found, "True") == "gate “up”"


def test_joined_results_say_of_gates_what_is_so_in_all_of_them(table):
    facts = {"roles": {"RNA": "concept"}, "encoder": {}, "concept_mode": "set", "readout": "cls"}
    a = table[table.obs["image"] == "a"].copy()
    b = table[table.obs["image"] == "b"].copy()
    for part in (a, b):
        part.uns[KEY] = dict(facts)
        add_gate(part, "up", Interval("balance", 0.0))
    joined = join_results([a, b])
    assert gates_of(joined) == gates_of(a)
    assert joined.uns[KEY]["gates"]["cells"] == [int(joined.obs["gate_up"].sum())]
    add_gate(b, "other", Interval("balance", 5.0))
    assert gates_of(join_results([a, b])) == []
