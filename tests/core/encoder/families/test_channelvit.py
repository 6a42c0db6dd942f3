"""ChannelViT and DiChaViT as encoders: the official numbers, and which channel is which."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from napari_c3r.core.channels import ChannelAssignment
from napari_c3r.core.encoder import (
    LocalEncoder,
    convert_checkpoint,
    find_family,
    write_model_folder,
)
from napari_c3r.core.encoder.families.channelvit import (
    ChannelViT,
    ChannelVitConfig,
    ChannelVitFamily,
)
from napari_c3r.core.encoder.families.channelvit.config import PositionRule, Unseen
from napari_c3r.core.encoder.families.dichavit import DichavitConfig, DichavitFamily
from napari_c3r.core.encoder.options import RunOptions
from napari_c3r.core.errors import InputError

CASES = (
    "a_5ch_112",
    "b_3ch_subset_112",
    "c_1ch_224",
    "d_2ch_224",
    "e_4ch_112_posembed_quirk",
)
GIVEN = {"name": "official", "heads": 4}
CONFIG = ChannelVitConfig(
    name="tiny",
    width=16,
    heads=2,
    depth=2,
    position_grid=2,
    input_size=32,
    channels=("dna", "er", "rna", "protein"),
    unseen="refuse",
)
NAMES = ("ER", "x", "DAPI", "RNA")
ROLES = ChannelAssignment({"ER": "context", "x": "ignore", "DAPI": "context", "RNA": "concept"})
CROPS = np.random.default_rng(0).integers(0, 4000, (3, 4, 32, 48)).astype(np.uint16)


def numbered(count: int) -> dict[str, int]:
    return {f"stain {index}": index for index in range(count)}


def official_network(family: Any, weights: dict[str, Tensor], count: int) -> ChannelViT:
    config = family.config_from_checkpoint(weights, GIVEN | {"channels": numbered(count)})
    network = family.make_network(config).eval()
    network.load_state_dict(family.weights_from_checkpoint(weights))
    return network


@pytest.fixture(scope="module")
def channelvit(golden_dir: Path) -> dict[str, Tensor]:
    with np.load(golden_dir / "channelvit_params.npz") as file:
        return {name: torch.from_numpy(file[name]) for name in file}


@pytest.fixture(scope="module")
def dichavit(golden_dir: Path) -> dict[str, np.ndarray]:
    with np.load(golden_dir / "dichavit.npz") as file:
        return dict(file)


@pytest.fixture(scope="module")
def encoder(tmp_path_factory: pytest.TempPathFactory) -> LocalEncoder:
    """Weights large enough that every pixel matters."""
    generator = torch.Generator().manual_seed(1)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        state = ChannelViT(CONFIG).state_dict()
    weights = {n: v + 0.2 * torch.randn(v.shape, generator=generator) for n, v in state.items()}
    path = tmp_path_factory.mktemp("models") / "tiny"
    return LocalEncoder.load(write_model_folder(path, CONFIG, weights, "# Tiny\n"))


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize(("dtype", "tolerance"), [(torch.float64, 1e-9), (torch.float32, 2e-5)])
def test_the_network_gives_the_official_tokens(
    golden_dir: Path,
    channelvit: dict[str, Tensor],
    case: str,
    dtype: torch.dtype,
    tolerance: float,
) -> None:
    network = official_network(ChannelVitFamily(), channelvit, 5).to(dtype)
    with np.load(golden_dir / "channelvit_cases.npz") as file:
        arrays = {name.removeprefix(f"{case}_"): file[name] for name in file if case in name}
    images = torch.from_numpy(arrays["x_u8"].astype(np.float32) / 255).to(dtype)
    with torch.inference_mode():
        tokens = network(images, arrays["channels"].tolist())
    for name, found in (
        ("cls", tokens[:, 0]),
        ("tokens_out_mean", tokens.mean(1)),
        ("tokens_out_first4", tokens[:, :4]),
    ):
        np.testing.assert_allclose(found.numpy(), arrays[name], rtol=0, atol=tolerance)


@pytest.mark.parametrize(("dtype", "tolerance"), [(torch.float64, 1e-9), (torch.float32, 2e-5)])
def test_dichavit_gives_the_official_class_tokens(
    dichavit: dict[str, np.ndarray], dtype: torch.dtype, tolerance: float
) -> None:
    weights = {k[6:]: torch.from_numpy(v) for k, v in dichavit.items() if k.startswith("param:")}
    network = official_network(DichavitFamily(), weights, 12).to(dtype)
    for name, channels in (("Allen", [0, 1, 2]), ("HPA", [3, 4, 5, 6]), ("CP", [*range(7, 12)])):
        images = torch.from_numpy(dichavit[f"{name}_x_u8"].astype(np.float32) / 255).to(dtype)
        with torch.inference_mode():
            found = network(images, channels)[:, 0].numpy()
        np.testing.assert_allclose(found, dichavit[f"{name}_cls"], rtol=0, atol=tolerance)


def layouts(plain: dict[str, Tensor]) -> dict[str, tuple[Any, dict[str, Tensor]]]:
    """The same weights as each code writes them, and whose they are."""
    embed, table = "patch_embed.channel_embed", plain["patch_embed.channel_embed"]
    kernel = {"patch_embed.proj.weight": plain["patch_embed.proj.weight"].unsqueeze(2)}
    rest = {name: value for name, value in plain.items() if name != embed}
    proxies = {"patch_embed.channel_emb_proxies": torch.zeros_like(table)}
    once = ChannelVitFamily(), DichavitFamily()
    return {
        "official": (once[0], rest | kernel | {embed: table.T[None, :, :, None, None]}),
        "hierarchical sampling": (once[0], rest | kernel | {f"{embed}.weight": table}),
        "in the frame of C3R": (once[0], rest | {embed: table[..., None, None]}),
        "official DiChaViT": (once[1], rest | kernel | proxies | {f"{embed}.weight": table}),
        "DiChaViT in the frame of C3R": (once[1], rest | proxies | {embed: table}),
    }


def test_every_official_layout_is_recognised_by_its_family_alone() -> None:
    plain = ChannelViT(replace(CONFIG, positions="official")).state_dict()
    given = {"name": "tiny", "heads": 2, "input_size": 32, "channels": numbered(4)}
    families = [find_family(name) for name in ("channelvit", "dichavit", "context-concept-encoder")]
    for code, (family, weights) in layouts(plain).items():
        config = family.config_from_checkpoint(weights, given)
        assert (config.depth, config.width, config.patch_size, config.position_grid) == (
            *(2, 16, 16),
            2,
        ), code
        assert (config.positions, config.unseen) == ("official", "refuse")
        assert config.channels == tuple(numbered(4))
        found = family.weights_from_checkpoint(weights)
        assert found.keys() == plain.keys()
        assert all(torch.equal(found[name], plain[name]) for name in plain)
        for other in families[:2]:
            if other.architecture != family.architecture:
                assert other.config_from_checkpoint(weights, given) is None


@pytest.mark.parametrize(
    ("channels", "says"),
    [
        (None, "has 4 trained channels and no names"),
        ({"dna": 0, "er": 4}, "'er' is given the place 4"),
        ({"dna": 1, "er": 1}, "'dna' and 'er' are both given the place 1"),
    ],
)
def test_the_names_of_trained_channels_are_asked_for(channels: object, says: str) -> None:
    weights = ChannelViT(CONFIG).state_dict()
    given = {"name": "tiny", "heads": 2, "input_size": 32, "channels": channels}
    with pytest.raises(InputError, match=says):
        ChannelVitFamily().config_from_checkpoint(weights, given)


def test_a_trained_channel_without_a_name_matches_nothing() -> None:
    weights = ChannelViT(CONFIG).state_dict()
    given = {"name": "tiny", "heads": 2, "input_size": 32, "channels": {"er": 3, "dna": 0}}
    config = ChannelVitFamily().config_from_checkpoint(weights, given)
    assert config is not None
    assert config.channels == ("dna", "input 1", "input 2", "er")


def scaled() -> np.ndarray:
    """The crops, each channel in [0, 1]."""
    pixels = CROPS.astype(np.float64)
    low, high = (f(axis=(2, 3), keepdims=True) for f in (pixels.min, pixels.max))
    return ((pixels - low) / (high - low)).astype(np.float32)


def by_hand(encoder: LocalEncoder, channels: list[int], trained: list[int]) -> Tensor:
    """Tokens of some channels of the scaled crops, from the network itself."""
    return encoder.network(torch.from_numpy(scaled()[:, channels]), trained)


def test_channels_find_their_embedding_by_stain_and_stay_in_image_order(
    encoder: LocalEncoder,
) -> None:
    expected = by_hand(encoder, [0, 2, 3], [1, 0, 2])
    tokens = encoder.tokens(scaled(), ROLES, NAMES, precision="float32")
    assert tokens.shape == (3, 1 + 3 * 6, 16)
    np.testing.assert_allclose(tokens, expected, rtol=0, atol=2e-5)
    vectors = encoder.embed(CROPS, ROLES, NAMES, precision="float32")
    np.testing.assert_allclose(vectors, expected[:, 0], rtol=0, atol=2e-5)
    assert encoder.n_dims(ROLES) == 16

    swapped = encoder.tokens(
        scaled()[:, ::-1].copy(), ROLES, NAMES[::-1], precision="float32", batch_size=1
    )
    blocks = expected[:, 1:].unflatten(1, (3, 6)).flip(1).flatten(1, 2)
    np.testing.assert_allclose(swapped[:, 1:], blocks, rtol=0, atol=2e-5)


def test_roles_make_no_difference_and_stains_do(encoder: LocalEncoder) -> None:
    variants = [ROLES, ROLES.flipped(), ROLES.with_role("RNA", "ignore")]
    options = RunOptions(precision="float32")
    with encoder.start_variants(variants, NAMES, options) as run:
        as_is, flipped, fewer = run.run_all(CROPS)
        assert run.columns == (("ER+DAPI+RNA", "cls"),) * 16
    np.testing.assert_array_equal(flipped, as_is)
    np.testing.assert_allclose(fewer, by_hand(encoder, [0, 2], [1, 0])[:, 0], rtol=0, atol=2e-5)
    renamed = ("RNA", "x", "DAPI", "ER")
    other = encoder.embed(CROPS, ROLES, renamed, precision="float32")
    assert np.abs(other - as_is).max() > 1e-2


@pytest.mark.parametrize(
    ("roles", "says"),
    [
        ({"ER": "ignore"}, "All channels are ignored"),
        ({"ER": "context", "brightfield": "concept"}, "tiny was not trained on brightfield, only"),
        ({"sec61": "context", "calnexin": "concept"}, "'sec61' and 'calnexin' are both"),
    ],
)
def test_what_cannot_be_embedded_is_refused(
    encoder: LocalEncoder, roles: dict[str, str], says: str
) -> None:
    with pytest.raises(InputError, match=says) as error:
        encoder.embed(CROPS[:, : len(roles)], ChannelAssignment(roles), tuple(roles))
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("unseen", ["mean", "protein", "zero"])
def test_other_stains_get_the_embedding_that_the_config_names(
    encoder: LocalEncoder, unseen: Unseen, tmp_path: Path
) -> None:
    config = replace(CONFIG, unseen=unseen)
    weights = encoder.network.state_dict()
    lenient = LocalEncoder.load(write_model_folder(tmp_path / unseen, config, weights, "# Tiny\n"))
    table = weights["patch_embed.channel_embed"]
    stands = {"mean": table.mean(0), "protein": table[3], "zero": torch.zeros(16)}[unseen]
    known = {**weights, "patch_embed.channel_embed": torch.cat([table[:1], stands[None]])}
    network = ChannelViT(replace(config, channels=("dna", "protein"))).eval()
    network.load_state_dict(known)
    roles = ChannelAssignment({"DAPI": "context", "brightfield": "concept"})
    with lenient.start(roles, roles.names, RunOptions(precision="float32")) as run:
        found = run.run(CROPS[:, :2])
        assert len(run.notes) == 1
        assert "was not trained on brightfield, only on dna, er, rna, protein" in run.notes[0]
    lenient.network = network
    np.testing.assert_allclose(
        found, by_hand(lenient, [0, 1], [0, 1])[:, 0].detach(), rtol=0, atol=2e-5
    )
    assert unseen in lenient.family.describe_network(config)


@pytest.mark.parametrize(
    ("rule", "size", "same"),
    [("per-channel", 32, True), ("official", 32, False), ("official", 16, False)],
)
def test_channels_have_the_positions_of_a_lone_one(
    rule: PositionRule, size: int, same: bool
) -> None:
    """At the size of the grid, or with as many patches in all as it has places."""
    config = replace(CONFIG, positions=rule)
    network = ChannelViT(config)
    channels = 2 if size == 32 else 4
    table = network.pos_embed[:, 1:]
    found = network._positions(channels, size, size)[:, 1:]
    assert torch.equal(found, table.repeat(1, channels, 1)) == same
    assert (found.shape == table.shape and torch.equal(found, table)) == (size == 16)


def test_a_network_inside_what_was_trained_on_top_of_it_is_found(tmp_path: Path) -> None:
    plain = ChannelViT(replace(CONFIG, positions="official")).state_dict()
    _, weights = layouts(plain)["official DiChaViT"]
    nested = {f"module.feature_extractor.{name}": value for name, value in weights.items()}
    nested |= {
        "module.proxies": torch.zeros(7, 16),
        "module.adaptive_interface.weight": plain["norm.weight"],
    }
    torch.save({"model": nested, "epoch": 3}, tmp_path / "official.pth")
    given = {"heads": 2, "input_size": 32, "channels": numbered(4)}
    encoder = LocalEncoder.load(
        convert_checkpoint(tmp_path / "official.pth", tmp_path / "model", **given)
    )
    assert encoder.config.architecture == "dichavit"
    assert torch.equal(encoder.network.state_dict()["norm.weight"], plain["norm.weight"])


def test_hidden_patches_are_not_seen_in_any_channel() -> None:
    torch.manual_seed(0)
    network = ChannelViT(CONFIG, mask_token=True).eval()
    images = torch.rand(2, 2, 32, 32)
    mask = torch.zeros(2, 2, 2, dtype=torch.bool)
    mask[:, 0, 1] = True
    changed = images.clone()
    changed[:, :, :16, 16:] = 0
    torch.testing.assert_close(network(images, [3, 0], mask), network(changed, [3, 0], mask))
    assert not torch.allclose(network(images, [3, 0]), network(changed, [3, 0]))
    # Hidden tokens have lost the mark of their channel too.
    other = network(images, [1, 2], torch.ones_like(mask))
    torch.testing.assert_close(network(images, [3, 0], torch.ones_like(mask)), other)
    with pytest.raises(ValueError, match="mask_token=True"):
        ChannelViT(CONFIG)(images, [3, 0], mask)


def test_every_image_can_have_channels_of_its_own() -> None:
    torch.manual_seed(0)
    network = ChannelViT(CONFIG).eval()
    images, trained = torch.rand(2, 2, 32, 32), torch.tensor([[3, 0], [1, 2]])
    together = network(images, trained)
    for image, places, found in zip(images, trained, together, strict=True):
        torch.testing.assert_close(network(image[None], places.tolist())[0], found)


def test_json_round_trip_and_wrong_values() -> None:
    for config in (CONFIG, DichavitConfig.of_size("T", channels=("a", "b"))):
        assert type(config).from_json(config.to_json()) == config
    assert DichavitConfig.of_size("S").name == "DiChaViT ViT-S"
    values = json.loads(CONFIG.to_json())
    for field, value in (
        ("channels", ["a", "a"]),
        ("channels", [1]),
        ("heads", 3),
        ("positions", "none"),
        ("unseen", "nearest"),
    ):
        with pytest.raises(InputError, match=f"{field}|width must be"):
            ChannelVitConfig.from_json(json.dumps(values | {field: value}))
    with pytest.raises(InputError, match="must name the trained channels"):
        ChannelViT(replace(CONFIG, channels=()))
    with pytest.raises(InputError, match="none of the channels dna, er is a protein"):
        ChannelViT(replace(CONFIG, channels=("dna", "er"), unseen="protein"))


def test_more_channels_shrink_the_batch() -> None:
    family = ChannelVitFamily()
    sizes = []
    for names in (("dna",), ("dna", "er", "rna")):
        roles = ChannelAssignment(dict.fromkeys(names, "concept"))
        plan = family.plan_for(CONFIG, roles, names, "each", "cls")
        sizes.append(family.activation_bytes(CONFIG, plan, 32, 32))
    assert sizes == [4 * 4 * 5 * 16, 4 * 4 * 13 * 16]
