"""How tokens become a vector."""

from __future__ import annotations

import torch

from napari_c3r.core.encoder.networks.readout import read_out


def test_the_deviation_is_over_the_patches_alone() -> None:
    tokens = torch.tensor([[[100.0, 5.0], [1.0, 2.0], [3.0, 2.0]]])
    assert read_out(tokens, "cls").tolist() == [[100.0, 5.0]]
    assert read_out(tokens, "cls+std").tolist() == [[100.0, 5.0, 1.0, 0.0]]


def test_a_single_patch_has_no_deviation() -> None:
    assert read_out(torch.ones(1, 2, 3), "cls+std")[0, 3:].tolist() == [0.0, 0.0, 0.0]


def test_the_mean_is_over_the_patches_alone() -> None:
    tokens = torch.tensor([[[100.0, 5.0], [1.0, 2.0], [3.0, 2.0]]])
    assert read_out(tokens, "mean").tolist() == [[2.0, 2.0]]
