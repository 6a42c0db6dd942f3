"""Tracks of the displayed result: adding them, with a way back, and what is said of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from napari_c3r.core.errors import InputError
from napari_c3r.core.tracks.add import TRACK, add_tracks
from napari_c3r.session.changes import Cause, Change, Part
from napari_c3r.session.history import Command
from napari_c3r.session.words import counted_cells

if TYPE_CHECKING:
    import pandas as pd

    from napari_c3r.core.tracks import TrackOrder
    from napari_c3r.session.session import Session


def set_tracks(session: Session, tracks: Any, what: str, pixel_size: float = 1.0) -> None:
    """Add tracks to all cells of the result, as a step that can be undone.

    Parameters
    ----------
    session
        With a result of several time points.
    tracks, pixel_size
        As for :func:`napari_c3r.add_tracks`.
    what
        What they are, for the history: ``"labels"``, or the name of a layer.

    Raises
    ------
    InputError
        There is no result, or as for `add_tracks`.
    """
    result = session.result.current
    if result is None:
        raise InputError("There are no cells to track; embed them first")
    every = result.all_rows
    before = every.obs[TRACK].copy() if TRACK in every.obs else None
    # On the columns alone: the table itself is changed in one go, or not at all.
    from anndata import AnnData

    bare = AnnData(obs=every.obs.copy(), uns={})
    after = add_tracks(bare, tracks, pixel_size=pixel_size).obs[TRACK]
    _put(session, after, Cause.USER)
    session.history.record(
        Command(
            f"take tracks from {what}",
            lambda: _put(session, before, Cause.UNDONE),
            lambda: _put(session, after, Cause.UNDONE),
        )
    )


def _put(session: Session, column: pd.Series | None, cause: Cause) -> None:
    result = session.result.current
    if result is None:
        return
    for table in {id(each): each for each in (result.table, result.all_rows)}.values():
        if column is not None:
            table.obs[TRACK] = column.reindex(table.obs_names)
        elif TRACK in table.obs:
            del table.obs[TRACK]
    session.result.changed.emit(Change(Part.ANNOTATION, cause))


def tracks_reason(session: Session) -> str:
    """Why there can be no tracks; empty where there can."""
    result = session.result.current
    if result is None:
        return "No cells yet. Embed the frames of a time series to follow its cells."
    if "t" not in result.table.obs:
        return (
            "These cells are of one time. Open a time series with Times set to all, or several "
            "of its frames, to follow its cells."
        )
    return ""


def tracks_sentence(session: Session, order: TrackOrder | None) -> str:
    """What is known of the tracks."""
    import numpy as np

    result = session.result.current
    assert result is not None
    frames = len(np.unique(result.table.obs["t"]))
    if order is None:
        return f"{counted_cells(len(result.table))} at {frames} times, not tracked yet."
    line = f"{order.count} tracks over {frames} times"
    return f"{line}; {counted_cells(order.n_without)} on none." if order.n_without else f"{line}."
