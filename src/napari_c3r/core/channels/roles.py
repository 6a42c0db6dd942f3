"""What a channel can be to the encoder, and which names channels may have."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum

from napari_c3r.core.errors import InputError


class Role(StrEnum):
    """What a channel is to the encoder (C3R, section 3: the context–concept principle).

    ``BOTH`` puts a channel into both groups. It exists for images with a single usable
    channel, which could otherwise not be embedded at all.
    """

    CONTEXT = "context"
    CONCEPT = "concept"
    BOTH = "both"
    IGNORE = "ignore"


def check_channel_names(names: Sequence[str]) -> None:
    """Refuse names that are empty, not text, or given twice."""
    for position, name in enumerate(names):
        if not isinstance(name, str) or not name.strip():
            raise InputError(
                f"Channel {position} has the name {name!r}: give each channel a non-empty name."
            )
    for name in names:
        if names.count(name) > 1:
            raise InputError(
                f"The channel name {name!r} occurs {names.count(name)} times in {list(names)}: "
                "give each channel a name of its own."
            )
