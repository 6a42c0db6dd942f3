"""Opera Phenix and Operetta (Harmony): names, and channel names from ``Index.idx.xml``."""

from __future__ import annotations

import html
import re
from collections.abc import Collection
from pathlib import Path

from napari_c3r.core.images.layouts.layout import Layout, StainNames

_INDEX = re.compile(r"index(?:\.idx)?\.xml", re.IGNORECASE)
_CHANNEL = re.compile(
    r"<ChannelID>\s*([0-9]+)\s*<|<Entry[^>]*\bChannelID=\"([0-9]+)\"|<ChannelName>([^<]+)<"
)
# An index has a paragraph for each of up to millions of planes, the channels in the first ones.
_CHARACTERS_LOOKED_AT = 1 << 22


def _stains(file: Path, channels: Collection[str]) -> StainNames:
    """Name of each channel (``ch1``) in the index beside the images, none without one."""
    known = _channel_names(file.parent)
    numbers = {channel: int(channel.removeprefix("ch")) for channel in channels}
    names = {channel: known[number] for channel, number in numbers.items() if number in known}
    return StainNames(names, "the plate's index file")


def _channel_names(folder: Path) -> dict[int, str]:
    """Name by number of the channels in a folder's index; empty without one."""
    try:
        index = next(f for f in folder.iterdir() if _INDEX.fullmatch(f.name) and f.is_file())
        with index.open(encoding="utf-8", errors="replace") as stream:
            text = stream.read(_CHARACTERS_LOOKED_AT)
    except (StopIteration, OSError):
        return {}
    names: dict[int, str] = {}
    number = None
    for found in _CHANNEL.finditer(text):
        by_element, by_entry, name = found.groups()
        if name is None:
            number = int((by_element or by_entry)[:9])
        elif number is not None:
            names.setdefault(number, html.unescape(name).strip())
            number = None
    return names


OPERA_PHENIX = Layout(
    "Opera Phenix",
    r"r(?P<row>[0-9]{2})c(?P<column>[0-9]{2})f(?P<site>[0-9]+)"
    r"(?P<vary>p(?P<z>[0-9]+)-(?P<channel>ch[0-9]+)(?:sk|t)(?P<t>[0-9]+)(?:fk[0-9]+fl[0-9]+)?)",
    _stains,
)
