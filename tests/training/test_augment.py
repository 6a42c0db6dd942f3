"""Views of a cell."""

from __future__ import annotations

import json

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from training import augment


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


@pytest.fixture(scope="module")
def official(golden_dir):
    return json.loads((golden_dir / "augment.json").read_text())


@pytest.fixture(scope="module")
def image_of_statistics(golden_dir) -> Tensor:
    return torch.from_numpy(np.load(golden_dir / "augment.npz")["stats_image_u8"])


@pytest.fixture(scope="module")
def images() -> Tensor:
    return torch.rand(40, 3, 24, 24, generator=generator())


def test_the_unit_range_is_that_of_each_channel_of_each_image() -> None:
    images = torch.randint(3, 200, (2, 3, 8, 8), dtype=torch.uint8, generator=generator())
    images[0, 1] = 7
    scaled = augment.to_unit_range(images)
    assert scaled.dtype == torch.float32
    assert scaled[0, 1].abs().max() == 0
    assert scaled[1].amin((1, 2)).tolist() == [0, 0, 0]
    torch.testing.assert_close(scaled[1].amax((1, 2)), torch.ones(3))


def test_views_have_their_shapes_and_range_and_follow_from_the_generator(images: Tensor) -> None:
    for make, slack in (
        # Noise is added to what lies between 0 and 1.
        (lambda g: augment.global_views(images, (2,), 16, g, g), 0.3),
        (lambda g: augment.local_views(images, 3, 16, g, g), 0),
    ):
        first, again = make(generator()), make(generator())
        assert first.shape[1:] == (40, 3, 16, 16)
        assert first.min() >= -slack
        assert first.max() <= 1 + slack
        torch.testing.assert_close(first, again, rtol=0, atol=0)
        assert not torch.equal(first[0], first[1])
        assert not torch.equal(first, make(generator(1)))


def test_views_are_made_in_float32_under_autocast(images: Tensor) -> None:
    plain = augment.global_views(images, (2,), 16, generator(), generator())
    with torch.autocast("cpu", dtype=torch.bfloat16):
        under = augment.global_views(images, (2,), 16, generator(), generator())
    torch.testing.assert_close(under, plain, rtol=0, atol=0)


def test_a_quarter_of_readouts_is_rescaled_and_no_context(images: Tensor) -> None:
    many = images.repeat(50, 1, 1, 1)
    changed = augment.rescale_concept(many, (0, 2), generator())
    torch.testing.assert_close(changed[:, 1], many[:, 1], rtol=0, atol=0)
    factors = (changed / many)[:, :, 0, 0]
    acted = factors[:, 0] != 1
    assert float(acted.float().mean()) == pytest.approx(0.25, abs=0.03)
    assert torch.equal(acted, factors[:, 2] != 1)
    factor = factors[acted] * many.amax((1, 2, 3))[acted, None]
    assert float(factor[:, 0].mean()) == pytest.approx(1, abs=0.1)
    assert 1.9 < factor.max() <= 2.01
    assert not torch.equal(factor[:, 0], factor[:, 2])


def test_jitter_scales_brightness_and_spread_of_each_channel() -> None:
    # Values in the middle of the range, which no factor takes to its ends.
    images = 0.3 + 0.05 * torch.rand(500, 2, 8, 8, generator=generator())
    changed = augment.jitter(images, generator())
    bright = changed.mean((2, 3)) / images.mean((2, 3))
    contrast = changed.std((2, 3)) / images.std((2, 3)) / bright
    for factor in (bright, contrast):
        assert 0.49 < factor.min() < 0.53
        assert 1.47 < factor.max() < 1.51
        assert float(factor.mean()) == pytest.approx(1, abs=0.04)
    assert not torch.allclose(bright[:, 0], bright[:, 1])


def test_blur_is_a_gaussian_of_each_channel_s_own_width(images: Tensor) -> None:
    sigma = torch.tensor([[0.3, 1.0, 2.0]]).expand(len(images), 3)
    found = augment.blur(images, sigma)
    for channel, width in enumerate([0.3, 1.0, 2.0]):
        line = (-0.5 * (torch.arange(-3, 4) / width) ** 2).exp()
        line = line / line.sum()
        padded = F.pad(images[:, [channel]], (3, 3, 3, 3), mode="reflect")
        expected = F.conv2d(padded, torch.outer(line, line)[None, None])
        torch.testing.assert_close(found[:, [channel]], expected, rtol=0, atol=1e-6)


