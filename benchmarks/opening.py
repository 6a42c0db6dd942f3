"""From a click in napari's menu to a dock on the screen: the first time, and once more."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence

from benchmarks._compiled import compile_package
from benchmarks._gui import Cost
from benchmarks._row import ROOT, Row
from napari_c3r.widgets.common.docks import Dock

_MOST_S = 1.0
_COMMANDS = {Dock.MAIN: "dock", Dock.EXPLORER: "explorer", Dock.DIAGNOSTICS: "diagnostics"}

# napari is running when a dock is opened, and shows an image.
_OPEN = """
import json, os, sys, time
import napari, numpy
from napari._app_model import get_app_model
from qtpy.QtCore import QEvent
from qtpy.QtWidgets import QApplication
viewer = napari.Viewer()
viewer.add_image(numpy.zeros((512, 512)))
for _ in range(20):
    QApplication.processEvents()
    time.sleep(0.02)
for module, name, command in json.loads(sys.argv[1]):
    told = []
    for _ in range(2):
        wall, cpu = time.perf_counter(), time.thread_time()
        get_app_model().commands.execute_command(f"napari-c3r.{command}").result()
        QApplication.processEvents()
        told.append([time.thread_time() - cpu, time.perf_counter() - wall])
        dock = getattr(__import__(module, fromlist=[name]), name)(viewer)
        assert dock.isVisible()
        viewer.window.remove_dock_widget(dock.frame())
        dock.release()
        dock.deleteLater()
        del dock
        QApplication.processEvents()
        QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    print("opened", json.dumps(told), flush=True)
# What it loads in the background need not be waited for.
os._exit(0)
"""


def rows(*, toy: bool = False) -> list[Row]:
    """Seconds of the thread of the window; each dock in a napari of its own, or in one for all."""
    docks = [(*which.split(":"), command) for which, command in _COMMANDS.items()]
    compile_package()
    together = [docks] if toy else [[each] for each in docks]
    costs = [cost for some in together for cost in _opened(some)]
    return [
        cost.row(f"{name} opened by the menu, {when}", _MOST_S)
        for (_, name, _), both in zip(docks, costs, strict=True)
        for when, cost in zip(("first time", "once more"), both, strict=True)
    ]


def _opened(docks: Sequence[tuple[str, ...]]) -> list[list[Cost]]:
    done = subprocess.run(
        [sys.executable, "-c", _OPEN, json.dumps(docks)],
        check=True,
        capture_output=True,
        text=True,
        cwd=ROOT,
    )
    told = [line for line in done.stdout.splitlines() if line.startswith("opened ")]
    return [[Cost(*each) for each in json.loads(line.split(" ", 1)[1])] for line in told]
