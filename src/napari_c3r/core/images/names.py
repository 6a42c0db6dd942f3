"""File names of microscopes: plate, well, site, channel, Z and time of each file."""

from __future__ import annotations

import re
from dataclasses import dataclass

from napari_c3r.core.errors import InputError

_WELL = r"(?P<well>(?:[A-P]|A[A-F])\d{1,2})"
_ROW_COLUMN = r"(?P<row>[A-P])-(?P<column>\d{1,2})"
_GUID = r"[0-9A-F]{8}(?:-[0-9A-F]{4}){3}-[0-9A-F]{12}"
_COLOUR = r"(?P<channel>blue|red|yellow|green)"

# Tried in this order; the first that fits a whole name is taken. The group `vary` spans what
# differs between the files of one image beside channel, z and t.
_LAYOUTS: dict[str, str] = {
    "Opera Phenix": r"r(?P<row>\d{2})c(?P<column>\d{2})f(?P<site>\d+)"
    r"(?P<vary>p(?P<z>\d+)-(?P<channel>ch\d+)sk(?P<t>\d+)fk\d+fl\d+)",
    "ImageXpress": rf"(?:(?P<plate>.+)_)?{_WELL}(?:_s(?P<site>\d+))?"
    rf"(?P<vary>_(?P<channel>w\d)(?:{_GUID})?)",
    "Cytation": rf"{_WELL}_\d+_(?P<vary>\d+)_(?P<site>\d+)_(?P<channel>.+)_(?P<t>\d{{3}})",
    "HPA": rf"(?:(?P<plate>.+)_)?{_WELL}_R?(?P<site>\d+)(?P<vary>(?:_z(?P<z>\d+))?_{_COLOUR})",
    "HPA cell": rf".+_{_COLOUR}",
    "Cellomics": rf"(?:(?P<plate>.+)_)?{_WELL}f(?P<site>\d+)(?P<channel>d\d+)",
    "position": r"(?:\d+_)?POS(?P<site>\d+)_(?P<channel>[A-Z])",
    "channel first": rf"(?P<channel>Channel\d+)-\d+-{_ROW_COLUMN}",
    "stage": r"(?P<row>[A-P])_(?P<column>\d{1,2})--(?P<site>[^_]+)__(?P<channel>.+)",
    "well and site": rf"(?:(?P<plate>.+)_)?{_WELL}_(?:site|field|s|f)(?P<site>\d+)"
    r"(?P<vary>(?:_z(?P<z>\d+))?(?:_t(?P<t>\d+))?(?:_(?P<channel>[^_]+))?)",
    "channel number": r".+[_-](?P<channel>(?-i:ch|Ch|CH|channel|Channel|c|w|d)\d+)",
    "ImageJ split": r"(?P<channel>(?-i:C)\d+)-.+",
}
_COMPILED = {name: re.compile(text, re.IGNORECASE) for name, text in _LAYOUTS.items()}

GROUPS = ("plate", "well", "site", "channel", "z", "t")
_VARYING = ("channel", "z", "t", "vary")
_THUMBNAIL = re.compile(r"_thumb|^thumb", re.IGNORECASE)
_LABELS = re.compile(r"(?:^|[_\-. ])(?:labels?|masks?|outlines?)$", re.IGNORECASE)

HPA_STAINS = {"blue": "nucleus", "red": "microtubules", "yellow": "ER", "green": "protein"}
"""Stains of the Human Protein Atlas by the colour in its file names."""


@dataclass(frozen=True)
class NameParts:
    """What a file's name says.

    Parameters
    ----------
    image
        The name without the parts that differ between the files of one image.
    layout
        The naming convention, "" when none is known.
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


def parse_name(stem: str) -> NameParts:
    """Read a file name without its suffix by the conventions known here."""
    for layout, expression in _COMPILED.items():
        match = expression.fullmatch(stem)
        if match:
            return _parts(match, layout)
    return NameParts(image=stem)


def parse_with(stem: str, expression: re.Pattern[str]) -> NameParts | None:
    """Read a file name by the user's own expression; None when it does not fit."""
    match = expression.search(stem)
    return _parts(match, "pattern") if match else None


def compile_pattern(pattern: str) -> re.Pattern[str]:
    """Compile the user's own expression.

    Raises
    ------
    InputError
        If it is no regular expression, or names no group or an unknown one.
    """
    try:
        expression = re.compile(pattern)
    except re.error as error:
        raise InputError(f"The pattern {pattern!r} is no regular expression: {error}.") from error
    unknown = set(expression.groupindex) - set(GROUPS)
    if unknown or not expression.groupindex:
        found = ", ".join(sorted(unknown)) or "no group"
        raise InputError(
            f"The pattern {pattern!r} names {found}: name groups among {', '.join(GROUPS)}, as in "
            "(?P<channel>ch\\d+)."
        )
    return expression


def is_extra(stem: str) -> bool:
    """Whether a name is that of a thumbnail, a mask, labels or outlines beside the images."""
    return bool(_THUMBNAIL.search(stem) or _LABELS.search(stem))


def natural_key(text: str) -> tuple[tuple[int, int, str], ...]:
    """Sorting key under which ``ch2`` comes before ``ch10``."""
    parts = re.split(r"(\d+)", text)
    return tuple((1, int(p), "") if p.isdigit() else (0, 0, p.lower()) for p in parts)


def _parts(match: re.Match[str], layout: str) -> NameParts:
    groups = match.groupdict()
    return NameParts(
        image=_without(match),
        layout=layout,
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
