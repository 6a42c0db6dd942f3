"""A text read word by word."""

from __future__ import annotations

import re
from typing import Final

from napari_c3r.core.table.expressions.tree import ExpressionError, Op, Value
from napari_c3r.core.table.expressions.words import QUOTES
from napari_c3r.core.text import shortened

SIGNS: Final = re.compile(r"==|=|!=|<>|≠|<=|≤|<|>=|≥|>")
"""Signs that compare."""
WORD: Final = re.compile(r"\w+")
"""Letters, digits and underscores."""

_BY_SIGN: Final = {
    "=": Op.EQUAL,
    "==": Op.EQUAL,
    "!=": Op.UNEQUAL,
    "<>": Op.UNEQUAL,
    "≠": Op.UNEQUAL,
    "<": Op.LESS,
    "<=": Op.AT_MOST,
    "≤": Op.AT_MOST,
    ">": Op.MORE,
    ">=": Op.AT_LEAST,
    "≥": Op.AT_LEAST,
}
_BLANK = re.compile(r"\s*")


class Scanner:
    """Where one is in a text, and what comes next.

    Parameters
    ----------
    text
        What is read.
    """

    def __init__(self, text: str) -> None:
        self.text, self.at = text, 0

    def is_at_quote(self) -> bool:
        """Whether a quote is opened here."""
        return not self.is_at_end() and self.text[self.at] in QUOTES

    def quoted(self) -> Value:
        """Read what stands in quotes."""
        start, quote = self.at, self.text[self.at]
        letters: list[str] = []
        at = start + 1
        while at < len(self.text) and self.text[at] != quote:
            if self.text[at] == "\\" and self.text[at + 1 : at + 2] in (quote, "\\"):
                at += 1
            letters.append(self.text[at])
            at += 1
        if at >= len(self.text):
            raise self.error(f"A quote is not closed; add {quote}", len(self.text))
        self.at = at + 1
        self.skip()
        return Value("".join(letters), start, at + 1, quote)

    def sign(self) -> Op | None:
        """Read a sign that compares, if one comes next."""
        found = SIGNS.match(self.text, self.at)
        if found is None:
            return None
        self.at = found.end()
        self.skip()
        return _BY_SIGN[found.group()]

    def word(self) -> str:
        """The word that comes next, in small letters; it is not read."""
        found = WORD.match(self.text, self.at)
        return found.group().casefold() if found else ""

    def word_end(self) -> int:
        """Where the word that comes next ends."""
        found = WORD.match(self.text, self.at)
        return found.end() if found else self.at

    def takes(self, what: str) -> bool:
        """Read a sign or a word if it comes next."""
        length = len(what)
        is_word = what.isalpha()
        here = self.word() if is_word else self.text[self.at : self.at + length]
        if here != what:
            return False
        self.at += length
        self.skip()
        return True

    def require(self, what: str) -> None:
        """Read a sign or a word that must come next."""
        if not self.takes(what):
            end = self.word_end()
            found = self.text[self.at : max(end, self.at + 1)]
            seen = f", not {shortened(found)}" if found else ""
            raise self.error(f"Here comes {what!r}{seen}", end)

    def skip(self) -> None:
        """Go over blanks."""
        found = _BLANK.match(self.text, self.at)
        assert found is not None
        self.at = found.end()

    def rest(self) -> str:
        """What is not read yet."""
        return self.text[self.at :].strip()

    def is_at_end(self) -> bool:
        """Whether all is read."""
        return self.at >= len(self.text)

    def error(self, message: str, end: int = 0, start: int | None = None) -> ExpressionError:
        """What is wrong here, or from ``start`` on."""
        return ExpressionError(message, self.at if start is None else start, end)
