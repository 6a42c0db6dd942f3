"""Base-SC as an encoder: one channel at a time, whatever the roles."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

from napari_c3r.core.channels import ChannelAssignment
from napari_c3r.core.diagnose.flip_crops import flip_report_of_crops
from napari_c3r.core.encoder import LocalEncoder, load_encoder, write_model_folder
from napari_c3r.core.encoder.families.base_sc import BaseScConfig, BaseScFamily, PlainViT
from napari_c3r.core.encoder.options import RunOptions
from napari_c3r.core.encoder.remote import RemoteEncoder
from napari_c3r.core.errors import InputError

NAMES = ("DNA", "RNA", "x", "ER")
ROLES = ChannelAssignment({"RNA": "concept", "DNA": "context", "x": "ignore", "ER": "context"})
CROPS = np.random.default_rng(0).integers(0, 4000, (5, 4, 32, 48)).astype(np.uint16)
CONFIG = BaseScConfig(
    name="single", width=16, heads=2, depth=2, position_grid=2, input_size=32, field_um=30.0
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Weights large enough that every pixel matters."""
    generator = torch.Generator().manual_seed(1)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        state = PlainViT(CONFIG).state_dict()
    weights = {n: v + 0.2 * torch.randn(v.shape, generator=generator) for n, v in state.items()}
    path = tmp_path_factory.mktemp("models") / "single"
    return write_model_folder(path, CONFIG, weights, "# Single\n")


@pytest.fixture(scope="module")
def encoder(folder: Path) -> LocalEncoder:
    return LocalEncoder.load(folder)


@pytest.fixture(scope="module")
def remote(folder: Path) -> Iterator[RemoteEncoder]:
    encoder = RemoteEncoder(folder)
    yield encoder
    encoder.release()


def scaled(channel: int) -> Tensor:
    """A channel in [0, 1] per crop, as the network takes it."""
    pixels = CROPS[:, [channel]].astype(np.float64)
    low, high = (f(axis=(2, 3), keepdims=True) for f in (pixels.min, pixels.max))
    return torch.from_numpy(((pixels - low) / (high - low)).astype(np.float32))


def by_hand(weights: dict[str, Tensor], images: Tensor) -> Tensor:
    """Tokens after the last norm, written out: iBOT's vision transformer without instance norm."""
    F = torch.nn.functional
    patches = F.conv2d(images, weights["proj.weight"], weights["proj.bias"], stride=16)
    tokens = torch.cat(
        [weights["cls_token"].expand(len(images), -1, -1), patches.flatten(2).mT], dim=1
    )
    grid = weights["pos_embed"][:, 1:].mT.unflatten(2, (2, 2))
    rows, columns = patches.shape[2:]
    scale = ((rows + 0.1) / 2, (columns + 0.1) / 2)
    resampled = F.interpolate(grid, scale_factor=scale, mode="bicubic").flatten(2).mT
    tokens = tokens + torch.cat([weights["pos_embed"][:, :1], resampled], dim=1)

    def linear(name: str, x: Tensor) -> Tensor:
        return x @ weights[f"{name}.weight"].T + weights[f"{name}.bias"]

    def norm(name: str, x: Tensor) -> Tensor:
        return F.layer_norm(x, (16,), weights[f"{name}.weight"], weights[f"{name}.bias"], 1e-6)

    for block in ("blocks.0", "blocks.1"):
        qkv = linear(f"{block}.attn.qkv", norm(f"{block}.norm1", tokens))
        query, key, value = qkv.unflatten(2, (3, 2, 8)).permute(2, 0, 3, 1, 4)
        attended = (query @ key.mT * 8**-0.5).softmax(-1) @ value
        tokens = tokens + linear(f"{block}.attn.proj", attended.transpose(1, 2).flatten(2))
        hidden = F.gelu(linear(f"{block}.mlp.fc1", norm(f"{block}.norm2", tokens)))
        tokens = tokens + linear(f"{block}.mlp.fc2", hidden)
    return norm("norm", tokens)


def test_vectors_are_the_class_tokens_of_each_channel_in_image_order(encoder: LocalEncoder) -> None:
    weights = encoder.network.state_dict()
    tokens = [by_hand(weights, scaled(channel)) for channel in (0, 1, 3)]
    vectors = encoder.embed(CROPS, ROLES, NAMES, precision="float32")
    expected = torch.cat([each[:, 0] for each in tokens], dim=1)
    np.testing.assert_allclose(vectors, expected, rtol=0, atol=2e-5)
    unit = np.stack([scaled(c).numpy()[:, 0] for c in range(CROPS.shape[1])], axis=1)
    found = encoder.tokens(unit, ROLES, NAMES, precision="float32")
    np.testing.assert_allclose(found, torch.cat(tokens, dim=2), rtol=0, atol=2e-5)

    both = encoder.embed(CROPS, ROLES, NAMES, precision="float32", readout="cls+std")
    deviation = tokens[1][:, 1:].std(1, correction=0)
    np.testing.assert_allclose(both[:, 48:64], deviation, rtol=0, atol=2e-5)


def test_columns_say_which_channel_they_are(encoder: LocalEncoder) -> None:
    with encoder.start(ROLES, NAMES, RunOptions(readout="cls+std")) as run:
        assert run.columns[::16] == tuple(
            (name, part) for name in ("DNA", "RNA", "ER") for part in ("cls", "std")
        )
        assert run.run(CROPS[:0]).shape == (0, 96)
    assert encoder.n_dims(ROLES) == 48


