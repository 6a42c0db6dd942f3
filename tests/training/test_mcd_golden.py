"""Two optimisation steps of the official training, number by number."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

from napari_c3r.core.encoder.families.cce import CceConfig
from training.mcd import MaskedContextDistillation, Views
from training.mcd_options import McdOptions
from training.objectives import Batch, Progress
from training.optim import clip_each, learning_rate, make_optimiser, set_rates
from training.schedules import Cosine, Plan


class Prepared(MaskedContextDistillation):
    """The objective, with views that are given instead of drawn."""

    views: Views

    def make_views(self, batch: Batch, progress: Progress) -> Views:
        return self.views


def official(arrays: dict[str, Tensor], prefix: str) -> dict[str, Tensor]:
    """Weights by our names.

    The official state dict lists the shared last layer twice; when loaded, the second one stays.
    """
    return {
        name.removeprefix(prefix).replace("last_layer2", "last_layer"): value.double()
        for name, value in arrays.items()
        if name.startswith(prefix)
    }


@dataclass
class Official:
    """The official run: what was set, what went in, and what came out."""

    about: dict
    arrays: dict[str, Tensor]

    def objective(self, **options: object) -> Prepared:
        config = self.about["config"]
        encoder = CceConfig(
            name="tiny", width=16, heads=2, branch_depth=1, joint_depth=2, position_grid=4
        )
        made = McdOptions(
            drop_path=0.0,
            head_hidden=config["head"]["hidden"],
            head_bottleneck=config["head"]["bottleneck"],
            head_logits=config["head"]["out"],
            freeze_last_layer_epochs=config["freeze_last_layer_epochs"],
            mask_start_epoch=config["loss"]["mim_start_epoch"],
            patch_temperature_epochs=config["loss"]["warmup_teacher_temp_epochs"],
            momentum=0.9,
            **options,
        )
        objective = Prepared(encoder, made, Plan(20, 5)).double()
        objective.student.load_state_dict(official(self.arrays, "student0:"))
        objective.teacher.load_state_dict(official(self.arrays, "teacher0:"))
        return objective

    def views(self, step: int) -> Views:
        about, arrays = self.about["steps"][step], self.arrays
        return Views(
            large=arrays[f"s{step}_global_u8"].double() / 255,
            small=arrays[f"s{step}_local_u8"].double() / 255,
            masks=arrays[f"s{step}_masks"],
            ids=torch.tensor([5, 9, 5, 9]),
            concept=(3,),
            teacher_context=tuple(map(tuple, about["teacher_kept"])),
            large_context=tuple(map(tuple, about["student_global_kept"])),
            small_context=tuple(map(tuple, about["student_local_kept"])),
        )

    def progress(self, step: int) -> Progress:
        random = torch.Generator()
        return Progress(self.about["steps"][step]["it"], Plan(20, 5), random, random, random)


@pytest.fixture(scope="module")
def run(golden_dir: Path) -> Official:
    about = json.loads((golden_dir / "train_two_steps.json").read_text())
    with np.load(golden_dir / "train_two_steps.npz") as file:
        return Official(about, {name: torch.from_numpy(file[name]) for name in file})


def close(actual: Tensor | float, expected: Tensor | float) -> None:
    torch.testing.assert_close(
        torch.as_tensor(actual, dtype=torch.float64),
        torch.as_tensor(expected, dtype=torch.float64),
        rtol=0,
        atol=1e-9,
    )


def test_two_steps_reproduce_losses_gradients_weights_and_centres(run: Official) -> None:
    objective = run.objective()
    optimiser = make_optimiser(objective.trainable())
    rates = Cosine(learning_rate(5e-4, 4) * 40, 1e-6, 100, warmup=10)
    decays = Cosine(0.04, 0.4, 100)
    nothing = Batch(torch.empty(0), torch.empty(0), (), ())
    for step, about in enumerate(run.about["steps"]):
        objective.views, progress = run.views(step), run.progress(step)
        set_rates(optimiser, rates.at(progress.step), decays.at(progress.step))
        close(optimiser.param_groups[0]["lr"], about["lr"])
        close(optimiser.param_groups[0]["weight_decay"], about["wd"])
        optimiser.zero_grad()
        losses = objective(nothing, progress)
        losses["loss"].backward()
        for ours, theirs in (
            ("loss", "loss"),
            ("class", "cls"),
            ("patch", "patch"),
            ("antibody", "protein_loss"),
        ):
            close(losses[ours].detach(), about[theirs])

        # The official gradients were noted between the limit and the freezing of the last layer.
        clip_each(objective.trainable().parameters(), 0.3)
        gradients = {name: p.grad for name, p in objective.student.named_parameters()}
        expected = official(run.arrays, f"s{step}_grad:")
        assert len(expected) == (9 if step == 0 else 0)
        for name, gradient in expected.items():
            close(gradients[name], gradient)

        objective.before_update(progress)
        optimiser.step()
        objective.after_step(progress)
        close(objective.loss.center, run.arrays[f"s{step}_center"])
        close(objective.loss.center2, run.arrays[f"s{step}_center2"])

    # What the file calls the student after the first step is a part of the student after the last.
    for side in ("student", "teacher"):
        weights = official(run.arrays, f"s1_{side}_after:")
        state = getattr(objective, side).state_dict()
        assert weights.keys() == state.keys()
        for name, value in weights.items():
            close(state[name], value)


def test_only_the_official_parameters_decay(run: Official) -> None:
    objective = run.objective()
    optimiser = make_optimiser(objective.trainable())
    names = {id(p): name for name, p in objective.student.named_parameters()}
    decaying = [names[id(p)] for p in optimiser.param_groups[0]["params"]]
    assert sorted(decaying) == sorted(run.about["regularised_params"])
