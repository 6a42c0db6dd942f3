"""What importing the package adds to a bare Python, and how long a dock takes to open."""

from __future__ import annotations

import subprocess
import sys
import time

from benchmarks._compiled import compile_package
from benchmarks._row import Row

_MAX_IMPORT_SECONDS = 0.1
_MAX_DOCK_SECONDS = 1.0
_REPEATS, _TOY_REPEATS = 5, 1

# napari is running when a dock is opened, so its own import does not count.
_OPEN_DOCK = """
import time
from qtpy.QtWidgets import QApplication
from napari.components import ViewerModel
import napari.qt.threading
application, viewer = QApplication([]), ViewerModel()
start = time.perf_counter()
from napari_c3r.widgets.main.dock import C3RDock
dock = C3RDock(viewer)
dock.show()
application.processEvents()
print(time.perf_counter() - start)
dock.release()
"""


def rows(*, toy: bool = False) -> list[Row]:
    """Least seconds of several fresh interpreters."""
    compile_package()
    repeats = _TOY_REPEATS if toy else _REPEATS
    bare = min(_run("pass") for _ in range(repeats))
    added = min(_run("import napari_c3r") for _ in range(repeats)) - bare
    opened = min(_opening() for _ in range(min(repeats, 3)))
    return [
        Row(
            "import napari_c3r, beside a bare Python",
            f"+{added * 1000:.0f} ms",
            f"+{_MAX_IMPORT_SECONDS * 1000:.0f} ms at most",
            added <= _MAX_IMPORT_SECONDS,
        ),
        Row(
            "opening the dock, first time, in a running napari",
            f"{opened:.2f} s",
            f"{_MAX_DOCK_SECONDS:.0f} s at most",
            opened <= _MAX_DOCK_SECONDS,
        ),
    ]


def _run(code: str) -> float:
    began = time.perf_counter()
    subprocess.run([sys.executable, "-c", code], check=True)
    return time.perf_counter() - began


def _opening() -> float:
    done = subprocess.run(
        [sys.executable, "-c", _OPEN_DOCK], check=True, capture_output=True, text=True
    )
    return float(done.stdout.splitlines()[-1])
