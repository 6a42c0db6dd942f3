"""The context that a student sees."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
import torch

from napari_c3r.core.encoder.families.cce import CceConfig, ContextConceptEncoder
from training.backbones import draw_context


@pytest.fixture(scope="module")
def random() -> torch.Generator:
    return torch.Generator().manual_seed(0)


def test_each_single_each_pair_and_all_are_drawn_as_often_as_officially(
    random: torch.Generator,
) -> None:
    drawn = Counter(draw_context((0, 1, 2), (1, 2, 3), random) for _ in range(6000))
    expected = {(0, 1, 2): 1 / 3} | dict.fromkeys([(0,), (1,), (2,), (0, 1), (0, 2), (1, 2)], 1 / 9)
    assert drawn.keys() == expected.keys()
    for subset, share in expected.items():
        assert drawn[subset] / 6000 == pytest.approx(share, abs=0.02)


def test_only_context_channels_are_drawn_wherever_they_are(random: torch.Generator) -> None:
    drawn = {draw_context((4, 1), (1, 2, 3), random) for _ in range(100)}
    assert drawn == {(4,), (1,), (4, 1)}


@pytest.mark.parametrize("keep", [(), (3,)])
def test_all_stay_without_a_number_that_fits(
    keep: tuple[int, ...], random: torch.Generator
) -> None:
    assert draw_context((2, 5), keep, random) == (2, 5)


def test_the_network_on_kept_channels_is_the_official_one_in_training(golden_dir: Path) -> None:
    shapes = json.loads((golden_dir / "cce_tiny_params.json").read_text())
    assert shapes
    with np.load(golden_dir / "cce_tiny_params.npz") as file:
        weights = {name: torch.from_numpy(file[name]) for name in file}
    config = CceConfig(name="tiny", width=64, heads=4, branch_depth=2, joint_depth=3)
    network = ContextConceptEncoder(config, mask_token=True)
    network.load_state_dict(weights)
    with np.load(golden_dir / "cce_tiny_mcd.npz") as file:
        images = torch.from_numpy(file["x_u8"]).float() / 255
        for kept, expected in zip(file["kept"], file["cls"], strict=True):
            context = [int(channel) for channel in kept if channel >= 0]
            found = network(images, context, [3])[:, 0].detach()
            torch.testing.assert_close(found, torch.from_numpy(expected), rtol=0, atol=2e-5)
