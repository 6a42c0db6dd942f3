"""Map and image beside napari-clusters-plotter doing the same work in the same run.

Usage: C3R_CLUSTERS_PLOTTER=/path/to/its/python python -m benchmarks clusters_plotter

The other plugin may be installed in an environment of its own, whose Python the variable names;
without it the one that runs this is asked.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys

from benchmarks._row import ROOT, Row

# Points on the map, and pixels along the side of an image full of cells.
_SIZES, TOY_SIZES = (1_000_000, 4096), (1_000, 128)


def rows(*, toy: bool = False) -> list[Row]:
    """Measure both, or say why not."""
    python = os.environ.get("C3R_CLUSTERS_PLOTTER", sys.executable)
    if not _has_plotter(python):
        where = "not installed; name its Python in C3R_CLUSTERS_PLOTTER"
        return [Row("beside napari-clusters-plotter", where, "", True)]
    points, side = sizes = TOY_SIZES if toy else _SIZES
    ours, theirs = seconds_of(sys.executable, "ours", sizes), seconds_of(python, "peer", sizes)
    names = {
        "lasso": f"lasso of {points:,} points",
        "recolour": f"recolour {points:,} points",
        "image": f"lasso to image of {side}² px",
    }
    return [
        Row(
            f"beside clusters-plotter: {name}",
            f"{ours[task]:.2f} s, theirs {theirs[task]:.2f} s",
            "no slower",
            ours[task] <= theirs[task],
        )
        for task, name in names.items()
    ]


def _has_plotter(python: str) -> bool:
    check = "import importlib.util as u, sys; sys.exit(not u.find_spec('napari_clusters_plotter'))"
    return subprocess.run([python, "-c", check], check=False).returncode == 0


def seconds_of(python: str, who: str, sizes: tuple[int, int]) -> dict[str, float]:
    """Ask one of the two, in a Python that has it: least seconds by task."""
    what = ["-m", "benchmarks._plotters", who, *map(str, sizes)]
    done = subprocess.run(
        [python, "-W", "ignore", *what], cwd=ROOT, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise RuntimeError(f"{who} stopped: {done.stderr.strip().splitlines()[-1]}")
    found: dict[str, float] = json.loads(done.stdout.strip().splitlines()[-1])
    return found