@pytest.mark.parametrize("mode", ["each", "joint"])
def test_roles_make_no_difference(encoder: LocalEncoder, mode: str) -> None:
    same = [
        ROLES,
        ROLES.flipped(),
        ROLES.with_role("RNA", "both"),
        ChannelAssignment({"DNA": "context", "RNA": "context", "ER": "context"}),
    ]
    expected = encoder.embed(CROPS, ROLES, NAMES, precision="float32")
    options = RunOptions(precision="float32", concept_mode=mode)  # type: ignore[arg-type]
    with encoder.start_variants([*same, ROLES.with_role("DNA", "ignore")], NAMES, options) as run:
        *found, without = run.run_all(CROPS)
    for roles, vectors in zip(same, found, strict=True):
        np.testing.assert_array_equal(vectors, expected)
        alone = encoder.embed(CROPS, roles, NAMES, precision="float32")
        np.testing.assert_array_equal(alone, expected)
    np.testing.assert_array_equal(without, expected[:, 16:])


def test_a_channel_of_several_variants_runs_once(
    encoder: LocalEncoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = []
    forward = PlainViT.forward
    monkeypatch.setattr(
        PlainViT, "forward", lambda self, *given: calls.append(1) or forward(self, *given)
    )
    with encoder.start_variants([ROLES, ROLES.flipped()], NAMES) as run:
        run.run_all(CROPS)
    assert len(calls) == 3


def test_intensity_scale_does_not_matter_and_contrast_does(encoder: LocalEncoder) -> None:
    expected = encoder.embed(CROPS, ROLES, NAMES, precision="float32")
    same = encoder.embed(CROPS * 3.0 + 70, ROLES, NAMES, precision="float32")
    np.testing.assert_allclose(same, expected, rtol=0, atol=2e-5)
    # Without an instance norm the shape of the histogram counts, not only its order.
    gamma = encoder.embed(CROPS.astype(float) ** 2, ROLES, NAMES, precision="float32")
    assert np.abs(gamma - expected).max() > 1e-2


def test_bfloat16_points_the_same_way(encoder: LocalEncoder) -> None:
    exact, rough = (
        encoder.embed(CROPS, ROLES, NAMES, precision=precision)
        for precision in ("float32", "bfloat16")
    )
    assert not np.array_equal(exact, rough)
    cosine = (exact * rough).sum(1) / np.linalg.norm(exact, axis=1) / np.linalg.norm(rough, axis=1)
    assert cosine.min() > 0.999


def test_the_other_process_gives_the_same_bits(
    encoder: LocalEncoder, remote: RemoteEncoder
) -> None:
    assert remote.config == encoder.config
    assert remote.n_dims(ROLES) == encoder.n_dims(ROLES)
    np.testing.assert_array_equal(
        remote.embed(CROPS, ROLES, NAMES), encoder.embed(CROPS, ROLES, NAMES)
    )
    with remote.start_variants([ROLES, ROLES.flipped()], NAMES) as run:
        first, second = run.run_all(CROPS)
        assert run.all_columns[0] == run.all_columns[1]
    np.testing.assert_array_equal(first, second)


def test_the_flip_report_says_that_roles_do_not_matter(encoder: LocalEncoder) -> None:
    crops = np.random.default_rng(2).integers(0, 4000, (24, 4, 32, 32)).astype(np.uint16)
    report = flip_report_of_crops(crops, NAMES, ROLES, encoder=encoder)
    swapped = "all groups swapped"
    np.testing.assert_array_equal(report.vectors[swapped], report.vectors["as assigned"])
    assert (report.neighbours_changed[swapped] == 0).all()
    assert (report.neighbours_changed["without DNA"] > 0).any()


@pytest.mark.parametrize(
    ("roles", "says"),
    [
        ({"DNA": "ignore", "RNA": "ignore"}, "All channels are ignored"),
        ({"GFP": "concept"}, "GFP"),
    ],
)
def test_what_cannot_be_embedded_is_refused(
    encoder: LocalEncoder, roles: dict[str, str], says: str
) -> None:
    with pytest.raises(InputError, match=says) as error:
        encoder.embed(CROPS, ChannelAssignment(roles), NAMES)
    assert "\n" not in str(error.value)
    for modes, said in (
        (("all", "cls"), "unknown concept mode"),
        (("each", "mean"), "has no readout"),
    ):
        with pytest.raises(InputError, match=said):
            BaseScFamily().make_plan(ROLES, NAMES, *modes)  # type: ignore[arg-type]


def test_more_channels_do_not_shrink_the_batch(encoder: LocalEncoder) -> None:
    names = [f"ch{index}" for index in range(30)]
    many = ChannelAssignment(dict.fromkeys(names, "concept"))
    few = ChannelAssignment({"ch0": "concept"})
    sizes = []
    for roles in (few, many):
        with encoder.start(roles, names) as run:
            sizes.append(run.batch_size)
    assert sizes[0] == sizes[1]


def test_json_round_trip_and_wrong_sizes() -> None:
    assert BaseScConfig.from_json(CONFIG.to_json()) == CONFIG
    values = json.loads(CONFIG.to_json())
    assert values["architecture"] == "base-sc"
    assert values["normalisation"] == "min-max per crop and channel"
    for field, value in (("depth", -1), ("heads", 3), ("position_grid", 0)):
        with pytest.raises(InputError, match="must be"):
            BaseScConfig.from_json(json.dumps(values | {field: value}))
    with pytest.raises(InputError, match="unknown encoder size 'XL'"):
        BaseScConfig.of_size("XL")
    assert BaseScConfig.of_size("S").width == 384


def test_it_is_found_by_its_architecture(folder: Path) -> None:
    encoder = load_encoder(folder)
    assert isinstance(encoder.family, BaseScFamily)
    assert encoder.card == "# Single\n"
