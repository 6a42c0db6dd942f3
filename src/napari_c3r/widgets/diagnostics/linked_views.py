"""The cells that a variant moves, shown everywhere: image, explorer, and two maps."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from qtpy.QtCore import QObject

from napari_c3r.core.diagnose import Kind
from napari_c3r.core.table.titles import title
from napari_c3r.session import Change, Part, Session
from napari_c3r.widgets.common.docks import Dock, open_dock
from napari_c3r.widgets.common.wording import counted
from napari_c3r.widgets.diagnostics.cells_body import MOVERS, CellsBody
from napari_c3r.widgets.diagnostics.controller import DiagnosticsController, Maps
from napari_c3r.widgets.diagnostics.shift_layer import ShiftLayer, shift_of
from napari_c3r.widgets.scatter.appearance import Values
from napari_c3r.widgets.viewer.layers import SHIFT
from napari_c3r.widgets.viewer.linking import link_of

if TYPE_CHECKING:
    import napari.viewer


class LinkedViews(QObject):
    """Carries out what the section on cells asks for, and keeps selections in step.

    Parameters
    ----------
    viewer, session
        Where to show cells, and whose.
    controller
        What was found of them.
    body
        The section.
    parent
        Of this object.
    """

    def __init__(
        self,
        viewer: napari.viewer.Viewer,
        session: Session,
        controller: DiagnosticsController,
        body: CellsBody,
        parent: QObject,
    ) -> None:
        super().__init__(parent)
        self._viewer, self._session = viewer, session
        self._controller, self._body = controller, body
        self._link = link_of(viewer)
        self._painting = ShiftLayer(viewer, session, self)
        self._theme = ("#262930", "#ffffff")
        body.paint_requested.connect(self._paint)
        body.movers_requested.connect(self._show_movers)
        body.maps_requested.connect(controller.show_maps)
        controller.mapped.connect(self._show_maps)
        session.changed.connect(self._on_changed)

    def set_theme(self, background: str, foreground: str) -> None:
        """Colours of the window, each ``"#rrggbb"``."""
        self._theme = background, foreground
        if self._body.maps is not None:
            self._body.maps.set_theme(background, foreground)

    def _paint(self, variant: str) -> None:
        found = self._controller.diagnosis
        if found is None:
            return
        values = shift_of(found.report, variant)
        self._painting.paint(values)
        called = title(str(values.name))
        self._body.show_scale(Values.spanning(values.to_numpy(np.float32), called))
        self._body.show_said(
            f"Coloured in the layer '{SHIFT}'; the explorer can colour by '{called}'"
        )

    def _show_movers(self, variant: str) -> None:
        """Select the cells that move most, and open the explorer, which has their pictures."""
        found, result = self._controller.diagnosis, self._session.result.current
        if found is None or result is None:
            return
        report = found.report
        moved = report.obs.index[report.most_moved(variant, MOVERS)]
        mask = np.asarray(result.table.obs_names.isin(moved))
        open_dock(self._viewer, Dock.EXPLORER)
        self._session.selection.select(mask)
        shown = int(mask.sum())
        line = f"Selected {counted(shown, 'cell')}; the explorer has their pictures"
        hidden = len(moved) - shown
        self._body.show_said(f"{line}; {hidden} are hidden by a filter" if hidden else line)

    def _show_maps(self, variant: str, maps: Maps) -> None:
        found = self._controller.diagnosis
        if found is None or variant != self._body.chosen:
            return
        if self._body.maps is None:
            made = self._body.make_maps()
            made.set_theme(*self._theme)
            made.selected.connect(self._on_selected)
            made.pointed.connect(self._on_pointed)
        assert self._body.maps is not None
        shift = shift_of(found.report, variant)
        titles = str(Kind.ASSIGNED), variant
        self._body.maps.show_maps(maps, titles, shift.to_numpy(np.float32), title(str(shift.name)))
        self._body.maps.show()
        self._follow_selection()

    def _rows(self) -> NDArray[np.intp]:
        """Row in the session's table of every cell that was asked, −1 where it is not shown."""
        found, result = self._controller.diagnosis, self._session.result.current
        if found is None or result is None or result.id != found.job.result_id:
            return np.empty(0, np.intp)
        return np.asarray(result.table.obs_names.get_indexer(found.report.obs.index), np.intp)

    def _on_changed(self, change: Change) -> None:
        if change.part in (Part.SELECTION, Part.CURRENT):
            self._follow_selection()

    def _follow_selection(self) -> None:
        """Select on the two maps what is selected elsewhere."""
        if not self._body.comparing or self._body.maps is None:
            return
        rows, selection = self._rows(), self._session.selection.mask
        if len(rows) and len(selection):
            here = np.flatnonzero((rows >= 0) & (rows == self._session.selection.current))
            mask = selection[rows] & (rows >= 0)
            self._body.maps.show_selection(mask, int(here[0]) if len(here) else None)

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

    def release(self) -> None:
        """Disconnect from the session and free the graphics card."""
        self._session.changed.disconnect(self._on_changed, missing_ok=True)
        self._painting.release()
        if self._body.maps is not None:
            self._body.maps.release()
