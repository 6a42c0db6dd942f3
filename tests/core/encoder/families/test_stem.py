"""From pixels to patch tokens."""

from __future__ import annotations

import torch
import torch.nn.functional as F

from napari_c3r.core.encoder.families.cce.stem import PatchEmbed
from napari_c3r.core.encoder.networks.patches import replace_masked


def test_it_is_a_strided_convolution_of_normalised_channels() -> None:
    torch.manual_seed(0)
    stem = PatchEmbed(6, 4).double()
    images = torch.rand(2, 3, 13, 18, dtype=torch.float64) * 9 + 5
    deviation, mean = torch.std_mean(images, dim=(2, 3), keepdim=True, correction=0)
    normal = (images - mean) / (deviation**2 + 1e-5).sqrt()
    for group, conv in enumerate(stem.proj):
        expected = F.conv2d(normal.flatten(0, 1)[:, None], conv.weight, conv.bias, stride=4)
        expected = expected.flatten(2).mT.unflatten(0, (2, 3))
        torch.testing.assert_close(stem(images, group), expected)


def test_a_constant_channel_gives_the_bias() -> None:
    stem = PatchEmbed(6, 4)
    found = stem(torch.full((1, 1, 8, 8), 3.0), 1)
    torch.testing.assert_close(found, stem.proj[1].bias.expand(1, 1, 4, 6), rtol=0, atol=1e-4)


def test_masked_patches_are_replaced_in_every_channel() -> None:
    mask = torch.tensor([[[True, False], [False, False]]])
    found = replace_masked(torch.zeros(1, 2, 4, 3), mask, torch.ones(3))
    assert found.sum(dim=-1).tolist() == [[[3, 0, 0, 0], [3, 0, 0, 0]]]
