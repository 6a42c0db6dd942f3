"""What turns tokens into the logits that student and teacher agree on."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn


class Prototypes(nn.Module):
    """A linear layer without bias whose rows have a length of their own (weight norm).

    Row k is ``weight_g[k] * weight_v[k] / |weight_v[k]|``. Both are trained; the lengths begin
    at 1.

    Parameters
    ----------
    width
        Features that come in.
    count
        Logits that go out.
    """

    def __init__(self, width: int, count: int) -> None:
        super().__init__()
        self.weight_g = nn.Parameter(torch.ones(count, 1))
        self.weight_v = nn.Parameter(nn.Linear(width, count, bias=False).weight.detach())

    def forward(self, features: Tensor) -> Tensor:
        """``(..., width)`` to ``(..., count)``."""
        length = torch.linalg.vector_norm(self.weight_v, dim=1, keepdim=True)
        return F.linear(features, self.weight_v * (self.weight_g / length))


class Head(nn.Module):
    """The head of iBOT, shared by class tokens and patches (Zhou et al. 2022, section 3.2).

    Three linear layers with an exact GELU between, then unit length, then `Prototypes`.

    Parameters
    ----------
    width
        Features of a token.
    hidden
        Features between the linear layers.
    bottleneck
        Features after them.
    logits
        Prototypes.
    """

    def __init__(
        self, width: int, *, hidden: int = 2048, bottleneck: int = 256, logits: int = 8192
    ) -> None:
        super().__init__()
        self.mlp = nn.Sequential(
            nn.Linear(width, hidden),
            nn.GELU(),
            nn.Linear(hidden, hidden),
            nn.GELU(),
            nn.Linear(hidden, bottleneck),
        )
        for layer in self.mlp:
            if isinstance(layer, nn.Linear):
                nn.init.trunc_normal_(layer.weight, std=0.02)
                nn.init.zeros_(layer.bias)
        self.last_layer = Prototypes(bottleneck, logits)

    def forward(self, tokens: Tensor) -> Tensor:
        """``(..., width)`` to ``(..., logits)``."""
        return self.last_layer(self.project(tokens))

    def project(self, tokens: Tensor) -> Tensor:
        """``(..., width)`` to ``(..., bottleneck)`` of unit length, what the prototypes see."""
        return F.normalize(self.mlp(tokens), dim=-1)


class Projector(nn.Module):
    """A projector for the antibody loss alone, as the paper that introduced the loss has one.

    Two hidden layers with layer norm and ReLU. The original has batch norm, which would tie the
    loss to the processes' share of a batch.

    Parameters
    ----------
    width
        Features of a class token.
    hidden, out
        Features between and after the layers.
    """

    def __init__(self, width: int, *, hidden: int = 2048, out: int = 512) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.Linear(width, hidden),
            nn.LayerNorm(hidden),
            nn.ReLU(),
            nn.Linear(hidden, hidden),
            nn.LayerNorm(hidden),
            nn.ReLU(),
            nn.Linear(hidden, out, bias=False),
        )

    def forward(self, tokens: Tensor) -> Tensor:
        """``(..., width)`` to ``(..., out)``."""
        return self.layers(tokens)
