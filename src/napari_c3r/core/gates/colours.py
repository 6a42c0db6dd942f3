"""Colours of cells by the gates that they are in, those in several told apart."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import reduce
from typing import Final

import numpy as np
from numpy.typing import NDArray

from napari_c3r.core.figures.colouring import Categories
from napari_c3r.core.figures.colours import rgb
from napari_c3r.core.gates.gate import Gate
from napari_c3r.core.gates.rules import Combination, Mask, Operator

ALL_GATES: Final = "gates"
"""What a view is coloured by, in place of a column, to see all gates at once."""

MOST: Final = 24
"""Categories that are told apart."""

MOST_GATES: Final = 62
"""Gates, the first in the list, that colours go by."""

SEVERAL: Final = "several gates"
_SEVERAL_COLOUR: Final = "#a09060"
_NONE: Final = "in no gate"
# Of light, from what a colour is written as (sRGB, without its linear part near black).
_GAMMA: Final = 2.2


def coloured_by_gates(gates: Sequence[Gate], masks: Mapping[str, Mask], count: int) -> Categories:
    """A category for the cells of each gate, and one for each set of gates that share cells.

    A cell that is in a gate and in one that lies in it, as it is within it or combined of it,
    counts for the inner one. What several others share has their mixed colour; of many such sets
    the largest are told apart.

    Parameters
    ----------
    gates
        In the order of the list.
    masks
        Their cells, bool (cells,) by name.
    count
        How many cells there are.
    """
    shown = list(gates)[:MOST_GATES]
    bits = {gate.name: 1 << place for place, gate in enumerate(shown)}
    patterns = np.zeros(count, np.int64)
    for gate in shown:
        patterns |= masks[gate.name].astype(np.int64) * bits[gate.name]
    patterns = _without_outer(shown, bits, patterns)
    codes, found = _factorised(patterns)
    sizes = np.bincount(codes, minlength=len(found))
    names = {bit: name for name, bit in bits.items()}
    colours = {gate.name: gate.colour for gate in shown}
    present = set(found.tolist())
    alone = [bit for bit in bits.values() if bit in present]
    shared = [
        int(found[place])
        for place in np.argsort(-sizes, kind="stable")
        if found[place] and int(found[place]) not in bits.values()
    ]
    room = max(MOST - len(alone) - 1, 1)
    told = [*alone, *(shared if len(shared) <= room + 1 else shared[:room])]
    place_of = {pattern: place for place, pattern in enumerate(told)}
    rest = len(told)
    lookup = np.array(
        [-1 if not each else place_of.get(int(each), rest) for each in found], np.intp
    )
    parts = [[names[bit] for bit in names if pattern & bit] for pattern in told]
    labels = [" + ".join(part) for part in parts]
    palette = [_mixed([colours[name] for name in part]) for part in parts]
    if (lookup == rest).any():
        labels.append(SEVERAL)
        palette.append(_SEVERAL_COLOUR)
    return Categories(lookup[codes], tuple(labels), _NONE, tuple(palette) or ("#808080",))


def coloured_by_gate(gate: Gate, mask: Mask) -> Categories:
    """The cells of one gate in its colour, all others grey."""
    codes = np.where(mask, 0, -1).astype(np.intp)
    return Categories(codes, (gate.name,), f"not in {gate.name}", (gate.colour,))


def _without_outer(
    gates: Sequence[Gate], bits: Mapping[str, int], patterns: NDArray[np.int64]
) -> NDArray[np.int64]:
    """Patterns of which a gate is gone where one that lies in it is there."""
    around = {gate.name: _around(gate) for gate in gates}
    for gate in gates:
        if isinstance(gate.rule, Combination) and gate.rule.operator is Operator.OR:
            for name in gate.rule.names:
                around.setdefault(name, set()).add(gate.name)
    for gate in gates:
        outer, waiting = set[str](), list(around[gate.name])
        while waiting:
            name = waiting.pop()
            if name not in outer and name != gate.name:
                outer.add(name)
                waiting += around.get(name, ())
        hidden = sum(bits[name] for name in outer if name in bits)
        if hidden:
            patterns = np.where(patterns & bits[gate.name], patterns & ~hidden, patterns)
    return patterns


def _around(gate: Gate) -> set[str]:
    """The gates that all of its cells are in."""
    found = set() if gate.within is None else {gate.within}
    if isinstance(gate.rule, Combination):
        match gate.rule.operator:
            case Operator.AND:
                found.update(gate.rule.names)
            case Operator.AND_NOT:
                found.add(gate.rule.names[0])
    return found


def _factorised(patterns: NDArray[np.int64]) -> tuple[NDArray[np.intp], NDArray[np.int64]]:
    import pandas as pd

    codes, found = pd.factorize(patterns)
    return codes, np.asarray(found, np.int64)


def _mixed(colours: Sequence[str]) -> str:
    """The mean of colours, as of their lights."""
    light = reduce(np.add, [(rgb(colour) / 255) ** _GAMMA for colour in colours]) / len(colours)
    mean = np.round(light ** (1 / _GAMMA) * 255).astype(np.uint8)
    return "#" + mean.tobytes().hex()
