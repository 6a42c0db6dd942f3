"""Hidden patches of images, their decoder, and losses by spatial frequency."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from napari_c3r.core.encoder.networks.block import NORM_EPS, Block, draw_weights
from napari_c3r.core.encoder.networks.positions import patch_places, sincos_positions
from napari_c3r.core.encoder.networks.rotary import rotation_of


class Decoder(nn.Module):
    """From tokens of visible patches to the pixels of all patches, one network for all channels.

    Hidden patches stand as a mask token. All get positions and the embedding of their channel: a
    linear layer, the same for every channel, of the mean of the channel's patch embeddings, so that
    any channel has one.

    Parameters
    ----------
    encoder_width
        Features of a token of the encoder.
    width, heads, depth
        Of the decoder's transformer.
    patch_size
        Side of a patch in pixels.
    position_temperature, rotary_base
        As in the encoder.
    """

    def __init__(
        self,
        encoder_width: int,
        *,
        width: int,
        heads: int,
        depth: int,
        patch_size: int,
        position_temperature: float,
        rotary_base: float,
    ) -> None:
        super().__init__()
        self.patch_size = patch_size
        self.head_width = width // heads
        self.position_temperature, self.rotary_base = position_temperature, rotary_base
        self.enter = nn.Linear(encoder_width, width)
        self.channel = nn.Linear(encoder_width, width)
        self.mask_token = nn.Parameter(torch.empty(1, 1, 1, width))
        self.blocks = nn.ModuleList(Block(width, heads) for _ in range(depth))
        self.norm = nn.LayerNorm(width, eps=NORM_EPS)
        self.to_pixels = nn.Linear(width, patch_size**2)
        draw_weights(self)
        nn.init.trunc_normal_(self.mask_token, std=0.02)

    def forward(
        self, tokens: Tensor, visible: Tensor, content: Tensor, grid: tuple[int, int]
    ) -> Tensor:
        """Draw images.

        Parameters
        ----------
        tokens
            ``(n, C, K, D)``, of the visible patches.
        visible
            ``(n, C, K)``, which they are.
        content
            ``(n, C, D)``, means of patch embeddings.
        grid
            Rows and columns of patches.

        Returns
        -------
        Tensor
            ``(n, C, rows * patch, columns * patch)``.
        """
        entered = self.enter(tokens).to(self.mask_token.dtype)
        hidden = self.mask_token.expand(*tokens.shape[:2], grid[0] * grid[1], -1)
        places = patch_places(*grid, tokens.device)
        positions = sincos_positions(places, entered.shape[-1], self.position_temperature)
        index = visible[..., None].expand_as(entered)
        rows = hidden.scatter(2, index, entered) + positions + self.channel(content)[:, :, None]
        rotation = rotation_of(places.repeat(tokens.shape[1], 1), self.head_width, self.rotary_base)
        sequence = rows.flatten(1, 2)
        for block in self.blocks:
            sequence = block(sequence, rotation)
        pixels = self.to_pixels(self.norm(sequence))
        return from_patches(pixels.unflatten(1, rows.shape[1:3]), grid)


def draw_visible(
    n: int, channels: int, patches: int, hidden: float, shared: bool, generator: torch.Generator
) -> Tensor:
    """Draw the patches that stay visible, equally many in every channel and at least one.

    Parameters
    ----------
    n, channels, patches
        Images, and what they have.
    hidden
        Share of patches that is hidden.
    shared
        Whether the same places are hidden in all channels of an image.
    generator
        On the device of the result.

    Returns
    -------
    Tensor
        int64 ``(n, C, K)``.
    """
    kept = max(1, round(patches * (1 - hidden)))
    rows = 1 if shared else channels
    drawn = torch.rand((n, rows, patches), device=generator.device, generator=generator)
    return drawn.argsort(2)[..., :kept].expand(-1, channels, -1)


def take_patches(patches: Tensor, index: Tensor) -> Tensor:
    """Take patches ``(n, C, N, D)`` by their indices ``(n, C, K)``: ``(n, C, K, D)``."""
    return patches.gather(2, index[..., None].expand(-1, -1, -1, patches.shape[-1]))


def to_patches(images: Tensor, size: int) -> Tensor:
    """Cut images of whole patches: ``(n, C, H, W)`` to ``(n, C, N, size**2)``, rows first."""
    rows = images.unflatten(3, (-1, size)).unflatten(2, (-1, size))
    return rows.transpose(3, 4).flatten(4).flatten(2, 3)


def from_patches(patches: Tensor, grid: tuple[int, int]) -> Tensor:
    """Join patches ``(n, C, N, size**2)`` to images, as `to_patches` has cut them."""
    size = round(patches.shape[-1] ** 0.5)
    rows = patches.unflatten(3, (size, size)).unflatten(2, grid)
    return rows.transpose(3, 4).flatten(4).flatten(2, 3)


def standardise_patches(images: Tensor, size: int) -> Tensor:
    """Bring every patch of images of whole patches to mean 0 and variance 1 (He et al. 2022)."""
    patches = to_patches(images, size)
    grid = images.shape[2] // size, images.shape[3] // size
    return from_patches(F.layer_norm(patches, patches.shape[-1:], eps=1e-6), grid)


def band_errors(found: Tensor, wanted: Tensor, threshold: float) -> dict[str, Tensor]:
    """Mean squared errors of images, and of what a low-pass and a high-pass filter leave of them.

    The filters cut sharply and complement each other: radial frequencies up to the threshold pass
    the one, all others the other. So the last two errors add up to the first (Parseval).

    Parameters
    ----------
    found, wanted
        ``(..., H, W)``; computed in float32 or, where it comes in, in float64.
    threshold
        In cycles per pixel; the highest frequency along an axis is 0.5.

    Returns
    -------
    dict
        Scalars ``spatial``, ``high_pass`` and ``low_pass``.
    """
    with torch.autocast(found.device.type, enabled=False):
        error = found.to(torch.promote_types(found.dtype, torch.float32)) - wanted
        power = torch.fft.fft2(error, norm="ortho").abs().square()
        rows, columns = error.shape[-2:]
        low = low_frequencies(rows, columns, threshold, error.device)
        pixels = error.numel()
        return {
            "spatial": error.square().mean(),
            "high_pass": (power * ~low).sum() / pixels,
            "low_pass": (power * low).sum() / pixels,
        }


def low_frequencies(rows: int, columns: int, threshold: float, device: torch.device) -> Tensor:
    """Which entries of a discrete Fourier transform pass the low-pass filter: ``(H, W)``."""
    along, across = (torch.fft.fftfreq(n, device=device) for n in (rows, columns))
    return (along[:, None].square() + across.square()).sqrt() <= threshold
