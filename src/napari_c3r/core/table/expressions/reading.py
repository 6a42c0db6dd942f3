r"""Expressions on the rows of a table as they are written, read into a tree.

::

    expression = and-part {"or" and-part}
    and-part   = part {"and" part}
    part       = "not" part | "(" expression ")" | test
    test       = column ("=" | "!=" | "<" | "<=" | ">" | ">=") value
               | number ("<" | "<=" | ">" | ">=") column [the same sign or its like, value]
               | column ["not"] "in" "(" value {"," value} ")"
               | column ["not"] "between" value "and" value
               | column ["not"] ("contains" | "starts with" | "ends with") value
               | column "is" ["not"] "missing"
               | column

A column is called by its name or by its title in words, in any case; one with signs in its name
stands in double quotes. A value is a number, or text: to the next ``and``, ``or``, comma or
bracket, or in double quotes. In back quotes stands a column whose values are compared with.
"""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from itertools import accumulate
from typing import Final

from napari_c3r.core.table.expressions.scanning import SIGNS, WORD, Scanner
from napari_c3r.core.table.expressions.tree import (
    Both,
    Comparison,
    Either,
    ExpressionError,
    Node,
    Not,
    Op,
    Value,
)
from napari_c3r.core.table.expressions.words import (
    JOINTS,
    RESERVED,
    VALUE,
    as_number,
    near_names,
)
from napari_c3r.core.table.titles import title
from napari_c3r.core.text import shortened

_DEEPEST = 60

OPERATORS: Final = (
    *("=", "≠", "<", "≤", ">", "≥", "in (", "between", "contains", "starts with", "ends with"),
    *("is missing", "is not missing"),
)
"""What may come after a column, as it is offered."""

_MIRRORED: Final = {
    Op.LESS: Op.MORE,
    Op.AT_MOST: Op.AT_LEAST,
    Op.MORE: Op.LESS,
    Op.AT_LEAST: Op.AT_MOST,
    Op.EQUAL: Op.EQUAL,
}
_ASCENDING: Final = (Op.LESS, Op.AT_MOST)


@dataclass(frozen=True)
class Wanted:
    """What may be written somewhere.

    Attributes
    ----------
    kind
        ``"column"``, ``"operator"``, ``"value"`` or ``"joint"`` (and, or).
    start
        Where it begins.
    column
        The column that an operator or a value is for.
    """

    kind: str
    start: int
    column: str = ""


def read_expression(text: str, columns: Iterable[object]) -> Node:
    """The tree of an expression.

    Parameters
    ----------
    text
        What was written.
    columns
        Names of the table's columns.

    Raises
    ------
    ExpressionError
        It cannot be read, or names a column that there is not.
    """
    return _Reader(text, columns).read()


def wanted_at_end(text: str, columns: Iterable[object]) -> Wanted:
    """What the last, perhaps unfinished word of a text is meant to be."""
    reader = _Reader(text, columns)
    with suppress(ExpressionError):
        reader.read()
    return reader.wanted


