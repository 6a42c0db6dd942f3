"""The objective: what it sees, what it learns from, and its named variants."""

from __future__ import annotations

import dataclasses

import pytest
import torch

from napari_c3r.core.encoder.families.cce import CceConfig, ContextConceptEncoder
from training.mcd import MaskedContextDistillation
from training.mcd_options import McdOptions
from training.objectives import Batch, Progress
from training.optim import make_optimiser, set_rates
from training.schedules import Plan

Settings = dict[str, object]


@pytest.fixture
def batch() -> Batch:
    """2 cells of 3 antibodies; the context is not where the official code would look for it."""
    images = torch.randint(0, 255, (6, 5, 40, 40), dtype=torch.uint8)
    return Batch(images, torch.arange(6) % 3, context=(1, 4), concept=(0, 3))


def make(encoder: CceConfig, settings: Settings, **changes: object) -> MaskedContextDistillation:
    torch.manual_seed(0)
    options = McdOptions(**settings | changes)
    described = MaskedContextDistillation.encoder_config(encoder, options)
    return MaskedContextDistillation(described, options, Plan(2, 2))


def test_views_are_those_that_the_settings_ask_for(
    tiny_encoder: CceConfig, tiny_options: Settings, batch: Batch, progress: Progress
) -> None:
    views = make(tiny_encoder, tiny_options, mask_ratios=(0.5,)).make_views(batch, progress)
    assert views.large.shape == (2, 6, 5, 32, 32)
    assert views.small.shape == (2, 6, 5, 16, 16)
    assert views.masks.shape == (2, 6, 2, 2)
    assert views.masks.any()
    assert views.teacher_context == ((1, 4),)
    assert len(views.large_context) == len(views.small_context) == 1
    assert set(views.large_context[0]) <= {1, 4}


def test_the_paper_draws_a_context_for_each_view(
    tiny_encoder: CceConfig, tiny_options: Settings, batch: Batch, progress: Progress
) -> None:
    objective = make(tiny_encoder, tiny_options, context_draw="view", drop_path=0.0)
    views = objective.make_views(batch, progress)
    assert (len(views.large_context), len(views.small_context)) == (2, 2)
    subsets = {objective.make_views(batch, progress).large_context for _ in range(20)}
    assert any(len(set(pair)) == 2 for pair in subsets)
    # Drawing for each view only changes which channels are seen, not how.
    same = dataclasses.replace(views, large_context=((1,), (1,)))
    side = objective.student
    apart = side.tokens(same.large, same.large_context, same.concept, same.masks)
    at_once = side.tokens(same.large, ((1,),), same.concept, same.masks)
    torch.testing.assert_close(apart, at_once)


def test_nothing_is_masked_before_its_epoch(
    tiny_encoder: CceConfig, tiny_options: Settings, batch: Batch, progress: Progress
) -> None:
    objective = make(tiny_encoder, tiny_options, mask_start_epoch=1, mask_ratios=(0.5,))
    assert not objective.make_views(batch, progress).masks.any()
    later = dataclasses.replace(progress, step=2)
    assert objective.make_views(batch, later).masks.any()


def test_concept_pixels_matter_and_unused_channels_do_not(
    tiny_encoder: CceConfig, tiny_options: Settings, batch: Batch, progress: Progress
) -> None:
    objective = make(tiny_encoder, tiny_options, drop_path=0.0)
    views = objective.make_views(batch, progress)

    def tokens_without(channel: int) -> torch.Tensor:
        blank = views.large.clone()
        blank[:, :, channel] = torch.rand_like(blank[:, :, channel])
        return objective.student.tokens(blank, ((1,),), views.concept)

    whole = objective.student.tokens(views.large, ((1,),), views.concept)
    for channel, matters in ((0, True), (1, True), (2, False), (3, True), (4, False)):
        assert torch.equal(tokens_without(channel), whole) != matters


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"student_keep": ()},
        {"divergence": "kl", "mask_shape": "block", "mask_ratios": (0.5,)},
        {"antibody_features": "projector"},
        {"antibody_features": "projector", "antibody_second_view": "student"},
        {"antibody_second_view": "student", "antibody_gather": True},
        {"local_views": 0, "context_draw": "view"},
        {"backbone": "base-sc"},
    ],
    ids=str,
)
def test_every_variant_trains_every_parameter_and_moves_the_teacher(
    tiny_encoder: CceConfig,
    tiny_options: Settings,
    batch: Batch,
    progress: Progress,
    changes: Settings,
) -> None:
    settings = {"mask_ratios": (0.5,), "mask_variations": (0.0,), "freeze_last_layer_epochs": 0}
    objective = make(tiny_encoder, tiny_options, **settings | changes)
    before = {name: value.clone() for name, value in objective.state_dict().items()}
    optimiser = make_optimiser(objective.trainable())
    set_rates(optimiser, 1e-2, 0.1)
    losses = objective(batch, dataclasses.replace(progress, report=True))
    assert losses.keys() == {"loss", "class", "patch", "antibody", "rank"}
    torch.testing.assert_close(
        losses["loss"], losses["class"] + losses["patch"] + losses["antibody"]
    )
    losses["loss"].backward()
    optimiser.step()
    objective.after_step(progress)
    for name, value in objective.state_dict().items():
        assert not torch.equal(value, before[name]), name


def test_prototypes_stand_still_in_the_first_epochs(
    tiny_encoder: CceConfig, tiny_options: Settings, batch: Batch, progress: Progress
) -> None:
    objective = make(tiny_encoder, tiny_options, freeze_last_layer_epochs=1)
    for step, frozen in ((0, True), (2, False)):
        now = dataclasses.replace(progress, step=step)
        objective(batch, now)["loss"].backward()
        objective.before_update(now)
        prototypes = objective.student.head.last_layer.parameters()
        assert all((p.grad is None) == frozen for p in prototypes)


def test_the_exported_encoder_is_one_that_a_model_folder_takes(
    tiny_encoder: CceConfig, tiny_options: Settings
) -> None:
    objective = make(tiny_encoder, tiny_options)
    assert (
        objective.encoder_weights().keys()
        == ContextConceptEncoder(tiny_encoder).state_dict().keys()
    )
    with torch.no_grad():
        objective.student.backbone.cls_token.add_(1)
    teacher = objective.encoder_weights()["cls_token"]
    student = make(tiny_encoder, tiny_options, export="student").encoder_weights()["cls_token"]
    assert not torch.equal(teacher, objective.student.backbone.cls_token)
    assert torch.equal(teacher, student)


def test_grouped_stems_alone_train(
    tiny_encoder: CceConfig, tiny_options: Settings, batch: Batch, progress: Progress
) -> None:
    encoder = dataclasses.replace(tiny_encoder, branch_depth=0, joint_depth=2)
    objective = make(encoder, tiny_options, student_keep=())
    assert objective.make_views(batch, progress).large_context == ((1, 4),)
    assert objective(batch, progress)["loss"].isfinite()
