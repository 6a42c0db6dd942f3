"""What a dock does by keys: one list of actions, each with its key and what it does in words."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from qtpy.QtGui import QKeyEvent, QKeySequence


@dataclass(frozen=True)
class KeyAction:
    """One thing that is done by a key.

    Attributes
    ----------
    keys
        As Qt writes them, such as ``"C"`` or ``"Ctrl+Shift+Z"``; the first is the one to tell.
    sentence
        What it does, as a tooltip says it.
    run
        Does it.
    """

    keys: tuple[str, ...]
    sentence: str
    run: Callable[[], None]

    def is_asked_by(self, event: QKeyEvent) -> bool:
        """Whether a key event is one of its keys."""
        pressed = QKeySequence(event.keyCombination())
        # A sign such as "?" needs Shift on some keyboards and not on others.
        return any(pressed == QKeySequence(key) or _is_sign(event, key) for key in self.keys)


def undo_and_redo(undo: Callable[[], None], redo: Callable[[], None]) -> list[KeyAction]:
    """The keys that this system has for undo and redo, the same in every dock, and Ctrl+Y."""
    return [
        KeyAction(_standard(QKeySequence.StandardKey.Undo), "Undo the last step", undo),
        KeyAction(
            tuple(dict.fromkeys((*_standard(QKeySequence.StandardKey.Redo), "Ctrl+Y"))),
            "Do again what was undone",
            redo,
        ),
    ]


def action_of(actions: Sequence[KeyAction], event: QKeyEvent) -> KeyAction | None:
    """The first action that a key event asks for; None for a key that is not ours."""
    return next((action for action in actions if action.is_asked_by(event)), None)


def _is_sign(event: QKeyEvent, key: str) -> bool:
    return len(key) == 1 and not key.isalnum() and event.text() == key


def _standard(key: QKeySequence.StandardKey) -> tuple[str, ...]:
    return tuple(sequence.toString() for sequence in QKeySequence.keyBindings(key))
