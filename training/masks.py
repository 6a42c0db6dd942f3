"""Which patches of a view the student does not see."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Literal

import torch
from torch import Tensor

MaskShape = Literal["rand", "block"]

_ASPECT = 0.3
_TRIES = 10


def draw_masks(
    n: int,
    grid: tuple[int, int],
    ratios: Sequence[float],
    variations: Sequence[float],
    shape: MaskShape,
    generator: torch.Generator,
) -> Tensor:
    """Draw a mask for every image.

    Each image picks one of `ratios` with its variation, then a share of masked patches uniformly
    from ratio - variation to ratio + variation. The official ``(0, 0.3)`` with ``(0, 0.2)`` so
    leaves half of the images whole; the paper's text has ``(0.3,)`` with ``(0.2,)`` for ViT-S and
    ``(0.4,)`` with ``(0.3,)`` for ViT-B.

    Parameters
    ----------
    n
        Images.
    grid
        Rows and columns of patches.
    ratios, variations
        Of equal length; no variation above its ratio.
    shape
        ``"rand"``: single patches anywhere. ``"block"``: rectangles, as in BEiT (Bao et al. 2022,
        algorithm 1).
    generator
        On the CPU: how many patches are masked has to be known before any is looked at.

    Returns
    -------
    Tensor
        ``(n, rows, columns)`` boolean on the CPU, True where masked.
    """
    pick = torch.randint(len(ratios), (n,), generator=generator)
    spread = 2 * torch.rand(n, generator=generator) - 1
    share = _at(ratios, pick) + _at(variations, pick) * spread
    wanted = share * (grid[0] * grid[1])
    if shape == "block":
        return _blocks(wanted.tolist(), grid, generator)
    places = torch.rand(n, grid[0] * grid[1], generator=generator)
    rank = places.argsort(dim=1).argsort(dim=1)
    return (rank < wanted.long()[:, None]).unflatten(1, grid)


def _at(values: Sequence[float], pick: Tensor) -> Tensor:
    return torch.tensor(values)[pick]


def _blocks(wanted: list[float], grid: tuple[int, int], generator: torch.Generator) -> Tensor:
    """Add rectangles to each mask until no further one fits into its number of patches."""
    masks = torch.zeros(len(wanted), *grid, dtype=torch.bool)
    for mask, limit in zip(masks, wanted, strict=True):
        count = 0
        while count < limit and (added := _add_block(mask, limit - count, generator)):
            count += added
    return masks


def _add_block(mask: Tensor, limit: float, generator: torch.Generator) -> int:
    """Try to add a rectangle of at most `limit` new patches; return how many it added."""
    rows, columns = mask.shape
    smallest = (min(rows, columns) // 3) ** 2
    for _ in range(_TRIES):
        area_draw, aspect_draw, top_draw, left_draw = torch.rand(
            4, generator=generator, dtype=torch.float64
        ).tolist()
        area = smallest + area_draw * (limit - smallest)
        aspect = math.exp((2 * aspect_draw - 1) * math.log(1 / _ASPECT))
        height, width = round(math.sqrt(area * aspect)), round(math.sqrt(area / aspect))
        if not (height < rows and width < columns):
            continue
        top, left = int(top_draw * (rows - height + 1)), int(left_draw * (columns - width + 1))
        block = mask[top : top + height, left : left + width]
        added = height * width - int(block.sum())
        if 0 < added <= limit:
            block.fill_(True)
            return added
    return 0
