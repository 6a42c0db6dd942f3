"""The optimiser: its limit on gradients."""

from __future__ import annotations

import json
from pathlib import Path

import torch
from torch import nn

from training.optim import clip_each, make_optimiser, set_rates


def with_gradient(values: list) -> nn.Parameter:
    parameter = nn.Parameter(torch.zeros_like(torch.tensor(values, dtype=torch.float64)))
    parameter.grad = torch.tensor(values, dtype=torch.float64)
    return parameter


def test_each_tensor_is_limited_by_itself_as_officially(golden_dir: Path) -> None:
    case = json.loads((golden_dir / "losses.json").read_text())["clip_gradients"]
    parameters = [with_gradient(case["in_a"]), with_gradient(case["in_b"])]
    clip_each(parameters, case["clip"])
    for parameter, expected in zip(parameters, (case["out_a"], case["out_b"]), strict=True):
        # The official example was computed in float32.
        wanted = torch.tensor(expected, dtype=torch.float64)
        torch.testing.assert_close(parameter.grad, wanted, rtol=0, atol=2e-8)


def test_no_limit_and_no_gradient_change_nothing() -> None:
    parameter = with_gradient([3.0, 4.0])
    clip_each([parameter], 0)
    clip_each([nn.Parameter(torch.zeros(1))], 0.3)
    assert parameter.grad.tolist() == [3.0, 4.0]


def test_biases_and_vectors_do_not_decay() -> None:
    module = nn.Sequential(nn.Linear(2, 2), nn.LayerNorm(2))
    module[0].weight.requires_grad_(True)
    optimiser = make_optimiser(module)
    set_rates(optimiser, 0.1, 0.5)
    decaying, still = optimiser.param_groups
    assert [id(p) for p in decaying["params"]] == [id(module[0].weight)]
    assert (decaying["weight_decay"], still["weight_decay"]) == (0.5, 0)
    assert (decaying["lr"], still["lr"]) == (0.1, 0.1)
