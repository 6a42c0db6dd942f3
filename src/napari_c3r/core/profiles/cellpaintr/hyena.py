"""The bidirectional Hyena operator: gates and a long convolution with an implicit filter.

Poli et al. 2023, "Hyena Hierarchy" (arXiv:2302.10866), of order 2, with taps on both sides as
CellPainTR has it.
"""

from __future__ import annotations

import math
from typing import Final

import torch
from scipy.fft import next_fast_len
from torch import Tensor, nn

_BANDS: Final = 2
_SLOWEST, _FASTEST = math.log(100) / 1.5, math.log(100) / 0.3
_SHIFT: Final = 0.05
_SINE: Final = 10.0
_PUBLISHED_FREQUENCY: Final = 1e-4


def convolve_both_sides(signal: Tensor, taps: Tensor) -> Tensor:
    """Convolve along the last axis with a filter that reaches over all of it on both sides.

    Parameters
    ----------
    signal
        ``(B, D, L)``.
    taps
        ``(D, 2L - 1)``; the middle one weighs a place itself.

    Returns
    -------
    Tensor
        ``(B, D, L)``, float32, or float64 where that comes in: at place i the sum over j of
        ``taps[L - 1 + i - j] * signal[j]``.
    """
    length = signal.shape[-1]
    dtype = torch.promote_types(signal.dtype, torch.float32)
    # What wraps around falls outside of the places that are kept.
    size = next_fast_len(2 * length - 1, real=True)
    with torch.autocast(signal.device.type, enabled=False):
        product = torch.fft.rfft(signal.to(dtype), size) * torch.fft.rfft(taps.to(dtype), size)
        return torch.fft.irfft(product, size)[..., length - 1 : 2 * length - 1]


class ImplicitFilter(nn.Module):
    """A filter of 2L - 1 taps per feature that a small network makes from their places.

    Parameters
    ----------
    width
        Features D.
    longest
        Tokens of the longest sequence.
    hidden
        Features of its hidden layers.
    variant
        As `CellPainTRConfig.filter`.
    """

    places: Tensor
    weights: Tensor

    def __init__(self, width: int, longest: int, hidden: int, variant: str) -> None:
        super().__init__()
        self.variant, self.longest = variant, longest
        self.inner = nn.ModuleList(
            nn.Linear(size, hidden) for size in (1 + 2 * _BANDS, hidden, hidden)
        )
        self.outer = nn.Linear(hidden, width, bias=False)
        self.frequency = nn.Parameter(torch.ones(hidden))
        # Made again from the sizes, so a folder does not hold them.
        self.register_buffer("places", _places(longest, variant), persistent=False)
        self.register_buffer("weights", _weights(longest, width, variant), persistent=False)

    def forward(self, length: int) -> Tensor:
        """Taps for sequences of `length` tokens, ``(D, 2 length - 1)``."""
        count = 2 * length - 1
        first = 0 if self.variant == "published" else self.longest - length
        hidden = self.places[first : first + count]
        for layer in self.inner:
            hidden = torch.sin(_SINE * self.frequency * layer(hidden))
        return (self.outer(hidden) * self.weights[first : first + count]).T


class Hyena(nn.Module):
    """The operator.

    Parameters
    ----------
    width, longest, hidden, variant
        As for `ImplicitFilter`.
    """

    def __init__(self, width: int, longest: int, hidden: int, variant: str) -> None:
        super().__init__()
        self.into = nn.Linear(width, 3 * width)
        self.short = nn.Conv1d(3 * width, 3 * width, 3, padding=2, groups=3 * width)
        self.filter = ImplicitFilter(width, longest, hidden, variant)
        self.bias = nn.Parameter(torch.randn(width))
        self.out = nn.Linear(width, width)

    def forward(self, tokens: Tensor) -> Tensor:
        """Mix the tokens of each sequence: ``(B, L, D)`` to ``(B, L, D)``."""
        length = tokens.shape[1]
        gate, inner_gate, value = self.short(self.into(tokens).mT)[..., :length].chunk(3, dim=1)
        gated = value * inner_gate
        mixed = convolve_both_sides(gated, self.filter(length)) + self.bias[:, None] * gated
        return self.out((mixed * gate).mT)


def _places(longest: int, variant: str) -> Tensor:
    """Position features of the taps, ``(2 longest - 1, 5)``: t in [-1, 1], cosines, sines."""
    count = 2 * longest - 1
    t = torch.linspace(-1, 1, count)
    angle = 2 * math.pi * torch.arange(count)[:, None] / count
    published = variant == "published"
    periods = [_PUBLISHED_FREQUENCY] * _BANDS if published else range(1, _BANDS + 1)
    angles = angle * torch.tensor(list(periods))
    return torch.cat([t[:, None], angles.cos(), angles.sin()], dim=1)


def _weights(longest: int, width: int, variant: str) -> Tensor:
    """By what the taps are multiplied, ``(2 longest - 1, width)``."""
    t = torch.linspace(-1, 1, 2 * longest - 1)[:, None]
    if variant == "published":
        return torch.exp(-t * torch.linspace(_SLOWEST, _FASTEST, width)) + _SHIFT
    # The class token stands at one end: features that do not weigh less with distance let it see
    # the other one.
    return torch.exp(-t.abs() * torch.linspace(0, _SLOWEST, width)) + _SHIFT
