"""SubCell against the official code, its probabilities, and where they end up."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch

import napari_c3r as c3r
from napari_c3r.cli import main
from napari_c3r.core.channels import ChannelAssignment
from napari_c3r.core.encoder import LocalEncoder, convert_checkpoint, read_model_folder
from napari_c3r.core.encoder.families.subcell.config import LOCATIONS
from napari_c3r.core.encoder.options import RunOptions
from napari_c3r.core.encoder.remote import RemoteEncoder
from napari_c3r.core.errors import InputError

NAMES = ("microtubules", "ER", "nucleus", "protein")
EXACT = RunOptions(precision="float32")
ROLES = ChannelAssignment(dict.fromkeys(NAMES[:3], "context") | {"protein": "concept"})


@pytest.fixture(scope="module")
def golden(golden_dir: Path) -> dict[str, np.ndarray]:
    with np.load(golden_dir / "subcell_tiny.npz") as arrays:
        return dict(arrays)


@pytest.fixture(scope="module")
def files(golden: dict[str, np.ndarray], tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Published files: an encoder and a classifier."""
    folder = tmp_path_factory.mktemp("published")
    for kind in ("enc", "clf"):
        weights = {
            name.removeprefix(f"{kind}:"): torch.from_numpy(value)
            for name, value in golden.items()
            if name.startswith(f"{kind}:")
        }
        torch.save(weights, folder / f"{kind}.pth")
    return [folder / "enc.pth", folder / "clf.pth"]


