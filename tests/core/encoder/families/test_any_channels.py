"""The families that take any set of channels, whatever their roles: CellRep and Campfire."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
import torch
from torch import Tensor

import napari_c3r as c3r
from napari_c3r.cli import main
from napari_c3r.core.channels import ChannelAssignment
from napari_c3r.core.diagnose.flip_crops import embed_alone
from napari_c3r.core.encoder import EncoderConfig, LocalEncoder, find_family, write_model_folder
from napari_c3r.core.encoder.families import family_of
from napari_c3r.core.encoder.families.campfire import CampfireConfig, CampfireFamily
from napari_c3r.core.encoder.families.cellrep import CellRepConfig, CellRepFamily
from napari_c3r.core.encoder.options import RunOptions
from napari_c3r.core.encoder.remote import RemoteEncoder
from napari_c3r.core.errors import InputError

NAMES = ("DNA", "RNA", "x", "ER")
ROLES = ChannelAssignment({"RNA": "concept", "DNA": "context", "x": "ignore", "ER": "context"})
CROPS = np.random.default_rng(0).integers(0, 4000, (5, 4, 32, 48)).astype(np.uint16)
CONFIGS: dict[str, EncoderConfig] = {
    "cellrep": CellRepConfig(
        name="mixing",
        width=16,
        heads=2,
        depth=1,
        mixer_depth=1,
        content_channels=4,
        position_grid=2,
        input_size=32,
        field_um=30.0,
    ),
    "campfire": CampfireConfig(
        name="masked", width=16, heads=2, depth=2, input_size=32, field_um=30.0
    ),
}


@pytest.fixture(scope="module", params=list(CONFIGS))
def folder(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model folder of each family, with weights so large that every pixel matters."""
    config = CONFIGS[request.param]
    generator = torch.Generator().manual_seed(1)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        state = find_family(config.architecture).make_network(config).state_dict()
    weights = {n: v + 0.2 * torch.randn(v.shape, generator=generator) for n, v in state.items()}
    path = tmp_path_factory.mktemp("models") / request.param
    return write_model_folder(path, config, weights, "# Any\n")


@pytest.fixture(scope="module")
def encoder(folder: Path) -> LocalEncoder:
    return LocalEncoder.load(folder)


@pytest.fixture(scope="module")
def remote(folder: Path) -> Iterator[RemoteEncoder]:
    encoder = RemoteEncoder(folder)
    yield encoder
    encoder.release()


def embed(encoder: LocalEncoder, crops: Any, roles: ChannelAssignment = ROLES, **how: Any) -> Any:
    return encoder.embed(crops, roles, how.pop("names", NAMES), precision="float32", **how)


def close(found: Any, expected: Any) -> None:
    np.testing.assert_allclose(found, expected, rtol=0, atol=5e-5)


def test_it_comes_back_from_its_folder_with_one_vector_for_all_channels(
    encoder: LocalEncoder,
) -> None:
    config = CONFIGS[encoder.config.architecture]
    assert encoder.config == config
    assert type(config).from_json(config.to_json()) == config
    with encoder.start(ROLES, NAMES) as run:
        assert run.columns == (("DNA+RNA+ER", config.readouts[0]),) * 16
        assert run.run(CROPS[:0]).shape == (0, 16)
    assert encoder.n_dims(ROLES) == 16
    assert "heads" in encoder.family.describe_network(config)
    patches = {"cellrep": 1 + 6, "campfire": 3 * 6}[config.architecture]
    assert encoder.tokens(CROPS, ROLES, NAMES).shape == (5, patches, 16)


