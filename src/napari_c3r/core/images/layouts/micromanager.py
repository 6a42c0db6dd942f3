"""Micro-Manager 1.4 and 2: one file for each plane, a folder for each position."""

from __future__ import annotations

import re
from pathlib import Path

from napari_c3r.core.images.layouts.layout import Guess, Layout

_FOLDERS = (
    r"(?P<well>(?:A[A-F]|[A-P])[0-9]{1,3})-Site_(?P<site>[0-9]+)",
    r"(?:[0-9]+-)?Pos(?:ition)?[-_]?(?P<site>[0-9]+(?:_[0-9]+)?)",
)
_METADATA = "metadata.txt"


def _by_micromanager(folder: Path) -> bool:
    """Whether a folder is a position's, or has the description that every acquisition has."""
    named = any(re.fullmatch(each, folder.name, re.IGNORECASE) for each in _FOLDERS)
    return named or (folder / _METADATA).is_file()


MICROMANAGER = Layout(
    "Micro-Manager",
    r".+?(?P<vary>_(?P<channel>channel[0-9]+))_position(?P<site>[0-9]+)"
    r"(?P<vary1>_time(?P<t>[0-9]+)_z(?P<z>[0-9]+))",
    folders=_FOLDERS,
)
MICROMANAGER_1_4 = Layout(
    "Micro-Manager 1.4",
    r"img(?P<vary>_(?P<t>[0-9]{9})_(?P<channel>.+)_(?P<z>[0-9]{3}))",
    belongs=_by_micromanager,
)
# Files that were taken out of their folders were numbered anew, as fields.
MICROMANAGER_LOOSE = Layout(
    "Micro-Manager 1.4, loose files",
    r"img_(?P<site>[0-9]{9})(?P<vary>_(?P<channel>.+)_(?P<z>[0-9]{3}))",
    guess=Guess.FIELDS,
)
MICROMANAGER_STACK = Layout(
    "Micro-Manager stack",
    r"(?:(?P<plate>.+?)_)?MMStack_(?P<well>(?:A[A-F]|[A-P])[0-9]{1,3})-Site_(?P<site>[0-9]+)",
)
