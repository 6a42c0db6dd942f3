"""Take the pictures of docs/: the sample, step by step, in the real window.

``python -m tools.screenshots docs/images`` takes those;
``python -m tools.screenshots FOLDER --every`` takes each step and tab, in both themes, in a small
window and in a dock of 300 px, empty and full, to be looked at.
"""

from __future__ import annotations

import argparse
import os
import tempfile
from pathlib import Path

import numpy as np

from napari_c3r.core.figures.axes import Scale
from napari_c3r.core.figures.plot import AxisChoice, PlotChoice
from napari_c3r.core.gates import ALL_GATES, Interval, Operator, Polygon
from napari_c3r.widgets.explorer.clusters_tab import ClusterTabs
from napari_c3r.widgets.explorer.dock import C3RExplorer
from napari_c3r.widgets.explorer.gates.tab import GateTab
from tools.animation import write_animation
from tools.every_view import every_view
from tools.photographer import Photographer, settle, wait_until

TOUR = (
    *("empty", "channels", "cells", "embed", "map", "selection", "named", "table"),
    *("gates", "examples", "montage", "colour_by", "diagnostics"),
)
"""The pictures that become one which moves."""


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
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, help="where to write the pictures")
    parser.add_argument("--every", action="store_true", help="every step and tab, to be looked at")
    parser.add_argument("--only", default="", help="with --every: a pattern of names of pictures")
    asked = parser.parse_args()
    asked.folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as settings:
        # Neither the settings of whoever takes the pictures nor their unsaved work are in them.
        os.environ["NAPARI_CONFIG"] = str(Path(settings) / "settings.yaml")
        if asked.every:
            every_view(asked.folder, Path(settings), asked.only)
            return
        walk(asked.folder)
        walk_light(asked.folder)
    write_animation(asked.folder, TOUR, asked.folder / "tour.webp")


if __name__ == "__main__":
    main()
