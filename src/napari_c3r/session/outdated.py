"""Why a result no longer fits what was done since, in a sentence."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_c3r.core.channels import ChannelAssignment

if TYPE_CHECKING:
    from napari_c3r.core.embed.edits import Edits


def edits_sentence(edits: Edits | None) -> str:
    """Say how many cells were edited by hand, as far as that is known."""
    if edits is None:
        return "out of date: the labels were edited"
    words = f"out of date: {edits.count} cell{'s' if edits.count > 1 else ''} edited by hand"
    affected_neighbours = len(edits.affected_neighbours)
    return (
        f"{words}, {affected_neighbours} neighbour{'s' * (affected_neighbours > 1)} affected"
        if affected_neighbours
        else words
    )


def roles_sentence(before: ChannelAssignment, now: ChannelAssignment) -> str | None:
    """Say which roles are others; None where all are the same."""
    if before == now:
        return None
    changed = [name for name, role in now.roles.items() if before.roles.get(name) != role]
    if len(changed) == 1:
        return f"out of date: the role of {changed[0]} changed"
    return f"out of date: {len(changed)} channels changed"
