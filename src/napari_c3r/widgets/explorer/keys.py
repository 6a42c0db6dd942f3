"""The explorer's keys: C centres, L takes the lasso, Esc clears, and those of undo and redo."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from qtpy.QtCore import Qt
from qtpy.QtGui import QKeyEvent

from napari_c3r.widgets.common.undo_keys import is_redo, is_undo


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


def action_of(keyed: Keyed, event: QKeyEvent) -> Callable[[], None] | None:
    """What a key does, None for a key that is not ours."""
    if is_undo(event):
        return keyed.undo
    if is_redo(event):
        return keyed.redo
    if event.modifiers() != Qt.KeyboardModifier.NoModifier:
        return None
    return {
        Qt.Key.Key_C: keyed.centre,
        Qt.Key.Key_L: keyed.toggle_lasso,
        Qt.Key.Key_Escape: keyed.clear,
    }.get(Qt.Key(event.key()))
