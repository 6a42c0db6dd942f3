"""How wells are spelt in file names, and the one spelling that is used here: ``C03``, ``AA01``."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable

from napari_c3r.core.text import whole_number

WELL = r"(?P<well>(?:A[A-F]|[A-P])(?: ?- ?)?[0-9]{1,3}|r[0-9]{1,2}c[0-9]{1,2})"
"""Part of an expression: a well of a plate of up to 1536, such as ``C03`` or ``r03c03``."""

_MAX_ROW, _MAX_COLUMN = 32, 48  # of a plate of 1536
_LETTERS = re.compile(r"(A[A-F]|[A-P])[-_ ]*([0-9]{1,3})", re.IGNORECASE)
_NUMBERS = re.compile(r"r([0-9]+)[-_ ]*c([0-9]+)", re.IGNORECASE)
_LAST_WORD = re.compile(
    r"(?:(?P<before>.*[^_\-. ])[_\-. ]+)?(?P<told>well[-_ ]?)?"
    r"(?P<well>(?:A[A-F]|[A-P])[0-9]{1,2})",
    re.IGNORECASE,
)
_PLACE = re.compile(r"(?:A[A-F]|[A-P])[0-9]{2}")
_OF_A_PLATE = re.compile(r"(?:^|[_\-. ])(?:plates?|pl|wells?|p)[-_ ]?[0-9]*$", re.IGNORECASE)


def well_name(text: str) -> str:
    """Well as a letter and two digits, from ``B2``, ``b-02``, ``B - 2``, ``B002`` or ``r02c02``.

    What names no well of a plate of up to 1536 stays as it is.
    """
    by_letter, by_number = _LETTERS.fullmatch(text), _NUMBERS.fullmatch(text)
    found = by_letter or by_number
    return (found and well_at(*found.groups())) or text


def well_at(row: str, column: str) -> str | None:
    """Well of a row, as letters or a number from 1, and a column; None where there is none."""
    number, place = whole_number(row), whole_number(column)
    if number is not None:
        letters = row_letters(number)
    else:
        letters = row.upper() if _LETTERS.fullmatch(f"{row}1") else None
    if letters is None or place is None or not 1 <= place <= _MAX_COLUMN:
        return None
    return f"{letters}{place:02d}"


def row_letters(number: int) -> str | None:
    """Row 3 is C, row 27 is AA; None beyond the 32 rows of a plate of 1536."""
    if not 1 <= number <= _MAX_ROW:
        return None
    return chr(64 + number) if number <= 26 else "A" + chr(64 + number - 26)


def wells_at_the_end(stems: Iterable[str]) -> dict[str, tuple[str | None, str]]:
    """Plate and well of names that end in a well, ``plate1_b02``, as far as that is sure.

    ``d1`` may be a day and ``c02`` a channel. It is a well where it is spelt as one (``D01``),
    comes after the word plate, or where names that are otherwise the same have several rows.

    Parameters
    ----------
    stems
        File names of one folder, without suffix.

    Returns
    -------
    dict
        Plate, None where the name is the well alone, and well by name.
    """
    sets: dict[str, list[tuple[str, str, bool]]] = defaultdict(list)
    for stem in stems:
        found = _LAST_WORD.fullmatch(stem)
        if found and _PLACE.fullmatch(well_name(found["well"])):
            sets[found["before"] or ""].append((stem, found["well"], bool(found["told"])))
    wells: dict[str, tuple[str | None, str]] = {}
    for before, members in sets.items():
        rows = {well.rstrip("0123456789").upper() for _, well, _ in members}
        all_sure = len(rows) > 1 or bool(_OF_A_PLATE.search(before))
        for stem, well, told in members:
            if all_sure or told or _PLACE.fullmatch(well):
                wells[stem] = (before or None, well_name(well))
    return wells
