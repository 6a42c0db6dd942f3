"""Gates as columns of a result: one of true and false for each, and how they were made."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_c3r.core.errors import InputError
from napari_c3r.core.gates.gate import Gate, fitting_name, free_colour, gate_masks, in_order
from napari_c3r.core.gates.rules import Chosen, Mask, Rule
from napari_c3r.core.table.result import GATES, KEY
from napari_c3r.core.table.titles import GATE

if TYPE_CHECKING:
    from anndata import AnnData


def column_of(name: str) -> str:
    """The column of a gate."""
    return f"{GATE}{name}"


def add_gate(
    table: AnnData,
    name: str,
    rule: Rule | Sequence[bool] | Mask,
    *,
    within: str | None = None,
    colour: str | None = None,
    cells: Sequence[bool] | Mask | None = None,
) -> AnnData:
    """Add a gate to a result: the column ``gate_<name>`` of true and false.

    Parameters
    ----------
    table
        Result of :func:`napari_c3r.embed`; changed in place.
    name
        What to call it; no gate of the table has that name.
    rule
        How its cells are chosen: an `Interval` of a column, a `Polygon` in two of them, a `Filter`
        in words, or a `Combination` of gates; or the cells themselves, bool (cells,).
    within
        The gate whose cells alone are chosen from.
    colour
        ``"#rrggbb"``, by default one that is free.
    cells
        The cells, bool (cells,), where a rule that is given says only how they were chosen.

    Returns
    -------
    AnnData
        The same object. ``uns["napari_c3r"]["gates"]`` says how the gate was made.

    Raises
    ------
    InputError
        The name is taken, or the cells cannot be found.
    """
    before = gates_of(table)
    name = fitting_name(name, [gate.name for gate in before])
    given = cells if isinstance(rule, Rule) else rule
    chosen = None if given is None else np.asarray(given, bool)
    made = Gate(
        name,
        rule if isinstance(rule, Rule) else Chosen(),
        colour or free_colour(before),
        within,
    )
    gates, known = [*before, made], _masks_in(table, before)
    if chosen is not None:
        known[name] = chosen
    return write_gates(table, gates, gate_masks(table, gates, known))


def apply_gates(table: AnnData, gates: Sequence[Gate]) -> AnnData:
    """Find the cells of gates that were made on another result, by their rules.

    Parameters
    ----------
    table
        Changed in place; gates that it has are replaced.
    gates
        As :func:`gates_of` gives them.

    Returns
    -------
    AnnData
        The same object.

    Raises
    ------
    InputError
        Cells of a gate were chosen by hand, or the table lacks a column that one asks for.
    """
    return write_gates(table, gates, gate_masks(table, gates))


def write_gates(table: AnnData, gates: Sequence[Gate], masks: Mapping[str, Mask]) -> AnnData:
    """Have a result hold these gates and no others.

    Parameters
    ----------
    table
        Changed in place.
    gates
        In their order.
    masks
        Their cells by name, bool (cells,).

    Returns
    -------
    AnnData
        The same object.
    """
    wanted = {column_of(gate.name): masks[gate.name] for gate in gates}
    known = {*wanted, *(column_of(gate.name) for gate in gates_of(table))}
    there = [str(name) for name in table.obs if name in known]
    stay = [name for name in there if name in wanted]
    is_ordered = stay == list(wanted)[: len(stay)]
    for name in there:
        if not is_ordered or name not in wanted:
            del table.obs[name]
    for column, mask in wanted.items():
        if column not in table.obs or not np.array_equal(table.obs[column], mask):
            table.obs[column] = mask
    facts = {name: part for name, part in table.uns.get(KEY, {}).items() if name != GATES}
    if gates:
        facts[GATES] = _described(table, gates, masks)
    table.uns[KEY] = facts
    return table


def gates_of(table: AnnData) -> list[Gate]:
    """The gates that a result says it has, in their order.

    Raises
    ------
    InputError
        What it says cannot be read.
    """
    facts = table.uns.get(KEY, {}).get(GATES)
    if not facts:
        return []
    try:
        gates = [Gate.from_dict(json.loads(text)) for text in facts["made"]]
    except (KeyError, TypeError, ValueError) as error:
        raise InputError("What the table says of its gates cannot be read") from error
    in_order(gates)
    return gates


def _masks_in(table: AnnData, gates: Sequence[Gate]) -> dict[str, Mask]:
    """The cells of gates by a table's columns."""
    return {
        gate.name: np.asarray(table.obs[column_of(gate.name)], bool)
        for gate in gates
        if column_of(gate.name) in table.obs
    }


def _described(table: AnnData, gates: Sequence[Gate], masks: Mapping[str, Mask]) -> dict[str, Any]:
    """What a file says of gates: for a person in words, for a program as JSON."""
    return {
        "name": [gate.name for gate in gates],
        "how": [gate.rule.words(table) for gate in gates],
        "cells": [int(masks[gate.name].sum()) for gate in gates],
        "made": [json.dumps(gate.to_dict()) for gate in gates],
    }
