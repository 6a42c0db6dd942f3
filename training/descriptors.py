"""What a crop looks like in numbers: the targets of the descriptor term of `contrast`.

A bank of Gabor-like filters splits every channel into octaves and directions, as the first layer of
a scattering transform does (Bruna and Mallat 2013, eq. 5). The moduli of its outputs say how much
structure there is of each size, how far it is aligned, how sparse it is, and which structures of
two channels lie in the same place. None of it depends on the scale or offset of intensities.
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor

from training.transfer import indices

OCTAVES = 4
_DIRECTIONS = 4
_SIDE = 56  # crops are described at this size; finer structure is noise at usual magnifications
_FINEST = 0.35  # cycles per pixel at the centre of the finest octave
_QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.9, 0.97, 0.995)
_BLUR = 0.03  # deviation in cycles per pixel of the low-pass for correlations of whole regions
_TINY = 1e-4

PER_CHANNEL = 3 * OCTAVES + len(_QUANTILES)
PER_PAIR = OCTAVES + 2


class Descriptors(NamedTuple):
    """Numbers that describe crops of C channels.

    Attributes
    ----------
    channel : Tensor
        ``(B, C, PER_CHANNEL)``: log energy of each octave, finest first, their anisotropies, their
        log sparsities, then quantiles of the pixels in units of their deviation.
    pair : Tensor
        ``(B, C, C, PER_PAIR)``: correlation of two channels' moduli in each octave, of their
        pixels, and of their blurred pixels.
    local : Tensor
        ``(B, C, OCTAVES, S, S)``: log modulus of each octave at each of ``S × S`` places.
    """

    channel: Tensor
    pair: Tensor
    local: Tensor


def describe(images: Tensor, grid: int) -> Descriptors:
    """Describe crops.

    Parameters
    ----------
    images
        float ``(B, C, H, W)``.
    grid
        Side S of the grid of places for the local numbers.

    Returns
    -------
    Descriptors
        float32.
    """
    small = F.interpolate(images.float(), (_SIDE, _SIDE), mode="bilinear", antialias=True)
    pixels = _standardise(small)
    spectrum = torch.fft.rfft2(pixels)
    fine = _moduli(spectrum, 1)
    coarse = _moduli(_halve(spectrum), 2)

    by_octave = torch.cat([_statistics(moduli) for moduli in (fine, coarse)], dim=3)
    channel = torch.cat([by_octave.flatten(2), _quantiles(pixels)], dim=2)
    low_pass = _low_pass(images.device)
    blurred = torch.fft.irfft2(_halve(spectrum) * low_pass, (_SIDE // 2, _SIDE // 2))
    maps = (fine.mean(3), coarse.mean(3), pixels[:, :, None], blurred[:, :, None])
    pair = torch.cat([_correlations(_standardise(planes)) for planes in maps], dim=3)
    local = torch.cat(
        [
            F.adaptive_avg_pool2d(planes.flatten(1, 2), grid).unflatten(1, planes.shape[1:3])
            for planes in maps[:2]
        ],
        dim=2,
    )
    return Descriptors(channel, pair, (local + _TINY).log())


def _moduli(spectrum: Tensor, scale: int) -> Tensor:
    """Filter a spectrum: ``(B, C, S, S // 2 + 1)`` to moduli ``(B, C, octaves, directions, S, S)``.

    The filters are one-sided, so the real inverse transforms of a filter's output and of its
    quadrature give the modulus without complex arithmetic on the full plane.
    """
    side = spectrum.shape[2]
    filtered = spectrum[:, :, None, None] * _bank(spectrum.device, scale)
    even = torch.fft.irfft2(filtered, (side, side))
    odd = torch.fft.irfft2(filtered * -1j, (side, side))
    return torch.hypot(even, odd)


def _halve(spectrum: Tensor) -> Tensor:
    """Keep the lower half of the frequencies: the spectrum of the image at half the size."""
    quarter = _SIDE // 4
    rows = torch.cat([spectrum[:, :, :quarter], spectrum[:, :, -quarter:]], dim=2)
    return rows[:, :, :, : quarter + 1] / 4


def _statistics(moduli: Tensor) -> Tensor:
    """Log energy, anisotropy and log sparsity: ``(B, C, 3, octaves)``."""
    by_direction = moduli.mean((-2, -1))
    energy = by_direction.mean(3)
    anisotropy = by_direction.std(3) / (energy + _TINY)
    sparsity = moduli.mean(3).std((-2, -1)) / (energy + _TINY)
    return torch.stack([(energy + _TINY).log(), anisotropy, (sparsity + _TINY).log()], dim=2)


def _quantiles(pixels: Tensor) -> Tensor:
    """Quantiles over the pixels: ``(B, C, H, W)`` to ``(B, C, quantiles)``."""
    # A quarter of the pixels gives the same quantiles at a quarter of the time.
    ordered = pixels[:, :, ::2, ::2].flatten(2).sort(dim=2).values
    ranks = tuple(round(q * (ordered.shape[2] - 1)) for q in _QUANTILES)
    return ordered.index_select(2, indices(ranks, pixels.device))


def _correlations(planes: Tensor) -> Tensor:
    """Correlate channels: standardised ``(B, C, maps, H, W)`` to ``(B, C, C, maps)``."""
    flat = planes.flatten(3)
    return torch.einsum("bcop,bdop->bcdo", flat, flat) / flat.shape[-1]


def _standardise(planes: Tensor) -> Tensor:
    """Bring each plane to mean 0 and deviation 1; a constant one to zeros."""
    centred = planes - planes.mean((-2, -1), keepdim=True)
    return centred / (centred.square().mean((-2, -1), keepdim=True).sqrt() + 1e-6)


def _frequencies(side: int, device: torch.device) -> tuple[Tensor, Tensor]:
    """Frequencies ``(S, 1)`` and ``(1, S // 2 + 1)`` in cycles per pixel of the described size."""
    ratio = side / _SIDE
    fy = torch.fft.fftfreq(side, device=device)[:, None]
    return fy * ratio, torch.fft.rfftfreq(side, device=device)[None, :] * ratio


@lru_cache(maxsize=8)
def _bank(device: torch.device, scale: int) -> Tensor:
    """Transfer functions ``(octaves, directions, S, S // 2 + 1)`` of one size of the image.

    Parameters
    ----------
    device
        Where.
    scale
        1 for the finer half of the octaves at the described size, 2 for the coarser at half of it.
    """
    fy, fx = _frequencies(_SIDE // scale, device)
    half = OCTAVES // 2
    octaves = range(half) if scale == 1 else range(half, OCTAVES)
    filters = []
    for centre in (_FINEST / 2**octave for octave in octaves):
        for direction in range(_DIRECTIONS):
            # Off the axes, so that a filter and its mirror image lie in different half planes.
            angle = math.pi * ((direction + 0.5) / _DIRECTIONS - 0.5)
            along = fx * math.cos(angle) + fy * math.sin(angle)
            across = fy * math.cos(angle) - fx * math.sin(angle)
            width = 0.45 * centre
            filters.append(
                torch.exp(
                    -((along - centre) ** 2) / (2 * width**2) - across**2 / (2 * (0.8 * width) ** 2)
                )
            )
    return torch.stack(filters).unflatten(0, (half, _DIRECTIONS))


@lru_cache(maxsize=4)
def _low_pass(device: torch.device) -> Tensor:
    """Transfer function of the blur at half the described size."""
    fy, fx = _frequencies(_SIDE // 2, device)
    return torch.exp(-(fx**2 + fy**2) / (2 * _BLUR**2))
