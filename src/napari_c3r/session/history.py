"""What was done in a session, step by step, so that it can be undone and done again."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TypeVar

from psygnal import Signal

Value = TypeVar("Value")

MAX_STEPS = 100
"""Steps that one can go back."""

MAX_BYTES = 1 << 30
"""Replaced results and cells that are kept for it, in bytes; the last step is always kept."""


@dataclass(frozen=True, eq=False)
class Command:
    """One thing that was done.

    Attributes
    ----------
    sentence
        What it did, in words that follow "Undo: ", such as ``name cluster 3 'mitotic'``.
    undo, redo
        Take it back, and do it again. They are only called in turn, and each finds everything as
        the other left it.
    n_bytes
        Memory that is held for no other reason than to undo it.
    of_fields
        Whether it says nothing any more once other fields are open.
    going_on
        Steps in a row of one such name, as of a number that is typed, are one step; empty for a
        step of its own.
    """

    sentence: str
    undo: Callable[[], object]
    redo: Callable[[], object]
    n_bytes: int = 0
    of_fields: bool = False
    going_on: str = ""


class History:
    """The commands of one session, in their order.

    Attributes
    ----------
    changed
        There is another step to undo or to redo.
    """

    changed = Signal()

    def __init__(self) -> None:
        self._done: list[Command] = []
        self._undone: list[Command] = []
        self._at_work = False

    @property
    def undo_sentence(self) -> str:
        """What would be undone; empty where there is nothing."""
        return self._done[-1].sentence if self._done else ""

    @property
    def redo_sentence(self) -> str:
        """What would be done again; empty where there is nothing."""
        return self._undone[-1].sentence if self._undone else ""

    def record(self, command: Command) -> None:
        """Keep what was just done; what was undone before it can no longer be done again.

        While a command is undone or redone nothing is recorded, since that is no new step.
        """
        if self._at_work:
            return
        self._undone.clear()
        if self._done and command.going_on and self._done[-1].going_on == command.going_on:
            command = replace(command, undo=self._done.pop().undo)
        self._done.append(command)
        while len(self._done) > 1 and self._is_too_much():
            del self._done[0]
        self.changed.emit()

    def record_choice(
        self,
        sentence: str,
        put: Callable[[Value], object],
        before: Value,
        after: Value,
        *,
        of_fields: bool = False,
        going_on: str = "",
        n_bytes: int = 0,
    ) -> None:
        """Keep that one value took the place of another.

        Parameters
        ----------
        sentence, of_fields, going_on, n_bytes
            As of `Command`.
        put
            Takes either value back.
        before, after
            The values.
        """
        undo, redo = (lambda: put(before)), (lambda: put(after))
        self.record(Command(sentence, undo, redo, n_bytes, of_fields, going_on))

    def _is_too_much(self) -> bool:
        held = sum(command.n_bytes for command in self._done)
        return len(self._done) > MAX_STEPS or held > MAX_BYTES

    def undo(self) -> None:
        """Take back the last step, if there is one."""
        self._move(self._done, self._undone, lambda command: command.undo())

    def redo(self) -> None:
        """Do the step again that was undone last, if there is one."""
        self._move(self._undone, self._done, lambda command: command.redo())

    def _move(
        self, source: list[Command], target: list[Command], act: Callable[[Command], object]
    ) -> None:
        if not source or self._at_work:
            return
        command = source[-1]
        self._at_work = True
        try:
            act(command)
        finally:
            self._at_work = False
        target.append(source.pop())
        self.changed.emit()

    def begin_fields(self) -> None:
        """Other fields were opened: what was said of the channels of others is no step any more."""
        for steps in (self._done, self._undone):
            steps[:] = [step for step in steps if not step.of_fields]
        self.changed.emit()

    def clear(self) -> None:
        """Begin anew: what was done before can no longer be undone."""
        self._done.clear()
        self._undone.clear()
        self.changed.emit()
