"""The keys that undo and redo, the same in every dock."""

from __future__ import annotations

from qtpy.QtCore import Qt
from qtpy.QtGui import QKeyEvent, QKeySequence


def is_undo(event: QKeyEvent) -> bool:
    """Whether a key event asks to undo: Ctrl+Z."""
    return event.matches(QKeySequence.StandardKey.Undo)


def is_redo(event: QKeyEvent) -> bool:
    """Whether a key event asks to redo: Ctrl+Shift+Z, and Ctrl+Y on every system."""
    other = event.key() == Qt.Key.Key_Y
    control = event.modifiers() == Qt.KeyboardModifier.ControlModifier
    return event.matches(QKeySequence.StandardKey.Redo) or (other and control)