def test_sharpening_undoes_some_smoothing_and_leaves_edges(images: Tensor) -> None:
    soft = 0.4 + 0.2 * images
    sharp = augment.sharpen(soft)
    kernel = torch.tensor([[1.0, 1, 1], [1, 5, 1], [1, 1, 1]])[None, None] / 13
    smooth = F.conv2d(soft[:, [1]], kernel)
    expected = 2 * soft[:, 1, 1:-1, 1:-1] - smooth[:, 0]
    torch.testing.assert_close(sharp[:, 1, 1:-1, 1:-1], expected, rtol=0, atol=1e-6)
    torch.testing.assert_close(sharp[..., 0], soft[..., 0])


def test_each_channel_is_blurred_or_sharpened_by_a_draw_of_its_own(official) -> None:
    # In float64, where all but the narrowest blurs can be told.
    many = (0.4 + 0.2 * torch.rand(8000, 4, 12, 12, generator=generator())).double()
    made = augment.change_sharpness(many, generator())
    difference = made.std((2, 3)) / many.std((2, 3))
    softer, sharper = difference < 0.99, difference > 1.01
    assert not (softer.any(1) & sharper.any(1)).any()
    expected = official["blur_or_sharpness"]["exact"]
    changed = (made - many).abs().amax((2, 3)) > 1e-12
    counts = torch.bincount(changed.sum(1), minlength=5) / len(many)
    for share, exact in zip(counts.tolist(), expected, strict=True):
        assert share == pytest.approx(exact, abs=4 * (exact * (1 - exact) / 8000) ** 0.5 + 0.004)
    # Narrow blurs take little off.
    assert 0.19 < float(softer.double().mean()) < 0.26
    assert float(sharper.double().mean()) == pytest.approx(0.125, abs=0.01)


def test_noise_is_not_cut_off_and_moves_no_mean(official) -> None:
    dark = torch.zeros(3000, 4, 8, 8)
    noise = augment.add_noise(dark, generator())
    acted = noise.std((2, 3))[:, 0] > 0
    assert abs(float(noise.mean())) < 4 * 0.033 / noise.numel() ** 0.5 * 2
    assert float((noise[acted] < 0).float().mean()) == pytest.approx(0.5, abs=0.01)
    rms = float(noise[acted].square().mean().sqrt())
    assert rms == pytest.approx(official["noise_p1"]["exact_rms"], rel=0.02)


@pytest.mark.parametrize("view", ["global_1", "global_2", "local"])
def test_views_have_the_statistics_of_the_official_ones(official, image_of_statistics, view):
    draws = 1500
    images = augment.to_unit_range(image_of_statistics.expand(draws, 4, 64, 64))
    if view == "local":
        made = augment.local_views(images, 1, 24, generator(), generator(1))[0]
    else:
        made = augment.global_views(images, (3,), 48, generator(), generator(1))[int(view[-1]) - 1]
    expected = official["views"][view]
    means = made.mean((2, 3))
    theirs = torch.tensor(expected["channel_mean_standard_error"])
    error = (theirs.square() + means.var(0) / draws).sqrt()
    assert ((means.mean(0) - torch.tensor(expected["channel_mean"])).abs() < 4 * error).all()
    spread = torch.tensor(expected["channel_sd_of_image_means"])
    torch.testing.assert_close(means.std(0), spread, rtol=0.1, atol=0)
    assert float(made.std()) == pytest.approx(expected["pixel_sd"], rel=0.02)
    for share, found in (("share_below_0", made < 0), ("share_above_1", made > 1)):
        assert float(found.float().mean()) == pytest.approx(expected[share], rel=0.15, abs=2e-4)


def test_half_of_the_images_get_noise_of_their_own_strength() -> None:
    grey = torch.full((400, 2, 16, 16), 0.5)
    noise = (augment.add_noise(grey, generator()) - 0.5).std((2, 3))
    acted = noise[:, 0] > 0
    assert float(acted.float().mean()) == pytest.approx(0.5, abs=0.08)
    assert 0.009 < noise[acted].min() < 0.013
    assert 0.045 < noise[acted].max() < 0.056
