"""The combiner: two groups of channels become one sequence of tokens."""

from __future__ import annotations

import torch
from torch import Tensor, nn


class Combiner(nn.Module):
    """Average each group over its channels, join the two features, normalise (C3R, eq. 8).

    Parameters
    ----------
    width
        Joint features ``D``, twice those of a branch.
    """

    def __init__(self, width: int) -> None:
        super().__init__()
        # 1e-5, unlike every other layer norm of the network: the official weights grew with it.
        self.norm = nn.LayerNorm(width, eps=1e-5)

    def forward(self, context: Tensor, concept: Tensor) -> Tensor:
        """Combine the branch tokens of both groups.

        Parameters
        ----------
        context, concept
            ``(B, C_context, T, D / 2)`` and ``(B, C_concept, T, D / 2)``.

        Returns
        -------
        Tensor
            ``(B, T, D)``, context features first.
        """
        joined = torch.cat([context.mean(dim=1), concept.mean(dim=1)], dim=2)
        return self.norm(joined)
