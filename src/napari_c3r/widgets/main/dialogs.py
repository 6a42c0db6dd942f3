"""The questions that need a file's or folder's name."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from qtpy.QtWidgets import QFileDialog, QWidget

from napari_c3r.core.table.formats import DEFAULT_SUFFIX
from napari_c3r.session.file import SUFFIX
from napari_c3r.widgets.common.files import table_filters, with_suffix
from napari_c3r.widgets.main.controller import Controller


class Dialogs:
    """Asks, and hands the answer to the controller.

    Parameters
    ----------
    parent
        Over which window to ask.
    controller
        Who carries it out.
    """

    def __init__(self, parent: QWidget, controller: Controller) -> None:
        self._parent = parent
        self._control = controller

    def open_files(self) -> None:
        """Images of one or many fields."""
        paths, _ = QFileDialog.getOpenFileNames(self._parent, "Open images of one or many fields")
        if paths:
            self._control.open_paths(paths)

    def open_folder(self) -> None:
        """A folder, a plate, or a saved session."""
        path = self._folder("Open a folder of images, or a plate")
        if path:
            self._control.open_paths([path])

    def open_plate_map(self) -> None:
        """A table of what was done to the wells."""
        kinds = "Plate map (*.csv *.tsv *.txt *.tab *.xlsx *.xlsm *.gz *.zip);;Any file (*)"
        path, _ = QFileDialog.getOpenFileName(self._parent, "Open a plate map", "", kinds)
        if path:
            self._control.plate_maps.read(path)

    def open_encoder(self, expect: Callable[[str], None]) -> None:
        """A model folder; `expect` is told of it before it is loaded."""
        path = self._folder("Open a model folder")
        if path:
            expect(path)
            self._control.embedding.load_encoder(path)

    def open_session(self) -> None:
        """A saved session."""
        path = self._folder("Open the folder of a session")
        if path:
            self._control.persistence.open(path)

    def save_session(self, settings: dict[str, Any]) -> None:
        """A folder to keep the session in."""
        before = self._control.persistence.folder or Path(f"session{SUFFIX}")
        path, _ = QFileDialog.getSaveFileName(
            self._parent, "Save the session in a folder", str(before), f"Session (*{SUFFIX})"
        )
        if path:
            self._control.persistence.save(
                path if path.endswith(SUFFIX) else path + SUFFIX, settings
            )

    def export(self) -> None:
        """A table's file."""
        path, kind = QFileDialog.getSaveFileName(
            self._parent, "Export the table", f"cells{DEFAULT_SUFFIX}", table_filters()
        )
        if path:
            self._control.persistence.export(with_suffix(path, kind))

    def report(self) -> None:
        """A page on the experiment."""
        path, _ = QFileDialog.getSaveFileName(
            self._parent, "Write a report of the experiment", "report.html", "Page (*.html)"
        )
        if path:
            name = path.rpartition("/")[2]
            self._control.persistence.report(path if "." in name else f"{path}.html")

    def open_fit(self, take: Callable[[str], None]) -> None:
        """A folder with a CellPainTR that was kept."""
        if path := self._folder("Choose the folder of a kept CellPainTR"):
            take(path)

    def _folder(self, title: str) -> str:
        return QFileDialog.getExistingDirectory(self._parent, title)
