"""The transformer block.

Matrix products run in the data type of their weights, while the residual stream and the layer
norms keep the data type of the tokens. Casting those weights is therefore all it takes to run mixed
precision; see `napari_c3r.core.encoder.runtime.cast_matrix_products`.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from napari_c3r.core.encoder.networks.rotary import Rotation, rotate

NORM_EPS = 1e-6


def draw_weights(network: nn.Module) -> None:
    """Draw the first weights of all layers, as the official training does.

    Linear layers: normal with deviation 0.02, truncated at +-2, and biases 0; convolutions and
    layer norms as PyTorch initialises them.
    """
    for module in network.modules():
        if isinstance(module, nn.Linear):
            nn.init.trunc_normal_(module.weight, std=0.02)
            nn.init.zeros_(module.bias)
        elif isinstance(module, (nn.Conv2d, nn.LayerNorm)):
            module.reset_parameters()


class Attention(nn.Module):
    """Multi-head self-attention (Vaswani et al. 2017, eq. 1).

    Parameters
    ----------
    width
        Features of a token, a multiple of ``heads``.
    heads
        Number of attention heads.
    """

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.qkv = nn.Linear(width, 3 * width)
        self.proj = nn.Linear(width, width)

    def forward(self, tokens: Tensor, rotation: Rotation | None = None) -> Tensor:
        """Let the tokens of each sequence attend to each other: ``(R, T, D)`` to ``(R, T, D)``.

        With a `rotation`, by where they are to each other as well.
        """
        qkv = self.qkv(tokens.to(self.qkv.weight.dtype))
        query, key, value = qkv.unflatten(2, (3, self.heads, -1)).permute(2, 0, 3, 1, 4).unbind(0)
        if rotation is not None:
            query, key = (rotate(each, rotation).to(value.dtype) for each in (query, key))
        attended = F.scaled_dot_product_attention(query, key, value)
        return self.proj(attended.transpose(1, 2).flatten(2))


class Mlp(nn.Module):
    """Two linear layers, four times wider between them, with an exact GELU.

    Parameters
    ----------
    width
        Features of a token.
    """

    def __init__(self, width: int) -> None:
        super().__init__()
        self.fc1 = nn.Linear(width, 4 * width)
        self.fc2 = nn.Linear(4 * width, width)

    def forward(self, tokens: Tensor) -> Tensor:
        """Transform every token alone: ``(R, T, D)`` to ``(R, T, D)``."""
        hidden = self.fc1(tokens.to(self.fc1.weight.dtype))
        return self.fc2(F.gelu(hidden))


class DropPath(nn.Module):
    """Stochastic depth (Huang et al. 2016): in training, drop a residual for whole sequences.

    Parameters
    ----------
    rate
        Probability in [0, 1) that a sequence loses the residual. The others are scaled by
        ``1 / (1 - rate)``, so that the expectation stays the same.
    """

    def __init__(self, rate: float) -> None:
        super().__init__()
        self.rate = rate

    def forward(self, residual: Tensor) -> Tensor:
        """Drop per sequence: ``(R, T, D)`` to ``(R, T, D)``."""
        if not self.training or self.rate == 0.0:
            return residual
        keep = 1.0 - self.rate
        kept = torch.empty_like(residual[:, :1, :1]).bernoulli_(keep)
        return residual * kept / keep


class Block(nn.Module):
    """A pre-norm transformer block (Dosovitskiy et al. 2021, eq. 2 and 3).

    Parameters
    ----------
    width
        Features of a token.
    heads
        Number of attention heads.
    drop_path
        Stochastic-depth rate of both residuals.
    norm_eps
        What the layer norms add to the variance.
    """

    def __init__(
        self, width: int, heads: int, drop_path: float = 0.0, norm_eps: float = NORM_EPS
    ) -> None:
        super().__init__()
        self.norm1 = nn.LayerNorm(width, eps=norm_eps)
        self.attn = Attention(width, heads)
        self.norm2 = nn.LayerNorm(width, eps=norm_eps)
        self.mlp = Mlp(width)
        self.drop_path = DropPath(drop_path)

    def forward(self, tokens: Tensor, rotation: Rotation | None = None) -> Tensor:
        """Refine sequences of tokens: ``(R, T, D)`` to ``(R, T, D)``."""
        tokens = tokens + self.drop_path(self.attn(self.norm1(tokens), rotation))
        return tokens + self.drop_path(self.mlp(self.norm2(tokens)))
