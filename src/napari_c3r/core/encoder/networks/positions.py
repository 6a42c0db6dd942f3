"""Position embeddings for an input of any size."""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor, cat

# The offset by which DINO and everything built on it enlarges the target grid before it computes
# the scale. It moves every sampling coordinate, so weights trained with it need it too.
_GRID_OFFSET = 0.1


def interpolate_positions(
    positions: Tensor, height: int, width: int, patch_size: int, *, always: bool = False
) -> Tensor:
    """Resample learned position embeddings to the patch grid of an input.

    The square grid is resampled bicubically (a = -0.75, corners not aligned, no antialiasing) with
    the explicit scale ``(h + 0.1) / grid`` along the first axis and ``(w + 0.1) / grid`` along the
    second, where ``h = height // patch_size`` and ``w = width // patch_size``. A square input with
    as many patches as the grid gets the embeddings unchanged.

    Parameters
    ----------
    positions
        ``(1, 1 + grid**2, d)``; index 0 belongs to the class token and is never resampled.
    height, width
        Size of the input in pixels.
    patch_size
        Side of a patch in pixels.
    always
        Resample even where the grid has the right size, which moves it by the 0.1.

    Returns
    -------
    Tensor
        ``(1, 1 + h * w, d)``, rows first.
    """
    rows, columns = height // patch_size, width // patch_size
    n_patches = positions.shape[1] - 1
    if rows * columns == n_patches and height == width and not always:
        return positions

    grid = math.isqrt(n_patches)
    square = positions[:, 1:].transpose(1, 2).unflatten(2, (grid, grid))
    resampled = F.interpolate(
        square,
        scale_factor=((rows + _GRID_OFFSET) / grid, (columns + _GRID_OFFSET) / grid),
        mode="bicubic",
    )
    return cat([positions[:, :1], resampled.flatten(2).transpose(1, 2)], dim=1)


def patch_places(rows: int, columns: int, device: torch.device) -> Tensor:
    """Row and column of every patch of a grid, rows first: float32 ``(rows * columns, 2)``."""
    axes = (torch.arange(n, dtype=torch.float32, device=device) for n in (rows, columns))
    return torch.cartesian_prod(*axes)


def sincos_positions(places: Tensor, width: int, temperature: float) -> Tensor:
    """Positions that need not be learned (Vaswani et al. 2017, section 3.5, along two axes).

    Half of the features tell the row and half the column: sines, then cosines, of the place times
    ``temperature ** (-k / n)`` for k from 0 to n - 1, with n a quarter of the width.

    Parameters
    ----------
    places
        ``(..., 2)``, row and column in patches.
    width
        Features, a multiple of 4.
    temperature
        Ratio of the highest to the lowest frequency, nearly.

    Returns
    -------
    Tensor
        ``(..., width)``.
    """
    n = width // 4
    frequencies = temperature ** (-torch.arange(n, device=places.device) / n)
    angles = places[..., None] * frequencies
    return torch.cat([angles.sin(), angles.cos()], dim=-1).flatten(-2)
