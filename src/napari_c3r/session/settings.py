"""The controls that decide on a result, as steps that can be undone; what they say is elsewhere."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Any

from psygnal import Signal

from napari_c3r.session.history import History


@dataclass(frozen=True, eq=False)
class Edit:
    """What a person did to a control, or to several that belong together.

    Attributes
    ----------
    sentence
        What was done, in words that follow "Undo: ".
    before, after
        What it was set to, and is now.
    typed
        Name of a number or a text that grows while it is typed, which is one step until another
        thing is done; empty for what is chosen at once.
    """

    sentence: str
    before: Any
    after: Any
    typed: str = ""


class Settings:
    """Takes note of what the user sets, and says when that is undone or done again.

    Parameters
    ----------
    history
        Takes the steps.

    Attributes
    ----------
    put_back
        With the name of the controls, and what they shall be set to.
    """

    put_back = Signal(str, object)

    def __init__(self, history: History) -> None:
        self._history = history

    def take(self, name: str, edit: Edit) -> None:
        """Keep as a step what a person did.

        Parameters
        ----------
        name
            Of the controls.
        edit
            What was done to them.
        """
        going_on = f"{name} {edit.typed}" if edit.typed else ""
        put = partial(self.put_back.emit, name)
        self._history.record_choice(edit.sentence, put, edit.before, edit.after, going_on=going_on)
