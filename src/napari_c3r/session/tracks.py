"""Tracks of the displayed result: adding them, with a way back, and what is said of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from napari_c3r.core.images.units import time_in_words
from napari_c3r.core.tracks.add import SECONDS, TRACK, add_tracks
from napari_c3r.session.changes import Cause, Change, Part
from napari_c3r.session.history import Command
from napari_c3r.session.words import counted_cells

if TYPE_CHECKING:
    import pandas as pd
    from anndata import AnnData

    from napari_c3r.core.tracks import TrackOrder
    from napari_c3r.session.session import Session


def tracks_of(table: AnnData, tracks: Any) -> pd.Series:
    """The track of each row, worked out on a copy: for a worker.

    Parameters
    ----------
    table
        Of several time points; not changed.
    tracks
        As for :func:`napari_c3r.add_tracks`.

    Raises
    ------
    InputError
        As for `add_tracks`.
    """
    from anndata import AnnData

    bare = AnnData(obs=table.obs.copy(), uns={})
    found: pd.Series = add_tracks(bare, tracks).obs[TRACK]
    return found


def set_tracks(session: Session, tracks: pd.Series, what: str) -> None:
    """Give the cells of the result their tracks, as a step that can be undone.

    Parameters
    ----------
    session
        With the result.
    tracks
        From `tracks_of`.
    what
        What they are, for the history: ``"labels"``, or the name of a layer.
    """
    result = session.result.current
    if result is None or not result.all_rows.obs_names.equals(tracks.index):
        return
    every = result.all_rows.obs
    before = every[TRACK].copy() if TRACK in every else None
    _put(session, tracks, Cause.USER)
    session.history.record(
        Command(
            f"take tracks from {what}",
            lambda: _put(session, before, Cause.UNDONE),
            lambda: _put(session, tracks, Cause.UNDONE),
        )
    )


def _put(session: Session, column: pd.Series | None, cause: Cause) -> None:
    result = session.result.current
    if result is None:
        return
    for table in result.tables:
        if column is not None:
            table.obs[TRACK] = column.reindex(table.obs_names)
        elif TRACK in table.obs:
            del table.obs[TRACK]
    session.result.changed.emit(Change(Part.ANNOTATION, cause, frozenset({TRACK})))


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
    line = f"{order.count} tracks over {frames} times{_span(result.table.obs)}"
    return f"{line}; {counted_cells(order.n_without)} on none." if order.n_without else f"{line}."


def _span(obs: pd.DataFrame) -> str:
    """How long that took, where it is known."""
    import numpy as np

    times = obs[SECONDS].to_numpy(np.float64) if SECONDS in obs else np.array([np.nan])
    if not np.isfinite(times).all():
        return ""
    return f" ({time_in_words(float(times.max() - times.min()))})"
