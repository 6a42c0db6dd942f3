"""Campfire's network, against what is written out."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F

from napari_c3r.core.encoder.families.campfire import CampfireConfig, CampfireEncoder
from napari_c3r.core.encoder.networks.positions import sincos_positions
from napari_c3r.core.encoder.networks.rotary import rotation_of


@pytest.fixture(scope="module")
def network() -> CampfireEncoder:
    torch.manual_seed(0)
    config = CampfireConfig(name="c", width=16, heads=2, depth=2, patch_size=8)
    network = CampfireEncoder(config).eval()
    for parameter in network.parameters():
        parameter.data += 0.2 * torch.randn(parameter.shape)
    return network


IMAGES = torch.rand(2, 3, 16, 24, generator=torch.Generator().manual_seed(0))


def test_all_patches_are_one_sequence_projected_by_one_kernel(network: CampfireEncoder) -> None:
    places = torch.tensor([[row, column] for row in range(2) for column in range(3)]).float()
    # The convolution of the paper: a kernel (1, P, P) over channels, rows and columns.
    weight = network.proj.weight[:, :, None]
    volume = F.conv3d(IMAGES[:, None], weight, network.proj.bias, stride=(1, 8, 8))
    patches = volume.flatten(3).permute(0, 2, 3, 1)
    torch.testing.assert_close(network.embed_patches(IMAGES), patches)
    tokens = (patches + sincos_positions(places, 16, 10000.0)).flatten(1, 2)
    rotation = rotation_of(places.repeat(3, 1), 8, 100.0)
    for block in network.blocks:
        tokens = block(tokens, rotation)
    torch.testing.assert_close(network(IMAGES), network.norm(tokens))


def test_hidden_patches_make_no_difference_to_those_that_are_encoded(
    network: CampfireEncoder,
) -> None:
    other = IMAGES.clone()
    other[:, 1, :8, :8] = 0.5
    places = network.places(IMAGES)
    # Six patches a channel: none of these is the changed one, number 6.
    kept = torch.tensor([0, 5, 8, 13])
    found = []
    for images in (IMAGES, other):
        tokens = network.add_positions(network.embed_patches(images), places).flatten(1, 2)
        found.append(network.encode(tokens[:, kept], places.repeat(3, 1)[kept]))
    torch.testing.assert_close(*found)
    assert not torch.allclose(network(IMAGES), network(other), atol=1e-3)
