"""ImageXpress (MetaXpress): names, folders of Z steps and times, and the plate's settings."""

from __future__ import annotations

import csv
import re
from collections.abc import Collection
from pathlib import Path

from napari_c3r.core.images.layouts.layout import Layout, StainNames
from napari_c3r.core.images.wells import WELL

_GUID = r"[0-9A-F]{8}(?:-[0-9A-F]{4}){3}-[0-9A-F]{12}"
_GAP = r"[_\-. ]"
_MAX_SETTINGS_BYTES = 1 << 20


def _stains(file: Path, _: Collection[str]) -> StainNames:
    """Stain of each wave (``w1``) from the .HTD file of the plate, none without one."""
    folder = file.parent
    return StainNames(
        _wave_names((folder, folder.parent, folder.parent.parent)), "the plate's .HTD file"
    )


def _wave_names(folders: tuple[Path, ...]) -> dict[str, str]:
    for folder in folders:
        for settings in sorted(folder.glob("*.[hH][tT][dD]")):
            text = _text(settings)
            rows = csv.reader(text.splitlines(), skipinitialspace=True)
            names = {
                row[0].replace("WaveName", "w"): row[1].strip()
                for row in rows
                if len(row) > 1 and re.fullmatch(r"WaveName[0-9]+", row[0]) and row[1].strip()
            }
            if names:
                return names
    return {}


def _text(settings: Path) -> str:
    """What a file of settings says; nothing where it is none, or cannot be read."""
    try:
        if not settings.is_file():
            return ""
        with settings.open("rb") as stream:
            return stream.read(_MAX_SETTINGS_BYTES).decode("latin-1")
    except OSError:
        return ""


IMAGEXPRESS = Layout(
    "ImageXpress",
    rf"(?:(?P<plate>.+){_GAP})?{WELL}(?:{_GAP}s(?P<site>[0-9]+))?"
    rf"(?P<vary>{_GAP}(?P<channel>w[0-9]{{1,2}})(?:{_GUID})?"
    rf"(?:{_GAP}z(?P<z>[0-9]+))?(?:{_GAP}t(?P<t>[0-9]+))?)",
    _stains,
    folders=(r"ZStep_(?P<z>[0-9]+)", r"TimePoint_(?P<t>[0-9]+)"),
)
