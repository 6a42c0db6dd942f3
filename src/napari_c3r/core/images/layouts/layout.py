"""What a layout of file names is: how a name is read, and what it says of a file."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import cached_property
from pathlib import Path

from napari_c3r.core.errors import InputError
from napari_c3r.core.images.wells import well_at, well_name
from napari_c3r.core.text import whole_number

GROUPS = ("plate", "well", "row", "column", "site", "channel", "z", "t")
# Of these a name may hold several, told apart by a number.
_REPEATED = re.compile(r"(?:vary|ignore)[0-9]*")
_VARYING = ("channel", "z", "t")

CUT = "\0"
"""Stands in a name for what is cut from it; no file's name has it."""

_GAP = re.compile(r"([_\-. ]*)\0(?:[_\-. ]*\0)*([_\-. ]*)")
_DURATION = re.compile(r"(?:([0-9]+)d)?([0-9]+)h(?:([0-9]+)m)?", re.IGNORECASE)
_DATE = re.compile(r"[0-9]{4}y[0-9]{2}m[0-9]{2}d_?[0-9]{2}h[0-9]{2}m", re.IGNORECASE)


class Guess(StrEnum):
    """What was taken for granted of names that may mean something else."""

    CHANNELS = "channels"
    TIMES = "time points"
    STAINS = "stains"
    FIELDS = "fields"


@dataclass(frozen=True)
class NameParts:
    """What a file's name says.

    Parameters
    ----------
    image
        The name without the parts that differ between the files of one image.
    layout
        Name of the layout, "" when none is known.
    plate, well, site, channel
        As in the name; wells as ``"C03"``, sites without leading zeros.
    z, t
        Numbers in the name, None when absent.
    guess
        What may be otherwise, None where the layout is unmistakable.
    """

    image: str
    layout: str = ""
    plate: str | None = None
    well: str | None = None
    site: str | None = None
    channel: str | None = None
    z: int | None = None
    t: int | None = None
    guess: Guess | None = None


@dataclass(frozen=True)
class StainNames:
    """Which stain each channel of a layout is.

    Parameters
    ----------
    names
        Stain by channel in lower case.
    origin
        Where that is known from, for the note to the user.
    in_order
        Whether channels are put into the order of `names`.
    """

    names: Mapping[str, str]
    origin: str
    in_order: bool = False


def _anywhere(_: Path) -> bool:
    return True


@dataclass(frozen=True)
class Layout:
    """One layout of file names, without suffix.

    Parameters
    ----------
    name
        Of the layout: that of the instrument or of the convention.
    match
        A regular expression that fits a whole name, in upper or lower case, with groups among
        ``plate``, ``well`` (or ``row`` and ``column``), ``site``, ``channel``, ``z`` and ``t``.
        What differs between the files of one image in addition to channel, z and t, or stands
        around them, is a group ``vary``; what differs and means nothing is a group ``ignore``.
        Of these two there may be several, ``vary1``, ``vary2``.
        Or a function that gives the parts of a name, None for a name of another layout.
    stains
        Which stain each channel is, from the first file of an image and the channels in its
        names in lower case; None where that is unknown. By default channels keep their names.
    folders
        Regular expressions that fit the name of a folder in which the microscope puts some of
        the files: it is searched when the folder above it is. With the same groups.
    belongs
        Whether a folder's files can be of this layout.
    guess
        What may be otherwise; None where names of this layout are unmistakable.

    Raises
    ------
    InputError
        There is no name, or an expression is none, or names no group or an unknown one.
    """

    name: str
    match: str | Callable[[str], NameParts | None]
    stains: Callable[[Path, Collection[str]], StainNames | None] | None = None
    folders: tuple[str, ...] = ()
    belongs: Callable[[Path], bool] = _anywhere
    guess: Guess | None = None

    def __post_init__(self) -> None:
        if not self.name:
            raise InputError("The layout has no name; give it one")
        # An expression that is none is refused now, not at the first file.
        _ = self._parts, self._folder_parts

    def read(self, stem: str) -> NameParts | None:
        """What a name says; None when it is of another layout."""
        parts = self._parts(stem)
        if parts is None:
            return None
        return replace(parts, layout=self.name, guess=parts.guess or self.guess)

    def read_folder(self, name: str) -> NameParts | None:
        """What the name of a folder of the microscope's says; None for any other folder."""
        found = (parts(name) for parts in self._folder_parts)
        return next((parts for parts in found if parts is not None), None)

    @cached_property
    def _parts(self) -> Callable[[str], NameParts | None]:
        return _reader(self.match) if isinstance(self.match, str) else self.match

    @cached_property
    def _folder_parts(self) -> tuple[Callable[[str], NameParts | None], ...]:
        return tuple(_reader(folder) for folder in self.folders)


