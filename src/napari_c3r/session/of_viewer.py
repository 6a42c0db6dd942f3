"""Which session a viewer has."""

from __future__ import annotations

from typing import Any
from weakref import WeakKeyDictionary

from napari_c3r.session.session import Session

_SESSIONS: WeakKeyDictionary[Any, Session] = WeakKeyDictionary()


def session_of(viewer: Any) -> Session:
    """The session of a viewer, made on first use and gone with the viewer."""
    # napari hands plugins a proxy; all proxies of one viewer share its session.
    viewer = getattr(viewer, "__wrapped__", viewer)
    if viewer not in _SESSIONS:
        _SESSIONS[viewer] = Session()
    return _SESSIONS[viewer]
