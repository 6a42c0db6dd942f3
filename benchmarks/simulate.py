"""How many labelled cells a second the simulator makes.

Usage: python -m benchmarks.simulate
"""

from __future__ import annotations

import time

from benchmarks._row import Row
from training.data.experiment import LAYOUTS, simulate_experiment

EXPERIMENTS = 4
BUDGET = 50  # cells a second on one core, of the layout that is trained on most
MAIN = "dna-tubulin-actin"


def rows() -> list[Row]:
    """Measure whole experiments, drawn, recorded, cut out and described, on one core."""
    simulate_experiment(MAIN, 0, 112, 64.0, "either", 0)
    return [_row(layout) for layout in LAYOUTS]


def _row(layout: str) -> Row:
    start = time.perf_counter()
    cells = sum(
        len(simulate_experiment(layout, 5, 112, 64.0, "either", i)[1]) for i in range(EXPERIMENTS)
    )
    rate = cells / (time.perf_counter() - start)
    budget = f"at least {BUDGET}" if layout == MAIN else ""
    held = rate >= BUDGET or layout != MAIN
    return Row(f"simulated cells, {layout}, one core", f"{rate:.0f} a second", budget, held)


if __name__ == "__main__":
    print(*rows(), sep="\n", flush=True)
