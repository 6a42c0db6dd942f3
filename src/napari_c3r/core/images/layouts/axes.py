"""Names that number channel, Z, time and position with a letter each, in any order.

So do NIS-Elements (``exp_t01xy02z3c1``), Leica LAS (``Series001_t00_z00_ch00``), ZEN
(``name_s1z2c1_ORG``, ``name_b0s0c0x0-512y0-512``), and most programs of laboratories.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from napari_c3r.core.images.layouts.layout import Guess, NameParts, without
from napari_c3r.core.images.wells import well_name

AXES = "numbered axes"
"""Name of this layout."""

# What a letter or word before a number counts. Of one letter, c and w also count clones, weeks …
_KEYS = {
    "channel": ("channel", "chan", "ch", "c", "w"),
    "z": ("zstep", "zslice", "slice", "z"),
    "t": ("timepoint", "time", "frame", "tp", "t"),
    "site": (
        "position", "series", "region", "field", "scene", "site", "pos", "fov", "fld", "xy",
        "s", "p", "f", "m", "b", "h",
    ),
}  # fmt: skip
_AXIS_OF = {key: axis for axis, keys in _KEYS.items() for key in keys}
_WEAK = ("c", "w")
_KEY = "|".join(sorted(_AXIS_OF, key=len, reverse=True))
_TILE = r"x[0-9]+-[0-9]+y[0-9]+-[0-9]+"
_WORD = re.compile(rf"(?:{_TILE}|[^_\-. ])+", re.IGNORECASE)
_COUNTED = re.compile(rf"(?:(?:{_KEY})[0-9]+|{_TILE})+", re.IGNORECASE)
# NIS-Elements writes its letters behind the last one of the name.
_BEHIND = re.compile(
    r"(?<=[a-z0-9)])((?:t[0-9]+)?xy[0-9]+(?:[zct][0-9]+)*|(?<=[0-9])(?:[zt][0-9]+)+c[0-9]+)$",
    re.IGNORECASE,
)
_TOKEN = re.compile(rf"(?P<key>{_KEY})(?P<number>[0-9]+)|(?P<tile>{_TILE})", re.IGNORECASE)
_ADDED = ("ORG", "RAW")  # by ZEN and LAS, behind everything
_WELL = re.compile(r"(?:A[A-F]|[A-P])[0-9]{2}")
_QUICK = re.compile(r"[zctw][a-z]*[0-9]", re.IGNORECASE)


@dataclass(frozen=True)
class _Token:
    """A letter and a number."""

    axis: str
    key: str
    text: str
    start: int
    word: int
    of_several: bool

    @property
    def stop(self) -> int:
        return self.start + len(self.text)

    @property
    def number(self) -> int:
        return int(re.sub(r"[^0-9]", "", self.text))


def read_axes(stem: str) -> NameParts | None:
    """Read a name whose axes are numbered; None where none of channel, Z and time is."""
    if not _QUICK.search(stem):
        return None
    tokens, wells, last = _tokens(stem)
    chosen: dict[str, _Token] = {}
    for token in tokens:
        if token.axis != "site" and _counts(token, tokens, last):
            chosen[token.axis] = token
    if not chosen:
        return None
    plate, well, start = wells[0] if len(wells) == 1 else (None, None, 0)
    # What stands before the well names the plate.
    sites = [token for token in tokens if token.axis == "site" and token.start >= start]
    channel, z, t = (chosen.get(axis) for axis in ("channel", "z", "t"))
    return NameParts(
        without(stem, ((token.start, token.stop) for token in chosen.values())),
        AXES,
        plate,
        well,
        "-".join(_site(token) for token in sites) or None,
        channel.text if channel else None,
        z.number if z else None,
        t.number if t else None,
        _guess(channel, z, t, placed=well is not None or _placed(channel, sites)),
    )


def _tokens(stem: str) -> tuple[list[_Token], list[tuple[str | None, str, int]], int]:
    """Letters with numbers; wells, before them the plate and where they are; the last word."""
    tokens: list[_Token] = []
    wells: list[tuple[str | None, str, int]] = []
    words = [word for word in _WORD.finditer(stem) if word.group() not in _ADDED]
    for number, word in enumerate(words):
        text, start = word.group(), word.start()
        if _WELL.fullmatch(text) and not _counts_in_capitals(text, stem):
            wells.append((stem[:start].strip("_-. ") or None, well_name(text), start))
            continue
        if not _COUNTED.fullmatch(text):
            behind = _BEHIND.search(text)
            if behind is None:
                continue
            text, start = behind.group(), start + behind.start()
        found = list(_TOKEN.finditer(text))
        axes = [_AXIS_OF.get((each["key"] or "").lower(), "site") for each in found]
        counted = [axis for axis in axes if axis != "site"]
        if len(counted) > len(set(counted)):
            continue  # such as the cell line C2C12
        tokens += [
            _Token(
                axis, (e["key"] or "").lower(), e.group(), start + e.start(), number, len(axes) > 1
            )
            for axis, e in zip(axes, found, strict=True)
        ]
    return tokens, wells, len(words) - 1


def _counts_in_capitals(text: str, stem: str) -> bool:
    """Whether ``C01`` is a channel rather than a well: beside other axes in capitals."""
    return text[0] == "C" and bool(re.search(r"(?:^|[_\-. ])[ZTS][0-9]+(?:$|[_\-. ])", stem))


def _counts(token: _Token, tokens: list[_Token], last: int) -> bool:
    """Whether a letter counts an axis: one that may mean much else does at the end of a name."""
    if token.key not in _WEAK or token.of_several:
        return True
    counted = {each.word for each in tokens}
    return all(word in counted for word in range(token.word + 1, last + 1))


def _placed(channel: _Token | None, sites: list[_Token]) -> bool:
    """Whether a position is beside the channel, so that this can be little else."""
    return channel is not None and any(s.word == channel.word or len(s.key) > 1 for s in sites)


def _guess(
    channel: _Token | None, z: _Token | None, t: _Token | None, *, placed: bool
) -> Guess | None:
    if channel is None:
        return Guess.TIMES if z is None else None
    sure = placed or channel.key not in _WEAK or z is not None or t is not None
    return None if sure else Guess.CHANNELS


def _site(token: _Token) -> str:
    if token.key:
        return str(token.number)
    return "-".join(re.findall(r"[xy]0*([0-9]+)-", token.text, re.IGNORECASE))
