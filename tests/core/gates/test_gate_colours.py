"""Colours by gates: those in several are told apart, those within count for the inner one."""

from __future__ import annotations

import numpy as np

from napari_c3r.core.gates import (
    Chosen,
    Combination,
    Gate,
    Operator,
    coloured_by_gate,
    coloured_by_gates,
    gate_masks,
)
from napari_c3r.core.gates.colours import MOST


def names_of(colours):
    return [colours.names[code] if code >= 0 else colours.rest for code in colours.codes]


def test_what_gates_share_has_a_category_of_its_own():
    gates = [Gate("a", Chosen(), "#ff0000"), Gate("b", Chosen(), "#0000ff"), Gate("c", Chosen())]
    masks = {
        "a": np.array([1, 1, 0, 0, 1], bool),
        "b": np.array([0, 1, 1, 0, 1], bool),
        "c": np.zeros(5, bool),
    }
    colours = coloured_by_gates(gates, masks, 5)
    assert names_of(colours) == ["a", "a + b", "b", "in no gate", "a + b"]
    assert colours.palette[:2] == ("#ff0000", "#0000ff")
    # Half the light of each.
    assert colours.palette[2] == "#ba00ba"
    one = coloured_by_gate(gates[0], masks["a"])
    assert names_of(one) == ["a", "a", "not in a", "not in a", "a"]


def test_a_cell_counts_for_the_inner_gate():
    gates = [
        Gate("inner", Chosen(), within="middle"),
        Gate("middle", Chosen(), within="outer"),
        Gate("outer", Chosen()),
        Gate("else", Chosen()),
    ]
    masks = {
        "inner": np.array([1, 0, 0, 1], bool),
        "middle": np.array([1, 1, 0, 1], bool),
        "outer": np.array([1, 1, 1, 1], bool),
        "else": np.array([0, 0, 0, 1], bool),
    }
    assert names_of(coloured_by_gates(gates, masks, 4)) == [
        "inner",
        "middle",
        "outer",
        "inner + else",
    ]


def test_a_combination_lies_in_its_gates_or_around_them():
    a, b = Gate("a", Chosen()), Gate("b", Chosen())
    gates = [
        a,
        b,
        Gate("both", Combination(Operator.AND, ("a", "b"))),
        Gate("only a", Combination(Operator.AND_NOT, ("a", "b"))),
        Gate("any", Combination(Operator.OR, ("a", "b"))),
        Gate("none", Combination(Operator.NOT, ("any",))),
    ]
    table = np.zeros(4)
    known = {"a": np.array([1, 1, 0, 0], bool), "b": np.array([1, 0, 1, 0], bool)}
    masks = gate_masks(table, gates, known)
    assert names_of(coloured_by_gates(gates, masks, 4)) == ["both", "only a", "b", "none"]


def test_of_many_overlaps_the_largest_are_told_apart():
    rng = np.random.default_rng(0)
    gates = [Gate(f"g{number}", Chosen()) for number in range(8)]
    masks = {gate.name: rng.random(5000) < 0.4 for gate in gates}
    colours = coloured_by_gates(gates, masks, 5000)
    assert len(colours.names) == len(colours.palette) == MOST
    assert colours.names[:8] == tuple(masks)
    assert colours.names[-1] == "several gates"
    for row in range(50):
        told = names_of(colours)[row]
        inside = [name for name in masks if masks[name][row]]
        assert told in (" + ".join(inside) or "in no gate", "several gates")
    counts = np.bincount(colours.codes[colours.codes >= 0])
    assert (np.diff(counts[8:-1]) <= 0).all()
    assert coloured_by_gates([], {}, 3).codes.tolist() == [-1] * 3
