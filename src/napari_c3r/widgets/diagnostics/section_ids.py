"""The sections of the diagnostics, in their order."""

from __future__ import annotations

from enum import IntEnum


class SectionId(IntEnum):
    """A section of the dock, by the number that its header shows."""

    ASK = 1
    ANSWER = 2
    CELLS = 3
    CONFOUNDS = 4
    CHANNELS = 5
    ENCODERS = 6
