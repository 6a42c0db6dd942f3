"""Base-SC, the paper's single-channel baseline: a plain vision transformer that sees one channel.

In training, every antibody of a batch shows one of its channels, drawn uniformly, the same in all
its cells and views and for student and teacher. Neither paper nor code say how the channels of an
image are put together afterwards; here `embed_channels` embeds each alone and joins the class
tokens one after another, so that no channel is lost.

The paper's other steps towards C3R need nothing of their own. Without MCD: ``mcd.student_keep``
empty. Grouped stems only: ``branch_depth`` 0, and no MCD either.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from napari_c3r.core.encoder import EncoderConfig
from napari_c3r.core.encoder.block import NORM_EPS, Block, draw_weights
from napari_c3r.core.encoder.positions import interpolate_positions


class PlainViT(nn.Module):
    """The vision transformer of iBOT for images of one channel, without instance norm.

    Parameters
    ----------
    config
        Its width, heads, patch size and grid of positions are used. The depth is that of a plain
        transformer of as many parameters, 12 for all published sizes: two blocks of both branches
        are as large as one of the joint encoder.
    drop_path
        Stochastic-depth rate of the last block in training.
    mask_token
        Whether to have the learned token that stands for masked patches.
    """

    def __init__(
        self, config: EncoderConfig, *, drop_path: float = 0.0, mask_token: bool = False
    ) -> None:
        super().__init__()
        width, patch = config.width, config.patch_size
        depth = config.joint_depth + (config.branch_depth + 1) // 2
        rates = torch.linspace(0, drop_path, depth, device="cpu").tolist()
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

    def forward(
        self,
        images: Tensor,
        context: Sequence[int],
        concept: Sequence[int],
        mask: Tensor | None = None,
    ) -> Tensor:
        """Encode images of one channel.

        Parameters
        ----------
        images
            ``(B, 1, H, W)`` in [0, 1].
        context, concept
            Groups have no meaning here; taken so that it can stand in for the encoder.
        mask
            ``(B, H // patch, W // patch)`` boolean, True where a patch is hidden.

        Returns
        -------
        Tensor
            ``(B, 1 + N, D)``; token 0 is the class token.
        """
        patches = self.proj(images).flatten(2).mT
        if mask is not None:
            assert self.masked_embed is not None
            patches = torch.where(mask.flatten(1)[..., None], self.masked_embed, patches)
        tokens = torch.cat([self.cls_token.expand(len(images), -1, -1), patches], dim=1)
        height, width = images.shape[2:]
        tokens = tokens + interpolate_positions(self.pos_embed, height, width, self.patch_size)
        for block in self.blocks:
            tokens = block(tokens)
        return self.norm(tokens)

    def embed_channels(self, images: Tensor, channels: Sequence[int]) -> Tensor:
        """Embed channels one by one: ``(B, C, H, W)`` in [0, 1] to ``(B, len(channels) * D)``."""
        alone = [self(images[:, [channel]], (0,), (0,))[:, 0] for channel in channels]
        return torch.cat(alone, dim=1)


def one_channel_each(images: Tensor, ids: Tensor, random: torch.Generator) -> Tensor:
    """Leave one channel of every image, the same for all images of an id.

    Parameters
    ----------
    images
        ``(n, C, H, W)``.
    ids
        ``(n,)``.
    random
        Source of randomness, on the device of the images.

    Returns
    -------
    Tensor
        ``(n, 1, H, W)``.
    """
    unique, which = ids.unique(return_inverse=True)
    drawn = torch.randint(images.shape[1], (len(unique),), generator=random, device=images.device)
    chosen = F.one_hot(drawn[which], images.shape[1]).bool()
    return images[chosen][:, None]
