"""The objectives of CellRep and Campfire: their formulas, and whole runs."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from safetensors.torch import load_file

from napari_c3r.core.channels import ChannelAssignment
from napari_c3r.core.encoder import load_encoder
from napari_c3r.core.encoder.families.cce import CceConfig
from napari_c3r.core.encoder.families.cellrep.normalise import normalise
from napari_c3r.core.errors import InputError
from training import pretrain
from training.augment import to_unit_range
from training.campfire import CampfireOptions, Reconstruction, draw_subset, put_visible
from training.cellrep import (
    CellRepDistillation,
    CellRepOptions,
    distance_from_uniform,
    view_losses,
)
from training.checkpoint import NAME
from training.config import load_config
from training.objectives import Batch, Objective, Progress
from training.schedules import Plan

KINDS: dict[str, tuple[type[Objective], Any]] = {
    "cellrep": (
        CellRepDistillation,
        CellRepOptions(
            content_channels=4,
            mixer_depth=1,
            local_views=2,
            local_size=16,
            head_hidden=24,
            head_bottleneck=8,
            head_logits=32,
            freeze_last_layer_epochs=0,
        ),
    ),
    "campfire": (Reconstruction, CampfireOptions(decoder_width=16, decoder_depth=1)),
}
BATCH = Batch(
    torch.randint(0, 255, (6, 3, 48, 48), generator=torch.Generator().manual_seed(0)).byte(),
    torch.arange(6) % 3,
    (0, 2),
    (1,),
)


def make(kind: str, encoder: CceConfig, **changes: Any) -> Any:
    objective, options = KINDS[kind]
    options = replace(options, **changes)
    torch.manual_seed(0)
    return objective(objective.encoder_config(encoder, options), options, Plan(2, 2))  # type: ignore[arg-type]


def log_softmax(views: int, n: int, k: int) -> torch.Tensor:
    drawn = torch.randn(views, n, k, generator=torch.Generator().manual_seed(1))
    return F.log_softmax(3 * drawn.double(), dim=-1)


def test_losses_between_views_are_sums_over_pairs() -> None:
    predictions, targets = log_softmax(5, 4, 7), log_softmax(2, 4, 7).exp()
    expected = {"global": 0.0, "local": 0.0}
    for i in range(2):
        for j in range(5):
            if i != j:
                name = "global" if j < 2 else "local"
                expected[name] -= float((targets[i] * predictions[j]).sum(-1).mean())
    found = view_losses(predictions, targets)
    assert {name: float(value) for name, value in found.items()} == pytest.approx(expected)


def test_distance_from_uniform_is_the_divergence_of_the_mean() -> None:
    predictions = log_softmax(2, 4, 7)
    mean = predictions.exp().mean((0, 1)).numpy()
    expected = (np.log(1 / 7) - np.log(mean)).mean()
    assert float(distance_from_uniform(predictions)) == pytest.approx(expected)
    even = torch.eye(7, dtype=torch.float64)[None] * 50
    uniform = distance_from_uniform(F.log_softmax(even, dim=-1))
    assert float(uniform) == pytest.approx(0, abs=1e-9)
    # One prototype for all cells costs about as much as its logit is above the others.
    collapsed = F.log_softmax(even[:, :1].expand(-1, 7, -1), dim=-1)
    assert float(distance_from_uniform(collapsed)) > 40


def test_cellrep_adds_its_losses_and_moves_the_centre(
    tiny_encoder: CceConfig, progress: Progress
) -> None:
    objective = make("cellrep", tiny_encoder, local_weight=0.5, uniform_weight=2.0)
    found = {n: v.detach() for n, v in objective(BATCH, replace(progress, report=True)).items()}
    total = found["global"] + 0.5 * found["local"] + 2 * found["uniform"]
    torch.testing.assert_close(found["loss"], total)
    assert min(found["global"], found["local"]) > 0
    assert float(found["uniform"]) >= 0
    assert 1 <= float(found["rank"]) <= 6
    assert objective.center.abs().max() > 0


def test_crops_of_cellrep_are_normalised_before_views_are_cut(
    tiny_encoder: CceConfig, progress: Progress, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = []
    monkeypatch.setattr(
        "training.cellrep.global_views", lambda images, *_: seen.append(images) or images[None]
    )
    objective = make("cellrep", tiny_encoder)
    objective.make_views(BATCH, progress)
    torch.testing.assert_close(seen[0], normalise(to_unit_range(BATCH.images), objective.encoder))


def test_the_teacher_follows_with_all_that_is_before_the_transformer(
    tiny_encoder: CceConfig, progress: Progress
) -> None:
    objective = make("cellrep", tiny_encoder)
    before = {n: p.clone() for n, p in objective.teacher.named_parameters()}
    for parameter in objective.student.parameters():
        parameter.data += 1
    objective.after_step(progress)
    share = 1 - 0.996
    for name, parameter in objective.teacher.named_parameters():
        torch.testing.assert_close(parameter, before[name] + share, msg=name)
    exported = objective.encoder_weights()
    assert torch.equal(
        exported["content.conv.weight"], objective.teacher.backbone.content.conv.weight
    )


def test_campfire_weights_its_errors(tiny_encoder: CceConfig, progress: Progress) -> None:
    objective = make("campfire", tiny_encoder)
    found = {n: v.detach() for n, v in objective(BATCH, replace(progress, report=True)).items()}
    total = 0.75 * found["spatial"] + 0.01 * found["high_pass"] + 0.25 * found["low_pass"]
    torch.testing.assert_close(found["loss"], total)
    assert float(found["rank"]) >= 1
    assert KINDS["campfire"][1].cycles_per_pixel == 0.1
    assert replace(KINDS["campfire"][1], frequency_unit="nyquist").cycles_per_pixel == 0.05


def test_only_visible_patches_enter_and_a_channel_is_told_by_its_mean(
    tiny_encoder: CceConfig,
) -> None:
    images = torch.rand(2, 2, 32, 32)
    visible = torch.tensor([[[0], [3]], [[1], [2]]])
    other = images.clone()
    other[:, :, :16, 16:] = 0.2  # Patch 1, hidden in the first image.
    for mean_of, same in (("visible", True), ("all", False)):
        network = make("campfire", tiny_encoder, channel_mean=mean_of).autoencoder.eval()
        (tokens, drawn), (tokens_now, drawn_now) = network(images, visible), network(other, visible)
        torch.testing.assert_close(tokens[0], tokens_now[0])
        assert not torch.allclose(tokens[1, 0], tokens_now[1, 0])
        assert torch.equal(drawn[0], drawn_now[0]) == same
        assert drawn.shape == images.shape


def test_visible_patches_add_nothing_where_only_hidden_ones_count() -> None:
    drawn, wanted = torch.zeros(1, 2, 4, 4), torch.ones(1, 2, 4, 4)
    found = put_visible(drawn, wanted, torch.tensor([[[1], [2]]]), 2)
    assert found[0, 0, :2, 2:].min() == 1
    assert found[0, 1, 2:, :2].min() == 1
    assert found.sum() == 8


@pytest.mark.parametrize("changes", [{"loss_on": "hidden"}, {"standardise": True}])
def test_campfires_other_readings_train_too(
    tiny_encoder: CceConfig, progress: Progress, changes: dict[str, Any]
) -> None:
    usual, other = (make("campfire", tiny_encoder, **each) for each in ({}, changes))
    losses = []
    for objective in (usual, other):
        for generator in (progress.generator, progress.shared):
            generator.manual_seed(0)
        losses.append(objective(BATCH, progress)["loss"].detach())
    assert losses[1].isfinite()
    assert (losses[1] < losses[0]) == ("loss_on" in changes)


def test_every_subset_of_channels_is_as_likely() -> None:
    random = torch.Generator().manual_seed(0)
    counts = Counter(draw_subset(3, random) for _ in range(7 * 200))
    assert len(counts) == 7
    assert min(counts.values()) > 150
    assert max(counts.values()) < 250


def test_a_batch_shows_one_subset(tiny_encoder: CceConfig, progress: Progress) -> None:
    objective = make("campfire", tiny_encoder)
    shown = Counter(objective.make_views(BATCH, progress).shape[1] for _ in range(30))
    assert set(shown) == {1, 2, 3}
    whole = make("campfire", tiny_encoder, channel_subsets=False)
    assert whole.make_views(BATCH, progress).shape == (6, 3, 32, 32)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("autocast", [False, True])
def test_gradients_reach_every_weight_that_is_trained(
    kind: str, autocast: bool, tiny_encoder: CceConfig, progress: Progress
) -> None:
    objective = make(kind, tiny_encoder)
    with torch.autocast("cpu", torch.bfloat16, enabled=autocast):
        objective(BATCH, progress)["loss"].backward()
    without = [
        name
        for name, parameter in objective.trainable().named_parameters()
        if parameter.grad is None or not parameter.grad.isfinite().all()
    ]
    assert without == []
    frozen = {id(p) for p in objective.parameters()} - {
        id(p) for p in objective.trainable().parameters()
    }
    assert all(p.grad is None for p in objective.parameters() if id(p) in frozen)


def arguments(kind: str, crop_sets: dict[str, Path]) -> list[str]:
    """A run of six steps on both crop sets."""
    options = {
        "cellrep": {
            "content_channels": 4,
            "mixer_depth": 1,
            "local_views": 2,
            "local_size": 16,
            "head_hidden": 24,
            "head_bottleneck": 8,
            "head_logits": 32,
        },
        "campfire": {"decoder_width": 16, "decoder_depth": 1},
    }[kind]
    own = [word for name, value in options.items() for word in (f"--{kind}.{name}", str(value))]
    return [
        *("--objective", kind, "--data", ",".join(map(str, crop_sets.values()))),
        *("--width", "16", "--heads", "2", "--branch_depth", "1", "--joint_depth", "1"),
        *("--input_size", "32", "--data_share", "1", "--classes_per_batch", "3"),
        *("--samples_per_class", "2", "--epochs", "2", "--steps_per_epoch", "3"),
        *("--warmup_epochs", "1", "--log_steps", "2", "--keep_epochs", "0"),
        *("--device", "cpu", "--precision", "float32", "--learning_rate", "0.05"),
        *own,
    ]


@pytest.mark.parametrize("kind", KINDS)
def test_a_run_leaves_a_model_folder_and_resumes_to_the_bit(
    kind: str, crop_sets: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = arguments(kind, crop_sets)
    whole, out = tmp_path / "whole", tmp_path / "run"
    assert pretrain.main([*given, "--out", str(whole)]) == 0

    step = Objective.after_step if kind == "campfire" else CellRepDistillation.after_step
    steps = []

    def until_the_fourth(self: Objective, progress: Progress) -> None:
        steps.append(progress.step)
        if progress.step == 3:
            raise KeyboardInterrupt
        step(self, progress)  # type: ignore[arg-type]

    with monkeypatch.context() as patch:
        patch.setattr(KINDS[kind][0], "after_step", until_the_fourth)
        with pytest.raises(KeyboardInterrupt):
            pretrain.main([*given, "--out", str(out), "--checkpoint_steps", "2"])
    assert steps == [0, 1, 2, 3]
    assert pretrain.main([*given, "--out", str(out)]) == 0
    ours, theirs = (load_file(each / NAME) for each in (out, whole))
    assert ours.keys() == theirs.keys()
    assert [name for name in ours if not torch.equal(ours[name], theirs[name])] == []

    encoder = load_encoder(out / "model")
    assert encoder.trained
    assert encoder.config.architecture == kind
    assert encoder.name == {"cellrep": "CellRep", "campfire": "Campfire"}[kind]
    assert encoder.config.field_um == 40.0
    assert "choices of this project" in encoder.card
    assert "2 heads" in encoder.card
    crops = np.random.default_rng(0).random((3, 5, 32, 32))
    roles = ChannelAssignment(dict.fromkeys("abcde", "concept"))
    assert encoder.embed(crops, roles, roles.names).shape == (3, 16)
    assert not any("decoder" in name for name in load_file(out / "model" / "weights.safetensors"))

    begun = [*given, "--out", str(tmp_path / "again"), "--start", str(out / "model")]
    still = [*begun, "--learning_rate", "0", "--min_learning_rate", "0"]
    assert pretrain.main(still) == 0
    first, second = (
        load_file(each / "model" / "weights.safetensors") for each in (out, tmp_path / "again")
    )
    assert all(torch.equal(first[name], second[name]) for name in first)


def test_other_patches_leave_the_content_of_channels_as_it_is(
    tiny_encoder: CceConfig, tmp_path: Path
) -> None:
    from napari_c3r.core.encoder import write_model_folder
    from training.export import read_start

    objective = make("cellrep", tiny_encoder)
    folder = write_model_folder(tmp_path / "m", objective.encoder, objective.encoder_weights(), "")
    finer = replace(objective.encoder, patch_size=8, position_grid=4)
    weights = read_start(str(folder), finer)
    assert weights["proj.weight"].shape == (16, 1, 8, 8)
    content = objective.encoder_weights()["content.conv.weight"]
    torch.testing.assert_close(weights["content.conv.weight"], content)


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        (("--campfire.hidden", "1.0"), "campfire.hidden must be above 0"),
        (("--campfire.crop_scale", "0.5"), "campfire.crop_scale must be two shares"),
        (("--campfire.frequency_unit", "pixels"), "frequency_unit must be one of"),
        (("--readout", "cls+std"), "Campfire has only 'mean'"),
    ],
)
def test_wrong_settings_are_refused(changes: tuple[str, ...], says: str) -> None:
    with pytest.raises(InputError, match=says):
        load_config(["--out", "x", "--data", "y", "--objective", "campfire", *changes]).encoder()


def test_a_decoder_whose_heads_do_not_fit_is_refused(tiny_encoder: CceConfig) -> None:
    with pytest.raises(InputError, match=r"decoder_width is 20 with 2 heads"):
        make("campfire", tiny_encoder, decoder_width=20)
