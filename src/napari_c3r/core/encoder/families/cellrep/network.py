"""The network of CellRep: channels are mixed, averaged, and then seen by a vision transformer."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from napari_c3r.core.encoder.families.cellrep.config import CellRepConfig
from napari_c3r.core.encoder.networks.block import NORM_EPS, Block, draw_weights
from napari_c3r.core.encoder.networks.patches import project_patches
from napari_c3r.core.encoder.networks.positions import interpolate_positions


class ChannelContent(nn.Module):
    """One vector for what each channel shows, wherever it shows it (algorithm 1 of the paper).

    Parameters
    ----------
    features
        Of the convolution.
    kernel
        Side of its kernel and its stride, in pixels.
    width
        Features of the result.
    """

    def __init__(self, features: int, kernel: int, width: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(1, features, kernel_size=kernel, stride=kernel)
        self.linear = nn.Linear(features, width)

    def forward(self, images: Tensor) -> Tensor:
        """Look at every channel alone: ``(B, C, H, W)`` to ``(B, C, D)``."""
        found = F.relu(project_patches(images, *self.conv.parameters()))
        return self.linear(found.mean(dim=2))


class CellRepEncoder(nn.Module):
    """The network.

    The patches of every channel, each with the content of its channel added, are normalised and
    get positions, the same in every channel. A small transformer, the mixer, lets all of them
    attend to each other; then the channels are averaged at every place. To what is left a class
    token is added, which has the position of index 0, and a vision transformer refines it.

    Parameters
    ----------
    config
        Its sizes.
    drop_path
        Stochastic-depth rate of the last block in training; it rises linearly from 0 at the first.
    """

    def __init__(self, config: CellRepConfig, *, drop_path: float = 0.0) -> None:
        super().__init__()
        width, heads, patch = config.width, config.heads, config.patch_size
        depth = config.mixer_depth + config.depth
        rates = torch.linspace(0, drop_path, depth, device="cpu").tolist()
        self.patch_size = patch
        self.proj = nn.Conv2d(1, width, kernel_size=patch, stride=patch)
        self.content = ChannelContent(config.content_channels, config.content_kernel, width)
        self.patch_norm = nn.LayerNorm(width, eps=NORM_EPS)
        self.cls_token = nn.Parameter(torch.empty(1, 1, width))
        self.pos_embed = nn.Parameter(torch.empty(1, 1 + config.position_grid**2, width))
        self.mixer = nn.ModuleList(Block(width, heads, r) for r in rates[: config.mixer_depth])
        self.blocks = nn.ModuleList(Block(width, heads, r) for r in rates[config.mixer_depth :])
        self.norm = nn.LayerNorm(width, eps=NORM_EPS)
        draw_weights(self)
        nn.init.trunc_normal_(self.cls_token, std=0.02)
        nn.init.trunc_normal_(self.pos_embed, std=0.02)

    def forward(self, images: Tensor) -> Tensor:
        """Encode images.

        Parameters
        ----------
        images
            ``(B, C, H, W)`` in [0, 1], any number of channels in any order.

        Returns
        -------
        Tensor
            ``(B, 1 + N, D)``; token 0 is the class token.
        """
        height, width = images.shape[2:]
        positions = interpolate_positions(self.pos_embed, height, width, self.patch_size)
        patches = self.mix(self.embed_patches(images) + positions[:, None, 1:])
        cls_token = (self.cls_token + positions[:, :1]).expand(len(images), -1, -1)
        tokens = torch.cat([cls_token, patches], dim=1)
        for block in self.blocks:
            tokens = block(tokens)
        return self.norm(tokens)

    def embed_patches(self, images: Tensor) -> Tensor:
        """Embed patches and the content of their channels: ``(B, C, H, W)`` to ``(B, C, N, D)``."""
        patches = project_patches(images, *self.proj.parameters())
        with_content = patches + self.content(images)[:, :, None]
        return self.patch_norm(with_content.to(self.patch_norm.weight.dtype))

    def mix(self, patches: Tensor) -> Tensor:
        """Let patches of all channels attend to each other, and average the channels.

        Parameters
        ----------
        patches
            ``(B, C, N, D)``.

        Returns
        -------
        Tensor
            ``(B, N, D)``.
        """
        tokens = patches.flatten(1, 2)
        for block in self.mixer:
            tokens = block(tokens)
        return tokens.unflatten(1, patches.shape[1:3]).mean(dim=1)
