"""A row of the table of speeds."""

from __future__ import annotations

import gc
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]


@dataclass(frozen=True)
class Row:
    """One measured figure beside what it must hold.

    Parameters
    ----------
    name
        What was measured.
    value
        The figure, with its unit.
    budget
        What must hold, in words.
    ok
        Whether it does.
    """

    name: str
    value: str
    budget: str
    ok: bool

    def __str__(self) -> str:
        return f"{'ok  ' if self.ok else 'MISS'}  {self.name:<56}  {self.value:<28}  {self.budget}"


def seconds(
    repeats: int, *tasks: Callable[[], object], clock: Callable[[], float] = time.perf_counter
) -> list[float]:
    """Time tasks in turn, so that a noisy machine disturbs all of them alike.

    Parameters
    ----------
    repeats
        Rounds, after one to warm up; with 0 that one is all there is.
    *tasks
        What to time.
    clock
        ``time.process_time`` counts what the processor did, whatever else it had to do.

    Returns
    -------
    list of float
        Least seconds of each task: what it takes when nothing else disturbs it.
    """
    times: list[list[float]] = [[] for _ in tasks]
    for turn in range(repeats + 1):
        for task, taken in zip(tasks, times, strict=True):
            start = clock()
            task()
            taken.append(clock() - start)
        if turn == 0:
            gc.collect()
    return [min(taken[1:] or taken) for taken in times]


def peak_bytes() -> int:
    """Most memory that this process has ever held.

    On Linux the usual figure begins with what the parent held when it started this process.
    """
    if sys.platform == "linux":
        lines = Path("/proc/self/status").read_text("utf-8").splitlines()
        return 1024 * next(int(line.split()[1]) for line in lines if line.startswith("VmHWM"))
    import resource

    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit
