"""Text that every file, table and terminal takes, and the numbers that are in it."""

from __future__ import annotations

import re

# Controls, line ends, lone surrogates; and what turns the direction of text or shows nothing, so
# that a name could read as another one. Joiners stay: scripts need them.
_UNFIT = re.compile(
    r"[\x00-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"
    r"\ud800-\udfff\U000e0000-\U000e007f]"
)
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
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def without_middle(text: str, letters: int) -> str:
    """A text of so many letters at most, its middle left out: names of files differ there least."""
    if len(text) <= letters:
        return text
    return f"{text[: letters // 2]}…{text[len(text) - letters + letters // 2 + 1 :]}"


def shortened(value: object, letters: int = 60) -> str:
    """A value as text for a message, quoted if it is text; the middle of what is long left out.

    Parameters
    ----------
    value
        Of any type. A whole number of thousands of digits is told by its size.
    letters
        Most letters shown.
    """
    if isinstance(value, int) and value.bit_length() > 4 * letters:
        return f"a number of {value.bit_length()} bits"
    try:
        text = repr(value)
    except ValueError:
        # It holds a number that Python does not write.
        text = f"a {type(value).__name__}"
    if len(text) <= letters:
        return text
    return f"{without_middle(text, letters)} ({len(text)} letters)"


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
