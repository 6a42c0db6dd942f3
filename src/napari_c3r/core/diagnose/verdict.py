"""From shifts to answers: how much a role does beside noise, and how to say so.

There is one verdict for each question, in one unit: neighbours of a cell. Sentences, figures,
tables and headers are all made of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from napari_c3r.core.diagnose.compare import Cells, Estimate, Shift, estimated
from napari_c3r.core.diagnose.intervals import holm, p_above
from napari_c3r.core.diagnose.scores import ALIKE
from napari_c3r.core.diagnose.variants import Kind, Variant
from napari_c3r.core.figures.colours import CATEGORICAL, GREY

LEVEL = 0.05
"""Chance of any false alarm among the questions of one report."""

MARGIN = 0.01
"""Share of a cell's neighbours that is too small to speak of: 0.1 of ten."""


class Grade(StrEnum):
    """How much there is to what was found."""

    NONE = "no effect seen"
    SMALL = "real, but smaller than noise"
    LARGE = "larger than noise"


GRADE_COLOURS: dict[Grade, str] = {
    Grade.NONE: GREY,
    Grade.SMALL: CATEGORICAL[4],
    Grade.LARGE: CATEGORICAL[0],
}
"""Grey, light blue and blue, as hex."""


@dataclass(frozen=True)
class Verdict:
    """What is said of one effect.

    Attributes
    ----------
    grade
        `Grade.NONE` unless the effect stands out from chance; else by whether it is larger than
        what noise does.
    effect
        In neighbours of a cell, mean over the cells: the number that was tested.
    noise
        What noise does, in the same unit.
    p
        Probability of so large an effect by chance, adjusted for all questions of its kind.
    cells
        How many were asked.
    moved, moved_by_chance
        Cells on which the effect is a neighbour or more, and those on which it is as much the other
        way, as chance makes it as often.
    """

    grade: Grade
    effect: Estimate
    noise: float
    p: float
    cells: int
    moved: int
    moved_by_chance: int


@dataclass(frozen=True)
class VariantResult:
    """What one variant does, read against noise.

    Attributes
    ----------
    variant
        What was asked.
    verdict
        On the neighbours of cells: by how many more of them differ from those in a perturbed crop
        when the role is changed as well; see `Shift.effect`.
    on_labels
        On how many of a cell's neighbours share its label: the change, up or down; None without
        labels.
    changed
        Neighbours of a cell that are others than as assigned, mean over cells.
    cosine_shift
        Mean over cells, or None when no concept is read out in both.
    cka, rand_index
        Alignment of the arrangements, agreement of the clusters.
    scores
        Label scores under this variant, by name; empty without labels.
    constant
        Whether the channel of the variant is constant in every cell.
    """

    variant: Variant
    verdict: Verdict
    on_labels: Verdict | None
    changed: Estimate
    cosine_shift: Estimate | None
    cka: Estimate
    rand_index: Estimate
    scores: dict[str, Estimate]
    constant: bool = False


def judge(
    variants: Sequence[Variant],
    shifts: Sequence[Shift],
    own: Shift,
    noise: Shift,
    *,
    k: int,
    constant: frozenset[str] = frozenset(),
    seed: int = 0,
) -> tuple[VariantResult, ...]:
    """Read every variant's shift against noise.

    An effect is real when it changes more than a share of `MARGIN` of the neighbours: a one-sided
    test of the cells' `Shift.effect`, adjusted over the variants by Holm's method. With labels, the
    change of like neighbours is tested up and down. A real effect is large when it is larger than
    that of noise, which is drawn beside it. A constant channel has no effect: what moves with it
    is only how much the other channels count.

    Parameters
    ----------
    variants, shifts
        The variants other than the roles as assigned, and what each does.
    own
        The roles as assigned, compared with themselves.
    noise
        The noise floor.
    k
        Neighbours looked at.
    constant
        Channels that are constant in every cell.
    seed
        Of the bootstrap.
    """
    p_values = holm([p_above(shift.effect, MARGIN * k) for shift in shifts])
    label_p = holm([_label_p(shift, own, MARGIN * k) for shift in shifts])
    return tuple(
        _result(variant, shift, own, noise, (p, p_label), constant, seed)
        for variant, shift, p, p_label in zip(variants, shifts, p_values, label_p, strict=True)
    )


def references(
    assigned: Variant, own: Shift, noise: Shift, seed: int = 0
) -> tuple[VariantResult, VariantResult]:
    """The roles as assigned, and the noise floor, as rows like the others, without a grade."""
    floor = Variant(str(Kind.NOISE), Kind.NOISE, assigned.assignment)
    return (
        _result(assigned, own, own, noise, (1.0, 1.0), frozenset(), seed),
        _result(floor, noise, own, noise, (1.0, 1.0), frozenset(), seed),
    )


