"""The objective of the bundled weights: which channels and patches it uses, and that it learns."""

from __future__ import annotations

from collections import Counter

import pytest
import torch

from napari_c3r.core.encoder.families.cce import CceConfig, ContextConceptEncoder
from training.contrast import (
    Contrast,
    ContrastOptions,
    RunningScale,
    draw_groups,
    group_descriptors,
)
from training.descriptors import describe
from training.objectives import Batch, Progress
from training.optim import make_optimiser, set_rates
from training.schedules import Plan

ENCODER = CceConfig(
    name="tiny", width=32, heads=2, branch_depth=1, joint_depth=1, position_grid=3, input_size=48
)
PLAN = Plan(1, 30)


def progress(step: int, report: bool = False) -> Progress:
    generators = [torch.Generator().manual_seed(step) for _ in range(3)]
    return Progress(step, PLAN, *generators, report)


def batch(n_ids: int = 6, cells: int = 4) -> Batch:
    """Cells whose stripes say their id."""
    ids = torch.arange(n_ids).repeat(cells)
    x = torch.arange(48) / 48
    waves = torch.sin(2 * torch.pi * (2 + 1.5 * ids[:, None]) * x)
    random = torch.Generator().manual_seed(1)
    crops = waves[:, None, None, :] + 0.3 * torch.randn(len(ids), 3, 48, 48, generator=random)
    return Batch(((crops + 3) * 40).to(torch.uint8), ids, (0, 1), (2,))


def test_groups_are_drawn_from_their_channels_unless_any_role_is_wanted() -> None:
    shared = torch.Generator().manual_seed(0)
    drawn = [draw_groups((0, 1), (2, 3), 0.0, shared) for _ in range(300)]
    contexts = Counter(tuple(sorted(context)) for context, _, _ in drawn)
    concepts = Counter(tuple(sorted(concept)) for _, concept, _ in drawn)
    assert set(contexts) == {(0,), (1,), (0, 1)}
    assert set(concepts) == {(2,), (3,), (2, 3)}
    assert concepts[2,] + concepts[3,] > 2 * concepts[2, 3]
    assert all(whole == [0, 1] for _, _, whole in drawn)

    anyhow = [draw_groups((0, 1), (2, 3), 1.0, shared) for _ in range(300)]
    assert {concept for _, (concept,), _ in anyhow} == {0, 1, 2, 3}
    assert any(context == concept for context, concept, _ in anyhow)
    assert all(
        set(whole) == {0, 1, 2, 3} - set(concept) or whole == concept
        for _, concept, whole in anyhow
    )
    assert draw_groups((0,), (0,), 1.0, shared) == ([0], [0], [0])


def test_a_group_is_described_by_the_mean_of_its_channels() -> None:
    crops = torch.rand(2, 3, 48, 48, generator=torch.Generator().manual_seed(0))
    found = describe(crops, 3)
    whole, local = group_descriptors(found, [0, 2], [1])
    size = found.channel.shape[2]
    torch.testing.assert_close(whole[:, :size], (found.channel[:, 0] + found.channel[:, 2]) / 2)
    torch.testing.assert_close(whole[:, size : 2 * size], found.channel[:, 1])
    torch.testing.assert_close(
        whole[:, 2 * size :], (found.pair[:, 0, 1] + found.pair[:, 2, 1]) / 2
    )
    torch.testing.assert_close(local[:, 5, 4:], found.local[:, 1, :, 1, 2])


def test_a_running_scale_gives_mean_0_and_deviation_1() -> None:
    scale = RunningScale(2)
    random = torch.Generator().manual_seed(0)
    for _ in range(200):
        values = torch.randn(64, 2, generator=random) * torch.tensor([3.0, 0.1]) + 5
        scaled = scale(values)
    assert scaled.mean(0).abs().max() < 0.3
    assert (scaled.std(0) - 1).abs().max() < 0.3


def test_leaving_no_patch_out_is_the_network_itself() -> None:
    objective = Contrast(ENCODER, ContrastOptions(left_out=0.0, hidden=0.0, drop_path=0.0), PLAN)
    images = torch.rand(2, 3, 48, 48, generator=torch.Generator().manual_seed(0))
    keep, hidden = objective._draw_patches(2, 3, progress(0))
    tokens = objective._encode(images, [0, 1], [2], keep, hidden)
    whole = objective.student.encoder(images, [0, 1], [2])
    torch.testing.assert_close(tokens[:, 0], whole[:, 0], atol=1e-5, rtol=0)
    for row in range(2):
        expected = whole[row, 1:][keep[row]]
        torch.testing.assert_close(tokens[row, 1:], expected, atol=1e-5, rtol=0)


def test_a_part_of_the_patches_is_left_out_and_a_part_of_the_rest_hidden() -> None:
    objective = Contrast(ENCODER, ContrastOptions(left_out=0.6, hidden=0.4), PLAN)
    counts = set()
    for step in range(20):
        keep, hidden = objective._draw_patches(5, 3, progress(step))
        counts.add(keep.shape[1])
        assert all(len(set(row.tolist())) == len(row) for row in keep)
        assert (hidden.flatten(1).sum(1) == round(0.4 * keep.shape[1])).all()
        assert hidden.flatten(1).gather(1, keep).sum() == hidden.sum()
    assert min(counts) >= 4
    assert len(counts) > 3


def test_it_learns_to_tell_ids_apart_and_to_describe_crops() -> None:
    torch.manual_seed(0)
    objective = Contrast(ENCODER, ContrastOptions(temperature=0.2), PLAN)
    optimiser = make_optimiser(objective.trainable())
    set_rates(optimiser, 3e-3, 0.0)
    history = []
    for step in range(PLAN.steps):
        losses = objective(batch(), progress(step, report=True))
        optimiser.zero_grad()
        losses["loss"].backward()
        assert all(p.grad is not None for p in objective.trainable().parameters())
        optimiser.step()
        objective.after_step(progress(step))
        history.append({name: float(value.detach()) for name, value in losses.items()})
    for name in ("contrast", "descriptors", "local"):
        early = sum(losses[name] for losses in history[:5])
        late = sum(losses[name] for losses in history[-5:])
        assert late < 0.9 * early, name
    assert history[-1]["rank"] > 1


def test_the_encoder_is_the_moving_average_and_fits_a_model_folder() -> None:
    objective = Contrast(ENCODER, ContrastOptions(), PLAN)
    weights = objective.encoder_weights()
    ContextConceptEncoder(ENCODER).load_state_dict(weights)
    before = weights["cls_token"].clone()
    with torch.no_grad():
        objective.student.encoder.cls_token += 1.0
    objective.after_step(progress(0))
    moved = objective.encoder_weights()["cls_token"] - before
    assert moved.mean() == pytest.approx(0.9, abs=1e-5)


def test_it_can_begin_with_the_weights_of_an_encoder() -> None:
    torch.manual_seed(5)
    weights = ContextConceptEncoder(ENCODER).state_dict()
    objective = Contrast(ENCODER, ContrastOptions(), PLAN)
    objective.start_from(weights)
    student = objective.student.encoder.state_dict()
    for name, value in weights.items():
        assert torch.equal(student[name], value)
        assert torch.equal(objective.encoder_weights()[name], value)
