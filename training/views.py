"""Views of cells for the contrast: what must not change a cell's vector, drawn anew for each.

Orientation, place and a little magnification; contrast, blur, noise and uneven light. Structure is
never mixed between cells or channels.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor


@dataclass(frozen=True, kw_only=True)
class ViewOptions:
    """How far views differ.

    Parameters
    ----------
    magnification
        Least and largest; drawn on a logarithmic scale. Below 1, the border is continued.
    stretch
        Largest relative difference of the magnification along two axes.
    shift
        Largest shift as a share of the side.
    gamma
        Largest exponent of intensities in [0, 1]; the least is its inverse.
    blur_px
        Largest deviation of the blur in pixels; half of the channels are blurred.
    noise
        Largest deviation of the noise, of intensities in [0, 1].
    shading
        Largest loss of light from one side to the other.
    """

    magnification: tuple[float, ...] = (0.8, 1.7)
    stretch: float = 0.1
    shift: float = 0.08
    gamma: float = 1.5
    blur_px: float = 1.2
    noise: float = 0.05
    shading: float = 0.3


def draw_views(
    images: Tensor, side: int, options: ViewOptions, generator: torch.Generator
) -> Tensor:
    """Draw one view of each crop.

    Parameters
    ----------
    images
        ``(n, C, H, W)``, uint8 or float of any scale.
    side
        Of the views in pixels.
    options
        How far views differ.
    generator
        On the device of the images.

    Returns
    -------
    Tensor
        float32 ``(n, C, side, side)``; intensities of about [0, 1].
    """
    pixels = images.float()
    low, high = pixels.amin((2, 3), keepdim=True), pixels.amax((2, 3), keepdim=True)
    pixels = (pixels - low) / (high - low).clamp_min(1e-6)
    moved = _move(pixels, side, options, generator)
    return _expose(_blur(moved, options.blur_px, generator), options, generator)


def _move(pixels: Tensor, side: int, options: ViewOptions, generator: torch.Generator) -> Tensor:
    """Turn, mirror, magnify, stretch and shift, in one interpolation."""
    n, channels, height, _ = pixels.shape
    least, largest = options.magnification
    turn = _uniform((n,), -math.pi, math.pi, generator)
    scale = _uniform((n,), math.log(least), math.log(largest), generator).exp()
    stretch = _uniform((n,), -options.stretch, options.stretch, generator).exp()
    mirror = (_uniform((n,), 0, 1, generator) < 0.5).float() * 2 - 1
    sine, cosine = turn.sin(), turn.cos()
    across, along = 1 / (scale * stretch), stretch / scale
    matrix = torch.stack(
        [
            torch.stack([cosine * across * mirror, -sine * along], dim=1),
            torch.stack([sine * across * mirror, cosine * along], dim=1),
        ],
        dim=1,
    )
    shift = _uniform((n, 2, 1), -2 * options.shift, 2 * options.shift, generator)
    grid = F.affine_grid(
        torch.cat([matrix, shift], dim=2), [n, channels, side, side], align_corners=False
    )
    if height > 1.5 * side:
        # Bilinear sampling alone would skip pixels of crops much larger than the view.
        pixels = F.interpolate(pixels, (side, side), mode="bilinear", antialias=True)
    return F.grid_sample(pixels, grid, padding_mode="reflection", align_corners=False)


def _blur(pixels: Tensor, largest: float, generator: torch.Generator) -> Tensor:
    """Blur half of the channels, each by a deviation of its own."""
    if largest == 0:
        return pixels
    rows = pixels.shape[:2]
    sigma = _uniform(rows, -largest, largest, generator).clamp_min(0.0)[..., None]
    offsets = torch.arange(-3, 4, device=pixels.device)
    kernel = torch.exp(-(offsets**2) / (2 * sigma.clamp_min(1e-3) ** 2))
    kernel = (kernel / kernel.sum(-1, keepdim=True)).flatten(0, 1)
    flat = F.pad(pixels.flatten(0, 1)[None], (3, 3, 3, 3), mode="replicate")
    groups = flat.shape[1]
    flat = F.conv2d(flat, kernel[:, None, None, :], groups=groups)
    flat = F.conv2d(flat, kernel[:, None, :, None], groups=groups)
    return flat[0].unflatten(0, rows)


def _expose(pixels: Tensor, options: ViewOptions, generator: torch.Generator) -> Tensor:
    """Change contrast and light, and add noise."""
    n, channels, height, width = pixels.shape
    limit = math.log(options.gamma)
    gamma = _uniform((n, channels, 1, 1), -limit, limit, generator).exp()
    lit = pixels.clamp_min(1e-4) ** gamma
    y = torch.linspace(-0.5, 0.5, height, device=pixels.device)[:, None]
    x = torch.linspace(-0.5, 0.5, width, device=pixels.device)[None, :]
    slope = _uniform((2, n, channels, 1, 1), -options.shading, options.shading, generator)
    lit = lit * (1 + slope[0] * y + slope[1] * x)
    noise = torch.randn(lit.shape, device=lit.device, generator=generator)
    # Photons make bright pixels noisier than dark ones.
    level = _uniform((n, channels, 1, 1), 0.0, options.noise, generator)
    return lit + level * (0.3 + lit.clamp_min(0.0)).sqrt() * noise


def _uniform(shape: tuple[int, ...], low: float, high: float, generator: torch.Generator) -> Tensor:
    return torch.empty(shape, device=generator.device).uniform_(low, high, generator=generator)
