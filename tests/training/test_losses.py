"""The losses, against the official ones in float64."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

from training.losses import DistillationLoss, effective_rank, supervised_contrast
from training.schedules import Ramp


def close(actual: Tensor, expected: Tensor | float) -> None:
    wanted = torch.as_tensor(expected, dtype=torch.float64)
    torch.testing.assert_close(actual.detach().double(), wanted, rtol=0, atol=1e-9)


def arrays(path: Path) -> dict[str, Tensor]:
    with np.load(path) as file:
        return {name: torch.from_numpy(np.asarray(file[name])) for name in file}


def test_five_calls_of_the_official_loss_with_their_centres_and_gradients(golden_dir: Path) -> None:
    given = arrays(golden_dir / "ibot_prot_loss.npz")
    about = json.loads((golden_dir / "losses.json").read_text())["ibot_prot_loss.npz"]
    loss = DistillationLoss(12).double()
    patch_temperature = Ramp(0.04, 0.07, epochs=30, delay=10)
    ids = given["labels"].T.flatten()  # cell-major
    for call, (epoch, expected) in enumerate(about["losses"]):
        case = {
            name.removeprefix(f"s{call}_"): value
            for name, value in given.items()
            if name.startswith(f"s{call}_")
        }
        close(loss.center, case["center_before"])
        close(loss.center2, case["center2_before"])
        student = {
            name: case[f"student_{name}"].requires_grad_() for name in ("cls", "patch", "local_cls")
        }
        views = torch.cat([student["cls"], student["local_cls"]]).unflatten(0, (5, 12))
        teacher = case["teacher_cls"].unflatten(0, (2, 12))
        mask = case["mask"].flatten(2)
        masked = mask.flatten(0, 1)

        parts = {
            "cls": loss.class_loss(views, teacher, 0.04),
            "patch": loss.patch_loss(
                student["patch"][masked],
                case["teacher_patch"][masked],
                mask,
                patch_temperature.at(epoch),
            ),
            "protein_loss": supervised_contrast(
                torch.cat([views[0], teacher[1]]), ids.repeat(2), 0.1
            ),
        }
        total = torch.stack(list(parts.values())).sum()
        total.backward()
        loss.update_centers(teacher.mean((0, 1)), case["teacher_patch"].mean((0, 1)))

        for name, value in {**parts, "loss": total}.items():
            close(value, expected[name])
        for name, value in student.items():
            assert value.grad is not None
            close(value.grad, case[f"grad_student_{name}"])
        close(loss.center, case["center_after"])
        close(loss.center2, case["center2_after"])


@pytest.mark.parametrize("temperature", [0.07, 0.1, 0.5])
def test_the_official_antibody_loss(golden_dir: Path, temperature: float) -> None:
    given = arrays(golden_dir / "supcon.npz")
    first, second = given["x_i"].requires_grad_(), given["x_j"].requires_grad_()
    loss = supervised_contrast(torch.cat([first, second]), given["labels"].repeat(2), temperature)
    loss.backward()
    close(loss, given[f"supcon_T{temperature}"])
    for view, name in ((first, "i"), (second, "j")):
        assert view.grad is not None
        close(view.grad, given[f"supcon_T{temperature}_grad_{name}"])
    alone = supervised_contrast(torch.cat([first, second]), torch.arange(10).repeat(2), temperature)
    close(alone, given[f"ntxent_T{temperature}"])


def test_divergence_has_the_gradients_of_cross_entropy_and_is_0_where_both_agree() -> None:
    torch.manual_seed(0)
    student = torch.randn(4, 3, 6, dtype=torch.float64, requires_grad=True)
    teacher = torch.randn(2, 3, 6, dtype=torch.float64)
    mask = torch.rand(2, 3, 5) < 0.5
    patches = torch.randn(int(mask.sum()), 6, dtype=torch.float64)
    gradients, values = [], []
    for divergence in ("cross-entropy", "kl"):
        loss = DistillationLoss(6, divergence=divergence).double()
        value = loss.class_loss(student, teacher, 0.5)
        gradients.append(torch.autograd.grad(value, student)[0])
        values.append(value)
    close(gradients[1], gradients[0])
    assert values[1] < values[0]
    # The same temperature on both sides and no centre: the student says what the teacher says.
    same = DistillationLoss(6, divergence="kl", student_temperature=0.5).double()
    close(same.patch_loss(patches, patches, mask, 0.5), 0.0)
    one_view = teacher[:1].expand(2, -1, -1)
    close(same.class_loss(one_view, one_view, 0.5), 0.0)


def test_a_cell_without_another_of_its_id_is_a_negative_only() -> None:
    features = torch.randn(5, 3, dtype=torch.float64)
    ids = torch.tensor([0, 0, 1, 1, 2])
    scores = torch.nn.functional.normalize(features, dim=1)
    scores = (scores @ scores.T / 0.5).exp()
    pairs = [(0, 1), (1, 0), (2, 3), (3, 2)]
    by_hand = [-(scores[i, j] / (scores[i].sum() - scores[i, i])).log() for i, j in pairs]
    close(supervised_contrast(features, ids, 0.5), torch.stack(by_hand).mean())
    close(supervised_contrast(features, torch.arange(5), 0.5), 0.0)


def test_half_precision_comes_out_in_float32() -> None:
    features = torch.randn(8, 4, dtype=torch.bfloat16)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        loss = supervised_contrast(features, torch.arange(8) // 2, 0.1)
    assert loss.dtype == torch.float32


def test_effective_rank_counts_equally_used_directions() -> None:
    directions = torch.eye(6)[:3].repeat(4, 1)
    signs = torch.tensor([1.0, -1, 1, -1]).repeat_interleave(3)[:, None]
    assert effective_rank(directions * signs) == pytest.approx(3, abs=1e-4)


def test_contrast_within_experiments_is_that_of_each_alone() -> None:
    random = torch.Generator().manual_seed(0)
    features = torch.randn(13, 4, generator=random)
    ids = torch.tensor([0, 0, 1, 1, 2, 2, 3, 3, 3, 4, 4, 4, 5])
    experiments = torch.tensor([0] * 6 + [1] * 6 + [2])
    found = supervised_contrast(features, ids, 0.2, experiments)
    parts = [supervised_contrast(features[a:b], ids[a:b], 0.2) for a, b in ((0, 6), (6, 12))]
    # Six rows with positives in each; the row that is alone in its experiment has none.
    torch.testing.assert_close(found, (parts[0] + parts[1]) / 2)
