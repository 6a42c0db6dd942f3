"""Descriptors see structure: its size, direction, place and company; not its brightness."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from training.descriptors import OCTAVES, PER_CHANNEL, PER_PAIR, describe

SIDE = 112


def grating(period_px: float, angle: float = 0.0) -> Tensor:
    """Stripes ``(1, 1, SIDE, SIDE)``."""
    turn = torch.tensor(angle)
    y, x = torch.meshgrid(torch.arange(SIDE), torch.arange(SIDE), indexing="ij")
    along = x * turn.cos() + y * turn.sin()
    return torch.sin(2 * torch.pi * along / period_px)[None, None]


def noise(channels: int = 1, n: int = 1) -> Tensor:
    return torch.randn(n, channels, SIDE, SIDE, generator=torch.Generator().manual_seed(0))


def test_shapes_and_finite_numbers_even_of_a_constant_channel() -> None:
    crops = torch.cat([noise(2, 3), torch.full((3, 1, SIDE, SIDE), 7.0)], dim=1)
    found = describe(crops, 7)
    assert found.channel.shape == (3, 3, PER_CHANNEL)
    assert found.pair.shape == (3, 3, 3, PER_PAIR)
    assert found.local.shape == (3, 3, OCTAVES, 7, 7)
    assert all(part.isfinite().all() for part in found)


def test_brightness_and_contrast_do_not_matter() -> None:
    crops = noise(2, 2)
    for part, changed in zip(describe(crops, 7), describe(crops * 300 + 1000, 7), strict=True):
        torch.testing.assert_close(part, changed, atol=2e-3, rtol=1e-3)


# At half size the octaves are centred on 0.35, 0.175, … cycles a pixel.
@pytest.mark.parametrize(("period_px", "octave"), [(5.7, 0), (11.4, 1), (22.9, 2), (45.7, 3)])
def test_stripes_show_in_the_octave_of_their_width(period_px: float, octave: int) -> None:
    energy = describe(grating(period_px, 0.5), 7).channel[0, 0, :OCTAVES]
    assert int(energy.argmax()) == octave


def test_stripes_have_a_direction_and_noise_has_none() -> None:
    striped = describe(grating(11.4, 0.4), 7).channel[0, 0]
    plain = describe(noise(), 7).channel[0, 0]
    anisotropy = OCTAVES + 1
    assert striped[anisotropy] > 4 * plain[anisotropy]


def test_stripes_in_a_corner_are_found_there() -> None:
    crop = torch.zeros(1, 1, SIDE, SIDE)
    crop[..., :32, :32] = grating(11.4)[..., :32, :32]
    local = describe(crop, 7).local[0, 0, 1]
    assert local[:2, :2].min() > local[4:, 4:].max() + 1


def test_channels_that_go_together_correlate_and_inverted_ones_do_not() -> None:
    crop = noise()
    pair = describe(torch.cat([crop, crop, -crop], dim=1), 7).pair[0]
    torch.testing.assert_close(pair[0, 1], torch.ones(PER_PAIR), atol=1e-3, rtol=0)
    pixels = OCTAVES
    assert pair[0, 2, pixels] == pytest.approx(-1, abs=1e-3)
    # The moduli do not know which side is bright.
    torch.testing.assert_close(pair[0, 2, :OCTAVES], torch.ones(OCTAVES), atol=1e-3, rtol=0)
