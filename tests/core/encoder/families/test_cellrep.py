"""CellRep's normalisation and network, against what is written out."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from numpy.typing import NDArray

from napari_c3r.core.encoder.crops import to_unit_range
from napari_c3r.core.encoder.families.cellrep import CellRepConfig, CellRepEncoder, CellRepFamily
from napari_c3r.core.encoder.families.cellrep.normalise import clip_outliers, equalise, normalise

CONFIG = CellRepConfig(
    name="r", width=16, heads=2, depth=1, mixer_depth=1, content_channels=4, position_grid=2
)
IMAGES = torch.rand(2, 3, 24, 20, generator=torch.Generator().manual_seed(0)).square()


def test_clipping_cuts_the_same_share_at_both_ends() -> None:
    found = clip_outliers(IMAGES, 2.5).numpy()
    for given, clipped in zip(IMAGES.flatten(0, 1).numpy(), found.reshape(6, 24, 20), strict=True):
        ordered = np.sort(given.ravel())
        low, high = ordered[12], ordered[-13]
        np.testing.assert_allclose(clipped, (given.clip(low, high) - low) / (high - low), atol=1e-6)


def test_spots_that_clipping_would_wipe_out_stay() -> None:
    spots = torch.zeros(1, 1, 20, 20)
    spots[0, 0, 3, 4:7] = 1
    torch.testing.assert_close(clip_outliers(spots, 1.0), spots)


def by_hand(image: NDArray[np.float64], tiles: int, bins: int, limit: float) -> NDArray[np.float64]:
    """Contrast-limited adaptive equalisation, pixel by pixel."""
    rows, columns = image.shape
    curves = np.zeros((tiles, tiles, bins + 1))
    for i in range(tiles):
        for j in range(tiles):
            rows_here = np.arange(rows) * tiles // rows == i
            columns_here = np.arange(columns) * tiles // columns == j
            mine = image[np.ix_(rows_here, columns_here)]
            share = np.histogram(mine, bins, (0, 1))[0] / mine.size
            over = np.maximum(share - limit / bins, 0).sum()
            curves[i, j, 1:] = np.cumsum(np.minimum(share, limit / bins) + over / bins)
    knots = np.linspace(0, 1, bins + 1)
    result = np.zeros_like(image)
    for y in range(rows):
        for x in range(columns):
            v = np.clip((y + 0.5) * tiles / rows - 0.5, 0, tiles - 1)
            u = np.clip((x + 0.5) * tiles / columns - 0.5, 0, tiles - 1)
            for i in range(tiles):
                for j in range(tiles):
                    weight = max(0, 1 - abs(v - i)) * max(0, 1 - abs(u - j))
                    result[y, x] += weight * np.interp(image[y, x], knots, curves[i, j])
    return result


@pytest.mark.parametrize(("tiles", "bins", "limit"), [(3, 8, 2.0), (1, 16, 1.5), (2, 4, 1.0)])
def test_equalisation_is_that_of_the_four_nearest_tiles(
    tiles: int, bins: int, limit: float
) -> None:
    found = equalise(IMAGES, tiles, bins, limit)
    for given, equalised in zip(IMAGES.flatten(0, 1), found.flatten(0, 1), strict=True):
        expected = by_hand(given.double().numpy(), tiles, bins, limit)
        np.testing.assert_allclose(equalised, expected, atol=2e-5)


def test_without_a_limit_intensities_become_uniform() -> None:
    quarters = np.array([0.25, 0.5, 0.75])
    for channel in equalise(IMAGES, 1, 64, 4096.0).flatten(0, 1).numpy():
        np.testing.assert_allclose(np.quantile(channel, quarters), quarters, atol=0.03)


def test_constant_channels_and_missing_numbers_stay_what_they_are() -> None:
    images = IMAGES.clone()
    images[0, 0] = 0
    images[1, 1, 2, 3] = torch.nan
    found = normalise(images, CONFIG)
    assert (found[0, 0] == 0).all()
    assert found[1, 1].isnan().any()
    others = [found[0, 1:], found[1, [0, 2]]]
    assert all(((each >= 0) & (each <= 1)).all() for each in others)
    torch.testing.assert_close(
        normalise(IMAGES, replace(CONFIG, clip_percent=0.0, histogram_tiles=0)), IMAGES
    )


def test_crops_are_normalised_before_they_are_resampled() -> None:
    crops = (IMAGES * 900 + 50).to(torch.int32)
    config = replace(CONFIG, input_size=32)
    normalised = normalise(to_unit_range(crops), config)
    expected = F.interpolate(normalised, (32, 32), mode="bilinear", antialias=True)
    torch.testing.assert_close(CellRepFamily().prepare(crops, config), expected)
    assert expected.max() <= 1


def test_the_network_is_the_papers_algorithm_written_out() -> None:
    torch.manual_seed(0)
    network = CellRepEncoder(CONFIG).eval()
    for parameter in network.parameters():
        parameter.data += 0.2 * torch.randn(parameter.shape)
    images = torch.rand(2, 3, 32, 32)
    embedded = []
    for c in range(3):
        one = images[:, c : c + 1]
        seen = F.conv2d(one, network.content.conv.weight, network.content.conv.bias, stride=8)
        content = F.linear(seen.relu().mean((2, 3)), *network.content.linear.parameters())
        patches = F.conv2d(one, network.proj.weight, network.proj.bias, stride=16)
        embedded.append(patches.flatten(2).mT + content[:, None])
    norm = network.patch_norm
    rows = F.layer_norm(torch.stack(embedded, 1), (16,), norm.weight, norm.bias, 1e-6)
    torch.testing.assert_close(network.embed_patches(images), rows)

    # The same positions in every channel; one sequence; the mean over channels at each place.
    rows = rows + network.pos_embed[:, None, 1:]
    (mixer,), (block,) = network.mixer, network.blocks
    sequence = mixer(torch.cat([rows[:, c] for c in range(3)], dim=1))
    mixed = torch.stack([sequence[:, place::4].mean(1) for place in range(4)], dim=1)
    cls_token = network.cls_token + network.pos_embed[:, :1]
    tokens = torch.cat([cls_token.expand(2, -1, -1), mixed], dim=1)
    torch.testing.assert_close(network(images), network.norm(block(tokens)))
