"""Tracks as part of a script: by their labels where these are tracks, else cell by cell."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING, Final

from napari_c3r.core.errors import InputError
from napari_c3r.core.tracks import TRACK
from napari_c3r.session.script_code import ScriptPart

if TYPE_CHECKING:
    from anndata import AnnData

_WIDTH: Final = 96


def track_parts(table: AnnData) -> list[ScriptPart]:
    """What gives the rows of a table the tracks that they have; nothing where they have none.

    Parameters
    ----------
    table
        The rows that the script has.
    """
    if TRACK not in table.obs:
        return []
    if _labels_are_tracks(table):
        return [ScriptPart("tracks", ("c3r.add_tracks(cells_table)",))]
    lines = [
        "# Label and track of each cell, by the name of its image.",
        "tracks = {",
        *_by_image(table),
        "}",
        "c3r.add_tracks(",
        "    cells_table,",
        "    DataFrame(",
        "        [(image, *each) for image, cells in tracks.items() for each in cells],",
        f'        columns=["image", "label", "{TRACK}"],',
        "    ),",
        ")",
    ]
    return [ScriptPart("tracks", tuple(lines), (("pandas", "DataFrame"),))]


def _labels_are_tracks(table: AnnData) -> bool:
    from napari_c3r.session.tracks import tracks_of

    try:
        return bool(tracks_of(table, None).equals(table.obs[TRACK]))
    except InputError:
        return False


def _by_image(table: AnnData) -> list[str]:
    obs = table.obs[table.obs[TRACK].notna().to_numpy()]
    lines: list[str] = []
    for image, rows in obs.groupby("image", observed=True, sort=False):
        pairs = zip(rows["label"].tolist(), rows[TRACK].astype("int64").tolist(), strict=True)
        told = ", ".join(f"({label}, {track})" for label, track in pairs)
        lines.append(f"    {str(image)!r}: [")
        lines += textwrap.wrap(
            told, _WIDTH, initial_indent="        ", subsequent_indent="        "
        )
        lines.append("    ],")
    return lines
