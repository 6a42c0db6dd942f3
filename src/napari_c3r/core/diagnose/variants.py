"""Which other roles to try: the question of each diagnostic, spelt out as assignments."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from napari_c3r.core.channels import ChannelAssignment, Role
from napari_c3r.core.errors import InputError


class Kind(StrEnum):
    """What a variant changes."""

    ASSIGNED = "as assigned"
    NOISE = "noise floor"
    SWAP = "all groups swapped"
    FLIP = "one role swapped"
    DROP = "context left out"


ASKABLE = (Kind.SWAP, Kind.FLIP, Kind.DROP)
"""What can be asked for, in the order in which it is shown."""


@dataclass(frozen=True)
class Variant:
    """The same cells under other roles.

    Attributes
    ----------
    name
        Short and unique within a report: ``"ER as concept"``.
    kind
        What is changed.
    assignment
        The roles that the cells are embedded with.
    channel
        The channel whose role is changed, or None when all are.
    """

    name: str
    kind: Kind
    assignment: ChannelAssignment
    channel: str | None = None


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
    """Spell out the diagnostics of C3R (Fig. 4: groups swapped; Table 11: context left out).

    Swapping one role alone is not in the paper; it tells which channel a swap acts through.

    Parameters
    ----------
    assignment
        The roles as they are; at least one context and one concept channel.
    kinds
        What to ask.

    Raises
    ------
    InputError
        An unusable assignment, an unknown kind, or nothing that can be asked.
    """
    roles = assignment.require_usable()
    wanted = [_parse_kind(kind) for kind in kinds]
    variants = [Variant(str(Kind.ASSIGNED), Kind.ASSIGNED, roles)]
    skipped: list[str] = []
    if Kind.SWAP in wanted:
        if roles.flipped() == roles:
            skipped.append("Every channel is in both groups, so there are no groups to swap")
        else:
            variants.append(Variant(str(Kind.SWAP), Kind.SWAP, roles.flipped()))
    if Kind.FLIP in wanted:
        for name in roles.used:
            _add(variants, skipped, *_flip(roles, name))
    if Kind.DROP in wanted:
        for name in roles.context:
            _add(variants, skipped, *_drop(roles, name))
    if len(variants) == 1:
        raise InputError(
            f"Nothing can be asked of the channels {', '.join(roles.used)} with these roles: "
            f"{'; '.join(skipped) or 'no diagnostic was chosen'}; choose all groups swapped, "
            "or add a channel"
        )
    return VariantPlan(tuple(variants), tuple(skipped))


def _parse_kind(kind: Kind | str) -> Kind:
    if kind not in ASKABLE:
        choices = ", ".join(f"'{choice}'" for choice in ASKABLE)
        raise InputError(f"No diagnostic {str(kind)!r}; choose among {choices}")
    return Kind(kind)


def _flip(roles: ChannelAssignment, name: str) -> tuple[Variant | None, str]:
    role = roles.roles[name]
    if role is Role.BOTH:
        return None, f"'{name}' is in both groups, so its role cannot be swapped"
    other = Role.CONCEPT if role is Role.CONTEXT else Role.CONTEXT
    changed = roles.with_role(name, other)
    if changed.problem():
        return None, (
            f"'{name}' is the only {role} channel, so its role can be swapped only together "
            "with another's"
        )
    return Variant(f"{name} as {other}", Kind.FLIP, changed, name), ""


def _drop(roles: ChannelAssignment, name: str) -> tuple[Variant | None, str]:
    if len(roles.context) == 1:
        return None, f"'{name}' is the only context channel, so it cannot be left out"
    # A channel in both groups stays a concept: only the context is thinned out (Table 11).
    rest = Role.CONCEPT if roles.roles[name] is Role.BOTH else Role.IGNORE
    return Variant(f"without {name}", Kind.DROP, roles.with_role(name, rest), name), ""


def _add(variants: list[Variant], skipped: list[str], variant: Variant | None, reason: str) -> None:
    if variant is None:
        skipped.append(reason)
    else:
        variants.append(variant)
