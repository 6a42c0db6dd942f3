"""Which variants the diagnostics need of an assignment."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from napari_c3r.core.channels import ChannelAssignment
from napari_c3r.core.diagnose.registry import variant_sources
from napari_c3r.core.diagnose.variants import ASKABLE, Kind, Variant, VariantPlan
from napari_c3r.core.errors import InputError

if TYPE_CHECKING:
    from napari_c3r.core.encoder import Encoder
    from napari_c3r.core.encoder.config import ConceptMode


_ONE_PASS = (
    "All concepts are read out together, in one pass, and flipping that is to swap all groups"
)


def plan_variants(
    assignment: ChannelAssignment,
    kinds: Sequence[Kind | str] = ASKABLE,
    concept_mode: ConceptMode = "each",
    encoder: Encoder | None = None,
    *,
    may_be_none: bool = False,
) -> VariantPlan:
    """Spell out the variants that diagnostics need, in the order of the registry.

    Parameters
    ----------
    assignment
        The roles as they are; at least one context and one concept channel.
    kinds
        Kinds of the variants to plan.
    concept_mode
        How concepts are read out; ``"joint"`` is a single pass, of which none can be flipped alone.
    encoder
        What is asked. Variants that it cannot embed, such as an encoder of fixed stains without
        one of them, are skipped.
    may_be_none
        Whether something else is asked, so that there need be no variant.

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
            if concept_mode == "joint" and any(variant.passes for variant in planned):
                planned, reasons = [v for v in planned if not v.passes], [*reasons, _ONE_PASS]
            refused = {v.name: why for v in planned if (why := _refusal(encoder, v)) is not None}
            variants += [variant for variant in planned if variant.name not in refused]
            skipped += [*reasons, *(f"'{name}': {why}" for name, why in refused.items())]
    if len(variants) == 1 and not may_be_none:
        raise InputError(
            f"Nothing can be asked of the channels {', '.join(roles.used)} with these roles: "
            f"{'; '.join(skipped) or 'no diagnostic was chosen'}; choose all groups swapped, "
            "or add a channel"
        )
    return VariantPlan(tuple(variants), tuple(skipped))


def _refusal(encoder: Encoder | None, variant: Variant) -> str | None:
    """Why an encoder cannot embed a variant, or None if it can."""
    if encoder is None:
        return None
    try:
        for roles in variant.passes or (variant.assignment,):
            encoder.n_dims(roles)
    except InputError as error:
        return str(error)
    return None
