"""From shifts to answers: whether a role matters more than noise does, and how to say so."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from napari_c3r.core.diagnose.compare import Cells, Estimate, Shift, estimated
from napari_c3r.core.diagnose.intervals import holm, p_above
from napari_c3r.core.diagnose.registry import Grade
from napari_c3r.core.diagnose.variants import Kind, Variant

LEVEL = 0.05
"""Chance of any false alarm among the questions of one report."""

RANK_MARGIN = 0.02
"""Rank shift beyond noise that is too small to speak of."""

SCORE_MARGIN = 0.01
"""Change of average precision beyond the noise floor's that is too small to speak of."""

SCORES = ("accuracy", "map", "silhouette")


@dataclass(frozen=True)
class VariantResult:
    """What one variant does, read against the noise floor.

    Attributes
    ----------
    variant
        What was asked.
    rank_shift
        One minus the Jaccard index of the k nearest, mean over cells.
    neighbours_kept
        Share of the k nearest that stay, mean over cells.
    cosine_shift
        Mean over cells, or None when no concept is read out in both.
    cka, rand_index
        Alignment of the arrangements, agreement of the clusters.
    scores
        Label scores under this variant, by name; empty without labels.
    changes
        Their paired difference from the roles as assigned, by name.
    beyond
        Rank shift beyond noise, paired by cell; see `Shift.beyond`.
    p
        Probability of so much if noise were all, adjusted for all variants.
    matters
        Whether that stands out.
    score_p, score_matters
        The same for the change in average precision, up or down, beyond what noise changes
        it by; 1 and False without labels.
    constant
        Whether the channel of the variant is constant in every cell.
    """

    variant: Variant
    rank_shift: Estimate
    neighbours_kept: Estimate
    cosine_shift: Estimate | None
    cka: Estimate
    rand_index: Estimate
    scores: dict[str, Estimate]
    changes: dict[str, Estimate]
    beyond: Estimate
    p: float = 1.0
    matters: bool = False
    score_p: float = 1.0
    score_matters: bool = False
    constant: bool = False


def judge(
    variants: list[Variant],
    shifts: list[Shift],
    own: Shift,
    noise: Shift,
    *,
    constant: frozenset[str] = frozenset(),
    seed: int = 0,
) -> tuple[VariantResult, ...]:
    """Read every variant's shift against the noise floor.

    A role matters when it changes neighbours by more than `RANK_MARGIN` beyond noise: a
    one-sided test of the cells' `Shift.beyond`, adjusted over the variants by Holm's method.
    A constant channel never matters: what moves with it is only how much the other channels
    count.

    Parameters
    ----------
    variants, shifts
        The variants other than the roles as assigned, and what each does.
    own
        The roles as assigned, compared with themselves.
    noise
        The noise floor.
    constant
        Channels that are constant in every cell.
    seed
        Of the bootstrap.
    """
    found = [
        _measured(variant, shift, own, seed)
        for variant, shift in zip(variants, shifts, strict=True)
    ]
    p_values = holm([p_above(shift.beyond, RANK_MARGIN) for shift in shifts])
    score_p_values = holm([_score_p(shift, own, noise) for shift in shifts])
    return tuple(
        replace(
            result,
            p=p,
            matters=p < LEVEL and result.variant.channel not in constant,
            score_p=score_p,
            score_matters=score_p < LEVEL and result.variant.channel not in constant,
            constant=result.variant.channel in constant,
        )
        for result, p, score_p in zip(found, p_values, score_p_values, strict=True)
    )


def references(
    assigned: Variant, own: Shift, noise: Shift, seed: int = 0
) -> tuple[VariantResult, VariantResult]:
    """The roles as assigned, and the noise floor, as rows like the others."""
    floor = Variant(str(Kind.NOISE), Kind.NOISE, assigned.assignment)
    return (
        _measured(assigned, own, own, seed),
        _measured(floor, noise, own, seed),
    )


_NOTHING = Estimate(0.0, 0.0, 0.0)


def _measured(variant: Variant, shift: Shift, own: Shift, seed: int) -> VariantResult:
    def of(values: Cells) -> Estimate:
        return estimated(values, seed)

    return VariantResult(
        variant,
        of(shift.rank),
        of(shift.kept),
        None if shift.cosine is None else of(shift.cosine),
        shift.cka,
        shift.rand,
        {name: of(values) for name, values in shift.scores.items()},
        {name: of(values - own.scores[name]) for name, values in shift.scores.items()},
        of(shift.beyond) if len(shift.beyond) else _NOTHING,
    )


def _score_p(shift: Shift, own: Shift, noise: Shift) -> float:
    """Two-sided probability that average precision changes more than noise changes it."""
    if "map" not in shift.scores:
        return 1.0
    change = shift.scores["map"] - own.scores["map"]
    margin = SCORE_MARGIN + abs(float((noise.scores["map"] - own.scores["map"]).mean()))
    return min(1.0, 2 * min(p_above(change, margin), p_above(-change, margin)))


def grade_of(result: VariantResult, noise: VariantResult) -> Grade:
    """How much a variant changes: nothing beyond noise, less than noise, or more."""
    if not result.matters:
        return Grade.NONE
    kept, floor = result.neighbours_kept.value, noise.neighbours_kept.value
    return Grade.SMALL if kept > floor else Grade.LARGE


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
    action = result.variant.action or f"Using {result.variant.name}"
    start = (
        f"{action} replaces {replaced:.1f} of a cell's {k} nearest neighbours, "
        f"turning and shifting its crop {floor:.1f}"
    )
    grade = grade_of(result, noise)
    if grade is Grade.NONE:
        return f"{start}: this role does not show beyond noise"
    if grade is Grade.SMALL:
        return f"{start}: {result.variant.claim} here, though less than noise does"
    far = ", far more than noise" if replaced > 2 * floor else ""
    return f"{start}: {result.variant.claim} here{far}"


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
