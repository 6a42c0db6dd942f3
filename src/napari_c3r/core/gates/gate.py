"""Gates: named sets of cells that may overlap, each with how its cells were chosen."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from napari_c3r.core.errors import InputError
from napari_c3r.core.figures.colours import OWN
from napari_c3r.core.gates.rules import Mask, Rule, rule_from_dict
from napari_c3r.core.text import readable, shortened

if TYPE_CHECKING:
    from anndata import AnnData

MAX_NAME = 60
"""Letters of a name."""


@dataclass(frozen=True)
class Gate:
    """A named set of cells.

    Attributes
    ----------
    name
        No other gate has it.
    rule
        How its cells are chosen.
    colour
        ``"#rrggbb"``.
    within
        The gate whose cells alone are chosen from, None for all cells.
    """

    name: str
    rule: Rule
    colour: str = OWN[0]
    within: str | None = None

    @property
    def needs(self) -> tuple[str, ...]:
        """The names of the gates that it depends on."""
        within = () if self.within is None else (self.within,)
        return (*self.rule.of, *within)

    def renamed(self, old: str, new: str) -> Gate:
        """The same after a gate, it or one that it depends on, got another name."""
        return replace(
            self,
            name=new if self.name == old else self.name,
            rule=self.rule.renamed(old, new),
            within=new if self.within == old else self.within,
        )

    def to_dict(self) -> dict[str, Any]:
        """Plain values, as JSON has them."""
        return {
            "name": self.name,
            "colour": self.colour,
            "within": self.within,
            "rule": self.rule.to_dict(),
        }

    @classmethod
    def from_dict(cls, content: Mapping[str, Any]) -> Gate:
        """Undo `to_dict`.

        Raises
        ------
        InputError
            It describes no gate.
        """
        try:
            within = content["within"]
            return cls(
                str(content["name"]),
                rule_from_dict(content["rule"]),
                _require_colour(content["colour"]),
                None if within is None else str(within),
            )
        except (KeyError, TypeError) as error:
            raise InputError(f"{shortened(content)} describes no gate") from error


def fitting_name(name: str, taken: Iterable[str], before: str = "") -> str:
    """A name without the spaces around it, if a gate can have it.

    Parameters
    ----------
    name
        As it was written.
    taken
        Names of all gates.
    before
        The name that the gate has had until now.

    Raises
    ------
    InputError
        It is empty, too long, or another gate's.
    """
    fit = name.strip()
    if not fit or len(fit) > MAX_NAME or readable(fit) != fit:
        told = f"{shortened(name)} cannot name a gate"
        raise InputError(f"{told}: give 1 to {MAX_NAME} letters, digits or signs")
    if fit != before and fit in taken:
        raise InputError(f"There is a gate “{fit}” already; choose another name")
    return fit


def free_name(wish: str, taken: Iterable[str]) -> str:
    """A name that no gate has: the wish, or the wish with a number."""
    known, wish = set(taken), wish[: MAX_NAME - 4]
    numbers = (f"{wish} {number}" for number in range(2, len(known) + 3))
    return wish if wish not in known else next(name for name in numbers if name not in known)


def free_colour(gates: Sequence[Gate]) -> str:
    """The colour that fewest gates have, the first of them."""
    used = [gate.colour for gate in gates]
    return min(OWN, key=used.count)


def in_order(gates: Sequence[Gate]) -> list[Gate]:
    """Gates so that each comes after those that it depends on.

    Raises
    ------
    InputError
        One depends on itself, or on a gate that is not there.
    """
    by_name = {gate.name: gate for gate in gates}
    ordered: dict[str, Gate] = {}

    def take(gate: Gate, path: tuple[str, ...]) -> None:
        if gate.name in path:
            raise InputError(f"The gate “{gate.name}” depends on itself")
        for name in gate.needs:
            if name not in by_name:
                raise InputError(f"The gate “{gate.name}” is made of “{name}”, which is not there")
            if name not in ordered:
                take(by_name[name], (*path, gate.name))
        ordered[gate.name] = gate

    for gate in gates:
        take(gate, ())
    return list(ordered.values())


def gate_masks(
    table: AnnData, gates: Sequence[Gate], known: Mapping[str, Mask] | None = None
) -> dict[str, Mask]:
    """The cells of gates in a table.

    Parameters
    ----------
    table
        A result.
    gates
        Each after those that it depends on or not; all of these are to be among them.
    known
        Cells of gates by name that are not to be found anew, such as those chosen by hand; cells
        outside of the gate that one is within are left out.

    Returns
    -------
    dict
        bool (cells,) by name, in the order of `gates`.

    Raises
    ------
    InputError
        A gate's cells cannot be found in this table, and why.
    """
    found: dict[str, Mask] = {}
    for gate in in_order(gates):
        try:
            given = None if known is None else known.get(gate.name)
            mask = gate.rule.mask(table, found) if given is None else np.asarray(given, bool)
        except InputError as error:
            raise InputError(f"The gate “{gate.name}”: {error}") from error
        if mask.shape != (len(table),):
            raise InputError(
                f"{len(mask)} flags for {len(table)} cells in the gate “{gate.name}”: give one "
                "for each cell"
            )
        found[gate.name] = mask if gate.within is None else mask & found[gate.within]
    return {gate.name: found[gate.name] for gate in gates}


class Settled(NamedTuple):
    """The cells of gates in a table.

    Attributes
    ----------
    chosen
        What each rule chooses, bool (cells,) by name.
    masks
        The same without those outside of the gate that one is within: the gate's cells.
    problems
        Why a rule could not be asked again, by name; its cells are then those of before.
    """

    chosen: dict[str, Mask]
    masks: dict[str, Mask]
    problems: dict[str, str]


def settle(
    table: AnnData,
    gates: Sequence[Gate],
    chosen: Mapping[str, Mask],
    masks: Mapping[str, Mask],
    again: Collection[str],
) -> Settled:
    """The cells of gates after some of them, or something of their table, changed.

    Parameters
    ----------
    table
        A result.
    gates
        All of them.
    chosen, masks
        As they were, of every gate that is not new; `masks` only where the rows are the same.
    again
        The gates to find anew where their rules can, and with them those that depend on them.

    Raises
    ------
    InputError
        The cells of a new gate cannot be found.
    """
    found = Settled(dict(chosen), {}, {})
    stale = set(again)
    for gate in in_order(gates):
        name = gate.name
        if name in masks and name not in stale and not stale & set(gate.needs):
            found.masks[name] = masks[name]
            continue
        if name not in found.chosen or (
            gate.rule.follows(table) and (name in again or stale & set(gate.rule.of))
        ):
            try:
                found.chosen[name] = gate.rule.mask(table, found.masks)
            except InputError as error:
                if name not in found.chosen:
                    raise
                found.problems[name] = str(error)
        here = found.chosen[name]
        found.masks[name] = here if gate.within is None else here & found.masks[gate.within]
        stale.add(name)
    return found


def _require_colour(colour: Any) -> str:
    text = str(colour)
    try:
        bytes.fromhex(text.removeprefix("#"))
    except ValueError:
        text = ""
    if len(text) != 7 or not text.startswith("#"):
        raise InputError(f"{shortened(colour)} is no colour; give one as '#rrggbb'")
    return text
