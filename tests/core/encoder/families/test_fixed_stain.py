"""Encoders of fixed stains: plans, normalisation, and checkpoints of every naming."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import safetensors.torch
import torch
from torch import Tensor

import napari_c3r as c3r
from napari_c3r.core.channels import ChannelAssignment
from napari_c3r.core.diagnose.flip_crops import flip_report_of_crops
from napari_c3r.core.diagnose.planning import plan_variants
from napari_c3r.core.embed import EmbedDriver
from napari_c3r.core.encoder import LocalEncoder, convert_checkpoint, read_model_folder
from napari_c3r.core.encoder.families import find_recipe
from napari_c3r.core.encoder.families.fixed_stain import FixedStainConfig, FixedStainFamily
from napari_c3r.core.encoder.families.fixed_stain.checkpoint import RECIPES
from napari_c3r.core.encoder.families.subcell import SubcellFamily
from napari_c3r.core.encoder.options import RunOptions
from napari_c3r.core.errors import InputError
from tests.core.encoder.plain_vit import Weights, as_transformers, make_weights, tokens_of

HPA = ("ER", "protein", "DNA", "microtubules")
CP = ("DNA", "ER", "RNA", "AGP", "Mito")
CROPS = np.random.default_rng(0).integers(0, 4000, (3, 5, 12, 12)).astype(np.uint16)
HEADS = {"heads": 2}


def roles(names: tuple[str, ...]) -> ChannelAssignment:
    return ChannelAssignment({name: "concept" if i else "context" for i, name in enumerate(names)})


def scaled(crops: np.ndarray, axes: tuple[int, ...] = (2, 3)) -> Tensor:
    low, high = (f(crops, axis=axes, keepdims=True).astype(float) for f in (np.min, np.max))
    return torch.from_numpy(((crops - low) / (high - low)).astype(np.float32))


def convert(path: Path, content: dict[str, Any], **options: Any) -> LocalEncoder:
    file = path / "checkpoint.pth"
    torch.save(content, file)
    return LocalEncoder.load(convert_checkpoint(file, path / "out", **(HEADS | options)))


def of_ibot(weights: Weights) -> dict[str, Any]:
    student = {f"module.backbone.{name}": 2 * value for name, value in weights.items()}
    student["module.backbone.masked_embed"] = torch.zeros(1, 12)
    teacher = {f"backbone.{name}": value for name, value in weights.items()}
    head = {f"head.last_layer{n}.weight_g": torch.ones(4, 1) for n in ("", "2")}
    return {"student": student, "teacher": teacher | head, "ibot_loss": {}, "epoch": 3}


def of_dino(weights: Weights) -> dict[str, Any]:
    head = {"module.head.last_layer.weight_g": torch.ones(4, 1)}
    return {"teacher": {f"module.backbone.{n}": v for n, v in weights.items()} | head}


def base_hpa(crops: np.ndarray) -> Tensor:
    return scaled(crops)[:, [3, 0, 2, 1]]


def dino_hpa(crops: np.ndarray) -> Tensor:
    recipe = RECIPES["dino4cells-hpa"]
    mean, deviation = (torch.tensor(v).view(1, 4, 1, 1) for v in (recipe.mean, recipe.deviation))
    return (scaled(crops, (1, 2, 3))[:, [3, 1, 2, 0]] - mean) / deviation


def dino_cp(crops: np.ndarray) -> Tensor:
    images = scaled(crops)[:, [0, 2, 1, 3, 4]]
    return (images - images.mean((2, 3), keepdim=True)) / (
        images.std((2, 3), keepdim=True, correction=0) + 1e-7
    )


@pytest.mark.parametrize("side", [12, 16, 20])
@pytest.mark.parametrize(
    ("wrap", "names", "architecture", "normalise"),
    [
        (of_ibot, HPA, "fixed-stain", base_hpa),
        (of_dino, HPA, "fixed-stain", dino_hpa),
        (of_dino, CP, "fixed-stain", dino_cp),
    ],
    ids=["base-hpa", "dino4cells-hpa", "dino4cells-cp"],
)
def test_published_encoders_of_all_stains_are_recognised(
    tmp_path: Path, wrap: Any, names: tuple[str, ...], architecture: str, normalise: Any, side: int
) -> None:
    weights = make_weights(len(names))
    encoder = convert(tmp_path, wrap(weights))
    assert encoder.config.architecture == architecture
    crops = (
        np.random.default_rng(1).integers(0, 4000, (2, len(names), side, side)).astype(np.uint16)
    )
    # Only the official DINO4Cells scales crops within its model.
    given = scaled(crops).numpy() if normalise is base_hpa else crops
    found = encoder.tokens(given, roles(names), names, precision="float32")
    expected = tokens_of(weights, normalise(crops), heads=2)
    np.testing.assert_allclose(found, expected, rtol=0, atol=2e-5)


def test_base_cp_sees_every_concept_in_turn_with_er_and_nucleus(tmp_path: Path) -> None:
    weights = make_weights(3)
    encoder = convert(tmp_path, of_ibot(weights))
    found = encoder.embed(CROPS, roles(CP), CP, precision="float32")
    images = scaled(CROPS)
    expected = [tokens_of(weights, images[:, [1, 0, x]], heads=2)[:, 0] for x in (2, 3, 4)]
    np.testing.assert_allclose(found, torch.cat(expected, dim=1), rtol=0, atol=2e-5)
    with encoder.start(roles(CP), CP) as run:
        assert [label for label, _ in run.columns[::12]] == ["RNA", "AGP", "Mito"]
    swapped = roles(CP).flipped()
    np.testing.assert_array_equal(encoder.embed(CROPS, swapped, CP, precision="float32"), found)
    # A context channel that is no input is not read out beside concept channels.
    with encoder.start(roles(CP).with_role("AGP", "context"), CP) as run:
        assert [label for label, _ in run.columns[::12]] == ["RNA", "Mito"]
        assert "no input for AGP" in run.notes[0]
    for missing, says in (("ER", "is ER:"), ("DNA", "is nucleus:")):
        with pytest.raises(InputError, match=says) as error:
            encoder.embed(CROPS, roles(CP).with_role(missing, "ignore"), CP)
        assert "\n" not in str(error.value)
    few = ChannelAssignment({"DNA": "context", "ER": "concept"})
    with pytest.raises(InputError, match="input 'protein' beside ER, nucleus"):
        encoder.embed(CROPS, few, CP)


def test_many_fields_are_possible_before_their_channels_are_known(tmp_path: Path) -> None:
    encoder = convert(tmp_path, of_ibot(make_weights(3)))
    EmbedDriver([], None, encoder).require_possible()
    with pytest.raises(InputError, match="the encoder has no readout 'pool': choose cls"):
        EmbedDriver([], None, encoder, RunOptions(readout="pool")).require_possible()


def test_a_flip_report_skips_what_the_encoder_cannot_be_asked(tmp_path: Path) -> None:
    encoder = convert(tmp_path, of_ibot(make_weights(3)))
    crops = np.random.default_rng(2).integers(0, 4000, (12, 4, 12, 12)).astype(np.uint16)
    assigned = ChannelAssignment.preset("jump-cp", CP[:4])
    report = flip_report_of_crops(crops, CP[:4], assigned, encoder=encoder)
    assert "without ER" not in report.vectors
    np.testing.assert_array_equal(
        report.vectors["all groups swapped"], report.vectors["as assigned"]
    )
    plan = plan_variants(assigned, encoder=encoder)
    assert any("without ER" in why and "none of DNA" in why for why in plan.skipped)


def test_base_hpa_takes_no_cell_painting(tmp_path: Path) -> None:
    encoder = convert(tmp_path, of_ibot(make_weights(4)))
    with pytest.raises(InputError, match="none of DNA, ER, RNA, AGP, Mito is microtubules"):
        encoder.embed(CROPS, roles(CP), CP)
    # Names of antibodies are the protein's, as any stain is that the others are not.
    named = ("Calreticulin", "TOMM20", "DAPI", "Tubulin")
    same = encoder.embed(CROPS[:, :4], roles(HPA), HPA, precision="float32")
    found = encoder.embed(CROPS[:, :4], roles(named), named, precision="float32")
    np.testing.assert_array_equal(found, same)


PHOTOGRAPHS = {
    "timm": {},
    "timm, no position of the class token": {"registers": 4, "class_position": False},
    "scaled residuals": {"layer_scale": True},
}


@pytest.mark.parametrize("kind", PHOTOGRAPHS)
@pytest.mark.parametrize("suffix", [".pth", ".safetensors"])
def test_networks_of_photographs_see_every_channel_alone(
    tmp_path: Path, kind: str, suffix: str
) -> None:
    weights = make_weights(3, **PHOTOGRAPHS[kind])  # type: ignore[arg-type]
    file = tmp_path / f"vit{suffix}"
    content = weights | {"head.weight": torch.zeros(2, 12)}
    (safetensors.torch.save_file if suffix == ".safetensors" else torch.save)(content, file)
    encoder = LocalEncoder.load(convert_checkpoint(file, tmp_path / "out", heads=2))
    crops = CROPS[:, :2].repeat(2, axis=2)[:, :, :20]
    found = encoder.tokens(scaled(crops).numpy(), roles(CP[:2]), CP[:2], precision="float32")
    recipe = RECIPES["photographs"]
    mean, deviation = (torch.tensor(v).view(1, 3, 1, 1) for v in (recipe.mean, recipe.deviation))
    expected = [
        tokens_of(
            weights,
            (scaled(crops)[:, [c, c, c]] - mean) / deviation,
            heads=2,
            positions="antialiased",
        )
        for c in range(2)
    ]
    np.testing.assert_allclose(found, torch.cat(expected, dim=2), rtol=0, atol=2e-5)


def test_weights_of_the_transformers_library_are_known(tmp_path: Path) -> None:
    weights = make_weights(3)
    content = as_transformers(weights, "vit.") | {"vit.pooler.dense.bias": torch.zeros(12)}
    encoder = convert(tmp_path, content, channels={"a": 1, "b": 0, "c": 2}, mean=(), deviation=())
    assert encoder.config.norm_eps == 1e-12
    names = ("a", "b", "c")
    crops = CROPS[:, :3].repeat(2, axis=2)[:, :, :16]
    found = encoder.tokens(scaled(crops).numpy(), roles(names), names, precision="float32")
    images = scaled(crops)[:, [1, 0, 2]]
    expected = tokens_of(weights, images, heads=2, eps=1e-12, positions="size")
    np.testing.assert_allclose(found, expected, rtol=0, atol=2e-5)


def test_base_sc_is_recognised_and_the_student_can_be_chosen(tmp_path: Path) -> None:
    weights = make_weights(1)
    encoder = convert(tmp_path, of_ibot(weights), which="student")
    assert encoder.config.architecture == "base-sc"
    found = encoder.tokens(
        scaled(CROPS[:, :1]), ChannelAssignment({"x": "both"}), ["x"], precision="float32"
    )
    doubled = {name: 2 * value for name, value in weights.items()}
    expected = tokens_of(doubled, scaled(CROPS[:, :1]), heads=2)
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-4)


@pytest.mark.parametrize(
    ("inputs", "wrap", "options", "says"),
    [
        (4, dict, {}, "nothing says which: say which with family, one of base-hpa, dino4cells-hpa"),
        (7, dict, {}, "plain vision transformer of 7 channels, .* give channels="),
        (4, of_ibot, {"family": "base-cp"}, "takes 4 channels, and base-cp 3"),
        (4, dict, {"channels": {"DNA": 0}}, "no name is given for 1"),
        (4, dict, {"channels": {"DNA": 9}}, "'DNA' is given the place 9"),
        (1, of_ibot, {"channels": {"DNA": 0}}, "Base-SC takes any channel"),
        (4, of_ibot, {"depht": 3}, "'depht' is no value of"),
        (4, of_ibot, {"family": "dichavit"}, "not weights of dichavit: it holds 'cls_token'"),
        (4, of_ibot, {"classifiers": ["checkpoint.pth"]}, "no classifiers"),
    ],
)
def test_what_is_not_clear_is_refused_in_one_line(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    inputs: int,
    wrap: Any,
    options: dict[str, Any],
    says: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputError, match=says) as error:
        convert(tmp_path, wrap(make_weights(inputs)), **options)
    assert "\n" not in str(error.value)
    assert not (tmp_path / "out").exists()


def test_a_named_family_settles_what_the_file_does_not(tmp_path: Path) -> None:
    encoder = convert(tmp_path, make_weights(4), family="base-hpa", name="mine")
    config = encoder.config
    assert isinstance(config, FixedStainConfig)
    assert config.channels == ("microtubules", "ER", "nucleus", "protein")
    assert config.concept_channel == "protein"
    card = read_model_folder(tmp_path / "out").card
    assert "inputs: microtubules, ER, nucleus, protein" in card
    assert FixedStainConfig.from_json(config.to_json()) == config


def test_channels_without_an_input_are_said(tmp_path: Path) -> None:
    names = {"DNA": 0, "RNA": 1, "ER": 2, "AGP": 3}
    encoder = convert(tmp_path, make_weights(4), channels=names)
    with encoder.start(roles(CP), CP, RunOptions()) as run:
        assert "no input for Mito" in run.notes[0]
        assert run.run(CROPS).shape == (3, 12)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"channels": ["a"]}, "must name each of 2 inputs"),
        ({"channels": ["a", "a"]}, "each once"),
        ({"concept_channel": "x"}, "must be one of channels"),
        ({"mean": [0.5]}, "must be 2 numbers, or none"),
        ({"deviation": [0, 1]}, "must be 2 numbers"),
        ({"mean": [0.5, 0.5]}, "as long as deviation"),
        ({"positions": "nearest"}, "must be 'scale'"),
        ({"norm_eps": 2}, "norm_eps"),
        ({"inputs": 0}, "whole number"),
    ],
)
def test_odd_configurations_are_refused(change: dict[str, object], says: str) -> None:
    config = FixedStainConfig(name="", width=12, heads=2, inputs=2, channels=("a", "b"))
    with pytest.raises(InputError, match=says):
        FixedStainConfig.from_json(json.dumps(json.loads(config.to_json()) | change))


def test_it_is_listed_and_its_published_encoders_are_described() -> None:
    assert c3r.encoders().families["fixed-stain"] == FixedStainFamily.description
    text = (Path(__file__).resolve().parents[4] / "docs" / "encoders.md").read_text("utf-8")
    for name in (*FixedStainFamily.recipes, *SubcellFamily.recipes):
        family, recipe = find_recipe(name)
        assert recipe == name
        assert family.architecture in text
        assert name in text or name.removeprefix("subcell-") in text
