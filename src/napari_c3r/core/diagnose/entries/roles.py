"""Whether the roles matter: groups swapped, passes flipped, one role swapped, a context left out.

What these find is compared together, with one noise floor and one adjustment for the number of
questions, and has a section of its own in the report; see `report/sections.py`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from napari_c3r.core.channels import ChannelAssignment, Role
from napari_c3r.core.diagnose.registry import (
    Diagnostic,
    DiagnosticContext,
    DiagnosticResult,
    ExtraVariants,
)
from napari_c3r.core.diagnose.variants import Kind, Variant
from napari_c3r.core.diagnose.verdict import VariantResult, grade_line, strongest
from napari_c3r.core.errors import InputError

Planned = tuple[list[Variant], list[str]]


@dataclass(frozen=True, eq=False, kw_only=True)
class RoleResult(DiagnosticResult):
    """What the variants of one kind change.

    Attributes
    ----------
    variants
        The result of each.
    """

    variants: tuple[VariantResult, ...]


def swap_groups(roles: ChannelAssignment) -> Planned:
    """All context channels become concept and all concept channels context, at once."""
    if roles.flipped() == roles:
        return [], ["Every channel is in both groups, so there are no groups to swap"]
    variant = Variant(
        str(Kind.SWAP),
        Kind.SWAP,
        roles.flipped(),
        action="Swapping all context and concept channels",
        claim="the roles matter",
    )
    return [variant], []


def flip_each_pass(roles: ChannelAssignment) -> Planned:
    """The pass of each concept, ``[ER, DNA | X]``, becomes ``[X | ER, DNA]`` (C3R, Fig. 4)."""
    swapped = roles.flipped()
    if len(roles.concept) == len(roles.context) == 1 or swapped == roles:
        return [], ["There is one pass of two channels, and flipping it is to swap all groups"]
    example = roles.concept[0]
    context = ", ".join(roles.context)
    variant = Variant(
        str(Kind.PASSES),
        Kind.PASSES,
        swapped,
        action=f"Flipping each pass ([{context} | {example}] to [{example} | {context}])",
        claim="the roles matter",
        passes=tuple(roles.flipped(name) for name in roles.concept),
    )
    return [variant], []


def swap_each_role(roles: ChannelAssignment) -> Planned:
    """One channel changes groups; not in the paper, it tells which channel a swap acts through."""
    variants, skipped = [], []
    for name in roles.used:
        role = roles.roles[name]
        other = Role.CONCEPT if role is Role.CONTEXT else Role.CONTEXT
        changed = roles.with_role(name, other)
        if role is Role.BOTH:
            skipped.append(f"'{name}' is in both groups, so its role cannot be swapped")
        elif changed.problem():
            skipped.append(
                f"'{name}' is the only {role} channel, so its role can be swapped only together "
                "with another's"
            )
        else:
            variants.append(Variant(f"{name} as {other}", Kind.FLIP, changed, name))
    return variants, skipped


def leave_out_each_context(roles: ChannelAssignment) -> Planned:
    """One context channel is not given to the encoder (C3R, Table 11)."""
    if len(roles.context) == 1:
        return [], [f"'{roles.context[0]}' is the only context channel, so it cannot be left out"]
    variants = []
    for name in roles.context:
        # A channel in both groups stays a concept: only the context is thinned out (Table 11).
        rest = Role.CONCEPT if roles.roles[name] is Role.BOTH else Role.IGNORE
        variants.append(
            Variant(
                f"without {name}",
                Kind.DROP,
                roles.with_role(name, rest),
                name,
                action=f"Leaving {name} out of the context",
                claim="the channel matters",
            )
        )
    return variants, []


def _entry(
    name: str, label: str, text: str, kind: Kind, plan: Callable[[ChannelAssignment], Planned]
) -> Diagnostic:
    def run(context: DiagnosticContext) -> RoleResult:
        report = context.report
        found = tuple(result for result in report.results if result.variant.kind == kind)
        if not found:
            reasons = plan(report.assigned.variant.assignment)[1]
            raise InputError("; ".join(reasons) or f"The cells were not embedded with {kind}")
        first = strongest(found)
        return RoleResult(
            sentence=report.sentence(first.variant.name),
            table=report.table[report.table["kind"] == kind],
            grade=first.verdict.grade,
            variants=found,
        )

    return Diagnostic(
        name=name,
        label=label,
        help=text,
        run=run,
        variants=ExtraVariants(str(kind), plan),
        section=lambda _: None,
        status=lambda result: grade_line([each.verdict for each in result.variants]),
        result=RoleResult,
    )


SWAP = _entry(
    "swap",
    "All groups swapped",
    "Context becomes concept and concept context, all at once",
    Kind.SWAP,
    swap_groups,
)
PASSES = _entry(
    "passes",
    "The pass of each concept flipped",
    "From [ER, DNA | X] to [X | ER, DNA] for each concept X, as in the paper (C3R, Fig. 4)",
    Kind.PASSES,
    flip_each_pass,
)
FLIP = _entry(
    "flip",
    "Each channel's role swapped alone",
    "Tells through which channel a swap acts",
    Kind.FLIP,
    swap_each_role,
)
DROP = _entry(
    "drop",
    "Each context channel left out",
    "Whether a reference channel is heard at all (C3R, Table 11)",
    Kind.DROP,
    leave_out_each_context,
)
