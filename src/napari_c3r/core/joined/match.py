"""How another table fitted cells, and what it says of them."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final, Protocol

from napari_c3r.core.errors import InputError

if TYPE_CHECKING:
    import pandas as pd

CHOSEN: Final = "chosen"
"""Under which provenance keeps what the table calls the columns, where not all were added."""


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
    theirs
        What the table calls the columns, in their order.
    """

    values: pd.DataFrame
    match: CellMatch
    facts: Mapping[str, Any]
    theirs: tuple[str, ...] = ()

    def only(self, theirs: Collection[str]) -> JoinedColumns:
        """Some of the columns, by what the table calls them.

        Raises
        ------
        InputError
            None of them is left.
        """
        kept = [place for place, name in enumerate(self.theirs) if name in theirs]
        if not kept:
            raise InputError("No column is chosen; choose those to add")
        if len(kept) == len(self.theirs):
            return self
        values = self.values.iloc[:, kept]
        ours = tuple(map(str, values.columns))
        names = tuple(self.theirs[place] for place in kept)
        facts = {**self.facts, "columns": list(ours), CHOSEN: list(names)}
        return JoinedColumns(values, replace(self.match, columns=ours), facts, names)
