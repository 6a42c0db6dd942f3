"""Take the pictures of docs/: the sample, step by step, in the real window.

Usage: python -m tools.screenshots docs/images
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import napari
import numpy as np
from qtpy.QtWidgets import QApplication

from napari_c3r.core.figures.axes import Scale
from napari_c3r.core.figures.plot import AxisChoice, PlotChoice
from napari_c3r.core.gates import ALL_GATES, Interval, Operator, Polygon
from napari_c3r.widgets.explorer.clusters_tab import ClusterTabs
from napari_c3r.widgets.explorer.dock import C3RExplorer
from napari_c3r.widgets.explorer.examples.tab import ExamplesTab
from napari_c3r.widgets.explorer.gates.tab import GateTab
from napari_c3r.widgets.explorer.why.tab import WhyTabs
from tools.animation import write_animation

WINDOW = (1480, 940)
TOUR = (
    *("empty", "channels", "cells", "embed", "map", "selection", "named", "table"),
    *("gates", "examples", "montage", "colour_by", "diagnostics"),
)
"""The pictures that become one which moves."""
MAX_SECONDS = 300


def wait_until(done: Callable[[], bool]) -> None:
    """Let the window work until something is so."""
    end = time.monotonic() + MAX_SECONDS
    while not done():
        if time.monotonic() > end:
            raise TimeoutError("The window did not get there")
        QApplication.processEvents()
        time.sleep(0.01)


def settle(seconds: float = 0.8) -> None:
    """Let the window draw."""
    end = time.monotonic() + seconds
    wait_until(lambda: time.monotonic() > end)


class Photographer:
    """Walks a dock through its steps and takes a picture of each."""

    def __init__(self, folder: Path, theme: str) -> None:
        self._folder = folder
        self.viewer = napari.Viewer(show=True)
        self.viewer.theme = theme
        self.viewer.window.resize(*WINDOW)
        _, self.dock = self.viewer.window.add_plugin_dock_widget("napari-c3r", "C3R")

    def take(self, name: str) -> None:
        """Write one picture of the whole window."""
        settle()
        self.viewer.window.screenshot(
            str(self._folder / f"{name}.png"), canvas_only=False, flash=False
        )

    def idle(self) -> None:
        """Wait for the job that was started."""
        wait_until(lambda: not self.dock.controller.busy)
        settle(0.3)

    def open_sample(self) -> None:
        """Step 1."""
        self.dock.image.sample_button.click()
        self.idle()
        self.viewer.layers["cells (truth)"].visible = False
        self.viewer.reset_view()

    def open_step(self, number: int) -> None:
        """Open one step, counted from 1, and fold the others."""
        for shown, step in self.dock.steps.items():
            step.set_open(shown == number)

    def find_cells(self) -> None:
        """Step 3."""
        self.dock.cells.segment_button.click()
        self.idle()

    def embed(self) -> None:
        """Step 4."""
        self.dock.embed.embed_button.click()
        self.idle()

    def make_map(self) -> Any:
        """Step 5; returns the explorer."""
        self.dock.map.map_button.click()
        self.idle()
        self.viewer.reset_view()
        settle(3)  # the montage is drawn in the background
        return C3RExplorer(self.viewer)

    def name(self, explorer: Any, name: str) -> None:
        """Name the selected cells."""
        explorer.panel.name_button.click()
        explorer.panel.naming.names.setEditText(name)
        explorer.panel.naming.give_button.click()
        explorer.panel.name_button.setChecked(False)

    def show_montage(self, explorer: Any, **chosen: Any) -> None:
        """Show other cells in the montage, and wait for their pictures."""
        explorer.session.montage.change(**chosen)
        settle()
        wait_until(lambda: not explorer.montage.busy)

    def ask_why(self, explorer: Any, row: int) -> None:
        """Ask one cell what sets it apart, and lay its places over the image."""
        why = explorer.tabs.group(WhyTabs).why
        explorer.panel.tabs.setCurrentWidget(why)
        self.dock.session.selection.set_current(row)
        settle()
        why.ask_button.click()
        wait_until(lambda: why.found is not None and not why.busy)
        why.layer_button.click()
        settle()

    def learn(self, explorer: Any) -> ExamplesTab:
        """Suggest names for the cells that have none."""
        tab: ExamplesTab = explorer.tabs.group(ExamplesTab)
        explorer.panel.tabs.setCurrentWidget(tab.page)
        wait_until(lambda: not tab.busy)
        tab.learn()
        wait_until(lambda: not tab.busy)
        return tab

    def diagnose(self) -> None:
        """Ask everything of all cells."""
        _, dock = self.viewer.window.add_plugin_dock_widget(
            "napari-c3r", "C3R Diagnostics", tabify=True
        )
        settle()
        wait_until(lambda: not dock.busy)
        dock.options.run_button.click()
        wait_until(lambda: not dock.busy and dock.controller.diagnosis is not None)
        settle(2)

    def close(self) -> None:
        """Close the window."""
        self.dock.release()
        self.viewer.close()
        settle(1.5)  # workers end before the application does


def walk(folder: Path) -> None:
    """The tour, in the dark theme."""
    shot = Photographer(folder, "dark")
    shot.take("empty")
    shot.open_sample()
    shot.open_step(2)
    shot.take("channels")
    shot.find_cells()
    shot.open_step(3)
    shot.take("cells")
    shot.open_step(4)
    shot.dock.embed.batch.setValue(8)
    shot.dock.embed.embed_button.click()
    wait_until(lambda: "cells/s" in shot.dock.embed.speed.text())
    shot.take("embed")
    shot.idle()
    explorer = shot.make_map()
    shot.take("map")
    tab = explorer.tabs.group(ClusterTabs).tab
    explorer.panel.tabs.setCurrentWidget(tab)
    tab.fineness.step(4)
    wait_until(lambda: not explorer.tabs.busy)
    tab.judge_button.click()
    wait_until(lambda: not explorer.tabs.busy)
    shot.take("clusters")
    shot.dock.session.history.undo()
    explorer.toggle_keys()
    shot.take("keys")
    explorer.toggle_keys()
    explorer.panel.tabs.setCurrentIndex(0)
    clusters = shot.dock.session.result.current.table.obs["cluster"]
    explorer.model.select(np.asarray(clusters == clusters.cat.categories[1]))
    shot.take("selection")
    shot.name(explorer, "rounded")
    shot.take("named")
    gate(explorer)
    shot.take("gates")
    explorer.model.select(np.asarray(clusters == clusters.cat.categories[0]))
    shot.name(explorer, "spread")
    explorer.model.clear()
    examples = shot.learn(explorer)
    shot.take("examples")
    examples.go()
    wait_until(lambda: not examples.busy)
    shot.take("examples_one_by_one")
    explorer.model.clear()
    table(explorer)
    shot.take("table")
    explorer.rows.view.set_filter("")
    shot.show_montage(explorer, by="cluster", which="typical")
    shot.take("montage")
    shot.show_montage(explorer, by="", which="random")
    explorer.colour_by("intensity_mean_RNA")
    shot.take("colour_by")
    explorer.scatter.toolbar.plot_row.click()
    axes = AxisChoice("area_um2", Scale.LOG), AxisChoice("intensity_mean_RNA")
    explorer.session.view.set_plot(PlotChoice(*axes, "cluster"))
    shot.take("panels")
    explorer.session.view.set_plot(PlotChoice())
    explorer.scatter.toolbar.plot_row.click()
    shot.ask_why(explorer, 60)
    shot.take("why_here")
    shot.diagnose()
    shot.take("diagnostics")
    shot.close()


def table(explorer: C3RExplorer) -> None:
    """Rows that fit a filter, sorted, the label always in sight."""
    view = explorer.rows.view
    explorer.panel.tabs.setCurrentWidget(explorer.panel.table_page)
    obs = explorer.session.result.current.table.obs
    size = "area_um2" if "area_um2" in obs else "area_px"
    view.pin("label", True)
    view.sort(((size, False),))
    view.set_filter(f"{size} > {obs[size].median():.0f} and not touches_border")
    settle()


def gate(explorer: C3RExplorer) -> None:
    """Gates on the map, between limits and of both, all of them in colours."""
    session, places = explorer.session, explorer.model.xy
    middle, spread = np.median(places, axis=0), places.std(axis=0)
    low, high = middle - 0.8 * spread, middle + 1.4 * spread
    table = session.result.current.table
    size = "area_um2" if "area_um2" in table.obs else "area_px"
    session.gates.add("middle", Polygon.rectangle("X_umap[0]", "X_umap[1]", low, high))
    session.gates.add("large", Interval(size, float(table.obs[size].quantile(0.6))))
    session.gates.combine("large in the middle", Operator.AND, ["middle", "large"])
    session.selection.select(np.zeros(len(table), bool))
    explorer.panel.tabs.setCurrentWidget(explorer.tabs.group(GateTab).page)
    explorer.colour_by(ALL_GATES)
    settle()


def walk_light(folder: Path) -> None:
    """The same in the light theme, for one picture."""
    shot = Photographer(folder, "light")
    shot.open_sample()
    shot.find_cells()
    shot.embed()
    shot.make_map()
    shot.take("light")
    shot.close()


def main() -> None:
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as settings:
        # Neither the settings of whoever takes the pictures nor their unsaved work are in them.
        os.environ["NAPARI_CONFIG"] = str(Path(settings) / "settings.yaml")
        walk(folder)
        walk_light(folder)
    write_animation(folder, TOUR, folder / "tour.webp")


if __name__ == "__main__":
    main()
