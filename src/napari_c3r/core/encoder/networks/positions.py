"""Position embeddings for an input of any size."""

from __future__ import annotations

import math

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