def _result(
    variant: Variant,
    shift: Shift,
    own: Shift,
    noise: Shift,
    p_values: tuple[float, float],
    constant: frozenset[str],
    seed: int,
) -> VariantResult:
    is_constant = variant.channel in constant
    p, label_p = (1.0, 1.0) if is_constant else p_values
    on_labels = None
    if ALIKE in shift.scores:
        label_noise = abs(float(_label_effect(noise, own).mean()))
        on_labels = _verdict(_label_effect(shift, own), label_noise, label_p, seed)
    return VariantResult(
        variant,
        _verdict(shift.effect, float(noise.effect.mean()), p, seed),
        on_labels,
        estimated(shift.changed, seed),
        None if shift.cosine is None else estimated(shift.cosine, seed),
        shift.cka,
        shift.rand,
        {name: estimated(values, seed) for name, values in shift.scores.items()},
        is_constant,
    )


def _verdict(effect: Cells, noise: float, p: float, seed: int) -> Verdict:
    found = estimated(effect, seed)
    grade = Grade.NONE
    if p < LEVEL:
        grade = Grade.LARGE if abs(found.value) > noise else Grade.SMALL
    moved, other_way = int((effect >= 1).sum()), int((effect <= -1).sum())
    return Verdict(grade, found, noise, p, len(effect), moved, other_way)


def _label_effect(shift: Shift, own: Shift) -> Cells:
    """By how many more of its neighbours share a cell's label."""
    return shift.scores[ALIKE] - own.scores[ALIKE]


def _label_p(shift: Shift, own: Shift, margin: float) -> float:
    """Two-sided probability of a change beyond a margin; 1 without labels."""
    if ALIKE not in shift.scores:
        return 1.0
    effect = _label_effect(shift, own)
    return min(1.0, 2 * min(p_above(effect, margin), p_above(-effect, margin)))


def grade_line(verdicts: Sequence[Verdict]) -> str:
    """How many effects have the highest grade that occurs among them."""
    for grade in (Grade.LARGE, Grade.SMALL):
        count = sum(verdict.grade is grade for verdict in verdicts)
        if count:
            return f"{count} of {len(verdicts)} {grade}"
    return str(Grade.NONE)


def strongest(results: Sequence[VariantResult]) -> VariantResult:
    """The result of the highest grade, and among those the one with the largest effect."""
    order = list(Grade)
    return max(results, key=lambda r: (order.index(r.verdict.grade), r.verdict.effect.value))


def neighbour_sentence(result: VariantResult, k: int) -> str:
    """What a variant does to the neighbours of cells, beside what noise does.

    Parameters
    ----------
    result
        Of one variant.
    k
        Neighbours looked at.
    """
    if result.constant:
        return (
            f"{result.variant.channel} is constant in these cells, so its role cannot matter; "
            "choose ignore for it"
        )
    verdict = result.verdict
    action = result.variant.action or f"Using {result.variant.name}"
    if verdict.grade is Grade.NONE:
        return (
            f"{action}: {verdict.grade} ({verdict.moved} of {verdict.cells} cells move by a "
            f"neighbour or more, chance gives {verdict.moved_by_chance})"
        )
    so = f", so {result.variant.claim} here" if verdict.grade is Grade.LARGE else ""
    return (
        f"{action} changes {verdict.effect.value:.2f} more of a cell's {k} nearest neighbours, "
        f"noise (turning and shifting its crop) {verdict.noise:.2f}: {verdict.grade}{so}"
    )


def label_sentence(result: VariantResult, assigned: VariantResult, column: str, k: int) -> str:
    """What a variant does to how many neighbours share a cell's label; "" without labels."""
    verdict = result.on_labels
    if verdict is None:
        return ""
    before, after = assigned.scores[ALIKE].value, result.scores[ALIKE].value
    numbers = f"{after:.2f} of a cell's {k} nearest share its label, {before:.2f} as assigned"
    if verdict.grade is Grade.NONE:
        return f"On '{column}': {verdict.grade} ({numbers})"
    harder = "harder" if verdict.effect.value < 0 else "easier"
    return (
        f"'{column}' is {harder} to tell ({numbers}, noise changes {verdict.noise:.2f}): "
        f"{verdict.grade}"
    )


def headline(results: Sequence[VariantResult], k: int) -> str:
    """The one sentence to read first.

    Parameters
    ----------
    results
        All variants but the roles as assigned.
    k
        Neighbours looked at.
    """
    if all(result.verdict.grade is Grade.NONE for result in results):
        return (
            "No effect seen: nothing that was asked changes what a cell's neighbours are beyond "
            "chance, so it does not show here that roles matter"
        )
    sentence = neighbour_sentence(strongest(results), k)
    silent = [
        result.variant.name
        for result in results
        if result.verdict.grade is Grade.NONE and not result.constant
    ]
    return f"{sentence}. No effect seen: {', '.join(silent)}" if silent else sentence
