"""The steps of the dock, in their order."""

from __future__ import annotations

from enum import IntEnum


class StepId(IntEnum):
    """A step of the dock, by the number that its header shows."""

    IMAGE = 1
    CHANNELS = 2
    CELLS = 3
    EMBED = 4
    MAP = 5

    @property
    def title(self) -> str:
        """One word for its header."""
        return self.name.capitalize()