@pytest.mark.parametrize("mode", ["each", "joint"])
def test_roles_and_order_of_channels_make_no_difference(encoder: LocalEncoder, mode: Any) -> None:
    expected = embed(encoder, CROPS)
    for roles in (ROLES.flipped(), ROLES.with_role("RNA", "both")):
        np.testing.assert_array_equal(embed(encoder, CROPS, roles, concept_mode=mode), expected)
    other = [3, 2, 0, 1]
    close(embed(encoder, CROPS[:, other], names=[NAMES[i] for i in other]), expected)
    without = ROLES.with_role("ER", "ignore")
    assert np.abs(embed(encoder, CROPS, without) - expected).max() > 1e-3
    options = RunOptions(precision="float32")
    with encoder.start_variants([ROLES, ROLES.flipped(), without], NAMES, options) as run:
        first, second, third = run.run_all(CROPS)
    np.testing.assert_array_equal(first, second)
    close(third, embed(encoder, CROPS, without))


def test_cells_do_not_depend_on_those_beside_them(encoder: LocalEncoder) -> None:
    expected = embed(encoder, CROPS)
    close(embed(encoder, CROPS, batch_size=2), expected)
    close(embed(encoder, CROPS[[3, 1]]), expected[[3, 1]])


def test_a_constant_channel_survives_and_a_missing_number_is_refused(
    encoder: LocalEncoder,
) -> None:
    dark = CROPS.astype(np.float32)
    dark[:, 1] = 7
    assert np.isfinite(embed(encoder, dark)).all()
    dark[0] = 0
    assert np.isfinite(embed(encoder, dark)).all()
    dark[2, 3, 5, 5] = np.nan
    with pytest.raises(InputError, match="channel 'ER' has NaN"):
        embed(encoder, dark)


def test_intensity_scale_does_not_matter(encoder: LocalEncoder) -> None:
    close(embed(encoder, CROPS * 3.0 + 70), embed(encoder, CROPS))


def test_bfloat16_points_the_same_way(encoder: LocalEncoder) -> None:
    exact, rough = (
        encoder.embed(CROPS, ROLES, NAMES, precision=precision)
        for precision in ("float32", "bfloat16")
    )
    cosine = (exact * rough).sum(1) / np.linalg.norm(exact, axis=1) / np.linalg.norm(rough, axis=1)
    assert not np.array_equal(exact, rough)
    assert cosine.min() > 0.999


def test_the_other_process_gives_the_same_bits(
    encoder: LocalEncoder, remote: RemoteEncoder
) -> None:
    assert remote.config == encoder.config
    np.testing.assert_array_equal(
        remote.embed(CROPS, ROLES, NAMES), encoder.embed(CROPS, ROLES, NAMES)
    )


def test_each_channel_can_be_embedded_alone(encoder: LocalEncoder) -> None:
    alone = embed_alone(CROPS, NAMES, encoder=encoder, options=RunOptions(precision="float32"))
    assert alone.shape == (5, 4, 16)
    only = ChannelAssignment({n: "context" if n == "ER" else "ignore" for n in NAMES})
    close(alone[:, 3], embed(encoder, CROPS, only))


def test_a_field_is_embedded_from_python_and_from_the_shell(folder: Path, tmp_path: Path) -> None:
    field = c3r.simulate_field("cell-painting", shape=(192, 192), n_cells=4, seed=1)
    image = field.image.select(("DNA", "ER", "RNA"))
    roles = ChannelAssignment({"DNA": "context", "RNA": "concept", "ER": "concept"})
    table = c3r.embed(image, field.cells, roles, encoder=c3r.load_encoder(folder))
    assert table.shape == (len(np.unique(field.cells)) - 1, 16)
    assert set(table.var["concept_channel"]) == {"DNA+ER+RNA"}

    (tmp_path / "field").mkdir()
    for name, plane in zip(image.channel_names, image.data.compute(), strict=True):
        tifffile.imwrite(tmp_path / "field" / f"f1_{name}.tif", plane)
    tifffile.imwrite(tmp_path / "labels.tif", field.cells)
    out = tmp_path / "cells.csv"
    with pytest.raises(SystemExit) as ended:
        main(
            [
                *("embed", str(tmp_path / "field"), "--labels", str(tmp_path / "labels.tif")),
                *("--context", "DNA", "--concept", "RNA,ER", "--encoder", str(folder)),
                *("--out", str(out)),
            ]
        )
    assert not ended.value.code
    vectors = c3r.read(out).X
    assert vectors.shape == table.shape
    assert np.ptp(vectors, axis=0).min() > 0


