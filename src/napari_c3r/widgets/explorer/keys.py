"""What the explorer does by keys."""

from __future__ import annotations

from typing import Protocol

from qtpy.QtGui import QKeySequence

from napari_c3r.widgets.common.key_actions import KeyAction


class Keyed(Protocol):
    """What the keys do."""

    def centre(self) -> None:
        """C."""

    def toggle_lasso(self) -> None:
        """L."""

    def clear(self) -> None:
        """Esc."""

    def undo(self) -> None:
        """Ctrl+Z."""

    def redo(self) -> None:
        """Ctrl+Shift+Z."""


def actions_of(keyed: Keyed) -> list[KeyAction]:
    """The keys of the explorer itself; its tabs have others."""
    return [
        KeyAction(("C",), "Move the view to the cell that is pointed at", keyed.centre),
        KeyAction(("L",), "Take the lasso up or put it down", keyed.toggle_lasso),
        KeyAction(("Esc",), "Select nothing", keyed.clear),
        KeyAction(_standard(QKeySequence.StandardKey.Undo), "Undo the last step", keyed.undo),
        KeyAction(
            (*_standard(QKeySequence.StandardKey.Redo), "Ctrl+Y"),
            "Do again what was undone",
            keyed.redo,
        ),
    ]


def _standard(key: QKeySequence.StandardKey) -> tuple[str, ...]:
    """The keys that this system has for it."""
    return tuple(sequence.toString() for sequence in QKeySequence.keyBindings(key))