@pytest.fixture(scope="module")
def folder(files: list[Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("models") / "subcell"
    return convert_checkpoint(files[0], out, classifiers=[files[1]], heads=4, licence="MIT")


@pytest.fixture(scope="module")
def encoder(folder: Path) -> LocalEncoder:
    return LocalEncoder.load(folder)


def test_sizes_and_inputs_are_recognised(encoder: LocalEncoder, folder: Path) -> None:
    config = encoder.config.to_json()
    assert json.loads(config) | {
        "architecture": "subcell",
        "channels": list(NAMES),
        "concept_channel": "protein",
        "input_size": 112,
        "norm_eps": 1e-12,
        "normalisation": "min-max per crop over all channels",
        "pool_width": 32,
        "readout": "pool",
        "classifiers": 1,
        "classes": list(LOCATIONS),
    } == json.loads(config)
    assert len(LOCATIONS) == 31
    assert list(LOCATIONS[:30]) == sorted(LOCATIONS[:30])
    assert "the mean of classifiers (1) tells 31 locations" in read_model_folder(folder).card


@pytest.mark.parametrize("size", ["native", "larger"])
def test_numbers_are_those_of_the_official_code(
    encoder: LocalEncoder, golden: dict[str, np.ndarray], size: str
) -> None:
    crops = golden[f"{size}_x_u8"]
    tokens = encoder.tokens(crops, ROLES, NAMES, precision="float32")
    np.testing.assert_allclose(tokens, golden[f"{size}_last_hidden"], rtol=0, atol=2e-5)
    vectors = encoder.embed(crops, ROLES, NAMES, precision="float32")
    np.testing.assert_allclose(vectors, golden[f"{size}_pool_op"], rtol=0, atol=2e-5)
    probabilities = encoder.predict(crops, ROLES, NAMES, EXACT)
    found = np.stack([*probabilities.values()], axis=1)
    np.testing.assert_allclose(found, golden[f"{size}_probs"], rtol=0, atol=2e-5)
    assert list(probabilities)[::30] == ["location_actin_filaments", "location_negative"]


def test_readouts_and_turns(encoder: LocalEncoder, golden: dict[str, np.ndarray]) -> None:
    crops = np.concatenate([golden["native_x_u8"]] * 2, axis=1)[:, :5]
    names = (*NAMES, "RNA")
    roles = ROLES.for_channels(names).with_role("RNA", "concept")
    both = encoder.embed(crops, roles, names, precision="float32")
    assert both.shape == (1, 2 * 96)
    np.testing.assert_allclose(both[:, :96], golden["native_pool_op"], rtol=0, atol=2e-5)
    assert list(encoder.predict(crops, roles, names))[::31] == [
        "location_protein_actin_filaments",
        "location_RNA_actin_filaments",
    ]
    cls = encoder.embed(crops, ROLES.for_channels(names), names, readout="cls", precision="float32")
    np.testing.assert_allclose(cls, golden["native_last_hidden"][:, 0], rtol=0, atol=2e-5)
    assert encoder.n_dims(roles) == 192
    with pytest.raises(
        InputError, match="the encoder has no readout 'mean': choose pool or cls or cls\\+std"
    ):
        encoder.embed(crops, roles, names, readout="mean")


def test_classifiers_are_averaged_and_may_be_left_out(
    files: list[Path], tmp_path: Path, golden: dict[str, np.ndarray]
) -> None:
    weights = torch.load(files[1])
    torch.save({name: -value for name, value in weights.items()}, tmp_path / "other.pth")
    found = []
    for number, classifiers in enumerate(([files[1]], [tmp_path / "other.pth"], None)):
        given = [files[1], tmp_path / "other.pth"] if classifiers is None else classifiers
        out = convert_checkpoint(files[0], tmp_path / str(number), classifiers=given, heads=4)
        said = LocalEncoder.load(out).predict(golden["native_x_u8"], ROLES, NAMES, EXACT)
        found.append(np.stack([*said.values()]))
    np.testing.assert_allclose(found[2], (found[0] + found[1]) / 2, rtol=0, atol=1e-6)

    plain = LocalEncoder.load(convert_checkpoint(files[0], tmp_path / "plain", heads=4))
    assert plain.predict(golden["native_x_u8"], ROLES, NAMES, EXACT) == {}


def test_three_channels_need_to_be_named(files: list[Path], tmp_path: Path) -> None:
    weights = torch.load(files[0])
    kernel = "encoder.embeddings.patch_embeddings.projection.weight"
    weights[kernel] = weights[kernel][:, :3]
    torch.save(weights, tmp_path / "three.pth")
    with pytest.raises(InputError, match="family, one of subcell-rbg, subcell-ybg"):
        convert_checkpoint(tmp_path / "three.pth", tmp_path / "out", heads=4)
    out = convert_checkpoint(
        tmp_path / "three.pth", tmp_path / "out", family="subcell-ybg", heads=4
    )
    assert LocalEncoder.load(out).config.channels == ("ER", "nucleus", "protein")


@pytest.fixture
def remote(folder: Path) -> Iterator[RemoteEncoder]:
    encoder = RemoteEncoder(folder)
    yield encoder
    encoder.release()


def test_probabilities_are_columns_of_the_table(
    encoder: LocalEncoder, remote: RemoteEncoder
) -> None:
    field = c3r.simulate_field("hpa", shape=(256, 256), n_cells=4, seed=0)
    names = field.image.channel_names
    roles = ChannelAssignment.preset("hpa", names)
    here, there = (
        c3r.embed(field.image, field.cells, roles, encoder=each, precision="float32")
        for each in (encoder, remote)
    )
    columns = [name for name in here.obs if name.startswith("location_")]
    assert len(columns) == 31
    values = here.obs[columns].to_numpy()
    assert ((values > 0) & (values < 1)).all()
    assert here.shape == (len(here.obs), 96)
    np.testing.assert_allclose(there.obs[columns], values, rtol=0, atol=1e-5)
    assert set(here.var["readout"]) == {"pool"}


def test_it_is_converted_and_used_from_the_shell(
    files: list[Path], tmp_path: Path, golden: dict[str, np.ndarray]
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(
            [
                *("convert", str(files[0]), "--out", str(tmp_path / "m"), "--set", "heads=4"),
                *("--classifier", str(files[1]), "--classifier", str(files[1])),
                *("--channels", "a=0,b=1,c=2,d=3"),
            ]
        )
    assert not ended.value.code
    encoder = c3r.load_encoder(tmp_path / "m")
    names = ("d", "c", "b", "a")
    roles = ChannelAssignment(dict.fromkeys(names, "concept"))
    crops = golden["native_x_u8"][:, ::-1]
    found = encoder.tokens(crops, roles, names, precision="float32")
    np.testing.assert_allclose(found, golden["native_last_hidden"], rtol=0, atol=2e-5)
    with pytest.raises(SystemExit) as ended:
        main(["convert", str(files[0]), "--out", str(tmp_path / "n"), "--set", "heads"])
    assert ended.value.code == 2
