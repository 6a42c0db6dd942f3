"""What of a session has changed, and why."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Part(StrEnum):
    """What of a session has changed."""

    IMAGE = "image"
    ROLES = "roles"
    CELLS = "cells"
    RESULT = "result"
    MAP = "map"
    SELECTION = "selection"
    CURRENT = "current"
    ANNOTATION = "annotation"
    PLATE_MAP = "plate map"
    VIEW = "view"
    PLOT = "plot"
    GATES = "gates"
    MONTAGE = "montage"
    DIAGNOSIS = "diagnosis"
    WHY = "why"


class Cause(StrEnum):
    """Why it has changed."""

    USER = "user"
    """The user worked on it: opened, chose, drew, computed."""
    FIELD_SHOWN = "field shown"
    """Another field is displayed; roles, result and selection are as they were."""
    FIELDS_FOUND = "fields found"
    """It became known to which fields the displayed image belongs."""
    FILTER = "filter"
    """Other cells are hidden; none was embedded or deleted."""
    RESTORED = "restored"
    """A saved session was opened."""
    FOLLOWED = "followed"
    """It goes along with something else that the user did."""
    UNDONE = "undone"
    """A step was undone or done again."""


@dataclass(frozen=True)
class Change:
    """One change of a session.

    Attributes
    ----------
    part
        What has changed.
    cause
        Why.
    columns
        Of an annotation: the columns of the table that are other ones, came or went; None where
        that is not known, so that any may be.
    """

    part: Part
    cause: Cause = Cause.USER
    columns: frozenset[str] | None = None

    def touches(self, *names: str) -> bool:
        """Whether one of these columns may be another one than before."""
        if self.part is not Part.ANNOTATION or self.columns is None:
            return True
        return not self.columns.isdisjoint(names)

    @property
    def is_work(self) -> bool:
        """Whether there is more or other work than before, not only another view of it."""
        return self.cause in (Cause.USER, Cause.RESTORED)
