"""Text that every file, table and terminal takes, and the numbers that are in it."""

from __future__ import annotations

import re

_UNFIT = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
# Python reads a byte of a name that is no UTF-8 as this and the byte.
_BYTE = 0xDC00
_DIGITS = re.compile(r"[0-9]+")


def readable(text: str) -> str:
    r"""Write what is no character, or steers a terminal, as a backslash escape.

    Parameters
    ----------
    text
        Such as a file's name, where bytes that are no UTF-8 are lone surrogates.

    Returns
    -------
    str
        The same where nothing is amiss; ``"\xff"`` for a byte or a control character.
    """
    return _UNFIT.sub(_escaped, text)


def _escaped(match: re.Match[str]) -> str:
    code = ord(match.group())
    if _BYTE < code < _BYTE + 0x100:
        code -= _BYTE
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"


def whole_number(text: str | None) -> int | None:
    """The number that a text is, in the digits 0 to 9 alone; None for any other text.

    Superscripts, circled digits and those of other scripts count as letters: Python calls some
    of them digits and then refuses to read them.
    """
    return int(text) if text and _DIGITS.fullmatch(text) else None


def natural_key(text: str) -> tuple[tuple[int, int, str], ...]:
    """Sorting key under which ``ch2`` comes before ``ch10``."""
    parts = re.split(r"([0-9]+)", text)
    return tuple((0, 0, p.lower()) if n % 2 == 0 else (1, int(p), "") for n, p in enumerate(parts))
