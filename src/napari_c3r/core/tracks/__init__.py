"""Cells over time: which rows of a table are one cell, and the way it goes.

`add` gives every row its track, `paths` follows tracks through a table.
"""

from __future__ import annotations

from napari_c3r.core.tracks.add import SECONDS, TRACK, add_tracks, series_of
from napari_c3r.core.tracks.paths import TrackOrder

__all__ = ["SECONDS", "TRACK", "TrackOrder", "add_tracks", "series_of"]
