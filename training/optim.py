"""The optimiser: AdamW in two groups, and a limit on the gradient of every tensor."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import torch
from torch import Tensor, nn


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
    gradients = [p.grad for p in parameters if p.grad is not None]
    if limit == 0 or not gradients:
        return
    # All at once: a kernel for each of hundreds of tensors takes longer to launch than to run.
    norms = torch.stack(torch._foreach_norm(gradients))
    factors = (limit / (norms + 1e-6)).clamp(max=1.0)
    torch._foreach_mul_(gradients, list(factors.unbind()))


@torch.no_grad()
def move_towards(
    average: Mapping[str, Tensor], student: Mapping[str, Tensor], share: float
) -> None:
    """Move tensors a share of the way towards others of the same names, in place."""
    torch._foreach_lerp_(list(average.values()), [student[name] for name in average], share)


def learning_rate(base: float, images: int) -> float:
    """Scale the rate for 256 images linearly to a step's number of images."""
    return base * images / 256
