"""Numbers of a run: lines on the screen, a CSV file, and TensorBoard where it is installed."""

from __future__ import annotations

import csv
import math
import time
from collections import deque
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from napari_c3r.core.atomic import replacing


class Log:
    """Averages numbers over some steps and writes them down.

    Parameters
    ----------
    path
        The CSV file; rows that stand there from `step` on are dropped, since they are done again.
    steps
        Steps of the whole run.
    step
        Steps done before.
    quiet
        Whether to write nothing, as in all processes but the first.
    """

    def __init__(self, path: Path, steps: int, step: int, *, quiet: bool = False) -> None:
        self._path, self._steps, self._first, self._quiet = path, steps, step, quiet
        self._sums: dict[str, list[float]] = {}
        self._began = self._row_began = time.perf_counter()
        self._row_step, self._board = step, None
        if quiet:
            return
        self._rows = _rows_before(path, step)
        try:
            from torch.utils.tensorboard import SummaryWriter
        except ImportError:
            return
        self._board = SummaryWriter(str(path.parent / "tensorboard"), purge_step=step)

    def add(self, numbers: Mapping[str, float]) -> None:
        """Note the numbers of one step."""
        for name, value in numbers.items():
            total = self._sums.setdefault(name, [0.0, 0.0])
            total[0] += value
            total[1] += 1

    def write(
        self, step: int, epoch: float, cells_per_step: int, extra: Mapping[str, float]
    ) -> None:
        """Write the means since the last time.

        Parameters
        ----------
        step, epoch
            How many are done.
        cells_per_step
            Of all processes.
        extra
            Numbers that are not averaged.
        """
        means = {name: total / count for name, (total, count) in self._sums.items()}
        self._sums = {}
        now = time.perf_counter()
        rate = cells_per_step * (step - self._row_step) / max(now - self._row_began, 1e-9)
        self._row_began, self._row_step = now, step
        if self._quiet:
            return
        row = {"step": step, "epoch": round(epoch, 4), **means, **extra, "cells_per_s": round(rate)}
        self._append(row)
        left = (now - self._began) / (step - self._first) * (self._steps - step)
        shown = "  ".join(f"{name} {value:.4g}" for name, value in means.items())
        say(f"step {step}/{self._steps}  {shown}  {rate:.0f} cells/s  {clock(left)} left")
        if self._board is not None:
            for name, value in row.items():
                self._board.add_scalar(name, value, step)

    def state(self) -> dict[str, Any]:
        """What is noted and not yet written, for a checkpoint."""
        return {"sums": {name: list(total) for name, total in self._sums.items()}}

    def restore(self, state: Mapping[str, Any]) -> None:
        """Go on from a `state`."""
        self._sums = {name: list(total) for name, total in state["sums"].items()}

    def close(self) -> None:
        """Finish what TensorBoard has not yet written."""
        if self._board is not None:
            self._board.close()

    def _append(self, row: dict[str, Any]) -> None:
        self._rows.append(row)
        if list(self._rows[0]) == list(row) and len(self._rows) > 1:
            with self._path.open("a", newline="", encoding="utf-8") as stream:
                csv.DictWriter(stream, row).writerow(row)
            return
        _write_rows(self._path, self._rows)


def _rows_before(path: Path, step: int) -> list[dict[str, Any]]:
    """Rows of a CSV file that belong to steps already done; the file keeps only them."""
    if not path.exists():
        return []
    with path.open(newline="", encoding="utf-8") as stream:
        rows: list[dict[str, Any]] = [
            row for row in csv.DictReader(stream) if (row["step"] or "").isdigit()
        ]
    kept = [row for row in rows if int(row["step"]) <= step]
    _write_rows(path, kept)
    return kept


def _write_rows(path: Path, rows: list[dict[str, Any]]) -> None:
    names = list(dict.fromkeys(name for row in rows for name in row))
    with replacing(path) as temporary, temporary.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.DictWriter(stream, names)
        writer.writeheader()
        writer.writerows(rows)


def say(line: str) -> None:
    """Print a line at once."""
    print(line, flush=True)


def clock(seconds: float) -> str:
    """A time as hours, minutes and seconds."""
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes // 60}:{minutes % 60:02d}:{rest:02d}"


class LateLosses:
    """Reads losses one step late: to read one at once, the device would have to be done with it.

    Parameters
    ----------
    take
        Gets the numbers of every batch, in order.
    """

    def __init__(self, take: Callable[[Mapping[str, float]], None]) -> None:
        self._take = take
        self._waiting: deque[tuple[int, list[str], Tensor, torch.cuda.Event | None]] = deque()
        self.fault = ""

    def note(self, step: int, losses: Mapping[str, Tensor]) -> None:
        """Note the losses of a batch, scalars on the device, ``"loss"`` among them."""
        values = torch.stack([value.detach().float() for value in losses.values()])
        copied = None
        if values.is_cuda:
            values = torch.empty_like(values, device="cpu", pin_memory=True).copy_(
                values, non_blocking=True
            )
            copied = torch.cuda.Event()
            copied.record()
        self._waiting.append((step, list(losses), values, copied))

    def read(self, *, every: bool) -> bool:
        """Read those of earlier steps, or every one; whether all losses are finite numbers.

        What is wrong with one that is not stands in `fault`.
        """
        newest = self._waiting[-1][0] if self._waiting else 0
        while self._waiting and (every or self._waiting[0][0] < newest):
            step, names, values, copied = self._waiting.popleft()
            if copied is not None:
                copied.synchronize()
            numbers = dict(zip(names, values.tolist(), strict=True))
            if not math.isfinite(numbers["loss"]):
                self.fault = f"the loss of step {step} is not a finite number ({numbers})"
                return False
            self._take(numbers)
        return True
