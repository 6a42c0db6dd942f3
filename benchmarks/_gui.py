"""What a step in a window costs: the work of the thread that the window is drawn by."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable
from dataclasses import dataclass

from qtpy.QtWidgets import QApplication

from benchmarks._row import Row


@dataclass(frozen=True)
class Cost:
    """Seconds of one step.

    Attributes
    ----------
    cpu
        What the thread of the window worked for it, whatever else the machine had to do.
    wall
        What the user waited.
    """

    cpu: float
    wall: float

    def row(self, name: str, most: float) -> Row:
        """A line of the table, judged by the work."""
        told = f"{self.cpu * 1e3:.0f} ms CPU ({self.wall * 1e3:.0f} waited)"
        return Row(name, told, f"{most * 1e3:.0f} ms CPU at most", self.cpu <= most)


def _nothing() -> None:
    return


def gui_cost(
    repeats: int,
    act: Callable[[], object],
    before: Callable[[], object] = _nothing,
    settle: Callable[[], object] = _nothing,
) -> Cost:
    """Measure a step and all that it leaves to be done until the window is idle.

    Parameters
    ----------
    repeats
        Of which the least is taken.
    act
        The step.
    before
        Makes ready for it, not measured.
    settle
        Waits for workers, not measured.
    """
    costs = []
    for _ in range(repeats):
        before()
        settle()
        gc.collect()
        wall, cpu = time.perf_counter(), time.thread_time()
        act()
        QApplication.processEvents()
        costs.append(Cost(time.thread_time() - cpu, time.perf_counter() - wall))
        settle()
    return min(costs, key=lambda cost: cost.cpu)
