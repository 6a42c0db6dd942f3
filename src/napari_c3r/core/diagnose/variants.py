"""Other roles for the same channels, which diagnostics compare with those assigned."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from napari_c3r.core.channels import ChannelAssignment
from napari_c3r.core.diagnose.registry import variant_sources
from napari_c3r.core.errors import InputError


class Kind(StrEnum):
    """What a variant of the built-in diagnostics changes."""

    ASSIGNED = "as assigned"
    NOISE = "noise floor"
    SWAP = "all groups swapped"
    FLIP = "one role swapped"
    DROP = "context left out"


ASKABLE = (Kind.SWAP, Kind.FLIP, Kind.DROP)
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
    """

    name: str
    kind: str
    assignment: ChannelAssignment
    channel: str | None = None
    action: str = ""
    claim: str = "its role matters"


@dataclass(frozen=True)
class VariantPlan:
    """The variants of an assignment, the assignment itself first.

    Attributes
    ----------
    variants
        At least one besides the assignment itself.
    skipped
        A sentence for every question that these channels cannot answer.
    """

    variants: tuple[Variant, ...]
    skipped: tuple[str, ...]


def plan_variants(
    assignment: ChannelAssignment, kinds: Sequence[Kind | str] = ASKABLE
) -> VariantPlan:
    """Spell out the variants that diagnostics need, in the order of the registry.

    Parameters
    ----------
    assignment
        The roles as they are; at least one context and one concept channel.
    kinds
        Kinds of the variants to plan.

    Raises
    ------
    InputError
        An unusable assignment, an unknown kind, or nothing that can be asked.
    """
    roles = assignment.require_usable()
    sources = variant_sources()
    for kind in kinds:
        if kind not in sources:
            choices = ", ".join(f"'{choice}'" for choice in sources)
            raise InputError(f"No diagnostic {str(kind)!r}; choose among {choices}")
    variants = [Variant(str(Kind.ASSIGNED), Kind.ASSIGNED, roles)]
    skipped: list[str] = []
    for kind, source in sources.items():
        if kind in kinds:
            planned, reasons = source.plan(roles)
            variants += planned
            skipped += reasons
    if len(variants) == 1:
        raise InputError(
            f"Nothing can be asked of the channels {', '.join(roles.used)} with these roles: "
            f"{'; '.join(skipped) or 'no diagnostic was chosen'}; choose all groups swapped, "
            "or add a channel"
        )
    return VariantPlan(tuple(variants), tuple(skipped))
