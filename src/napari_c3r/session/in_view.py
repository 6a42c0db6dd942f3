"""Which cells the explorer is about: those selected, else all, of the gate that is open."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from napari_c3r.session.words import counted_cells

if TYPE_CHECKING:
    from napari_c3r.session.session import Session


def within_open_gate(session: Session, rows: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Those of some rows shown that are in the open gate; all of them where none is open."""
    scope = session.gates.scope()
    return rows if scope is None or len(scope) != len(rows) else rows & scope


def cells_in_view(session: Session) -> NDArray[np.bool_]:
    """Which of the rows shown pictures and rows are of: the selected ones, else all.

    With a gate open they are those of its cells.
    """
    selected = session.selection.mask
    rows = selected.copy() if selected.any() else np.ones(len(selected), bool)
    return within_open_gate(session, rows)


def view_words(session: Session) -> str:
    """Which cells these are, inside a sentence; empty where they are all."""
    opened = session.gates.opened
    within = "" if opened is None else f"gate “{opened}”"
    if session.selection.mask.any():
        return f"the selected cells of {within}" if within else "the selected cells"
    return f"the cells of {within}" if within else ""


def gate_words(session: Session) -> str:
    """The cells of the open gate, inside a sentence; empty where none is open."""
    opened = session.gates.opened
    return "" if opened is None else f"the cells of gate “{opened}”"


def export_words(session: Session) -> str:
    """Which cells an export from the explorer has, inside a sentence; empty where it has none."""
    words = view_words(session)
    if session.result.current is None or not words:
        return ""
    count = int(np.count_nonzero(cells_in_view(session)))
    return f"{counted_cells(count)} ({words})" if count else ""


def gate_line(session: Session) -> str:
    """That only the cells of the open gate are shown, and how many; empty where none is open."""
    scope = session.gates.scope()
    if scope is None:
        return ""
    count = counted_cells(int(np.count_nonzero(scope)))
    return f"Of the {count} in the open gate “{session.gates.opened}” only."
