"""The network of SubCell: a plain transformer, the attention pooling and the classifiers.

Parameters have names of our own; `napari_c3r.core.encoder.families.subcell.checkpoint` brings
published ones to them.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from napari_c3r.core.encoder.families.fixed_stain.network import FixedStainViT
from napari_c3r.core.encoder.families.subcell.config import SubcellConfig


class AttentionPool(nn.Module):
    """Gated attention pooling (Ilse et al. 2018), with GELU in place of the sigmoid.

    Parameters
    ----------
    width
        Features D of a token.
    hidden
        Features within.
    heads
        Weighted means.
    """

    def __init__(self, width: int, hidden: int, heads: int) -> None:
        super().__init__()
        self.value = nn.Linear(width, hidden)
        self.gate = nn.Linear(width, hidden)
        self.score = nn.Linear(hidden, heads)

    def forward(self, tokens: Tensor) -> Tensor:
        """Average all tokens, the class token among them: ``(B, T, D)`` to ``(B, heads * D)``."""
        cast = tokens.to(self.value.weight.dtype)
        scores = self.score(self.value(cast).tanh() * F.gelu(self.gate(cast)))
        weights = scores.float().softmax(dim=1)
        return (weights.transpose(1, 2) @ tokens.float()).flatten(1)


class Classifier(nn.Module):
    """Three linear layers with ReLU between them.

    Parameters
    ----------
    width, hidden, classes
        Numbers that enter, of the two layers within, and that come out.
    """

    def __init__(self, width: int, hidden: tuple[int, int], classes: int) -> None:
        super().__init__()
        self.first = nn.Linear(width, hidden[0])
        self.second = nn.Linear(hidden[0], hidden[1])
        self.last = nn.Linear(hidden[1], classes)

    def forward(self, pooled: Tensor) -> Tensor:
        """Probability of each class, not exclusive: ``(B, width)`` to ``(B, classes)``."""
        hidden = self.first(pooled.to(self.first.weight.dtype)).relu()
        logits: Tensor = self.last(self.second(hidden).relu())
        return logits.float().sigmoid()


class SubcellViT(FixedStainViT):
    """The network.

    Parameters
    ----------
    config
        Its sizes.
    """

    def __init__(self, config: SubcellConfig) -> None:
        super().__init__(config)
        self.pool = AttentionPool(config.width, config.pool_width, config.pool_heads)
        pooled = config.width * config.pool_heads
        self.classifiers = nn.ModuleList(
            Classifier(pooled, config.classifier_hidden, len(config.classes))
            for _ in range(config.classifiers)
        )

    def probabilities(self, pooled: Tensor) -> Tensor:
        """Probability of each class by all classifiers: ``(B, heads * D)`` to ``(B, classes)``."""
        return torch.stack([each(pooled) for each in self.classifiers]).mean(dim=0)
