"""Cells a second in training beside the same step the plain way, and where the time goes.

Plain is float32 with PyTorch's own choice of attention. Both take turns on the same model and batch
of random pixels.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path

import torch
from torch import Tensor

from benchmarks._row import Row
from napari_c3r.core.encoder.runtime import PRECISIONS, choose_device, choose_precision
from training.attention import fast_attention
from training.config import Config, load_config
from training.contrast import Contrast
from training.descriptors import describe
from training.mcd import MaskedContextDistillation
from training.objectives import Batch, Objective, Progress, find_objective
from training.optim import clip_each, make_optimiser, set_rates
from training.schedules import Plan
from training.views import draw_views

CONFIGS = Path(__file__).parents[1] / "training" / "configs"
CELLS, _TOY_CELLS = 64, 8
PIXELS = 112
REPEATS, _TOY_REPEATS = 5, 0
PLAN = Plan(100, 10)
STEP = 500  # of a thousand: patches are masked and nothing is frozen


class Steps:
    """Optimiser steps of one objective, again and again on the same batch.

    Parameters
    ----------
    config
        File in ``training/configs``.
    device
        That computes.
    cells
        In the batch.
    plain
        Whether in float32 and with PyTorch's own choice of attention.
    """

    def __init__(self, config: str, device: torch.device, cells: int, *, plain: bool) -> None:
        loaded = load_config([str(CONFIGS / config), "--data", "none", "--out", "none"])
        self.run: Config = loaded.run
        self.device = device
        self.precision = "float32" if plain else choose_precision(self.run.precision, device)
        self.attention: Callable[[torch.device], AbstractContextManager[None]] = (
            (lambda _: nullcontext()) if plain else fast_attention
        )
        torch.manual_seed(0)
        self.batch = Batch(
            torch.randint(0, 256, (cells, 4, PIXELS, PIXELS), dtype=torch.uint8).to(device),
            torch.arange(cells).remainder(cells // self.run.samples_per_class).to(device),
            (0, 2, 3),
            (1,),
        )
        kind = find_objective(self.run.objective)
        self.objective: Objective = kind(loaded.encoder(), loaded.options, PLAN).to(device)
        self.optimiser = make_optimiser(self.objective.trainable(), fused=device.type == "cuda")
        set_rates(self.optimiser, 1e-6, 0.04)

    def progress(self) -> Progress:
        """The same step every time."""
        on_device = torch.Generator(self.device).manual_seed(0)
        host, shared = (torch.Generator().manual_seed(0) for _ in range(2))
        return Progress(STEP, PLAN, on_device, host, shared)

    def step(self) -> dict[str, float]:
        """Do one step: seconds of forward, with all before it, of backward and of the update."""
        marks = [self._now()]
        autocast = torch.autocast(
            self.device.type, PRECISIONS[self.precision], self.precision != "float32"
        )
        self.optimiser.zero_grad(set_to_none=True)
        with autocast, self.attention(self.device):
            loss: Tensor = self.objective(self.batch, self.progress())["loss"]
        marks.append(self._now())
        loss.backward()
        marks.append(self._now())
        clip_each(self.objective.trainable().parameters(), self.run.max_grad_norm)
        self.optimiser.step()
        self.objective.after_step(self.progress())
        marks.append(self._now())
        names = ("forward", "backward", "update")
        parts = {name: marks[i + 1] - marks[i] for i, name in enumerate(names)}
        return parts | {"step": marks[-1] - marks[0]}

    def before_network(self) -> dict[str, float]:
        """Seconds of what a forward does before the network sees anything."""
        start = self._now()
        if isinstance(self.objective, MaskedContextDistillation):
            self.objective.make_views(self.batch, self.progress())
            return {"views": self._now() - start}
        assert isinstance(self.objective, Contrast)
        side, generator = self.run.input_size, self.progress().generator
        views = draw_views(self.batch.images, side, self.objective.options.views, generator)
        drawn = self._now()
        describe(views, side // 16)
        return {"views": drawn - start, "descriptors": self._now() - drawn}

    def _now(self) -> float:
        if self.device.type == "cuda":
            torch.cuda.synchronize(self.device)
        return time.perf_counter()


def least(repeats: int, *tasks: Callable[[], dict[str, float]]) -> list[dict[str, float]]:
    """Least seconds of each part of tasks that take turns, after one round to warm up."""
    rounds = [[task() for task in tasks] for _ in range(repeats + 1)]
    return [
        {name: min(parts[name] for parts in of_task) for name in of_task[0]}
        for of_task in zip(*(rounds[1:] or rounds), strict=True)
    ]


def rows(*, toy: bool = False) -> list[Row]:
    """Measure the bundled encoder's objective, and `mcd` on a tiny encoder."""
    device = choose_device("auto")
    sizes = (_TOY_CELLS, _TOY_REPEATS) if toy else (CELLS, REPEATS)
    return [
        row
        for name, config in (
            ("contrast, ViT-T 112 px", "bundled_t.toml"),
            ("mcd, tiny 64 px", "smoke.toml"),
        )
        for row in _rows(name, config, device, *sizes)
    ]


def _rows(name: str, config: str, device: torch.device, cells: int, repeats: int) -> list[Row]:
    ours, plain = (Steps(config, device, cells, plain=how) for how in (False, True))
    parts, before, plainly = least(repeats, ours.step, ours.before_network, plain.step)
    speed, beside = cells / parts["step"], cells / plainly["step"]
    network = parts["forward"] - sum(before.values())
    shares = {
        **before,
        "network": network,
        "backward": parts["backward"],
        "update": parts["update"],
    }
    text = ", ".join(f"{part} {taken / parts['step']:.0%}" for part, taken in shares.items())
    what = f"{name}, {device.type} {ours.precision}"
    return [
        Row(
            f"training, {what}",
            f"{speed:.0f} cells/s, {speed / beside:.2f}x",
            f"faster than eager float32 ({beside:.0f} cells/s)",
            speed > beside,
        ),
        Row(f"of a step, {name}", text, "", ok=True),
    ]
