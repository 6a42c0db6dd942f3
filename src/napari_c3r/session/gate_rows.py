"""What a list of gates says, and what the selection would be called as one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from napari_c3r.core.gates import free_name
from napari_c3r.session.words import counted_cells, whole_cluster

if TYPE_CHECKING:
    from napari_c3r.session.session import Session

NO_RESULT = "No cells embedded yet; gates are sets of cells."
NO_GATES = (
    "No gates yet. Select cells, with the lasso for example, and press G; or set a threshold on "
    "a column."
)
NO_SELECTION = "No cells are selected; select the cells to gate"


@dataclass(frozen=True)
class GateRow:
    """One line of the list.

    Attributes
    ----------
    name, colour
        Of the gate.
    within
        The gate that it is shown under.
    count, selected
        Its cells, and those of them that are selected.
    words
        How its cells are chosen.
    """

    name: str
    colour: str
    within: str | None
    count: int
    selected: int
    words: str


def gate_rows(session: Session) -> list[GateRow]:
    """The gates in their order."""
    gates, selection = session.gates, session.selection.mask
    rows = []
    for gate in gates.all:
        mask = gates.mask(gate.name)
        fits = len(mask) == len(selection)
        selected = int(np.count_nonzero(mask & selection)) if fits else 0
        count = int(np.count_nonzero(mask))
        words = gates.words(gate.name)
        rows.append(GateRow(gate.name, gate.colour, gate.within, count, selected, words))
    return rows


def wished_name(session: Session) -> str:
    """What a gate of the selected cells is called at first: as their cluster, or by a number."""
    result, taken = session.result.current, [gate.name for gate in session.gates.all]
    assert result is not None
    cluster = whole_cluster(result.table.obs, session.selection.mask)
    if cluster is not None:
        return free_name(f"cluster {cluster}", taken)
    numbers = (f"gate {number}" for number in range(1, len(taken) + 2))
    return next(name for name in numbers if name not in taken)


def gated_line(session: Session, name: str) -> str:
    """What was just gated."""
    return f"Gated {counted_cells(int(session.gates.mask(name).sum()))} as “{name}”"


def crumbs(session: Session) -> list[tuple[str | None, str]]:
    """The way to the opened gate: gates, None for all cells, and what each is called there."""
    gates = session.gates
    path = gates.path()
    if not path:
        return []
    way: list[tuple[str | None, str]] = [(None, "All cells")]
    return way + [(name, f"{name} ({int(gates.mask(name).sum()):,})") for name in path]