def test_what_cannot_be_embedded_is_refused(encoder: LocalEncoder) -> None:
    with pytest.raises(InputError, match="All channels are ignored"):
        embed(encoder, CROPS, ChannelAssignment({"DNA": "ignore"}))
    with pytest.raises(InputError, match="GFP"):
        embed(encoder, CROPS, ChannelAssignment({"GFP": "concept"}))
    wrong, right = {"cellrep": ("mean", "cls or"), "campfire": ("cls", "mean")}[
        encoder.config.architecture
    ]
    with pytest.raises(InputError, match=f"no readout '{wrong}': choose {right}"):
        embed(encoder, CROPS, readout=wrong)


@pytest.mark.parametrize(
    ("name", "field", "value"),
    [
        ("cellrep", "mixer_depth", -1),
        ("cellrep", "content_kernel", 17),
        ("cellrep", "clip_percent", 60),
        ("cellrep", "histogram_limit", float("nan")),
        ("cellrep", "heads", 3),
        ("cellrep", "readout", "mean"),
        ("campfire", "heads", 8),
        ("campfire", "rotary_base", "100"),
        ("campfire", "readout", "cls"),
    ],
)
def test_wrong_sizes_are_refused_by_name(name: str, field: str, value: object) -> None:
    about = "width" if field == "heads" else field
    with pytest.raises(InputError, match=f"{about} must be"):
        replace(CONFIGS[name], **{field: value})  # type: ignore[arg-type]


def test_sizes_by_their_letter() -> None:
    assert (CellRepConfig.of_size("L").depth, CellRepConfig.of_size("S").depth) == (24, 12)
    assert CellRepConfig.of_size("S").name == "CellRep ViT-S"
    assert CampfireConfig.of_size("T").name == "Campfire ViT-T"
    assert json.loads(CampfireConfig.of_size("T").to_json())["readout"] == "mean"


@pytest.mark.parametrize("family", [CellRepFamily(), CampfireFamily()], ids=lambda f: f.label)
def test_the_batch_follows_the_patches_of_all_channels(family: Any) -> None:
    config = family.config_type.of_size("S")
    needed = []
    for n in (1, 2, 4):
        names = [f"ch{index}" for index in range(n)]
        roles = ChannelAssignment(dict.fromkeys(names, "both"))
        plan = family.make_plan(roles, names, "joint", config.readouts[0])
        needed.append(family.activation_bytes(config, plan, 224, 224))
    # The hidden layer of an MLP: 196 patches of 4 * 384 numbers of 4 bytes for each channel.
    assert needed == [n * 196 * 4 * 384 * 4 for n in (1, 2, 4)]


@pytest.mark.parametrize("name", CONFIGS)
def test_no_activation_is_larger_than_is_said(name: str) -> None:
    """What every layer gives back for one crop, against `activation_bytes`."""
    config = CONFIGS[name]
    family = family_of(config)
    network = family.make_network(config).eval()
    sizes: list[int] = []

    def note(_module: object, _given: object, result: Tensor) -> None:
        sizes.append(result.numel() * 4)

    for module in network.modules():
        module.register_forward_hook(note)
    roles = ROLES.for_channels(NAMES)
    plan = family.make_plan(roles, NAMES, "joint", config.readouts[0])
    family.tokens(network, torch.rand(1, 3, 32, 48), plan.passes[0].groups)
    assert max(sizes) <= family.activation_bytes(config, plan, 32, 48)


@pytest.mark.parametrize("name", CONFIGS)
def test_gradients_reach_every_weight(name: str) -> None:
    network = family_of(CONFIGS[name]).make_network(CONFIGS[name])
    network(torch.rand(2, 3, 32, 32))[:, :1].square().sum().backward()
    assert [n for n, p in network.named_parameters() if p.grad is None] == []
