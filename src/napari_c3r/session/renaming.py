"""Calling a channel by another name, in the fields and in the roles at once."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from napari_c3r.session.roles import RolesState
    from napari_c3r.session.session import Session


def rename_channel(session: Session, old: str, new: str) -> None:
    """Call a channel by another name; its role stays, and it is a step to undo.

    Raises
    ------
    InputError
        The new name is empty or taken.
    """
    fields, roles = session.fields, session.roles
    if roles.assignment is None or old == new:
        return
    before = roles.state
    with session.changed.paused():
        fields.rename_channel(old, new)
        roles.rename_channel(old, new)
    put = partial(_put_back, session)
    session.history.record(roles.step(f"rename channel {old} to {new}", before, put))


def _put_back(session: Session, state: RolesState) -> None:
    """Give the channels the names that they had at another time, with their roles."""
    now = session.roles.original_names
    with session.changed.paused():
        for original, name in state.original_names.items():
            if now.get(original, name) != name:
                session.fields.rename_channel(now[original], name)
        session.roles.put(state)
