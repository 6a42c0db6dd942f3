"""The plain vision transformer, for images of a fixed number of channels."""

from __future__ import annotations

import math
from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from napari_c3r.core.encoder.networks.block import NORM_EPS, Block, draw_weights
from napari_c3r.core.encoder.networks.patches import project_jointly, replace_masked
from napari_c3r.core.encoder.networks.positions import interpolate_positions

PositionRule = Literal["scale", "size", "antialiased"]
"""How positions are resampled off the native size: by the scale factor of DINO and iBOT, which
moves every coordinate a little; exactly to the size; or so with antialiasing, as timm does. Weights
need the rule that they were trained or published with."""


class VisionTransformer(nn.Module):
    """A plain vision transformer (Dosovitskiy et al. 2021), without instance norm.

    Parameters
    ----------
    inputs
        Channels of the images.
    width, heads, depth
        Features of a token, attention heads, blocks.
    patch_size
        Side of a patch in pixels.
    position_grid
        Side of the learned grid of positions, in patches.
    norm_eps
        What the layer norms add to the variance.
    registers
        Tokens of no place (Darcet et al. 2024), between class token and patches; not given out.
    positions
        How the grid is resampled.
    drop_path
        Stochastic-depth rate of the last block in training; it rises linearly from 0 at the first.
    mask_token
        Whether to have the learned token that stands for masked patches in training.
    """

    def __init__(
        self,
        *,
        inputs: int,
        width: int,
        heads: int,
        depth: int,
        patch_size: int,
        position_grid: int,
        norm_eps: float = NORM_EPS,
        registers: int = 0,
        positions: PositionRule = "scale",
        drop_path: float = 0.0,
        mask_token: bool = False,
    ) -> None:
        super().__init__()
        rates = torch.linspace(0, drop_path, depth, device="cpu").tolist()
        self.patch_size, self.positions = patch_size, positions
        self.proj = nn.Conv2d(inputs, width, kernel_size=patch_size, stride=patch_size)
        self.cls_token = nn.Parameter(torch.empty(1, 1, width))
        self.pos_embed = nn.Parameter(torch.empty(1, 1 + position_grid**2, width))
        self.masked_embed = nn.Parameter(torch.zeros(1, width)) if mask_token else None
        self.registers = nn.Parameter(torch.zeros(1, registers, width)) if registers else None
        self.blocks = nn.ModuleList(Block(width, heads, rate, norm_eps) for rate in rates)
        self.norm = nn.LayerNorm(width, eps=norm_eps)
        draw_weights(self)
        nn.init.trunc_normal_(self.cls_token, std=0.02)
        nn.init.trunc_normal_(self.pos_embed, std=0.02)

    def forward(self, images: Tensor, mask: Tensor | None = None) -> Tensor:
        """Encode images.

        Parameters
        ----------
        images
            ``(B, inputs, H, W)``, normalised as the weights want it.
        mask
            ``(B, H // patch, W // patch)`` boolean, True where a patch is hidden. Needs a network
            made with ``mask_token=True``.

        Returns
        -------
        Tensor
            ``(B, 1 + N, D)``; token 0 is the class token.
        """
        patches = project_jointly(images, *self.proj.parameters())
        if mask is not None:
            if self.masked_embed is None:
                raise ValueError("a mask needs a network made with mask_token=True")
            patches = replace_masked(patches[:, None], mask, self.masked_embed)[:, 0]
        tokens = torch.cat([self.cls_token.expand(len(images), -1, -1), patches], dim=1)
        tokens = tokens + self._positions(*images.shape[2:])
        between = 0 if self.registers is None else self.registers.shape[1]
        if self.registers is not None:
            placeless = self.registers.expand(len(images), -1, -1)
            tokens = torch.cat([tokens[:, :1], placeless, tokens[:, 1:]], dim=1)
        for block in self.blocks:
            tokens = block(tokens)
        tokens = self.norm(tokens)
        return torch.cat([tokens[:, :1], tokens[:, 1 + between :]], dim=1) if between else tokens

    def _positions(self, height: int, width: int) -> Tensor:
        """Positions ``(1, 1 + N, D)`` of an input of a size in pixels."""
        if self.positions == "scale":
            return interpolate_positions(self.pos_embed, height, width, self.patch_size)
        size = (height // self.patch_size, width // self.patch_size)
        grid = math.isqrt(self.pos_embed.shape[1] - 1)
        if size == (grid, grid):
            return self.pos_embed
        square = self.pos_embed[:, 1:].transpose(1, 2).unflatten(2, (grid, grid))
        antialias = self.positions == "antialiased"
        resampled = F.interpolate(square, size, mode="bicubic", antialias=antialias)
        return torch.cat([self.pos_embed[:, :1], resampled.flatten(2).transpose(1, 2)], dim=1)
