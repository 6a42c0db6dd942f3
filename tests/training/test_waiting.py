"""No training step waits for the device, so that it is never idle between two kernels.

Where there is no device, what would wait is counted: reading a number of it, an index by booleans,
a tensor made of numbers beside it, and solving equations.
"""

from __future__ import annotations

import pytest
import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves
from torch.utils.weak import WeakTensorKeyDictionary

from napari_c3r.core.encoder.families.cce import CceConfig
from training.contrast import Contrast, ContrastOptions
from training.log import LateLosses
from training.mcd import MaskedContextDistillation
from training.mcd_options import McdOptions
from training.objectives import Batch, Progress
from training.optim import clip_each, make_optimiser, set_rates
from training.schedules import Plan

aten = torch.ops.aten
_READS = {
    aten._local_scalar_dense.default,
    aten.nonzero.default,
    aten.masked_select.default,
    aten.linalg_solve.default,
    aten._linalg_solve_ex.default,
    aten.equal.default,
    aten._unique2.default,
}
_INDEXES = {aten.index.Tensor, aten.index_put_.default, aten._index_put_impl_.default}


class Waits(TorchDispatchMode):
    """Counts what would wait for a device that some tensors, and all made of them, lie on."""

    def __init__(self, on_device) -> None:
        super().__init__()
        self._on_device = WeakTensorKeyDictionary()
        self.found: list[str] = []
        for tensor in on_device:
            self._on_device[tensor] = True

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        tensors = [each for each in tree_leaves((args, kwargs)) if isinstance(each, torch.Tensor)]
        there = any(each in self._on_device for each in tensors)
        by_booleans = func in _INDEXES and any(each.dtype == torch.bool for each in tensors[1:])
        if there and (func in _READS or by_booleans):
            self.found.append(str(func))
        made = func(*args, **(kwargs or {}))
        if there:
            for each in tree_leaves(made):
                if isinstance(each, torch.Tensor):
                    self._on_device[each] = True
        return made


CONFIG = CceConfig(
    name="tiny", width=32, heads=2, branch_depth=1, joint_depth=1, position_grid=3, input_size=48
)
SMALL = {"local_views": 2, "local_size": 32, "head_hidden": 24, "head_bottleneck": 8}


@pytest.mark.parametrize(
    "make",
    [
        lambda plan: MaskedContextDistillation(
            CONFIG, McdOptions(head_logits=32, mask_start_epoch=0, **SMALL), plan
        ),
        lambda plan: Contrast(CONFIG, ContrastOptions(), plan),
    ],
    ids=["mcd", "contrast"],
)
def test_a_step_does_not_wait_for_the_device(make):
    plan = Plan(1, 10)
    objective = make(plan)
    optimiser = make_optimiser(objective.trainable())
    crops = torch.randint(0, 255, (8, 4, 64, 64), dtype=torch.uint8)
    batch = Batch(crops, torch.arange(4).repeat(2), (0, 1, 2), (3,))
    taken = []
    losses = LateLosses(taken.append)

    def step(number: int) -> None:
        generators = [torch.Generator().manual_seed(number + i) for i in range(3)]
        progress = Progress(number, plan, *generators)
        set_rates(optimiser, 1e-3, 0.04)
        optimiser.zero_grad(set_to_none=True)
        found = objective(batch, progress)
        found["loss"].backward()
        losses.note(number, found)
        objective.before_update(progress)
        clip_each(objective.trainable().parameters(), 0.3)
        optimiser.step()
        objective.after_step(progress)

    for number in range(4):  # what is brought to the device once is brought there
        step(number)
    on_device = [batch.images, batch.ids, *objective.parameters(), *objective.buffers()]
    with Waits(on_device) as waits:
        step(3)
    assert waits.found == []
    assert losses.read(every=True)
    assert len(taken) == 5


def test_what_waits_is_counted():
    numbers = torch.arange(6.0)
    with Waits([numbers]) as waits:
        doubled = numbers * 2
        doubled[doubled > 4]
        doubled.sum().item()
        torch.linalg.solve(torch.eye(2) + doubled[:4].view(2, 2), doubled[:2])
        torch.arange(3.0).sum().item()
    assert [name.split(".")[1] for name in waits.found] == [
        *("index", "_local_scalar_dense", "_linalg_solve_ex"),
    ]


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
def test_cuda_reports_no_synchronisation():
    plan = Plan(1, 10)
    device = torch.device("cuda")
    options = McdOptions(head_logits=32, mask_start_epoch=0, **SMALL)
    objective = MaskedContextDistillation(CONFIG, options, plan).to(device)
    crops = torch.randint(0, 255, (8, 4, 64, 64), dtype=torch.uint8, device=device)
    batch = Batch(crops, torch.arange(4, device=device).repeat(2), (0, 1, 2), (3,))
    generator = torch.Generator(device)
    host, shared = torch.Generator(), torch.Generator()
    for number in range(5):
        torch.cuda.set_sync_debug_mode("error" if number == 4 else "default")
        try:
            progress = Progress(number, plan, generator, host, shared)
            objective(batch, progress)["loss"].backward()
            clip_each(objective.trainable().parameters(), 0.3)
            objective.after_step(progress)
        finally:
            torch.cuda.set_sync_debug_mode("default")


def test_losses_are_read_one_step_late_and_a_bad_one_is_told():
    taken = []
    losses = LateLosses(taken.append)
    losses.note(0, {"loss": torch.tensor(1.5), "class": torch.tensor(2.0)})
    assert losses.read(every=False)
    assert taken == []
    losses.note(1, {"loss": torch.tensor(float("nan"))})
    assert losses.read(every=False)
    assert taken == [{"loss": 1.5, "class": 2.0}]
    assert not losses.read(every=True)
    assert "the loss of step 1 is not a finite number" in losses.fault
