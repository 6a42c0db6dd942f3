"""What a layout of file names is: how a name is read, and what it says of a file."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

from napari_c3r.core.errors import InputError

WELL = r"(?P<well>(?:[A-P]|A[A-F])\d{1,2})"
"""Part of an expression: a well of a plate of up to 1536, such as ``C03``."""

GROUPS = ("plate", "well", "site", "channel", "z", "t")
_MORE_GROUPS = ("row", "column", "vary")
_VARYING = ("channel", "z", "t", "vary")


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
    """

    image: str
    layout: str = ""
    plate: str | None = None
    well: str | None = None
    site: str | None = None
    channel: str | None = None
    z: int | None = None
    t: int | None = None


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
        What differs between the files of one image in addition to channel, z and t is the group
        ``vary``. Or a function that gives the parts of a name, None for a name of another layout.
    stains
        Which stain each channel is, from the first file of an image and the channels in its
        names in lower case; None where that is unknown. By default channels keep their names.

    Raises
    ------
    InputError
        There is no name, or the expression is none, or names no group or an unknown one.
    """

    name: str
    match: str | Callable[[str], NameParts | None]
    stains: Callable[[Path, Collection[str]], StainNames | None] | None = None

    def __post_init__(self) -> None:
        if not self.name:
            raise InputError("The layout has no name; give it one")
        _ = self._parts  # an expression that is none is refused now, not at the first file

    def read(self, stem: str) -> NameParts | None:
        """What a name says; None when it is of another layout."""
        parts = self._parts(stem)
        return None if parts is None else replace(parts, layout=self.name)

    @cached_property
    def _parts(self) -> Callable[[str], NameParts | None]:
        if not isinstance(self.match, str):
            return self.match
        return _reader(_compile(self.match, (*GROUPS, *_MORE_GROUPS), re.IGNORECASE).fullmatch)


def pattern_layout(pattern: str) -> Layout:
    """The layout of a user's own expression, which may fit any part of a name.

    Raises
    ------
    InputError
        If it is no regular expression, or names no group or an unknown one.
    """
    return Layout("pattern", _reader(_compile(pattern, GROUPS).search))


def _reader(
    find: Callable[[str], re.Match[str] | None],
) -> Callable[[str], NameParts | None]:
    def read(stem: str) -> NameParts | None:
        match = find(stem)
        return None if match is None else _parts_of(match)

    return read


def _compile(pattern: str, groups: Collection[str], flags: int = 0) -> re.Pattern[str]:
    try:
        expression = re.compile(pattern, flags)
    except re.error as error:
        raise InputError(f"The pattern {pattern!r} is no regular expression: {error}.") from error
    unknown = set(expression.groupindex) - set(groups)
    if unknown or not expression.groupindex:
        found = ", ".join(sorted(unknown)) or "no group"
        raise InputError(
            f"The pattern {pattern!r} names {found}: name groups among {', '.join(groups)}, as in "
            "(?P<channel>ch\\d+)."
        )
    return expression


def _parts_of(match: re.Match[str]) -> NameParts:
    groups = match.groupdict()
    return NameParts(
        image=_without(match),
        plate=groups.get("plate") or None,
        well=_well(groups),
        site=_site(groups.get("site")),
        channel=(groups.get("channel") or "").strip() or None,
        z=_number(groups.get("z"), match.string),
        t=_number(groups.get("t"), match.string),
    )


def _without(match: re.Match[str]) -> str:
    """Cut from the name what varies within an image, its separators tidied."""
    spans = [match.span(name) for name in _VARYING if name in match.re.groupindex]
    kept = "".join(
        "\0" if any(start <= position < stop for start, stop in spans) else letter
        for position, letter in enumerate(match.string)
    )
    tidy = re.sub(r"([_\-. ]*)\0+[_\-. ]*", r"\1", kept)
    return tidy.strip("_-. ") or match.string


def _well(groups: dict[str, str | None]) -> str | None:
    """Well as a letter and two digits, from ``B2``, ``b-02`` or the row and column numbers."""
    row, column, well = groups.get("row"), groups.get("column"), groups.get("well")
    if well:
        letters = re.fullmatch(r"([A-Za-z]{1,2})[-_]?(\d+)", well)
        if letters is None:
            return well
        row, column = letters.groups()
    if not row or not column:
        return None
    letter = _row_letters(int(row)) if row.isdigit() else row.upper()
    return f"{letter}{int(column):02d}"


def _row_letters(number: int) -> str:
    """Row 3 is C, row 27 is AA."""
    return chr(64 + number) if number <= 26 else "A" + chr(64 + number - 26)


def _site(text: str | None) -> str | None:
    return str(int(text)) if text and text.isdigit() else text or None


def _number(text: str | None, name: str) -> int | None:
    if not text:
        return None
    digits = re.search(r"\d+", text)
    if digits is None:
        raise InputError(f"Z or time reads {text!r} in {name!r}: let the pattern catch a number.")
    return int(digits.group())