class _Reader(Scanner):
    """Reads a text from its beginning to its end, and knows what it expects where it is."""

    def __init__(self, text: str, columns: Iterable[object]) -> None:
        super().__init__(text)
        self._depth = 0
        self._names = [str(name) for name in columns]
        self._spelt = _spellings(self._names)
        self.wanted = Wanted("column", 0)

    def read(self) -> Node:
        self.skip()
        if self.is_at_end():
            raise ExpressionError("Write a condition, such as area_px > 500", 0, 1)
        node = self._either()
        if not self.is_at_end():
            if self.text[self.at] == ")":
                raise self.error("A bracket is closed that was not opened; leave ')' out")
            raise self.error(
                f"{shortened(self.rest())} follows a whole condition; join conditions by 'and' or "
                "'or', and put text with signs in double quotes",
                len(self.text),
            )
        return node

    def _either(self) -> Node:
        parts = [self._both()]
        while self.takes("or"):
            parts.append(self._both())
        return parts[0] if len(parts) == 1 else Either(tuple(parts))

    def _both(self) -> Node:
        parts = [self._part()]
        while self.takes("and"):
            parts.append(self._part())
        return parts[0] if len(parts) == 1 else Both(tuple(parts))

    def _part(self) -> Node:
        self.wanted = Wanted("column", self.at)
        self._depth += 1
        if self._depth > _DEEPEST:
            raise self.error(f"More than {_DEEPEST} brackets or nots within each other")
        try:
            if self._known_column() is None and self.takes("not"):
                return Not(self._part())
            if self.takes("("):
                node = self._either()
                self.require(")")
                self.wanted = Wanted("joint", self.at)
                return node
            return self._test()
        finally:
            self._depth -= 1

    def _test(self) -> Node:
        number = self._number_before_sign()
        if number is not None:
            return self._test_of_number(number)
        name, start, end = self._column()
        if self.at > end or not self.is_at_end():
            self.wanted = Wanted("operator", self.at, name)
        sign = self.sign()
        if sign is not None:
            return Comparison(name, sign, (self._value(name),), start, end)
        if self.takes("is"):
            absent = self.takes("not")
            self.require("missing")
            self.wanted = Wanted("joint", self.at)
            test = Comparison(name, Op.MISSING, (), start, end)
            return Not(test) if absent else test
        negated = self.takes("not")
        op = self._word_operator()
        if op is None:
            if negated or not self._ends_a_test():
                raise self.error(
                    f"After {shortened(name)} comes one of {', '.join(OPERATORS)}", self.word_end()
                )
            return Comparison(name, Op.TRUE, (), start, end)
        test = Comparison(name, op, self._values_of(op, name), start, end)
        return Not(test) if negated else test

    def _values_of(self, op: Op, name: str) -> tuple[Value, ...]:
        if op is Op.IN:
            self.require("(")
            values = [self._value(name)]
            while self.takes(","):
                values.append(self._value(name))
            self.require(")")
            self.wanted = Wanted("joint", self.at)
            return tuple(values)
        if op is Op.BETWEEN:
            low = self._value(name)
            self.require("and")
            return low, self._value(name)
        return (self._value(name),)

    def _test_of_number(self, low: Value) -> Node:
        """``100 < area``, and ``100 < area <= 500``."""
        at = self.at
        sign = self.sign()
        assert sign is not None
        if sign not in _MIRRORED:
            raise self.error("Write the column first, then the number", self.at, at)
        self.wanted = Wanted("column", self.at)
        name, start, end = self._column()
        test = Comparison(name, _MIRRORED[sign], (low,), start, end)
        at = self.at
        second = self.sign()
        if second is None:
            return test
        if sign is Op.EQUAL or (second in _ASCENDING) is not (sign in _ASCENDING):
            raise self.error("Two signs about one column point the same way", self.at, at)
        return Both((test, Comparison(name, second, (self._value(name),), start, end)))

    def _column(self) -> tuple[str, int, int]:
        self.wanted = Wanted("column", self.at)
        start = self.at
        if self.is_at_quote():
            value = self.quoted()
            return self._named(value.text, start, value.end), start, value.end
        known = self._known_column()
        if known is not None:
            self.at = known[1]
            self.skip()
            return known[0], start, known[1]
        word = WORD.match(self.text, self.at)
        if word is None:
            what = shortened(self.text[self.at]) if not self.is_at_end() else "the end"
            raise self.error(f"A column is missing before {what}")
        # Titles have several words: what stands before a sign is meant as one.
        end = word.end()
        sign = SIGNS.search(self.text, end)
        whole = self.text[start : sign.start()].strip() if sign else word.group()
        if not set(whole.casefold().split()) & RESERVED and "(" not in whole:
            end = start + len(whole)
        raise self._no_column(self.text[start:end], start, end)

    def _named(self, name: str, start: int, end: int) -> str:
        if name in self._names:
            return name
        found = self._spelt.get(name.casefold(), [])
        if not found:
            raise self._no_column(name, start, end)
        return self._only(found, name, start, end)

    def _only(self, found: list[str], written: str, start: int, end: int) -> str:
        if len(found) > 1:
            either = ", ".join(map(repr, found))
            raise ExpressionError(
                f"{shortened(written)} could be {either}; write the name itself", start, end
            )
        return found[0]

    def _no_column(self, name: str, start: int, end: int) -> ExpressionError:
        near = near_names(name, [*self._names, *map(title, self._names)])
        near = list(dict.fromkeys(self._spelt[each.casefold()][0] for each in near))
        meant = " or ".join(map(shortened, near))
        told = f"; did you mean {meant}?" if near else ""
        if not near:
            first = ", ".join(map(shortened, self._names[:4]))
            told = f"; the table has {first}{' …' if len(self._names) > 4 else ''}"
        return ExpressionError(f"No column {shortened(name)}{told}", start, end)

    def _known_column(self) -> tuple[str, int] | None:
        """The longest name or title that the text goes on with, and where it ends."""
        rest = self.text[self.at :]
        best: tuple[str, int] | None = None
        # Some letters fold into two, so that what comes after lies elsewhere in the folded text.
        folded = [letter.casefold() for letter in rest]
        ends = {after: at for at, after in enumerate(accumulate(map(len, folded)), self.at + 1)}
        whole = "".join(folded)
        for spelt, names in self._spelt.items():
            end = ends.get(len(spelt), self.at)
            if end <= (self.at if best is None else best[1]) or not whole.startswith(spelt):
                continue
            if WORD.match(self.text, end - 1) and WORD.match(self.text, end):
                continue
            exact = self.text[self.at : end]
            best = (
                exact if exact in self._names else self._only(names, exact, self.at, end),
                end,
            )
        return best

    def _number_before_sign(self) -> Value | None:
        if self._known_column() is not None:
            return None
        found = VALUE.match(self.text, self.at)
        if found is None or as_number(found.group()) is None:
            return None
        start = self.at
        self.at = found.end()
        self.skip()
        if SIGNS.match(self.text, self.at) is None:
            self.at = start
            return None
        return Value(found.group(), found.start(), found.end())

    def _value(self, column: str) -> Value:
        self.wanted = Wanted("value", self.at, column)
        if self.is_at_quote():
            value = self.quoted()
            self.wanted = Wanted("joint", self.at)
            if value.quote == "`":
                name = self._named(value.text, value.start, value.end)
                return Value(name, value.start, value.end, "`")
            return value
        start = end = self.at
        while (word := VALUE.match(self.text, self.at)) is not None:
            if word.group().casefold() in JOINTS:
                break
            end = self.at = word.end()
            self.skip()
        if start == end:
            raise self.error(f"A value for {shortened(column)} is missing")
        return Value(" ".join(self.text[start:end].split()), start, end)

    def _word_operator(self) -> Op | None:
        for op in (Op.IN, Op.BETWEEN, Op.CONTAINS):
            if self.takes(op.value):
                return op
        for op in (Op.STARTS, Op.ENDS):
            if self.takes(op.value.split()[0]):
                self.require("with")
                return op
        return None

    def _ends_a_test(self) -> bool:
        return self.is_at_end() or self.text[self.at] == ")" or self.word() in JOINTS


def _spellings(names: list[str]) -> dict[str, list[str]]:
    """The columns that a name in any case, or a title, stands for; a name goes before titles."""
    found: dict[str, list[str]] = {}
    for name in names:
        found.setdefault(name.casefold(), []).append(name)
    titles: dict[str, list[str]] = {}
    for name in names:
        titles.setdefault(title(name).casefold(), []).append(name)
    return {**titles, **found}
