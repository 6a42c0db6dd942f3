"""The normalisation of intensities inside CellRep: outliers clipped, histograms equalised."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from napari_c3r.core.encoder.families.cellrep.config import CellRepConfig


def normalise(images: Tensor, config: CellRepConfig) -> Tensor:
    """Clip and equalise every channel of every image as the configuration says.

    Parameters
    ----------
    images
        float32 ``(B, C, H, W)`` in [0, 1].
    config
        Says how.

    Returns
    -------
    Tensor
        The same, in [0, 1]. A constant channel stays constant; a channel with pixels that are no
        numbers keeps such.
    """
    if config.clip_percent:
        images = clip_outliers(images, config.clip_percent)
    if config.histogram_tiles:
        images = equalise(
            images, config.histogram_tiles, config.histogram_bins, config.histogram_limit
        )
    return images


def clip_outliers(images: Tensor, percent: float) -> Tensor:
    """Clip the darkest and the brightest pixels of a channel, and rescale it to [0, 1].

    Parameters
    ----------
    images
        ``(B, C, H, W)``.
    percent
        Share of the pixels at either end, in per cent.

    Returns
    -------
    Tensor
        ``(B, C, H, W)``. A channel of which nothing but those pixels differs from the others, such
        as a few spots on black, is left as it is.
    """
    pixels = images.flatten(2)
    n = pixels.shape[2]
    out = int(n * percent / 100)
    low = pixels.kthvalue(out + 1, dim=2).values[..., None, None]
    high = pixels.kthvalue(n - out, dim=2).values[..., None, None]
    span = high - low
    clipped = (images.clamp(low, high) - low) / torch.where(span > 0, span, 1)
    return torch.where((span > 0) | images.isnan(), clipped, images)


def equalise(images: Tensor, tiles: int, bins: int, limit: float) -> Tensor:
    """Contrast-limited adaptive histogram equalisation (Zuiderveld 1994).

    Every tile maps intensities by the cumulative histogram of its own pixels, linear within a bin,
    and every pixel is mapped by the four nearest tiles, weighted bilinearly.

    Parameters
    ----------
    images
        float32 ``(B, C, H, W)`` in [0, 1].
    tiles
        Along each side.
    bins
        Of equal width over [0, 1].
    limit
        Largest height of a bin, as a multiple of the mean; the excess is spread over all bins.

    Returns
    -------
    Tensor
        float32 ``(B, C, H, W)`` in [0, 1]; 0 stays 0 and 1 stays 1.
    """
    rows, columns = images.shape[2:]
    # A tile needs a pixel.
    down, across = min(tiles, rows), min(tiles, columns)
    known = images.nan_to_num(0).clamp(0, 1)
    scaled = known.flatten(2) * bins
    lower = scaled.long().clamp(max=bins - 1)
    curves = _curves(lower, (rows, columns), (down, across), bins, limit).flatten(2)

    inside = scaled - lower
    mapped = torch.zeros_like(scaled)
    for row, row_share in _nearest(rows, down, images.device):
        for column, column_share in _nearest(columns, across, images.device):
            start = lower + ((row[:, None] * across + column) * (bins + 1)).flatten()
            below, above = curves.gather(2, start), curves.gather(2, start + 1)
            share = (row_share[:, None] * column_share).flatten()
            mapped += share * torch.lerp(below, above, inside)
    return torch.where(images.isnan(), images, mapped.unflatten(2, (rows, columns)))


def _curves(
    bin_of: Tensor, size: tuple[int, int], tiles: tuple[int, int], bins: int, limit: float
) -> Tensor:
    """Cumulative histograms of all tiles, ``(B, C, tiles, 1 + bins)``, from 0 to 1."""
    steps = (
        torch.arange(pixels, device=bin_of.device) * n // pixels
        for pixels, n in zip(size, tiles, strict=True)
    )
    row, column = steps
    tile = (row[:, None] * tiles[1] + column).flatten()
    count = bin_of.new_zeros((*bin_of.shape[:2], tiles[0] * tiles[1] * bins), dtype=torch.float32)
    ones = torch.ones((), device=bin_of.device).expand(bin_of.shape)
    count.scatter_add_(2, bin_of + tile * bins, ones)
    shares = count.unflatten(2, (-1, bins))
    shares = shares / shares.sum(3, keepdim=True)
    highest = limit / bins
    excess = (shares - highest).clamp(min=0).sum(3, keepdim=True)
    shares = shares.clamp(max=highest) + excess / bins
    return F.pad(shares.cumsum(3), (1, 0)).clamp(max=1)


def _nearest(pixels: int, tiles: int, device: torch.device) -> list[tuple[Tensor, Tensor]]:
    """The two tiles that are nearest to every pixel along an axis, with their weights."""
    place = (torch.arange(pixels, device=device) + 0.5) * (tiles / pixels) - 0.5
    place = place.clamp(0, tiles - 1)
    first = place.floor()
    share = place - first
    second = (first + 1).clamp(max=tiles - 1)
    return [(first.long(), 1 - share), (second.long(), share)]
