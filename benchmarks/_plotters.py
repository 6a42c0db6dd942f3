"""The same work in this plugin and in napari-clusters-plotter, timed by one clock.

Usage: python _plotters.py ours|peer [points] [side_px]

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

REPEATS = 3
PITCH = 13
CLASSES = 8
CORNERS = 200


def points(count: int) -> tuple[np.ndarray, list[np.ndarray]]:
    """Positions (count, 2) and two colourings of them."""
    rng = np.random.default_rng(0)
    xy = rng.normal(size=(count, 2)).astype(np.float32)
    return xy, [rng.integers(0, CLASSES, count) for _ in range(2)]


def lasso(turn: int) -> np.ndarray:
    """Corners of a wavy loop, another one each turn."""
    angle = np.linspace(0, 2 * np.pi, CORNERS, endpoint=False)
    radius = 1.2 + 0.2 * np.sin(7 * angle + turn)
    return np.column_stack([radius * np.cos(angle), radius * np.sin(angle)])


def grid_of_cells(side_px: int) -> np.ndarray:
    """Labels (side, side) of square cells, numbered in reading order."""
    y, x = np.indices((side_px, side_px))
    count = side_px // PITCH
    grid = np.minimum(y // PITCH, count - 1) * count + np.minimum(x // PITCH, count - 1)
    return np.where((y % PITCH > 0) & (x % PITCH > 0), grid + 1, 0).astype(np.int32)


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
    from napari_c3r.core.channels import ChannelAssignment
    from napari_c3r.core.images import Image
    from napari_c3r.core.table import make_result
    from napari_c3r.session import Cells, EmbeddingResult, session_of
    from napari_c3r.widgets.explorer.dock import C3RExplorer

    labels = grid_of_cells(side_px)
    count = int(labels.max())
    viewer = napari.Viewer(show=True)
    viewer.add_image(np.zeros((side_px, side_px), np.uint8), name="DNA")
    image = Image.from_array(viewer.layers["DNA"].data, ["DNA"], name="field")
    xy, codes = points(count)
    obs = pd.DataFrame({"image": "field", "label": np.arange(count) + 1, "y_px": 9.0, "x_px": 9.0})
    table = make_result(obs, np.zeros((count, 1), np.float32), [("DNA", "cls")], {})
    table.obs["cluster"] = pd.Categorical(codes[0].astype(str))
    table.obsm["X_umap"] = xy
    session, cells = session_of(viewer), Cells(labels, count, "field", "")
    session.set_image(image)
    session.labels.set_current(cells)
    roles = ChannelAssignment({"DNA": "both"})
    session.set_result(
        EmbeddingResult(table, {"field": cells.id}, roles, "", 0.0, True, {"field": image})
    )
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
    sizes = [int(argument) for argument in sys.argv[2:]] or [1_000_000, 4096]
    print(json.dumps(who(*sizes)))
