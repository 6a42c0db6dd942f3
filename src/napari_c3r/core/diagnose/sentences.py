"""What the diagnostics found, in plain words."""

from __future__ import annotations

from collections.abc import Sequence

from napari_c3r.core.diagnose.compare import Estimate
from napari_c3r.core.diagnose.variants import Kind
from napari_c3r.core.diagnose.verdict import VariantResult


def doing(result: VariantResult) -> str:
    """What a variant does, as the subject of a sentence."""
    variant = result.variant
    if variant.kind is Kind.SWAP:
        return "Swapping all context and concept channels"
    if variant.kind is Kind.DROP:
        return f"Leaving {variant.channel} out of the context"
    return f"Using {variant.name}"


def neighbour_sentence(result: VariantResult, noise: VariantResult, k: int) -> str:
    """Whether a variant changes the neighbours of cells more than noise does.

    Parameters
    ----------
    result
        Of one variant.
    noise
        The noise floor.
    k
        Neighbours looked at.
    """
    if result.constant:
        return (
            f"{result.variant.channel} is constant in these cells, so its role cannot matter; "
            "choose ignore for it"
        )
    replaced, floor = (k * (1 - r.neighbours_kept.value) for r in (result, noise))
    start = (
        f"{doing(result)} replaces {replaced:.1f} of a cell's {k} nearest neighbours, "
        f"turning and shifting its crop {floor:.1f}"
    )
    if not result.matters:
        return f"{start}: this role does not show beyond noise"
    what = {Kind.SWAP: "the roles matter", Kind.DROP: "the channel matters"}
    answer = what.get(result.variant.kind, "its role matters")
    if replaced < floor:
        return f"{start}: {answer} here, though less than noise does"
    return f"{start}: {answer} here{', far more than noise' if replaced > 2 * floor else ''}"


def score_sentence(result: VariantResult, assigned: VariantResult, column: str) -> str:
    """What a variant does to how well the labels are told apart; "" without labels."""
    if "map" not in result.changes:
        return ""
    before, after = assigned.scores["accuracy"].value, result.scores["accuracy"].value
    numbers = (
        f"accuracy of '{column}' {before:.2f} → {after:.2f}, "
        f"average precision {_signed(result.changes['map'])}"
    )
    if not result.score_matters:
        return f"It leaves '{column}' as easy to tell as before, within noise ({numbers})"
    better = result.changes["map"].value > 0
    return f"It makes '{column}' {'easier' if better else 'harder'} to tell ({numbers})"


def headline(
    results: Sequence[VariantResult], assigned: VariantResult, noise: VariantResult, k: int
) -> str:
    """The one sentence to read first.

    Parameters
    ----------
    results
        All variants but the roles as assigned.
    assigned, noise
        The roles as assigned, and the noise floor.
    k
        Neighbours looked at.
    """
    mattering = [result for result in results if result.matters]
    if not mattering:
        return (
            "Nothing that was asked changes what a cell's neighbours are beyond noise: "
            "it does not show here that roles matter"
        )
    strongest = max(mattering, key=lambda result: result.beyond.value)
    sentence = neighbour_sentence(strongest, noise, k)
    silent = [r.variant.name for r in results if not r.matters and not r.constant]
    if silent:
        sentence += f". Not beyond noise: {', '.join(silent)}"
    return sentence


def _signed(estimate: Estimate) -> str:
    return f"{estimate.value:+.2f}, 95 % interval {estimate.low:+.2f} to {estimate.high:+.2f}"
