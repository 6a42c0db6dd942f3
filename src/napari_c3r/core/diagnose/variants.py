"""Other roles for the same channels, which diagnostics compare with those assigned."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from napari_c3r.core.channels import ChannelAssignment


class Kind(StrEnum):
    """What a variant of the built-in diagnostics changes."""

    ASSIGNED = "as assigned"
    NOISE = "noise floor"
    SWAP = "all groups swapped"
    PASSES = "passes flipped"
    FLIP = "one role swapped"
    DROP = "context left out"


ASKABLE = (Kind.SWAP, Kind.PASSES, Kind.FLIP, Kind.DROP)
"""What a flip report is of unless told otherwise, in the order in which it is shown."""


@dataclass(frozen=True)
class Variant:
    """The same cells under other roles.

    Attributes
    ----------
    name
        Short and unique within a report: ``"ER as concept"``.
    kind
        What is changed: a `Kind`, or that of a registered diagnostic.
    assignment
        The roles that the cells are embedded with.
    channel
        The channel whose role is changed, or None when all are.
    action
        What is done, as the subject of a sentence; by default ``"Using <name>"``.
    claim
        What it means where it changes more than noise does, as a clause.
    passes
        Where the cells are embedded in several passes, each read out jointly, the roles of each;
        `assignment` then has the roles of all of them. Empty: as `assignment` says.
    """

    name: str
    kind: str
    assignment: ChannelAssignment
    channel: str | None = None
    action: str = ""
    claim: str = "its role matters"
    passes: tuple[ChannelAssignment, ...] = ()

    @property
    def embedded(self) -> ChannelAssignment | tuple[ChannelAssignment, ...]:
        """What the encoder is given."""
        return self.passes or self.assignment


@dataclass(frozen=True)
class VariantPlan:
    """The variants of an assignment.

    Attributes
    ----------
    variants
        The assignment itself, then the others.
    skipped
        A sentence for every question that these channels cannot answer.
    """

    variants: tuple[Variant, ...]
    skipped: tuple[str, ...]
