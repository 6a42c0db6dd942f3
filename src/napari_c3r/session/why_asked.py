"""What is asked when a cell, or a group, is asked why it is here."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from napari_c3r.core.explain.options import WhyOptions

Group = tuple[str, str]
"""A column of the table and its value."""

OTHERS: Final = ("", "others")
"""All other cells, as those that are compared with."""
OTHER_CLUSTERS: Final = ("", "other clusters")
"""The cells of every cluster but the cell's own."""


@dataclass(frozen=True)
class Asked:
    """What is asked.

    Attributes
    ----------
    group
        The cells that are asked; None for the one that is pointed at.
    against
        The cells that it is compared with.
    options
        How it is asked.
    """

    group: Group | None = None
    against: Group = OTHERS
    options: WhyOptions = field(default_factory=WhyOptions)


@dataclass(frozen=True)
class Key:
    """By which a question is recognised: those of the same key have the same answer.

    Attributes
    ----------
    shown
        Of the rows that were shown: empty for all, else a digest of them.
    cell
        The name of the row that is asked, None where a group is.
    group, compared
        The cells, by what they are called and a digest of them: a gate may hold others under the
        same name. None for one cell, and for all others.
    options
        How it is asked.
    """

    shown: str
    cell: str | None
    group: tuple[str, str] | None
    compared: tuple[str, str] | None
    options: WhyOptions

    @property
    def subject(self) -> tuple[object, ...]:
        """Who is asked and compared with whom, however it is asked."""
        return self.shown, self.cell, self.group, self.compared
