"""Finds the cells most like those selected, or like the one pointed at, and selects them too."""

from __future__ import annotations

import threading
from collections.abc import Generator

import numpy as np
from numpy.typing import NDArray
from qtpy.QtCore import QObject

from napari_c3r.core.learn.similar import SimilarCells, similar_cells
from napari_c3r.core.profiles.marks import vector_parts
from napari_c3r.session import Change, Part, Session
from napari_c3r.widgets.common.jobs import Jobs
from napari_c3r.widgets.common.key_actions import KeyAction
from napari_c3r.widgets.common.wording import counted
from napari_c3r.widgets.explorer.panel import ExplorerPanel
from napari_c3r.widgets.explorer.similar_row import EVERYTHING, NOTHING


class SimilarFinder(QObject):
    """Connects the row with result and selection.

    Parameters
    ----------
    session
        With result and selection.
    panel
        With the row and its button.
    """

    def __init__(self, session: Session, panel: ExplorerPanel) -> None:
        super().__init__(panel)
        self._session, self._row, self._say = session, panel.similar, panel.say
        self._button = panel.similar_button
        self._jobs = Jobs(self)
        self._jobs.failed.connect(self._on_failed)
        self._row.wanted.connect(self.find)
        session.changed.connect(self._on_changed)
        self._show()

    @property
    def busy(self) -> bool:
        """Whether cells are being compared."""
        return self._jobs.running is not None

    def actions(self) -> list[KeyAction]:
        """The key that opens the row, and then finds the cells."""
        return [KeyAction(("M",), "Find the cells most like those selected", self._on_key)]

    def find(self) -> None:
        """Add the cells most like those selected, or like the one pointed at, to the selection."""
        result, like = self._session.result.current, self._like()
        if result is None or not like.any():
            return
        table, count, channel = result.table, self._row.count.value(), self._row.channels
        vectors, var = table.X, table.var
        channels = None if channel.currentData() is None else [channel.currentData()]
        by = self._row.by.currentData()
        among = self._session.gates.scope()

        def body(_: threading.Event) -> Generator[str, None, tuple[object, SimilarCells]]:
            from anndata import AnnData

            yield "comparing"
            return table, similar_cells(
                AnnData(vectors, var=var), like, count, channels=channels, by=by, among=among
            )

        self._jobs.start("find similar cells", body, self._on_found)

    def _on_key(self) -> None:
        if self._button.isChecked():
            self.find()
        else:
            self._button.click()

    def release(self) -> None:
        """Stop comparing and disconnect from the session."""
        self._jobs.discard()
        self._session.changed.disconnect(self._on_changed, missing_ok=True)

    def _like(self) -> NDArray[np.bool_]:
        """The cells selected; where there are none, the one pointed at."""
        selection = self._session.selection
        like = selection.mask.copy()
        if not like.any() and selection.current is not None:
            like[selection.current] = True
        return like

    def _on_found(self, found: tuple[object, SimilarCells]) -> None:
        table, similar = found
        result = self._session.result.current
        if result is None or result.table is not table:
            return
        chosen = self._like()
        chosen[similar.rows] = True
        self._session.selection.select(chosen)
        if len(similar.rows):
            self._say(
                f"Added {counted(len(similar.rows), 'cell')}, of cosine "
                f"{similar.similarity[0]:.2f} to {similar.similarity[-1]:.2f}"
            )

    def _on_failed(self, _: str, line: str) -> None:
        self._say(line)

    def _on_changed(self, change: Change) -> None:
        if change.part in (Part.RESULT, Part.MAP):
            result = self._session.result.current
            self._row.offer([] if result is None else list(vector_parts(result.table)))
        if change.part in (Part.RESULT, Part.MAP, Part.SELECTION, Part.CURRENT):
            self._show()

    def _show(self) -> None:
        like = self._like()
        count = int(like.sum())
        reason = NOTHING if not count else EVERYTHING if count == len(like) else ""
        self._row.show_state(count, reason)
