"""The encoder of Campfire: patches of all channels in one sequence, through one transformer."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from napari_c3r.core.encoder.families.campfire.config import CampfireConfig
from napari_c3r.core.encoder.networks.block import NORM_EPS, Block, draw_weights
from napari_c3r.core.encoder.networks.patches import project_patches
from napari_c3r.core.encoder.networks.positions import patch_places, sincos_positions
from napari_c3r.core.encoder.networks.rotary import rotation_of


class CampfireEncoder(nn.Module):
    """A transformer over the patches of any number of channels, without class token.

    All channels share the projection of patches (the kernel (1, P, P) of the paper's convolution),
    and nothing tells channels apart but their pixels.

    Parameters
    ----------
    config
        Its sizes.
    drop_path
        Stochastic-depth rate of the last block in training; it rises linearly from 0 at the first.
    """

    def __init__(self, config: CampfireConfig, *, drop_path: float = 0.0) -> None:
        super().__init__()
        width, patch = config.width, config.patch_size
        rates = torch.linspace(0, drop_path, config.depth, device="cpu").tolist()
        self.patch_size = patch
        self.head_width = width // config.heads
        self.position_temperature = config.position_temperature
        self.rotary_base = config.rotary_base
        self.proj = nn.Conv2d(1, width, kernel_size=patch, stride=patch)
        self.blocks = nn.ModuleList(Block(width, config.heads, rate) for rate in rates)
        self.norm = nn.LayerNorm(width, eps=NORM_EPS)
        draw_weights(self)

    def forward(self, images: Tensor) -> Tensor:
        """Encode images.

        Parameters
        ----------
        images
            ``(B, C, H, W)`` in [0, 1], any number of channels in any order.

        Returns
        -------
        Tensor
            ``(B, C * N, D)``, the N patches of the first channel first, rows first.
        """
        patches = self.embed_patches(images)
        places = self.places(images)
        tokens = self.add_positions(patches, places)
        return self.encode(tokens.flatten(1, 2), places.repeat(images.shape[1], 1))

    def embed_patches(self, images: Tensor) -> Tensor:
        """Project the patches of every channel, ``(B, C, H, W)`` to ``(B, C, N, D)``."""
        return project_patches(images, *self.proj.parameters())

    def places(self, images: Tensor) -> Tensor:
        """Row and column of the patches of an image: ``(N, 2)``."""
        rows, columns = (side // self.patch_size for side in images.shape[2:])
        return patch_places(rows, columns, images.device)

    def add_positions(self, patches: Tensor, places: Tensor) -> Tensor:
        """Add positions ``(N, 2)`` to patches ``(B, C, N, D)``, the same in every channel."""
        width = patches.shape[-1]
        return patches + sincos_positions(places, width, self.position_temperature)

    def encode(self, tokens: Tensor, places: Tensor) -> Tensor:
        """Run the transformer.

        Parameters
        ----------
        tokens
            ``(B, T, D)``, from `add_positions`, of whatever channels; training leaves some out.
        places
            ``(T, 2)`` or ``(B, T, 2)``, row and column of each.

        Returns
        -------
        Tensor
            ``(B, T, D)`` after the final layer norm.
        """
        rotation = rotation_of(places, self.head_width, self.rotary_base)
        for block in self.blocks:
            tokens = block(tokens, rotation)
        return self.norm(tokens)
