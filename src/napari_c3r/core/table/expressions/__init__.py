"""Expressions that choose rows of a table."""

from __future__ import annotations

from napari_c3r.core.table.expressions.rows import FoundRows, TableRows, rows_where
from napari_c3r.core.table.expressions.tree import ExpressionError
from napari_c3r.core.table.expressions.words import spell_column, spell_value

__all__ = [
    "ExpressionError",
    "FoundRows",
    "TableRows",
    "rows_where",
    "spell_column",
    "spell_value",
]
