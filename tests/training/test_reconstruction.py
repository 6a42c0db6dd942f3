"""Hidden patches, their decoder, and errors by frequency, against what is written out."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from training.reconstruction import (
    Decoder,
    band_errors,
    draw_visible,
    from_patches,
    low_frequencies,
    standardise_patches,
    take_patches,
    to_patches,
)

RANDOM = torch.Generator().manual_seed(0)
FOUND, WANTED = torch.rand(2, 3, 2, 12, 10, generator=RANDOM, dtype=torch.float64)


@pytest.mark.parametrize("threshold", [0.0, 0.1, 0.25, 1.0])
def test_errors_are_those_of_filtered_images_and_add_up(threshold: float) -> None:
    along, across = np.fft.fftfreq(12), np.fft.fftfreq(10)
    passes = np.hypot(along[:, None], across) <= threshold

    def filtered(images: torch.Tensor, mask: np.ndarray) -> np.ndarray:
        return np.fft.ifft2(np.fft.fft2(images.numpy()) * mask).real

    expected = {
        "spatial": float(((FOUND - WANTED) ** 2).mean()),
        "high_pass": ((filtered(FOUND, ~passes) - filtered(WANTED, ~passes)) ** 2).mean(),
        "low_pass": ((filtered(FOUND, passes) - filtered(WANTED, passes)) ** 2).mean(),
    }
    found = {name: float(value) for name, value in band_errors(FOUND, WANTED, threshold).items()}
    assert found == pytest.approx(expected, rel=1e-9)
    assert found["low_pass"] + found["high_pass"] == pytest.approx(found["spatial"])


def test_the_threshold_is_in_cycles_per_pixel_whatever_the_direction() -> None:
    low = low_frequencies(20, 40, 0.1, torch.device("cpu"))
    assert low[2, 0]
    assert low[0, 4]
    assert low[0, -4]
    assert not low[3, 0]
    assert not low[2, 1]


def test_errors_are_computed_in_float32_under_autocast() -> None:
    with torch.autocast("cpu", torch.bfloat16):
        found = band_errors(FOUND.bfloat16(), WANTED.float(), 0.1)
    expected = band_errors(FOUND.bfloat16().double(), WANTED, 0.1)
    assert {each.dtype for each in found.values()} == {torch.float32}
    for name, value in expected.items():
        assert float(found[name]) == pytest.approx(float(value), rel=1e-5)


def test_patches_are_cut_and_joined_rows_first() -> None:
    images = torch.arange(2 * 3 * 8 * 12.0).view(2, 3, 8, 12)
    patches = to_patches(images, 4)
    assert patches.shape == (2, 3, 6, 16)
    torch.testing.assert_close(patches[1, 2, 4].view(4, 4), images[1, 2, 4:8, 4:8])
    torch.testing.assert_close(from_patches(patches, (2, 3)), images)
    standard = to_patches(standardise_patches(images, 4), 4)
    torch.testing.assert_close(standard.mean(-1), torch.zeros(2, 3, 6), atol=1e-5, rtol=0)
    torch.testing.assert_close(standard.var(-1, correction=0), torch.ones(2, 3, 6))


@pytest.mark.parametrize("shared", [False, True])
def test_four_fifths_of_the_patches_of_every_channel_are_hidden(shared: bool) -> None:
    visible = draw_visible(40, 3, 49, 0.8, shared, torch.Generator().manual_seed(0))
    assert visible.shape == (40, 3, 10)
    rows = visible.flatten(0, 1).tolist()
    assert all(len(set(row)) == 10 for row in rows)
    assert len({tuple(sorted(row)) for row in rows}) == (40 if shared else 120)
    assert torch.equal(visible[:, 0], visible[:, 2]) == shared
    counts = torch.bincount(visible[:, 0].flatten(), minlength=49)
    assert counts.min() > 0
    assert draw_visible(2, 1, 2, 0.8, shared, RANDOM).shape == (2, 1, 1)


@pytest.fixture(scope="module")
def decoder() -> Decoder:
    torch.manual_seed(0)
    decoder = Decoder(
        12, width=8, heads=2, depth=1, patch_size=4, position_temperature=1e4, rotary_base=100.0
    )
    for parameter in decoder.parameters():
        parameter.data += 0.3 * torch.randn(parameter.shape)
    return decoder


def test_the_decoder_sees_tokens_at_their_places_and_the_content_of_channels(
    decoder: Decoder,
) -> None:
    tokens, content = torch.randn(2, 3, 2, 12), torch.randn(2, 3, 12)
    visible = torch.tensor([[[0, 4], [1, 2], [5, 3]], [[2, 1], [0, 3], [4, 5]]])
    drawn = decoder(tokens, visible, content, (2, 3))
    assert drawn.shape == (2, 3, 8, 12)

    # In what order the visible patches come, and the channels, is of no matter.
    turned = decoder(tokens.flip(2), visible.flip(2), content, (2, 3))
    torch.testing.assert_close(turned, drawn)
    other = decoder(tokens.flip(1), visible.flip(1), content.flip(1), (2, 3))
    torch.testing.assert_close(other.flip(1), drawn)
    # Where they are matters, and so does the content of a channel that shows nothing else.
    assert not torch.allclose(decoder(tokens, visible.flip(2), content, (2, 3)), drawn, atol=1e-3)
    changed = content.clone()
    changed[:, 1] += 1
    assert not torch.allclose(decoder(tokens, visible, changed, (2, 3)), drawn, atol=1e-3)


def test_patches_are_taken_by_channel() -> None:
    patches = torch.arange(2 * 2 * 3.0).view(2, 2, 3, 1)
    index = torch.tensor([[[2], [0]], [[1], [1]]])
    assert take_patches(patches, index).flatten().tolist() == [2, 3, 7, 10]
