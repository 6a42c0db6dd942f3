"""Print what is promised as one table: ``python -m benchmarks [--toy] [PART ...]``.

All parts by default. ``--toy`` runs them on so little that they end in seconds, which shows that
they work and says nothing about speed.
"""

from __future__ import annotations

import argparse
from importlib import import_module

from benchmarks._row import Row

PARTS = (
    "start",
    "opening",
    "encoder_forward",
    "encoder_channels",
    "device",
    "pipeline",
    "plates",
    "estimate",
    "segment_speed",
    "simulate",
    "training_speed",
    "scatter",
    "cluster_cuts",
    "gates",
    "linking",
    "explorer",
    "learn",
    "clusters_plotter",
    "memory",
    "diagnose",
    "planted_sources",
)


def measure(part: str, *, toy: bool = False) -> list[Row]:
    """Rows of one part, each of which is a module with a function ``rows(toy)``."""
    found: list[Row] = import_module(f"benchmarks.{part}").rows(toy=toy)
    return found


def main() -> None:
    """Run the parts asked for, printing the rows of each as it is done."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks")
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"of {', '.join(PARTS)}")
    parser.add_argument("--toy", action="store_true", help="a size that takes seconds")
    chosen = parser.parse_args()
    if unknown := set(chosen.parts) - set(PARTS):
        parser.error(f"no part is called {', '.join(sorted(unknown))}")
    for part in chosen.parts or PARTS:
        for row in measure(part, toy=chosen.toy):
            print(row, flush=True)


if __name__ == "__main__":
    main()
