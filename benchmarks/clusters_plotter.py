"""Map and image beside napari-clusters-plotter doing the same work in the same run.

Usage: C3R_CLUSTERS_PLOTTER=/path/to/its/python python -m benchmarks.clusters_plotter

The other plugin may be installed in an environment of its own, whose Python the variable names;
without it the one that runs this is asked.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from benchmarks._row import Row

SCRIPT = Path(__file__).with_name("_plotters.py")
NAMES = {
    "lasso": "lasso of 10⁶ points",
    "recolour": "recolour 10⁶ points",
    "image": "lasso to image, 10⁵ cells",
}


def rows() -> list[Row]:
    """Measure both, or say why not."""
    python = os.environ.get("C3R_CLUSTERS_PLOTTER", sys.executable)
    if not _has_plotter(python):
        where = "not installed; name its Python in C3R_CLUSTERS_PLOTTER"
        return [Row("beside napari-clusters-plotter", where, "", True)]
    ours, theirs = _measure(sys.executable, "ours"), _measure(python, "peer")
    return [
        Row(
            f"beside clusters-plotter: {name}",
            f"{ours[task]:.2f} s, theirs {theirs[task]:.2f} s",
            "no slower",
            ours[task] <= theirs[task],
        )
        for task, name in NAMES.items()
    ]


def _has_plotter(python: str) -> bool:
    check = "import importlib.util as u, sys; sys.exit(not u.find_spec('napari_clusters_plotter'))"
    return subprocess.run([python, "-c", check], check=False).returncode == 0


def _measure(python: str, who: str) -> dict[str, float]:
    done = subprocess.run(
        [python, "-W", "ignore", str(SCRIPT), who], capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise RuntimeError(f"{who} stopped: {done.stderr.strip().splitlines()[-1]}")
    found: dict[str, float] = json.loads(done.stdout.strip().splitlines()[-1])
    return found


if __name__ == "__main__":
    print(*rows(), sep="\n", flush=True)
