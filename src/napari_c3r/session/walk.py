"""Going through cells one at a time, giving each a name."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from napari_c3r.core.table.annotate import name_column, names
from napari_c3r.session.result import Result
from napari_c3r.session.suggestions import Suggestions

MOST_KEYS = 9
"""Names that have a key of their own, 1 to 9."""


@dataclass
class Walk:
    """Where the user is on the way through the cells that are not sure.

    Attributes
    ----------
    result, suggestions
        Of the session.
    rows
        Rows shown: those visited, the one looked at, and those to come.
    place
        Of the one looked at.
    """

    result: Result
    suggestions: Suggestions
    rows: list[int] = field(default_factory=list)
    place: int = 0

    @property
    def row(self) -> int | None:
        """The row looked at; None at the end."""
        return self.rows[self.place] if self.place < len(self.rows) else None

    @property
    def coming(self) -> list[int]:
        """The rows after it."""
        return self.rows[self.place + 1 :]

    @property
    def names(self) -> list[str]:
        """The names that can be given, in their order."""
        result = self.result.current
        return [] if result is None else names(result.table)

    def begin(self) -> None:
        """Begin with the cell that is the least sure."""
        self.rows, self.place = self.suggestions.unsure().tolist(), 0

    def refresh(self) -> None:
        """Follow other suggestions: what was visited and what is looked at stays."""
        visited = self.rows[: self.place + 1]
        seen = set(visited)
        self.rows = visited + [row for row in self.suggestions.unsure().tolist() if row not in seen]

    def give(self, name: str) -> None:
        """Name the cell, and go on to the next."""
        if self.row is None:
            return
        result = self.result.current
        assert result is not None
        chosen = np.zeros(len(result.table), bool)
        chosen[self.row] = True
        if self.name_of(self.row) != name:
            self.result.annotate(chosen, name)
        self.place += 1

    def accept(self) -> None:
        """Give the cell the name suggested for it, and go on; stay where none is."""
        if self.row is not None and (name := self.suggestions.suggested_name(self.row)):
            self.give(name)

    def skip(self) -> None:
        """Go on, and leave the cell without a name."""
        self.place = min(self.place + 1, len(self.rows))

    def back(self) -> None:
        """Look at the cell before again; the name that it was given can be given anew."""
        self.place = max(self.place - 1, 0)

    def name_of(self, row: int) -> str:
        """The name that a row shown has; empty where it has none."""
        result = self.result.current
        assert result is not None
        name = name_column(result.table).iloc[row]
        return name if isinstance(name, str) else ""

    def sentence(self) -> str:
        """Where one is, and what is suggested for the cell looked at."""
        if self.row is None:
            return (
                "That was the last of the cells that are not sure."
                if self.rows
                else ("Every cell has a name, or a suggestion that is sure.")
            )
        words = f"{self.place + 1} of {len(self.rows)}: {self.suggestions.words_on(self.row)}"
        name = self.name_of(self.row)
        return f"{words}; named {name}" if name else words
