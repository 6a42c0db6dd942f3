"""The single-channel baseline."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch

from napari_c3r.core.encoder.families.cce import CceConfig
from training.baselines import SingleChannelBackbone, one_channel_each, single_channel_config


@pytest.mark.parametrize("size", ["S"])
def test_it_has_as_many_parameters_as_the_official_baseline(golden_dir: Path, size: str) -> None:
    text = (golden_dir / "param_counts.json").read_text()
    with torch.device("meta"):
        network = SingleChannelBackbone(single_channel_config(CceConfig.of_size(size)))
    count = sum(parameter.numel() for parameter in network.parameters())
    assert count == 21_469_056
    assert str(count) in json.dumps(json.loads(text))


def test_an_antibody_shows_one_channel_in_all_its_cells() -> None:
    channel_of = torch.arange(4).view(1, 4, 1, 1)
    images = (channel_of + torch.zeros(60, 4, 3, 3)).float()
    ids = torch.arange(60) % 20
    shown = one_channel_each(images, ids, torch.Generator().manual_seed(0))
    assert shown.shape == (60, 1, 3, 3)
    channels = shown[:, 0, 0, 0].view(3, 20)
    assert (channels == channels[0]).all()
    assert set(channels[0].tolist()) == {0, 1, 2, 3}


def test_masked_patches_are_not_seen(
    tiny_encoder: CceConfig,
) -> None:
    torch.manual_seed(0)
    network = SingleChannelBackbone(single_channel_config(tiny_encoder), mask_token=True).eval()
    images = torch.rand(2, 1, 32, 32)
    mask = torch.zeros(2, 2, 2, dtype=torch.bool)
    mask[:, 0, 0] = True
    other = images.clone()
    other[:, :, :16, :16] = 0
    same = network(images, (0,), (0,), mask), network(other, (0,), (0,), mask)
    torch.testing.assert_close(*same)
    assert not torch.allclose(network(images, (0,), (0,)), network(other, (0,), (0,)))
