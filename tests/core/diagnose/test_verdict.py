"""Effects of known size are graded against noise of known size."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from napari_c3r.core.channels import ChannelAssignment
from napari_c3r.core.diagnose.compare import Comparer, CompareSettings, mean_shift
from napari_c3r.core.diagnose.scores import labelled_cells
from napari_c3r.core.diagnose.variants import Variant
from napari_c3r.core.diagnose.verdict import (
    Grade,
    grade_line,
    headline,
    judge,
    label_sentence,
    neighbour_sentence,
    references,
    strongest,
)

N, WIDTH, K = 200, 16, 10
COLUMNS = [("RNA", "cls")] * WIDTH
ROLES = ChannelAssignment({"DNA": "context", "RNA": "concept"})


def judged(sizes, seed=0, labels=None):
    """Verdicts on changes of several sizes, in units of what each perturbation moves a cell."""
    rng = np.random.default_rng(seed)
    cells = rng.normal(size=(N, WIDTH))
    if labels is not None:
        cells[:, 0] += 6 * labels

    def shaken(size):
        return (cells + size * rng.normal(size=cells.shape)).astype(np.float32)

    # The crop itself is one perturbation of the cell among others: it lies as it happens to lie.
    own = shaken(0.3)
    found = None if labels is None else labelled_cells(pd.Series(labels), "type")[0]
    comparer = Comparer(own, COLUMNS, found, CompareSettings(k=K, n_clusters=3))
    repeats = [comparer.add_noise(shaken(0.3)) for _ in range(3)]
    noise = replace(mean_shift(repeats), effect=comparer.noise_effect())
    moved = [own + size * 0.3 * 2**0.5 * rng.normal(size=own.shape) for size in sizes]
    if labels is not None:
        moved[0][:, 0] -= 6 * labels
    shifts = [comparer.compare(each.astype(np.float32), COLUMNS) for each in moved]
    variants = [Variant(f"by {size}", "toy", ROLES, "RNA") for size in sizes]
    assigned, floor = references(variants[0], comparer.own, noise)
    return judge(variants, shifts, comparer.own, noise, k=K), assigned, floor


def test_nothing_half_and_twice_as_much_as_noise_are_the_three_grades():
    results, _, floor = judged((0.0, 0.5, 2.0))
    assert [each.verdict.grade for each in results] == [Grade.NONE, Grade.SMALL, Grade.LARGE]
    nothing, small, large = (each.verdict for each in results)
    assert nothing.effect.value == 0
    assert 0 < small.effect.low < small.effect.value < small.noise < large.effect.value < K
    assert small.noise == large.noise == floor.verdict.effect.value
    assert grade_line([each.verdict for each in results]) == "1 of 3 larger than noise"
    assert grade_line([nothing, small, small]) == "2 of 3 real, but smaller than noise"
    assert grade_line([nothing]) == "no effect seen"
    assert strongest(results) is results[2]


@pytest.mark.parametrize("seed", range(3))
def test_a_change_as_large_as_noise_has_the_effect_of_noise(seed):
    ((result,), _, _) = judged((1.0,), seed)
    verdict = result.verdict
    assert verdict.effect.low < 1.1 * verdict.noise
    assert verdict.effect.high > 0.9 * verdict.noise


def test_a_sentence_has_the_number_that_was_tested_and_the_grade():
    results, _, _ = judged((0.0, 0.5, 2.0))
    said = [neighbour_sentence(each, K) for each in results]
    assert said[0] == (
        f"Using by 0.0: no effect seen (0 of {N} cells move by a neighbour or more, chance gives 0)"
    )
    for each, sentence in zip(results[1:], said[1:], strict=True):
        assert f"changes {each.verdict.effect.value:.2f} more of a cell's 10 nearest" in sentence
        assert f"{each.verdict.noise:.2f}: {each.verdict.grade}" in sentence
    assert said[2].endswith("larger than noise, so its role matters here")
    assert headline(results, K) == f"{said[2]}. No effect seen: by 0.0"
    assert headline(results[:1], K).startswith("No effect seen: nothing that was asked")
    assert headline(results[:2], K).startswith(said[1])


def test_labels_are_judged_in_neighbours_too():
    labels = np.arange(N) % 2
    results, assigned, _ = judged((0.5, 0.5), labels=labels)
    lost, kept = (each.on_labels for each in results)
    assert (lost.grade, kept.grade) == (Grade.LARGE, Grade.NONE)
    assert lost.effect.value < -1
    before, after = assigned.scores["alike"].value, results[0].scores["alike"].value
    said = label_sentence(results[0], assigned, "type", K)
    assert said.startswith(f"'type' is harder to tell ({after:.2f} of a cell's 10 nearest share")
    assert f"{before:.2f} as assigned" in said
    assert label_sentence(results[1], assigned, "type", K).startswith("On 'type': no effect seen (")


def test_a_constant_channel_has_no_effect_whatever_moves():
    results, _, _ = judged((2.0,))
    assert results[0].verdict.grade is Grade.LARGE
    rng = np.random.default_rng(0)
    own = rng.normal(size=(N, WIDTH)).astype(np.float32)
    comparer = Comparer(own, COLUMNS, None, CompareSettings(k=K, n_clusters=3))
    repeats = [comparer.add_noise(own) for _ in range(3)]
    noise = replace(mean_shift(repeats), effect=comparer.noise_effect())
    moved = comparer.compare(rng.normal(size=own.shape).astype(np.float32), COLUMNS)
    variant = Variant("RNA as context", "toy", ROLES, "RNA")
    (result,) = judge([variant], [moved], comparer.own, noise, k=K, constant=frozenset({"RNA"}))
    assert (result.verdict.grade, result.constant) == (Grade.NONE, True)
    assert "constant in these cells" in neighbour_sentence(result, K)
