"""The network of Base-SC: the vision transformer of iBOT for images of one channel."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from napari_c3r.core.encoder.families.base_sc.config import BaseScConfig
from napari_c3r.core.encoder.networks.block import NORM_EPS, Block, draw_weights
from napari_c3r.core.encoder.networks.patches import project_patches
from napari_c3r.core.encoder.networks.positions import interpolate_positions


class PlainViT(nn.Module):
    """A plain vision transformer for one channel, without instance norm.

    Parameters
    ----------
    config
        Its sizes.
    drop_path
        Stochastic-depth rate of the last block in training; it rises linearly from 0 at the first.
    mask_token
        Whether to have the learned token that stands for masked patches in training.
    """

    def __init__(
        self, config: BaseScConfig, *, drop_path: float = 0.0, mask_token: bool = False
    ) -> None:
        super().__init__()
        width, patch = config.width, config.patch_size
        rates = torch.linspace(0, drop_path, config.depth, device="cpu").tolist()
        self.patch_size = patch
        self.proj = nn.Conv2d(1, width, kernel_size=patch, stride=patch)
        self.cls_token = nn.Parameter(torch.empty(1, 1, width))
        self.pos_embed = nn.Parameter(torch.empty(1, 1 + config.position_grid**2, width))
        self.masked_embed = nn.Parameter(torch.zeros(1, width)) if mask_token else None
        self.blocks = nn.ModuleList(Block(width, config.heads, rate) for rate in rates)
        self.norm = nn.LayerNorm(width, eps=NORM_EPS)
        draw_weights(self)
        nn.init.trunc_normal_(self.cls_token, std=0.02)
        nn.init.trunc_normal_(self.pos_embed, std=0.02)

    def forward(self, images: Tensor, mask: Tensor | None = None) -> Tensor:
        """Encode images of one channel.

        Parameters
        ----------
        images
            ``(B, 1, H, W)`` in [0, 1].
        mask
            ``(B, H // patch, W // patch)`` boolean, True where a patch is hidden. Needs a network
            made with ``mask_token=True``.

        Returns
        -------
        Tensor
            ``(B, 1 + N, D)``; token 0 is the class token.
        """
        patches = project_patches(images, *self.proj.parameters())[:, 0]
        if mask is not None:
            if self.masked_embed is None:
                raise ValueError("a mask needs a network made with mask_token=True")
            patches = torch.where(mask.flatten(1)[..., None], self.masked_embed, patches)
        tokens = torch.cat([self.cls_token.expand(len(images), -1, -1), patches], dim=1)
        height, width = images.shape[2:]
        tokens = tokens + interpolate_positions(self.pos_embed, height, width, self.patch_size)
        for block in self.blocks:
            tokens = block(tokens)
        return self.norm(tokens)
