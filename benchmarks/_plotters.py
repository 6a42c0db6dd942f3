"""The same work in this plugin and in napari-clusters-plotter, timed by one clock.

Usage: python -m benchmarks._plotters ours|peer POINTS SIDE_PX

Needs napari, and for ``peer`` only napari-clusters-plotter beside it: the two need not be
installed together. Prints least seconds as JSON. Everything is timed to the last pixel, the plot
and napari's canvas included.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable

import napari
import numpy as np
import pandas as pd
from qtpy.QtCore import QPointF
from qtpy.QtWidgets import QApplication

from benchmarks._scene import embedded_cells, grid_of_cells, wavy_lasso

REPEATS = 3
CLASSES = 8


def points(count: int) -> tuple[np.ndarray, list[np.ndarray]]:
    """Positions (count, 2) and two colourings of them."""
    rng = np.random.default_rng(0)
    xy = rng.normal(size=(count, 2)).astype(np.float32)
    return xy, [rng.integers(0, CLASSES, count) for _ in range(2)]


def lasso(turn: int) -> np.ndarray:
    """Corners of a wavy loop, another one each turn."""
    return wavy_lasso(radius=1.2, turn=turn)


def least(task: Callable[[int], None]) -> float:
    """Least seconds of a task over some turns, after one to warm up."""
    taken = []
    for turn in range(REPEATS + 1):
        start = time.perf_counter()
        task(turn)
        taken.append(time.perf_counter() - start)
    return min(taken[1:])


def ours(count: int, side_px: int) -> dict[str, float]:
    """Time the map of this plugin, then map and image together."""
    from napari_c3r.widgets.scatter.model import ScatterModel
    from napari_c3r.widgets.scatter.widget import ScatterWidget

    xy, codes = points(count)
    names = [str(code) for code in range(CLASSES)]
    widget = ScatterWidget(ScatterModel())
    widget.resize(700, 600)
    widget.model.set_points(xy)
    widget.model.set_categories(codes[0], names)
    widget.show()
    QApplication.processEvents()

    def select(turn: int) -> None:
        corners = widget.canvas.camera.to_screen(lasso(turn))
        widget.canvas.overlay.lassoed.emit([QPointF(*corner) for corner in corners], "replace")
        widget.canvas.grab()

    def recolour(turn: int) -> None:
        widget.model.set_categories(codes[turn % 2], names)
        widget.canvas.grab()

    taken = {"lasso": least(select)}
    widget.model.clear()
    taken["recolour"] = least(recolour)
    widget.close()
    return taken | {"image": our_image(side_px)}


def our_image(side_px: int) -> float:
    """Time from a lasso on the map to both map and image drawn."""
    from napari_c3r.widgets.explorer.dock import C3RExplorer

    viewer = napari.Viewer(show=True)
    embedded_cells(viewer, side_px)
    explorer = C3RExplorer(viewer)
    viewer.window.add_dock_widget(explorer, area="bottom")
    QApplication.processEvents()
    canvas = explorer.scatter.canvas

    def select(turn: int) -> None:
        corners = canvas.camera.to_screen(lasso(turn))
        canvas.overlay.lassoed.emit([QPointF(*corner) for corner in corners], "replace")
        canvas.grab()
        viewer.screenshot(flash=False)

    taken = least(select)
    explorer.release()
    viewer.close()
    return taken


def peer(count: int, side_px: int) -> dict[str, float]:
    """Time the canvas that napari-clusters-plotter draws on, then all of the plugin."""
    from biaplotter.plotter import CanvasWidget

    xy, codes = points(count)
    viewer = napari.Viewer(show=True)
    canvas = CanvasWidget(viewer)
    canvas.resize(700, 600)
    canvas.active_artist = "SCATTER"
    artist = canvas.active_artist
    artist.data = xy
    artist.color_indices = codes[0]
    canvas.show()
    QApplication.processEvents()
    selector = canvas.selectors["LASSO"]
    selector.data = xy

    def select(turn: int) -> None:
        selector.on_select(lasso(turn))
        canvas.canvas.draw()

    def recolour(turn: int) -> None:
        artist.color_indices = codes[turn % 2]
        canvas.canvas.draw()

    taken = {"lasso": least(select), "recolour": least(recolour)}
    canvas.close()
    viewer.close()
    return taken | {"image": peer_image(side_px)}


def peer_image(side_px: int) -> float:
    """Time from a lasso on the plot to both plot and image drawn."""
    from napari_clusters_plotter import PlotterWidget

    labels = grid_of_cells(side_px)
    xy, _ = points(int(labels.max()))
    viewer = napari.Viewer(show=True)
    viewer.add_image(np.zeros((side_px, side_px), np.uint8), name="DNA")
    layer = viewer.add_labels(labels, name="cells")
    layer.features = pd.DataFrame({"UMAP1": xy[:, 0], "UMAP2": xy[:, 1]})
    viewer.layers.selection.active = layer
    widget = PlotterWidget(viewer)
    viewer.window.add_dock_widget(widget, area="right")
    widget.x_axis, widget.y_axis = "UMAP1", "UMAP2"
    QApplication.processEvents()
    selector = widget.plotting_widget.selectors["LASSO"]

    def select(turn: int) -> None:
        selector.on_select(lasso(turn))
        widget.plotting_widget.canvas.draw()
        viewer.screenshot(flash=False)

    taken = least(select)
    viewer.close()
    return taken


if __name__ == "__main__":
    application = QApplication.instance() or QApplication([])
    who = {"ours": ours, "peer": peer}[sys.argv[1]]
    print(json.dumps(who(*map(int, sys.argv[2:]))))
