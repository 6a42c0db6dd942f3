"""The optimiser: AdamW in two groups, and a limit on the gradient of every tensor."""

from __future__ import annotations

from collections.abc import Iterable

import torch
from torch import nn


def make_optimiser(module: nn.Module, *, fused: bool = False) -> torch.optim.AdamW:
    """AdamW with weight decay on everything but biases and vectors.

    Class token, positions, mask tokens and the gains of weight-normed layers have more than one
    axis, so they decay too, as in the official training.

    Parameters
    ----------
    module
        Its parameters that want a gradient are optimised.
    fused
        Whether to update in one kernel, on CUDA.

    Returns
    -------
    AdamW
        Group 0 decays, group 1 does not; `set_rates` sets both.
    """
    wanted = [(name, p) for name, p in module.named_parameters() if p.requires_grad]
    plain = [name.endswith(".bias") or p.ndim == 1 for name, p in wanted]
    groups = [
        {"params": [p for (_, p), is_plain in zip(wanted, plain, strict=True) if not is_plain]},
        {"params": [p for (_, p), is_plain in zip(wanted, plain, strict=True) if is_plain]},
    ]
    return torch.optim.AdamW(groups, lr=0.0, weight_decay=0.0, fused=fused or None)


def set_rates(optimiser: torch.optim.Optimizer, rate: float, decay: float) -> None:
    """Set the learning rate of both groups and the weight decay of group 0."""
    for group in optimiser.param_groups:
        group["lr"] = rate
    optimiser.param_groups[0]["weight_decay"] = decay


def clip_each(parameters: Iterable[nn.Parameter], limit: float) -> None:
    """Scale down every gradient whose own norm exceeds a limit, each tensor by itself.

    Parameters
    ----------
    parameters
        Their gradients are changed in place.
    limit
        Largest L2 norm; 0 for none.
    """
    if limit == 0:
        return
    for parameter in parameters:
        if parameter.grad is not None:
            norm = torch.linalg.vector_norm(parameter.grad)
            parameter.grad.mul_((limit / (norm + 1e-6)).clamp(max=1.0))


def learning_rate(base: float, images: int) -> float:
    """Scale the rate for 256 images linearly to a step's number of images."""
    return base * images / 256
