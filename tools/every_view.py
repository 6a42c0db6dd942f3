"""Pictures of every step and tab, for whoever looks at them as a designer does.

Each in the dark and the light theme, in a small window and in a dock of 300 px, before there is
anything to show and with the longest names that people give.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import tifffile
from qtpy.QtCore import Qt
from qtpy.QtWidgets import QDockWidget, QMainWindow

from napari_c3r.core.figures.plot import AxisChoice, PlotChoice
from napari_c3r.core.gates import ALL_GATES, Interval, Operator, Polygon
from napari_c3r.core.simulate import simulate_field
from napari_c3r.core.simulate.parameters import Population
from napari_c3r.core.simulate.presets import ROUNDED, U2OS
from napari_c3r.widgets.common.collapsible import Collapsible
from napari_c3r.widgets.common.docks import Dock, ViewerDock, open_dock
from napari_c3r.widgets.common.key_list import KeyList
from napari_c3r.widgets.diagnostics.dock import C3RDiagnostics
from napari_c3r.widgets.explorer.clusters_tab import ClusterTabs
from napari_c3r.widgets.explorer.dock import C3RExplorer
from tools.photographer import Photographer, settle, wait_until

SMALL_WINDOW = (1280, 800)
NARROW_PX = 300
THEMES = ("dark", "light")
_OURS = (Qt.DockWidgetArea.RightDockWidgetArea, Qt.DockWidgetArea.BottomDockWidgetArea)
REST_S = 0.25
"""What a window needs to find its shape."""
CHANNELS = (
    "Hoechst 33342 nuclear stain (405/450 nm)",
    "Concanavalin A Alexa Fluor 488 conjugate",
    "SYTO 14 green RNA stain (531/593 nm, 20x)",
    "Phalloidin 568 and wheat germ agglutinin",
    "MitoTracker Deep Red (628/692 nm, live)",
)
VEHICLE, COMPOUND = "DMSO 0.1 % vehicle control", "N-(4-hydroxyphenyl)retinamide (fenretinide)"
TREATMENT, DOSE = "Compound given to the cells (vendor name)", "Dose (uM)"
WELLS = (
    *((f"B{column:02d}", VEHICLE, 0.0) for column in range(2, 8)),
    *((f"C{column:02d}", COMPOUND, 1.0) for column in range(2, 5)),
    *((f"C{column:02d}", COMPOUND, 10.0) for column in range(5, 8)),
)
GATES = ("large nuclei with bright reticulum (run 3)", "left part of the map as of 14 May 2026")
BOTH = "large nuclei in the left part of the map of 14 May"
NAMES = ("rounded up, most likely before division", "spread, with a long actin fibre")


def write_plate(folder: Path) -> Path:
    """A field for each well, with names as long as they get, and the plate map beside them."""
    folder.mkdir()
    rows = [f"Well,{TREATMENT},{DOSE}"]
    for number, (well, compound, dose) in enumerate(WELLS):
        share = dose / 10
        made = simulate_field(
            shape=(320, 320),
            n_cells=9,
            seed=number,
            phenotypes=(
                Population("untreated", U2OS, share=1.05 - share),
                Population("rounded", ROUNDED, share=0.15 + share),
            ),
        )
        step = made.image.pixel_size_um
        tifffile.imwrite(
            folder / f"2026-05-14_U2OS_experiment0012_plate1_{well}_s1.ome.tif",
            np.asarray(made.image.data),
            metadata={
                "axes": "CYX",
                "Channel": {"Name": list(CHANNELS)},
                "PhysicalSizeX": step,
                "PhysicalSizeY": step,
            },
        )
        rows.append(f"{well},{compound},{dose:g}")
    (folder / "plate map with what was given.csv").write_text("\n".join(rows) + "\n")
    return folder


class Survey(Photographer):
    """Takes each picture in both themes, in the small window and in a narrow dock.

    Parameters
    ----------
    folder
        Gets a folder for each kind of picture.
    only
        What the names of pictures are to contain, a regular expression; all contain the empty one.
    """

    def __init__(self, folder: Path, only: str = "") -> None:
        super().__init__(folder, THEMES[0], SMALL_WINDOW)
        self._only = only
        for kind in ("small", "narrow"):
            for theme in THEMES:
                (folder / f"{kind}_{theme}").mkdir(parents=True, exist_ok=True)

    def look(self, dock: ViewerDock, name: str) -> None:
        """Take the pictures of a dock."""
        if not re.search(self._only, name):
            return
        frame = dock.frame()
        assert frame is not None
        frame.show()
        frame.raise_()
        for theme in THEMES:
            self.viewer.theme = theme
            settle(REST_S)
            path = self.folder / f"small_{theme}" / f"{name}.png"
            self.viewer.window.screenshot(str(path), canvas_only=False, flash=False)
        with _Narrow(frame):
            for theme in reversed(THEMES):
                self.viewer.theme = theme
                settle(REST_S)
                frame.grab().save(str(self.folder / f"narrow_{theme}" / f"{name}.png"))

    def steps(self, name: str) -> None:
        """Each step of the first dock."""
        for number, step in self.dock.steps.items():
            self.open_step(number)
            self.look(self.dock, f"{name}_{number.value}_{number.title.lower()}")
            folds = [fold for fold in step.findChildren(Collapsible) if fold.isVisible()]
            if name == "done" and folds:
                for fold in folds:
                    fold.button.setChecked(True)
                self.look(self.dock, f"{name}_{number.value}_{number.title.lower()}_unfolded")
                for fold in folds:
                    fold.button.setChecked(False)

    def tabs(self, explorer: C3RExplorer, name: str, before: Callable[[str], None]) -> None:
        """Each tab of the explorer."""
        bar = explorer.panel.tabs
        for number in range(bar.count()):
            title = bar.tabText(number)
            bar.setCurrentIndex(number)
            before(title)
            settle(0.3)
            wait_until(lambda: not explorer.tabs.busy)
            self.look(explorer, f"{name}_{number}_{title.lower().replace(' ', '_')}")


class _Narrow:
    """A dock of 300 px alone beside the image, until all is again as it was."""

    def __init__(self, frame: QDockWidget) -> None:
        window = frame.parent()
        assert isinstance(window, QMainWindow)
        self._window, self._frame = window, frame
        self._size, self._docks = window.size(), window.saveState()

    def __enter__(self) -> None:
        for other in self._window.findChildren(QDockWidget):
            if other is not self._frame and self._window.dockWidgetArea(other) in _OURS:
                other.hide()
        self._window.addDockWidget(Qt.DockWidgetArea.RightDockWidgetArea, self._frame)
        self._frame.show()
        self._window.resizeDocks([self._frame], [NARROW_PX], Qt.Orientation.Horizontal)
        settle(REST_S)

    def __exit__(self, *_: Any) -> None:
        self._window.restoreState(self._docks)
        self._window.resize(self._size)
        settle(REST_S)


def every_view(folder: Path, work: Path, only: str = "") -> None:
    """Take them all.

    Parameters
    ----------
    folder
        For the pictures.
    work
        Written to, with the images that are shown.
    only
        What the names of pictures are to contain, a regular expression.
    """
    shot = Survey(folder, only)
    shot.steps("empty")
    explorer = _empty_docks(shot)
    _through_the_steps(shot, explorer, work)
    _gates_and_names(explorer)
    _axes(shot, explorer)

    def before(title: str) -> None:
        if title == "Clusters":
            explorer.tabs.group(ClusterTabs).tab.judge_button.click()
            wait_until(lambda: not explorer.tabs.busy)
        if title == "Why here":
            shot.ask_why(explorer, 20)
        if title == "Examples":
            shot.learn(explorer)

    shot.tabs(explorer, "full", before)
    _open_rows(shot, explorer)
    _keys(shot, explorer)
    shot.diagnose()
    shot.look(C3RDiagnostics(shot.viewer), "diagnostics_full")
    shot.close()


def _empty_docks(shot: Survey) -> C3RExplorer:
    """The other docks before there is anything."""
    open_dock(shot.viewer, Dock.DIAGNOSTICS)
    diagnostics = C3RDiagnostics(shot.viewer)
    settle(1)
    shot.look(diagnostics, "diagnostics_empty")
    frame = diagnostics.frame()
    assert frame is not None
    frame.close()
    open_dock(shot.viewer, Dock.EXPLORER)
    explorer = C3RExplorer(shot.viewer)
    settle(1)
    shot.look(explorer, "explorer_empty")
    return explorer


def _through_the_steps(shot: Survey, explorer: C3RExplorer, work: Path) -> None:
    dock = shot.dock
    dock.controller.open_paths([str(write_plate(work / "plate1"))])
    shot.idle()
    shot.look(dock, "scanned")
    dock.image.scan.load_button.click()
    shot.idle()
    settle(1)
    shot.idle()
    shot.steps("loaded")
    shot.open_step(3)
    shot.find_cells()
    shot.look(dock, "cells_found")
    shot.open_step(4)
    dock.embed.encoder.choose(str(quick_encoder(work / "encoder")))
    dock.embed.encoder.chosen.emit()
    shot.idle()
    dock.embed.scope.setCurrentIndex(dock.embed.scope.count() - 1)
    dock.embed.scope.activated.emit(dock.embed.scope.count() - 1)
    dock.embed.embed_button.click()
    shot.idle()
    shot.tabs(explorer, "no_map", lambda _: None)
    shot.open_step(5)
    dock.map.map_button.click()
    shot.idle()
    shot.viewer.reset_view()
    settle(2)
    shot.steps("done")


def quick_encoder(folder: Path) -> Path:
    """A network too small to see anything: what is looked at is not what it found."""
    import torch

    from napari_c3r.core.encoder import write_model_folder
    from napari_c3r.core.encoder.families import find_family
    from napari_c3r.core.encoder.families.cce import CceConfig

    config = CceConfig(
        name="Context-concept encoder of fibroblasts, third run",
        width=32,
        heads=2,
        branch_depth=1,
        joint_depth=1,
        position_grid=2,
        input_size=32,
        field_um=40.0,
        readout="cls+std",
        trained=True,
    )
    torch.manual_seed(1)
    network = find_family(config.architecture).make_network(config)
    weights = {name: value + 0.2 for name, value in network.state_dict().items()}
    return write_model_folder(folder, config, weights, "# Quick\n")


def _axes(shot: Survey, explorer: C3RExplorer) -> None:
    explorer.scatter.toolbar.plot_row.click()
    shot.look(explorer, "axes_map")
    axes = AxisChoice("area_um2"), AxisChoice(f"intensity_mean_{CHANNELS[2]}")
    explorer.session.view.set_plot(PlotChoice(*axes, "cluster"))
    shot.look(explorer, "axes_panels")
    explorer.session.view.set_plot(PlotChoice())
    explorer.scatter.toolbar.plot_row.click()


def _gates_and_names(explorer: C3RExplorer) -> None:
    session, places = explorer.session, explorer.model.xy
    middle, spread = np.median(places, axis=0), places.std(axis=0)
    low, high = middle - 0.8 * spread, middle + 1.4 * spread
    table = session.result.current.table
    session.gates.add(GATES[0], Interval("area_um2", float(table.obs["area_um2"].quantile(0.6))))
    session.gates.add(GATES[1], Polygon.rectangle("X_umap[0]", "X_umap[1]", low, high))
    session.gates.combine(BOTH, Operator.AND, GATES)
    clusters = table.obs["cluster"]
    for name, category in zip(NAMES, clusters.cat.categories, strict=False):
        rows = np.flatnonzero(clusters == category)[:12]
        mask = np.isin(np.arange(len(table)), rows)
        session.result.annotate(mask, name)
    session.selection.select(np.asarray(clusters == clusters.cat.categories[0]))
    explorer.colour_by(ALL_GATES)
    settle()


def _open_rows(shot: Survey, explorer: C3RExplorer) -> None:
    """What unfolds above and beside the table."""
    panel = explorer.panel
    panel.tabs.setCurrentIndex(0)
    panel.name_button.click()
    panel.naming.names.setEditText(NAMES[0])
    shot.look(explorer, "row_name")
    panel.name_button.click()
    panel.similar_button.click()
    shot.look(explorer, "row_similar")
    panel.similar_button.click()
    view = explorer.rows.view
    view.pin("label", True)
    view.pin("well", True)
    view.sort((("area_um2", False),))
    view.set_filter("area_um2 > 100 and not touches_border")
    shot.look(explorer, "table_filtered")
    view.set_filter("area_um2 > abc")
    shot.look(explorer, "table_wrong_filter")
    view.set_filter("")
    explorer.colour_by(f"intensity_mean_{CHANNELS[2]}")
    shot.look(explorer, "coloured_by_number")
    shot.show_montage(explorer, by="cluster", which="typical")
    shot.look(explorer, "montage_rows")
    shot.show_montage(explorer, by="", which="random")


def _keys(shot: Survey, explorer: C3RExplorer) -> None:
    explorer.toggle_keys()
    settle(0.5)
    window = explorer.window()
    assert window is not None
    for theme in THEMES:
        shot.viewer.theme = theme
        settle(0.5)
        for shown in window.findChildren(KeyList):
            shown.grab().save(str(shot.folder / f"small_{theme}" / "keys.png"))
    explorer.toggle_keys()
