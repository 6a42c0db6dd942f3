"""Names and values as they are written in expressions, and those that are like them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from difflib import get_close_matches
from typing import Final

QUOTES: Final = "\"'`"
"""In the first two stands text, or a column with an odd name; in the last a column."""
VALUE: Final = re.compile(r"[^\s,()=<>!≠≤≥\"'`]+")
"""A word of a value without quotes."""
JOINTS: Final = frozenset({"and", "or"})
"""Words that a value without quotes ends before."""
RESERVED: Final = frozenset(
    {*JOINTS, "not", "in", "between", "contains", "starts", "ends", "is", "missing"}
)
"""Words with a meaning of their own."""

_PLAIN = re.compile(r"[^\W\d]\w*")
_NEAR = 3


def spell_column(name: str) -> str:
    """A column's name as an expression takes it, in quotes where it needs them."""
    if _PLAIN.fullmatch(name) and name.casefold() not in RESERVED:
        return name
    return _quoted(name)


def spell_value(text: str) -> str:
    """A text as an expression takes it for a value, in quotes where it needs them."""
    words = text.split()
    plain = all(VALUE.fullmatch(word) and word.casefold() not in RESERVED for word in words)
    return text if plain and text == " ".join(words) and words else _quoted(text)


def as_number(text: str) -> int | float | None:
    """The number that a text is, None for any other text."""
    if re.fullmatch(r"[+-]?[0-9]{1,18}", text):
        return int(text)
    if re.fullmatch(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?", text):
        return float(text)
    return None


def near_names(name: str, names: Sequence[str]) -> list[str]:
    """Up to three of the names that another one could be meant for, the likeliest first."""
    spelt: dict[str, str] = {}
    for each in names:
        spelt.setdefault(each.casefold(), each)
    written = name.casefold()
    near = get_close_matches(written, spelt, _NEAR, 0.65)
    if len(written) > 1:
        near += [each for each in spelt if each.startswith(written)]
        near += [each for each in spelt if written in each]
    return [spelt[each] for each in dict.fromkeys(near)][:_NEAR]


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
