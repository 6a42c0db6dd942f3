"""All gates of a session at one time, and what they are after one thing was done to them."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_c3r.core.errors import InputError
from napari_c3r.core.gates import ALL_GATES, Chosen, Gate, column_of, gates_of, settle
from napari_c3r.core.gates.rules import Mask
from napari_c3r.session.gate_cells import GateCells

if TYPE_CHECKING:
    from anndata import AnnData


@dataclass(frozen=True, eq=False)
class GateState:
    """All gates at one time; it never changes.

    Attributes
    ----------
    gates
        In their order.
    chosen
        What each rule chooses, by name.
    masks
        The cells of each among all rows of the result, bool (rows,) by name.
    opened
        The gate whose cells alone are shown on the map; None shows all.
    as_names
        The gates whose cells are examples of a kind that is called as the gate.
    """

    gates: tuple[Gate, ...] = ()
    chosen: Mapping[str, GateCells] = field(default_factory=dict)
    masks: Mapping[str, Mask] = field(default_factory=dict)
    opened: str | None = None
    as_names: frozenset[str] = frozenset()

    @property
    def names(self) -> list[str]:
        """The names of all gates."""
        return [gate.name for gate in self.gates]

    @property
    def example_columns(self) -> tuple[str, ...]:
        """The columns of the gates that names are learned from, in their order."""
        return tuple(column_of(gate.name) for gate in self.gates if gate.name in self.as_names)

    @property
    def n_bytes(self) -> int:
        """Memory that its cells take."""
        return sum(each.mask.nbytes for each in self.chosen.values())

    def other_columns(self, before: GateState) -> frozenset[str]:
        """The columns, and what all gates colour, that are not as they were; none where all are."""
        now, then = ({gate.name: gate.colour for gate in each.gates} for each in (self, before))
        both = [name for name in now if name in then]
        other = now.keys() ^ then.keys()
        if both != [name for name in then if name in now]:
            other |= set(both)
        for name in both:
            mask, was = self.masks.get(name), before.masks.get(name)
            same = mask is was or not (mask is None or was is None or (mask != was).any())
            if now[name] != then[name] or not same:
                other.add(name)
        return frozenset({ALL_GATES, *map(column_of, other)} if other else ())

    def settled(
        self, table: AnnData, again: Collection[str], *, rows_changed: bool = False
    ) -> tuple[GateState, dict[str, str]]:
        """The same with the cells of some gates found anew, and why some could not be."""
        chosen = {name: each.mask for name, each in self.chosen.items()}
        masks = {} if rows_changed else self.masks
        found = settle(table, self.gates, chosen, masks, again)
        known = {
            name: GateCells(mask, self.chosen[name].absent if name in self.chosen else ())
            for name, mask in found.chosen.items()
        }
        return replace(self, chosen=known, masks=found.masks), found.problems

    def with_gate(self, table: AnnData, gate: Gate, cells: Mask | None) -> GateState:
        """One gate more, or another in the place of one of its name.

        Parameters
        ----------
        table
            All rows.
        gate
            The gate.
        cells
            Its cells, bool (rows,), where they are known; None: the rule tells.
        """
        gates = (
            tuple(gate if each.name == gate.name else each for each in self.gates)
            if gate.name in self.names
            else (*self.gates, gate)
        )
        chosen = {name: each for name, each in self.chosen.items() if name != gate.name}
        masks = {name: each for name, each in self.masks.items() if name != gate.name}
        if cells is not None:
            chosen[gate.name] = GateCells(cells)
        new = replace(self, gates=gates, chosen=chosen, masks=masks)
        return new.settled(table, ())[0]

    def renamed(self, old: str, new: str) -> GateState:
        """A gate is called otherwise."""

        def keyed(parts: Mapping[str, Any]) -> dict[str, Any]:
            return {new if name == old else name: part for name, part in parts.items()}

        gates = tuple(gate.renamed(old, new) for gate in self.gates)
        opened = new if self.opened == old else self.opened
        as_names = frozenset(new if name == old else name for name in self.as_names)
        return GateState(gates, keyed(self.chosen), keyed(self.masks), opened, as_names)

    def without(self, table: AnnData, names: Collection[str]) -> GateState:
        """Some gates are gone; those made of them hold the cells that they held."""
        gone, outer = set(names), {gate.name: gate.within for gate in self.gates}

        def left(within: str | None) -> str | None:
            while within in gone:
                within = outer[within] if within else None
            return within

        gates, chosen = [], {}
        for gate in self.gates:
            if gate.name in gone:
                continue
            if gone & set(gate.needs):
                cells = replace(self.chosen[gate.name], mask=self.masks[gate.name])
                rule = gate.rule
                if not isinstance(rule, Chosen):
                    rule = Chosen(f"chosen by: {rule.words(table)}")
                gate = replace(gate, rule=rule, within=left(gate.within))
            else:
                cells = self.chosen[gate.name]
            gates.append(gate)
            chosen[gate.name] = cells
        masks = {gate.name: self.masks[gate.name] for gate in gates}
        return GateState(tuple(gates), chosen, masks, left(self.opened), self.as_names - gone)


def brought_along(table: AnnData) -> GateState:
    """The gates that a result has already."""
    try:
        gates = tuple(gates_of(table))
    except InputError:
        return GateState()
    masks = {
        gate.name: np.asarray(table.obs[column_of(gate.name)], bool)
        for gate in gates
        if column_of(gate.name) in table.obs
    }
    if len(masks) < len(gates):
        return GateState()
    return GateState(gates, {name: GateCells(mask) for name, mask in masks.items()}, masks)
