"""How another table fitted cells, and what it says of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    import pandas as pd


class CellTable(Protocol):
    """Cells and what is known of how they were made; an AnnData is one."""

    @property
    def obs(self) -> pd.DataFrame:
        """One row per cell."""

    @property
    def uns(self) -> Any:
        """With the provenance."""


@dataclass(frozen=True)
class CellMatch:
    """How a table fitted the cells.

    Attributes
    ----------
    name
        What the table is called, such as the name of its file.
    keys
        By what it was matched: columns of ``obs``, and ``"position"``.
    columns
        Columns that are added.
    matched, unmatched
        Cells with and without a row.
    missing
        Some of those without one, in words.
    further
        How many more of them there are: cells, or wells.
    unused
        Rows that are no cell's.
    apart_px
        By position, how far a row and its cell lie apart, in the median.
    notes
        What else is to be said, in sentences.
    """

    name: str
    keys: tuple[str, ...]
    columns: tuple[str, ...]
    matched: int
    unmatched: int
    missing: tuple[str, ...] = ()
    further: int = 0
    unused: int = 0
    apart_px: float | None = None
    notes: tuple[str, ...] = ()

    @property
    def words(self) -> str:
        """What matched and what did not, as one or two sentences."""
        total = self.matched + self.unmatched
        by = " and ".join(
            [", ".join(self.keys[:-1]), self.keys[-1]] if self.keys[1:] else self.keys
        )
        words = f"{self.matched:,} of {total:,} rows match by {by}"
        if self.apart_px is not None:
            words += f" ({self.apart_px:.1f} px apart in the median)"
        if self.unmatched:
            named = ", ".join(self.missing) + (
                f" and {self.further:,} more" if self.further else ""
            )
            words += f"; {self.unmatched:,} have none: {named}"
        words += "."
        if self.unused:
            words += f" {self.unused:,} rows of the table are no cell's."
        return " ".join([words, *self.notes])


@dataclass(frozen=True, eq=False)
class JoinedColumns:
    """What a table says of cells.

    Attributes
    ----------
    values
        One row per cell, indexed as ``obs``.
    match
        How the table fitted.
    facts
        What provenance keeps of it, as plain values.
    """

    values: pd.DataFrame
    match: CellMatch
    facts: Mapping[str, Any]
