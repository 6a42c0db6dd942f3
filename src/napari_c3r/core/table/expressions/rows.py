"""Rows of a table that fit an expression: ``area_um2 > 500 and well = B13``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from napari_c3r.core.table.expressions.columns import COMPARED, OPPOSITE, Column, Mask
from napari_c3r.core.table.expressions.reading import OPERATORS, read_expression, wanted_at_end
from napari_c3r.core.table.expressions.tree import Both, Comparison, ExpressionError, Node, Not, Op
from napari_c3r.core.table.expressions.words import QUOTES, spell_column, spell_value
from napari_c3r.core.text import shortened

if TYPE_CHECKING:
    import pandas as pd

_JOINTS = ("and", "or")
_MAX_OFFERED = 50


def rows_where(obs: pd.DataFrame, expression: str) -> Mask:
    """Rows that fit an expression.

    Parameters
    ----------
    obs
        One row per cell or well.
    expression
        Such as ``area_um2 > 500 and well = B13``: comparisons by ``=``, ``!=``, ``<``, ``<=``,
        ``>``, ``>=``, ``in (a, b)``, ``between a and b``, ``contains``, ``starts with``, ``ends
        with``, ``is missing``, joined by ``and``, ``or``, ``not`` and brackets. Columns are called
        by name or by their title in words, with odd names in double quotes. Text needs quotes only
        where it holds signs, or the words and, or. Case does not matter, but for values that it
        alone tells apart, nor does the way to spell a well (``A9`` = ``A09``). A column of yes and
        no stands for itself: ``not touches_border``. A column in back quotes is compared with.

    Returns
    -------
    (rows,) bool
        A row whose value is missing is in no comparison, nor in the opposite of one: ask for it by
        ``is missing``.

    Raises
    ------
    ExpressionError
        It cannot be read or names what there is not: in one line, with the place.
    """
    return TableRows(obs).where(expression).mask


@dataclass(frozen=True, eq=False)
class FoundRows:
    """Rows that fit an expression.

    Attributes
    ----------
    mask
        (rows,) bool.
    notes
        Values that no row has, in sentences, with those that are like them.
    """

    mask: Mask
    notes: tuple[str, ...] = ()


class TableRows:
    """A table that is asked several times: what was learnt of a column is kept.

    Parameters
    ----------
    obs
        One row per cell or well; not to be changed meanwhile.
    """

    def __init__(self, obs: pd.DataFrame) -> None:
        self._obs = obs
        self._columns: dict[str, Column] = {}

    def where(self, expression: str) -> FoundRows:
        """Rows that fit an expression; see `rows_where`."""
        notes: list[str] = []
        node = read_expression(expression, self._obs.columns)
        mask = self._fits(node, True, notes)
        return FoundRows(mask, tuple(dict.fromkeys(notes)))

    def completions(self, text: str) -> tuple[int, list[str]]:
        """How the last word of a text could go on.

        Parameters
        ----------
        text
            An expression up to where one writes.

        Returns
        -------
        start, words
            Where the word begins that each of ``words`` can take the place of.
        """
        wanted = wanted_at_end(text, self._obs.columns)
        written = text[wanted.start :].lstrip(QUOTES).casefold()
        if wanted.kind == "column":
            words = [spell_column(str(name)) for name in self._obs.columns]
        elif wanted.kind == "operator":
            words = list(OPERATORS)
        elif wanted.kind == "value":
            words = [spell_value(value) for value in self._column(wanted.column).values]
        else:
            words = list(_JOINTS)
        begin = [word for word in words if word.lstrip(QUOTES).casefold().startswith(written)]
        hold = [word for word in words if written in word.casefold() and word not in begin]
        if wanted.kind == "value" and not begin and len(written.split(" ")) > 1:
            last = written.rpartition(" ")[2]
            joints = [word for word in _JOINTS if word.startswith(last)]
            return len(text) - len(last), joints
        return wanted.start, [*begin, *hold][:_MAX_OFFERED]

    def _fits(self, node: Node, wanted: bool, notes: list[str]) -> Mask:
        """Rows of which it is known that a part is so, or that it is not."""
        if isinstance(node, Not):
            return self._fits(node.part, not wanted, notes)
        if isinstance(node, Comparison):
            return self._tested(node, wanted, notes)
        join = np.logical_and if isinstance(node, Both) is wanted else np.logical_or
        mask = self._fits(node.parts[0], wanted, notes)
        for part in node.parts[1:]:
            join(mask, self._fits(part, wanted, notes), out=mask)
        return mask

    def _tested(self, test: Comparison, wanted: bool, notes: list[str]) -> Mask:
        column = self._column(test.column)
        if test.op is Op.MISSING:
            return column.missing.copy() if wanted else ~column.missing
        if any(value.quote == "`" for value in test.values):
            return self._beside(column, test, wanted)
        mask = column.test(test, wanted, notes)
        mask &= ~column.missing
        return mask

    def _beside(self, column: Column, test: Comparison, wanted: bool) -> Mask:
        """Rows by the values of two columns."""
        value = test.values[0]
        other = self._column(value.text)
        if test.op not in COMPARED:
            raise ExpressionError(
                "Two columns are compared by =, !=, <, <=, > or >=", value.start, value.end
            )
        if column.numbers is None or other.numbers is None:
            text = column if column.numbers is None else other
            raise ExpressionError(
                f"{shortened(text.name)} holds text, and only columns of numbers can be compared "
                "with each other",
                value.start,
                value.end,
            )
        compare = COMPARED[test.op if wanted else OPPOSITE[test.op]]
        mask: Mask = compare(column.numbers, other.numbers)
        return mask & ~column.missing & ~other.missing

    def _column(self, name: str) -> Column:
        if name not in self._columns:
            self._columns[name] = Column(name, self._obs[name])
        return self._columns[name]
