"""The network of ChannelViT and DiChaViT: all patches of all channels in one sequence.

One projection serves the patches of every channel; the embedding of the trained channel is added to
all patches of it. Symbols in the shapes: ``B`` images, ``C`` channels of an image, ``N`` patches of
a channel, ``D`` features.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from napari_c3r.core.channels.stains import Stain, identify_all
from napari_c3r.core.encoder.families.channelvit.config import ChannelVitConfig
from napari_c3r.core.encoder.networks.block import NORM_EPS, Block, draw_weights
from napari_c3r.core.encoder.networks.patches import project_patches, replace_masked
from napari_c3r.core.encoder.networks.positions import interpolate_positions
from napari_c3r.core.errors import InputError


class ChannelPatches(nn.Module):
    """Embed the patches of every channel with one projection, and mark them by their channel.

    Parameters
    ----------
    width
        Features of a token.
    patch_size
        Side of a patch in pixels.
    channels
        Trained channels.
    """

    def __init__(self, width: int, patch_size: int, channels: int) -> None:
        super().__init__()
        self.proj = nn.Conv2d(1, width, kernel_size=patch_size, stride=patch_size)
        self.channel_embed = nn.Parameter(torch.empty(channels, width))

    def project(self, images: Tensor) -> Tensor:
        """Project patches, not yet marked: ``(B, C, H, W)`` to ``(B, C, N, D)``."""
        return project_patches(images, *self.proj.parameters())


class ChannelViT(nn.Module):
    """A vision transformer for images of any of the trained channels, without instance norm.

    Parameters
    ----------
    config
        Its sizes and trained channels.
    drop_path
        Stochastic-depth rate of the last block in training; it rises linearly from 0 at the first.
    mask_token
        Whether to have the learned token that stands for masked patches in training.

    Raises
    ------
    InputError
        If the configuration has no trained channels, or wants the embedding of one that it lacks.
    """

    def __init__(
        self, config: ChannelVitConfig, *, drop_path: float = 0.0, mask_token: bool = False
    ) -> None:
        super().__init__()
        if not config.channels:
            raise InputError("encoder config: channels must name the trained channels, not be ()")
        width, rates = config.width, torch.linspace(0, drop_path, config.depth, device="cpu")
        self.patch_size, self.positions = config.patch_size, config.positions
        self.unseen, self._protein = config.unseen, _protein_of(config)
        self.patch_embed = ChannelPatches(width, config.patch_size, len(config.channels))
        self.cls_token = nn.Parameter(torch.empty(1, 1, width))
        self.pos_embed = nn.Parameter(torch.empty(1, 1 + config.position_grid**2, width))
        self.masked_embed = nn.Parameter(torch.zeros(1, width)) if mask_token else None
        self.blocks = nn.ModuleList(Block(width, config.heads, rate) for rate in rates.tolist())
        self.norm = nn.LayerNorm(width, eps=NORM_EPS)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw the initial weights; embeddings of channels as those of positions."""
        draw_weights(self)
        for parameter in (self.cls_token, self.pos_embed, self.patch_embed.channel_embed):
            nn.init.trunc_normal_(parameter, std=0.02)

    def forward(
        self, images: Tensor, trained: Sequence[int] | Tensor, mask: Tensor | None = None
    ) -> Tensor:
        """Encode images.

        Parameters
        ----------
        images
            ``(B, C, H, W)`` in [0, 1].
        trained
            Which trained channel each is, one number for each of the C, or ``(B, C)`` on the
            device where images differ; the number of trained channels for one that was not.
        mask
            ``(B, H // patch, W // patch)`` boolean, True where a patch is hidden in every channel.
            Needs a network made with ``mask_token=True``.

        Returns
        -------
        Tensor
            ``(B, 1 + C N, D)``; token 0 is the class token, then the patches of one channel after
            the other.
        """
        return self.encode(self.patch_embed.project(images), images.shape[2:], trained, mask)

    def encode(
        self,
        patches: Tensor,
        size: Sequence[int],
        trained: Sequence[int] | Tensor,
        mask: Tensor | None = None,
    ) -> Tensor:
        """Encode projected patches ``(B, C, N, D)`` of images of a size; else as `forward`."""
        places = torch.as_tensor(trained, device=patches.device)
        patches = patches + self.embeddings()[places].unsqueeze(-2)
        if mask is not None:
            if self.masked_embed is None:
                raise ValueError("a mask needs a network made with mask_token=True")
            patches = replace_masked(patches, mask, self.masked_embed[0])
        cls_token = self.cls_token.expand(len(patches), -1, -1)
        tokens = torch.cat([cls_token, patches.flatten(1, 2)], dim=1)
        tokens = tokens + self._positions(patches.shape[1], *size)
        for block in self.blocks:
            tokens = block(tokens)
        return self.norm(tokens)

    def embeddings(self) -> Tensor:
        """Embeddings of the trained channels, and last the one of all others: ``(1 + n, D)``."""
        known = self.patch_embed.channel_embed
        if self.unseen == "protein":
            other = known[self._protein]
        elif self.unseen == "zero":
            other = torch.zeros_like(known[0])
        else:
            other = known.mean(0)
        return torch.cat([known, other[None]])

    def _positions(self, channels: int, height: int, width: int) -> Tensor:
        """Positions of the class token and of all patches: ``(1, 1 + C N, D)``."""
        official = self.positions == "official"
        if official:
            patches = channels * (height // self.patch_size) * (width // self.patch_size)
            if patches == self.pos_embed.shape[1] - 1 and height == width:
                return self.pos_embed
        found = interpolate_positions(
            self.pos_embed, height, width, self.patch_size, always=official
        )
        return torch.cat([found[:, :1], found[:, 1:].repeat(1, channels, 1)], dim=1)


def _protein_of(config: ChannelVitConfig) -> int:
    """The trained channel of the protein of interest, where its embedding is wanted."""
    if config.unseen != "protein":
        return -1
    stains = identify_all(config.channels)
    for place, name in enumerate(config.channels):
        if stains[name] is Stain.PROTEIN:
            return place
    raise InputError(
        f"encoder config: unseen is 'protein', and none of the channels "
        f"{', '.join(config.channels)} is a protein of interest: choose 'mean', 'zero' or 'refuse'"
    )