def pattern_layout(pattern: str) -> Layout:
    """The layout of a user's own expression, which may fit any part of a name.

    Raises
    ------
    InputError
        If it is no regular expression, or names no group or an unknown one.
    """
    search = _compile(pattern).search

    def read(stem: str) -> NameParts | None:
        match = search(stem)
        return None if match is None else _parts_of(match)

    return Layout("pattern", read)


def without(text: str, spans: Iterable[tuple[int, int]]) -> str:
    """Cut from a name what varies within an image, its separators tidied."""
    letters = list(text)
    for start, stop in spans:
        letters[start:stop] = CUT * (stop - start)
    return closed("".join(letters)) or text


def closed(text: str) -> str:
    """Close the gaps in a name, which are marked by `CUT`; "" where nothing is left."""
    kept = _GAP.sub(lambda gap: gap.group(1) or gap.group(2), text)
    return kept.replace("()", "").strip("_-. ")


def _reader(expression: str) -> Callable[[str], NameParts | None]:
    fullmatch = _compile(expression, re.IGNORECASE).fullmatch

    def read(text: str) -> NameParts | None:
        match = fullmatch(text)
        return None if match is None else _parts_of(match)

    return read


def _compile(pattern: str, flags: int = 0) -> re.Pattern[str]:
    try:
        expression = re.compile(pattern, flags)
    except (re.error, RecursionError, OverflowError) as error:
        raise InputError(f"The pattern {pattern!r} is no regular expression: {error}.") from error
    named = expression.groupindex
    unknown = {name for name in named if name not in GROUPS and not _REPEATED.fullmatch(name)}
    if unknown or not named:
        found = ", ".join(sorted(unknown)) or "no group"
        raise InputError(
            f"The pattern {pattern!r} names {found}: name groups among {', '.join(GROUPS)}, as in "
            "(?P<channel>ch\\d+), and ignore for what differs and means nothing."
        )
    return expression


def _parts_of(match: re.Match[str]) -> NameParts:
    groups = match.groupdict()
    varying = [name for name in groups if name in _VARYING or _REPEATED.fullmatch(name)]
    return NameParts(
        image=without(match.string, (match.span(name) for name in varying if groups[name])),
        plate=groups.get("plate") or None,
        well=_well(groups),
        site=_site(groups.get("site")),
        channel=(groups.get("channel") or "").strip() or None,
        z=_number(groups.get("z"), match.string),
        t=_time(groups.get("t"), match.string),
    )


def _well(groups: Mapping[str, str | None]) -> str | None:
    if well := groups.get("well"):
        return well_name(well)
    row, column = groups.get("row"), groups.get("column")
    return well_at(row, column) if row and column else None


def _site(text: str | None) -> str | None:
    number = whole_number(text)
    return text or None if number is None else str(number)


def _time(text: str | None, name: str) -> int | None:
    """Number of a time point; of a duration (``01d02h30m``) the minutes, of a date its digits."""
    if text and (date := _DATE.fullmatch(text)):
        return int(re.sub(r"[^0-9]", "", date.group()))
    if text and (duration := _DURATION.fullmatch(text)):
        days, hours, minutes = (int(part or 0) for part in duration.groups())
        return (days * 24 + hours) * 60 + minutes
    return _number(text, name)


def _number(text: str | None, name: str) -> int | None:
    if not text:
        return None
    digits = re.search(r"[0-9]+", text)
    if digits is None:
        raise InputError(f"Z or time reads {text!r} in {name!r}: let the pattern catch a number.")
    return int(digits.group())
