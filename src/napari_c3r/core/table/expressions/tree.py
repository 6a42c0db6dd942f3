"""What an expression on the rows of a table says, as a tree."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from napari_c3r.core.errors import InputError


class Op(StrEnum):
    """How values are compared."""

    EQUAL = "="
    UNEQUAL = "≠"
    LESS = "<"
    AT_MOST = "≤"
    MORE = ">"
    AT_LEAST = "≥"
    IN = "in"
    BETWEEN = "between"
    CONTAINS = "contains"
    STARTS = "starts with"
    ENDS = "ends with"
    MISSING = "is missing"
    TRUE = "is true"


class ExpressionError(InputError):
    """An expression that cannot be read, or that does not fit the table.

    Parameters
    ----------
    message
        What is wrong, and what to write instead.
    start, end
        Where, in letters from 0, ``end`` exclusive.
    """

    def __init__(self, message: str, start: int, end: int) -> None:
        super().__init__(f"{message} (at letter {start + 1})")
        self.start, self.end = start, max(end, start + 1)


@dataclass(frozen=True)
class Value:
    """What a column is compared with.

    Attributes
    ----------
    text
        As written, without quotes.
    start, end
        Where it stands.
    quote
        The quote that it stands in; empty for none. Back quotes hold a column.
    """

    text: str
    start: int
    end: int
    quote: str = ""


@dataclass(frozen=True)
class Comparison:
    """One comparison.

    Attributes
    ----------
    column
        Name in the table.
    op, values
        How and with what it is compared.
    start, end
        Where the column stands.
    """

    column: str
    op: Op
    values: tuple[Value, ...]
    start: int
    end: int


@dataclass(frozen=True)
class Not:
    """What must not be."""

    part: Node


@dataclass(frozen=True)
class Both:
    """What must be together."""

    parts: tuple[Node, ...]


@dataclass(frozen=True)
class Either:
    """Of which one must be."""

    parts: tuple[Node, ...]


Node = Comparison | Not | Both | Either
