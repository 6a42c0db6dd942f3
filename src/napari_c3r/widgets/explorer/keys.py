"""What the explorer does by keys."""

from __future__ import annotations

from typing import Protocol

from napari_c3r.widgets.common.key_actions import KeyAction, undo_and_redo


class Keyed(Protocol):
    """What the keys do."""

    def centre(self) -> None:
        """C."""

    def toggle_lasso(self) -> None:
        """L."""

    def toggle_rectangle(self) -> None:
        """R."""

    def clear(self) -> None:
        """Esc."""

    def name_selection(self) -> None:
        """N."""

    def invert(self) -> None:
        """I."""

    def turn_tab(self, step: int) -> None:
        """T, Shift+T."""

    def undo(self) -> None:
        """Ctrl+Z."""

    def redo(self) -> None:
        """Ctrl+Shift+Z."""


def actions_of(keyed: Keyed) -> list[KeyAction]:
    """The keys of the explorer itself; its tabs have others."""
    return [
        KeyAction(("C",), "Move the view to the cell that is pointed at", keyed.centre),
        KeyAction(("L",), "Take the lasso up or put it down", keyed.toggle_lasso),
        KeyAction(("R",), "Take the rectangle up or put it down", keyed.toggle_rectangle),
        KeyAction(("I",), "Select all cells that are not selected", keyed.invert),
        KeyAction(("Esc",), "Select nothing", keyed.clear),
        KeyAction(("N",), "Name the selected cells", keyed.name_selection),
        KeyAction(("T",), "Show the next tab beside the table", lambda: keyed.turn_tab(1)),
        KeyAction(("Shift+T",), "Show the tab before", lambda: keyed.turn_tab(-1)),
        *undo_and_redo(keyed.undo, keyed.redo),
    ]
