"""Open and close docks again and again, and see what is left: ``python -m tools.cycles``.

After some rounds that fill caches, nothing may grow: neither widgets nor objects of ours, neither
connections to what outlives a dock, nor canvases. Memory may by no more than an allocator's noise:
its growth a round is the median slope between rounds (Theil and Sen), which single jumps by
buffers of the screen do not move.
"""

from __future__ import annotations

import argparse
import gc
import sys
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_c3r.session import session_of
from napari_c3r.widgets.common.docks import Dock, open_dock
from napari_c3r.widgets.viewer.linking import link_of

if TYPE_CHECKING:
    import napari.viewer

WARM = 5
"""Rounds before counting begins."""

BOUND_KIB = 32.0
"""Growth of memory a round, in KiB, from which on the tool fails."""

_OURS = "napari_c3r.widgets"
_TOLD_EVERY = 50


def open_and_close(viewer: napari.viewer.Viewer, which: Dock) -> float:
    """Open one dock and close it for good; returns the seconds until it was on the screen."""
    from qtpy.QtCore import QEvent
    from qtpy.QtWidgets import QApplication

    began = time.perf_counter()
    open_dock(viewer, which)
    QApplication.processEvents()
    seconds = time.perf_counter() - began
    dock = which.kind(viewer)
    frame = dock.frame()
    assert frame is not None
    viewer.window.remove_dock_widget(frame)
    dock.release()
    dock.deleteLater()
    del dock, frame
    for _ in range(3):
        QApplication.processEvents()
        QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    return seconds


def left_behind(viewer: napari.viewer.Viewer) -> dict[str, int]:
    """Count what a closed dock could leave behind."""
    from qtpy.QtWidgets import QApplication

    gc.collect()
    session, link = session_of(viewer), link_of(viewer)
    parts: tuple[Any, ...] = (session, session.history, session.result, session.selection)
    ours = [each for each in gc.get_objects() if str(type(each).__module__).startswith(_OURS)]
    canvases = [each for each in gc.get_objects() if type(each).__name__ == "SceneCanvas"]
    events = viewer.layers.events
    return {
        "widgets": len(QApplication.allWidgets()),
        "objects of ours": len(ours),
        "canvases": len(canvases),
        "connections to the session": sum(len(part.changed) for part in parts),
        "connections to the link": len(link.field_requested),
        "callbacks of the layers": sum(
            len(emitter.callbacks) for emitter in (events.inserted, events.removed, events.changed)
        ),
        "mouse callbacks": len(viewer.mouse_drag_callbacks),
    }


def growth(memory: Sequence[float]) -> float:
    """Growth a round, robust to jumps: the median of the slopes between all pairs of rounds."""
    from scipy.stats import theilslopes

    return float(theilslopes(memory).slope) if len(memory) > 1 else 0.0


def _own_kib() -> float:
    """Memory in KiB that is the process's own: without what it shares, such as libraries."""
    import psutil

    now = psutil.Process().memory_info()
    return float(now.rss - getattr(now, "shared", 0)) / 1024


def cycle(viewer: napari.viewer.Viewer, times: int, docks: Sequence[Dock] = tuple(Dock)) -> bool:
    """Open and close docks so many times, say what was counted; whether nothing grew."""
    for _ in range(WARM):
        for which in docks:
            open_and_close(viewer, which)
    first, memory = left_behind(viewer), [_own_kib()]
    slowest = dict.fromkeys(docks, 0.0)
    for number in range(1, times + 1):
        for which in docks:
            slowest[which] = max(slowest[which], open_and_close(viewer, which))
        memory.append(_own_kib())
        if number % _TOLD_EVERY == 0 or number == times:
            now = left_behind(viewer)
            more = {name: count - first[name] for name, count in now.items()}
            grown, slope = (memory[-1] - memory[0]) / 1024, growth(memory[len(memory) // 4 :])
            print(
                f"{number} rounds: {more}, {grown:+.0f} MiB, {slope:+.1f} KiB a round", flush=True
            )
    for which, seconds in slowest.items():
        print(f"{which.kind.name}: at most {seconds:.2f} s to open")
    grew = [name for name, count in left_behind(viewer).items() if count > first[name]]
    slope = growth(memory[len(memory) // 4 :])
    if slope > BOUND_KIB:
        grew.append("memory")
    print(
        f"{times} rounds: memory grew by {slope:.1f} KiB a round (at most {BOUND_KIB:.0f}); "
        + (f"grew: {', '.join(grew)}" if grew else "nothing grew")
    )
    return not grew


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--times", type=int, default=1000)
    chosen = parser.parse_args(arguments)
    import napari

    viewer = napari.Viewer(show=True)
    viewer.add_image(np.zeros((64, 64)))
    grew = not cycle(viewer, chosen.times)
    viewer.close()
    return int(grew)


if __name__ == "__main__":
    sys.exit(main())
