"""Several processes, one per GPU, as `torchrun` starts them; or just one."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
import torch.distributed as dist
from torch import Tensor

from napari_c3r.core.encoder.runtime import choose_device


@dataclass(frozen=True)
class Processes:
    """One process among those of a run.

    Parameters
    ----------
    rank
        Number of this process.
    count
        How many there are.
    device
        What this process computes on.
    control
        Processes as a group that talks through the CPU, or None if there is but one.
    """

    rank: int
    count: int
    device: torch.device
    control: dist.ProcessGroup | None = None

    @property
    def is_main(self) -> bool:
        """Whether this process is the one that writes files and speaks."""
        return self.rank == 0

    def any_of(self, *flags: bool) -> tuple[bool, ...]:
        """Whether each flag is set in any process; all processes must ask."""
        if self.control is None:
            return flags
        joined = torch.tensor(flags, dtype=torch.uint8)
        dist.all_reduce(joined, dist.ReduceOp.MAX, group=self.control)
        return tuple(bool(flag) for flag in joined.tolist())


@contextmanager
def init_distributed(device: str) -> Iterator[Processes]:
    """Join the processes that `torchrun` started; without it, this process is alone.

    Parameters
    ----------
    device
        As in `napari_c3r.core.encoder.runtime.choose_device`. With several processes on CUDA,
        each takes the GPU of its local rank.

    Raises
    ------
    InputError
        If the device is not there.
    """
    chosen = choose_device(device)
    if "RANK" not in os.environ:
        yield Processes(0, 1, chosen)
        return
    if chosen.type == "cuda":
        chosen = torch.device("cuda", int(os.environ["LOCAL_RANK"]))
        torch.cuda.set_device(chosen)
    dist.init_process_group("nccl" if chosen.type == "cuda" else "gloo")
    try:
        control = dist.new_group(backend="gloo")
        yield Processes(dist.get_rank(), dist.get_world_size(), chosen, control)
    finally:
        dist.destroy_process_group()


def process_count() -> int:
    """How many processes have joined."""
    return dist.get_world_size() if dist.is_initialized() else 1


def mean_over_processes(tensor: Tensor) -> Tensor:
    """The mean of a tensor over all processes, without gradient."""
    if process_count() == 1:
        return tensor
    total = tensor.detach().clone()
    dist.all_reduce(total)
    return total / process_count()


class _Gather(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, rows: Tensor) -> Tensor:
        parts = [torch.empty_like(rows) for _ in range(process_count())]
        dist.all_gather(parts, rows.contiguous())
        return torch.cat(parts)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> Tensor:
        # Every process computes the loss of all rows, so a row's gradient is the sum of theirs.
        total = gradients[0].clone()
        dist.all_reduce(total)
        return total.chunk(process_count())[dist.get_rank()]


def gather_rows(rows: Tensor) -> Tensor:
    """The rows of all processes, in the order of their ranks, with gradients to all of them.

    Parameters
    ----------
    rows
        ``(n, ...)`` of equal shape in every process.

    Returns
    -------
    Tensor
        ``(processes * n, ...)``.
    """
    return rows if process_count() == 1 else _Gather.apply(rows)
