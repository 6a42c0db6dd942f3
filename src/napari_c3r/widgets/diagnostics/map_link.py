"""Two maps of cells that were asked, kept in step with what is selected everywhere else."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from qtpy.QtCore import QObject

from napari_c3r.widgets.diagnostics.maps import TwoMaps

if TYPE_CHECKING:
    from napari_c3r.session import Session
    from napari_c3r.widgets.viewer.linking import ImageLink


class MapLink(QObject):
    """Carries selections from two maps to the session and back.

    Parameters
    ----------
    maps
        The maps.
    session
        Whose selection.
    link
        What moves the viewer to a cell.
    rows
        Gives the row in the session's table of every cell on the maps, −1 where it is not shown.
    parent
        Of this object.
    """

    def __init__(
        self,
        maps: TwoMaps,
        session: Session,
        link: ImageLink,
        rows: Callable[[], NDArray[np.intp]],
        parent: QObject,
    ) -> None:
        super().__init__(parent)
        self.maps, self._session, self._link, self._rows = maps, session, link, rows
        maps.selected.connect(self._on_selected)
        maps.pointed.connect(self._on_pointed)

    def follow(self) -> None:
        """Select on the two maps what is selected elsewhere."""
        if self.maps.isHidden():
            return
        rows, selection = self._rows(), self._session.selection.mask
        if len(rows) and len(selection):
            here = np.flatnonzero((rows >= 0) & (rows == self._session.selection.current))
            mask = selection[rows] & (rows >= 0)
            self.maps.show_selection(mask, int(here[0]) if len(here) else None)

    def _on_selected(self, mask: NDArray[np.bool_]) -> None:
        rows = self._rows()
        if len(rows) == len(mask):
            chosen = np.zeros(len(self._session.selection.mask), bool)
            chosen[rows[mask & (rows >= 0)]] = True
            self._session.selection.select(chosen)

    def _on_pointed(self, index: int | None) -> None:
        rows = self._rows()
        row = None if index is None or not len(rows) or rows[index] < 0 else int(rows[index])
        self._session.selection.set_current(row)
        if row is not None:
            self._link.centre_on(row)
