"""The cells that a variant moves, shown everywhere: image, explorer, and two maps."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from qtpy.QtCore import QObject

from napari_c3r.core.diagnose import Kind
from napari_c3r.core.diagnose.charts import method_of
from napari_c3r.core.diagnose.entries import ENCODERS
from napari_c3r.core.diagnose.shifts import shift_of
from napari_c3r.core.figures.colouring import Values
from napari_c3r.core.table.titles import title
from napari_c3r.session import Change, Part, Session
from napari_c3r.widgets.common.docks import Dock, open_dock
from napari_c3r.widgets.common.wording import counted
from napari_c3r.widgets.diagnostics.cells_body import MOVERS, CellsBody
from napari_c3r.widgets.diagnostics.controller import DiagnosticsController, Maps
from napari_c3r.widgets.diagnostics.encoders_body import EncodersBody
from napari_c3r.widgets.diagnostics.map_link import MapLink
from napari_c3r.widgets.diagnostics.maps import TwoMaps
from napari_c3r.widgets.diagnostics.shift_layer import ShiftLayer
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
    body, encoders
        The sections with maps.
    parent
        Of this object.
    """

    def __init__(
        self,
        viewer: napari.viewer.Viewer,
        session: Session,
        controller: DiagnosticsController,
        body: CellsBody,
        encoders: EncodersBody,
        parent: QObject,
    ) -> None:
        super().__init__(parent)
        self._viewer, self._session = viewer, session
        self._controller, self._body = controller, body
        self._link = link_of(viewer)
        self._painting = ShiftLayer(viewer, session, self)
        self._encoders, self._linked = encoders, dict[TwoMaps, MapLink]()
        self._theme = ("#262930", "#ffffff")
        body.paint_requested.connect(self._paint)
        body.movers_requested.connect(self._show_movers)
        body.maps_requested.connect(controller.show_maps)
        encoders.maps_requested.connect(lambda: controller.show_maps(ENCODERS.name))
        controller.mapped.connect(self._show_maps)
        session.changed.connect(self._on_changed)

    def set_theme(self, background: str, foreground: str) -> None:
        """Colours of the window, each ``"#rrggbb"``."""
        self._theme = background, foreground
        for maps in self._linked:
            maps.set_theme(background, foreground)

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
        if variant == ENCODERS.name and self._encoders.result is not None:
            both = self._encoders.show_maps(maps)
            both.method = method_of(found.report) if found is not None else ""
            self._link_maps(both)
            return
        if found is None or variant != self._body.chosen:
            return
        shown = self._body.maps or self._body.make_maps()
        shift = shift_of(found.report, variant)
        shown.show_maps(maps, (str(Kind.ASSIGNED), variant))
        shown.method = method_of(found.report)
        shown.show_values(shift.to_numpy(np.float32), title(str(shift.name)))
        shown.show()
        self._link_maps(shown)

    def _rows(self) -> NDArray[np.intp]:
        """Row in the session's table of every cell that was asked, −1 where it is not shown."""
        found, result = self._controller.diagnosis, self._session.result.current
        if found is None or result is None or result.id != found.result_id:
            return np.empty(0, np.intp)
        return np.asarray(result.table.obs_names.get_indexer(found.report.obs.index), np.intp)

    def _on_changed(self, change: Change) -> None:
        if change.part in (Part.SELECTION, Part.CURRENT):
            self._follow_selection()

    def _follow_selection(self) -> None:
        """Select on the maps what is selected elsewhere."""
        for linked in self._linked.values():
            linked.follow()

    def _link_maps(self, maps: TwoMaps) -> None:
        """Keep maps in step from now on, once."""
        if maps not in self._linked:
            maps.set_theme(*self._theme)
            self._linked[maps] = MapLink(maps, self._session, self._link, self._rows, self)
        self._follow_selection()

    def release(self) -> None:
        """Disconnect from the session and free the graphics card."""
        self._session.changed.disconnect(self._on_changed, missing_ok=True)
        self._painting.release()
        for maps in self._linked:
            maps.release()
