"""The package as installing leaves it: with its bytecode beside it."""

from __future__ import annotations

import compileall

from benchmarks._row import ROOT


def compile_package() -> None:
    """Write the bytecode of what has changed, also where the environment forbids Python to."""
    compileall.compile_dir(ROOT / "src" / "napari_c3r", quiet=1)
