"""Works a real window as a person does, and takes pictures of it."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import napari
from qtpy.QtWidgets import QApplication

from napari_c3r.widgets.explorer.dock import C3RExplorer
from napari_c3r.widgets.explorer.examples.tab import ExamplesTab
from napari_c3r.widgets.explorer.why.tab import WhyTabs

WINDOW = (1480, 940)
MAX_SECONDS = 300


def wait_until(done: Callable[[], bool], doing: Callable[[], object] = lambda: "") -> None:
    """Let the window work until something is so; `doing` says what it is at if it never is."""
    end = time.monotonic() + MAX_SECONDS
    while not done():
        if time.monotonic() > end:
            raise TimeoutError(f"The window did not get there in {MAX_SECONDS} s {doing()}".strip())
        QApplication.processEvents()
        time.sleep(0.01)


def settle(seconds: float = 0.8) -> None:
    """Let the window draw."""
    end = time.monotonic() + seconds
    wait_until(lambda: time.monotonic() > end)


class Photographer:
    """Walks a dock through its steps and takes a picture of each."""

    def __init__(self, folder: Path, theme: str, size: tuple[int, int] = WINDOW) -> None:
        self.folder = folder
        self._explorer: C3RExplorer | None = None
        self.viewer = napari.Viewer(show=True)
        self.viewer.theme = theme
        self.viewer.window.resize(*size)
        _, self.dock = self.viewer.window.add_plugin_dock_widget("napari-c3r", "C3R")

    def take(self, name: str) -> None:
        """Write one picture of the whole window, with all cells that the explorer displays."""
        settle()
        if (explorer := self._explorer) is not None:
            wait_until(lambda: not explorer.montage.busy)
            settle(0.2)
        self.viewer.window.screenshot(
            str(self.folder / f"{name}.png"), canvas_only=False, flash=False
        )

    def idle(self) -> None:
        """Wait for the job that was started."""
        control = self.dock.controller
        wait_until(lambda: not control.busy, lambda: control.under_way)
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
        self._explorer = C3RExplorer(self.viewer)
        return self._explorer

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
