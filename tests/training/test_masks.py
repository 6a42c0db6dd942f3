"""Masks, by the statistics of thousands of official ones."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from training.masks import draw_masks

CASES = {
    "code_default_rand": ((0.0, 0.3), (0.0, 0.2), "rand"),
    "paper_vits": ((0.3,), (0.2,), "rand"),
    "paper_vitb": ((0.4,), (0.3,), "rand"),
    "code_default_block": ((0.0, 0.3), (0.0, 0.2), "block"),
}


def draw(case: str, n: int = 3000) -> NDArray[np.bool_]:
    return draw_masks(n, (14, 14), *CASES[case], torch.Generator().manual_seed(0)).numpy()


@pytest.mark.parametrize("case", CASES)
def test_as_many_patches_are_masked_as_officially(golden_dir: Path, case: str) -> None:
    expected = json.loads((golden_dir / "mask_stats.json").read_text())[case]
    masks = draw(case)
    counts = masks.sum((1, 2))
    masked = counts[counts > 0]
    assert (counts == 0).mean() == pytest.approx(expected["frac_zero_masked"], abs=0.03)
    assert counts.mean() == pytest.approx(expected["mean_count"], abs=2)
    assert counts.std() == pytest.approx(expected["std"], abs=1)
    assert masked.mean() == pytest.approx(expected["mean_count_nonzero"], abs=2)
    assert counts.max() <= expected["max"]
    for share, value in expected["quantiles_nonzero"].items():
        assert np.quantile(masked, float(share)) == pytest.approx(value, abs=4)
    low, high = expected["per_position_mean_minmax"]
    assert masks.mean(0).min() == pytest.approx(low, abs=0.03)
    assert masks.mean(0).max() == pytest.approx(high, abs=0.03)


def neighbours(masks: NDArray[np.bool_]) -> float:
    """How many of the neighbours of a masked patch are masked, beyond what chance would give."""
    chosen = masks[masks.sum((1, 2)) > 0]
    together = (chosen[:, 1:] & chosen[:, :-1]).sum((1, 2)) / (13 * 14)
    return float(np.mean(together - chosen.mean((1, 2)) ** 2))


def test_single_patches_are_scattered_and_blocks_hang_together_as_officially(
    golden_dir: Path,
) -> None:
    with np.load(golden_dir / "mask_examples.npz") as file:
        official = {shape: neighbours(file[shape]) for shape in ("rand", "block")}
    assert neighbours(draw("code_default_rand")) == pytest.approx(official["rand"], abs=0.02)
    assert neighbours(draw("code_default_block")) == pytest.approx(official["block"], abs=0.04)
    assert official["block"] > official["rand"] + 0.08


def test_a_generator_tells_the_masks() -> None:
    first, again = draw("code_default_block", 4), draw("code_default_block", 4)
    np.testing.assert_array_equal(first, again)
