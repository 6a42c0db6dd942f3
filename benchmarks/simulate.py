"""How many labelled cells a second the simulator makes."""

from __future__ import annotations

import time

from benchmarks._row import Row
from training.data.experiment import LAYOUTS, simulate_experiment

_EXPERIMENTS, _TOY_EXPERIMENTS = 4, 1
BUDGET = 50  # cells a second on one core, of the layout that is trained on most
MAIN = "dna-tubulin-actin"


def rows(*, toy: bool = False) -> list[Row]:
    """Measure whole experiments, drawn, recorded, cut out and described, on one core."""
    if toy:
        return [_row(MAIN, _TOY_EXPERIMENTS)]
    simulate_experiment(MAIN, 0, 112, 64.0, "either", 0)
    return [_row(layout, _EXPERIMENTS) for layout in LAYOUTS]


def _row(layout: str, experiments: int) -> Row:
    start = time.perf_counter()
    cells = sum(
        len(simulate_experiment(layout, 5, 112, 64.0, "either", i)[1]) for i in range(experiments)
    )
    rate = cells / (time.perf_counter() - start)
    budget = f"at least {BUDGET}" if layout == MAIN else ""
    held = rate >= BUDGET or layout != MAIN
    return Row(f"simulated cells, {layout}, one core", f"{rate:.0f} a second", budget, held)
