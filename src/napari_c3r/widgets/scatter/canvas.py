"""The map itself: a view of the points under the overlay, kept true to the model."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from psygnal import SignalInstance
from qtpy.QtCore import QPointF, QRect, QSize, Qt, Signal
from qtpy.QtGui import QResizeEvent
from qtpy.QtWidgets import QWidget

from napari_c3r.core.figures.colouring import automatic_size
from napari_c3r.core.figures.colours import mixed
from napari_c3r.core.figures.facets import Page
from napari_c3r.widgets.scatter.camera import Camera
from napari_c3r.widgets.scatter.decor import decor_of
from napari_c3r.widgets.scatter.model import ScatterModel, SelectMode
from napari_c3r.widgets.scatter.outlines import Outline
from napari_c3r.widgets.scatter.overlay import Overlay
from napari_c3r.widgets.scatter.protocol import ScatterView
from napari_c3r.widgets.scatter.sheet import Look, Panels, Sheet, sheet_of

PICK_SLACK = 4
"""How far from a point, in screen pixels, the mouse still means it."""

# Of the foreground, in the points of all cells behind those of a panel.
_FAINT = 0.16

MAGNIFICATION = (0.2, 5000.0)
"""How far one can zoom out and in, relative to all points shown."""


class Drawn(NamedTuple):
    """The lasso or rectangle that chose the selected points alone, in one plot.

    Attributes
    ----------
    corners
        (M, 2), places on the plot.
    inside
        The points in it, bool (N,).
    """

    corners: NDArray[np.float64]
    inside: NDArray[np.bool_]


class MapCanvas(QWidget):
    """Shows a `ScatterModel` in a `ScatterView` and turns the mouse into selections.

    Attributes
    ----------
    drawn
        What was drawn last; None where that is not what chose the selected points.

    Signals
    -------
    laid_out
        Other panels are shown, or another plot.
    """

    laid_out = Signal()

    def __init__(self, model: ScatterModel, view: ScatterView) -> None:
        super().__init__()
        self.model = model
        self.view = view
        self.camera = Camera()
        self.sheet: Sheet = sheet_of(model, 0, (1, 1))
        self.drawn: Drawn | None = None
        self._outlines: list[Outline] = []
        self.point_size = automatic_size(0)
        self._background, self._foreground = "#000000", "#ffffff"
        self._paths: list[NDArray[np.intp]] = []
        self._look: Look | None = None
        view.native.setParent(self)
        # Mouse and keys are for the overlay.
        view.native.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.overlay = Overlay(self)
        self.setFocusProxy(self.overlay)
        self.setMinimumSize(120, 100)
        self._connect()
        self._on_points_changed()

    def sizeHint(self) -> QSize:
        return QSize(420, 320)

    def set_theme(self, background: str, foreground: str) -> None:
        """Colours, as ``"#rrggbb"``, of the ground and of lasso and rings."""
        self._background, self._foreground = background, foreground
        self.view.set_background(background)
        self.overlay.set_foreground(foreground)
        self._place_ghosts()
        self._recolour()
        self._decorate()

    def set_outlines(self, outlines: list[Outline]) -> None:
        """Named closed lines to draw in the plot, their corners places on it."""
        self._outlines = outlines
        self._place_outlines()

    def set_point_size(self, diameter: float) -> None:
        """Diameter of a point in screen pixels."""
        self.point_size = diameter
        self.view.set_size(diameter)
        self._place_rings()

    def set_paths(self, paths: list[NDArray[np.intp]]) -> None:
        """Draw lines through points, each given as theirs in its order."""
        self._paths = paths
        self._place_rings()

    def fit(self) -> None:
        """Show all points."""
        if self._look is not None:
            self._look_at(None)
        self._set_camera(self.camera.fitted(self.sheet.whole))

    @property
    def page(self) -> Page | None:
        """The panels that are shown; None for one plot."""
        return self.sheet.page if isinstance(self.sheet, Panels) else None

    def turn_to(self, number: int) -> None:
        """Show another page of panels."""
        if self.page is not None and number != self.page.number:
            self._lay_out(number)
            self._set_camera(self.camera.fitted(self.sheet.whole))

    def _look_at(self, look: Look | None) -> None:
        """Show another part of the plot in every panel."""
        if self.page is not None:
            self._look = look
            self._lay_out(self.page.number)
            self._set_camera(self.camera.fitted(self.sheet.whole))

    def release(self) -> None:
        """Let go of the model and of what the view holds on the graphics card."""
        for signal, slot in self._links():
            signal.disconnect(slot, missing_ok=True)
        self.view.release()

    def resizeEvent(self, event: QResizeEvent) -> None:
        inside = QRect(0, 0, self.width(), self.height())
        self.view.native.setGeometry(inside)
        self.overlay.setGeometry(inside)
        size = max(self.width(), 1), max(self.height(), 1)
        whole = self.sheet.whole
        if self.page is None:
            self._set_camera(self.camera.resized(size, whole))
        else:
            # What was on the first page before is among what is on it now, or on the one after.
            first = self.page.first
            self.camera = replace(self.camera, size=size)
            now = sheet_of(self.model, 0, size, self._look)
            self._lay_out(first // now.page.each if isinstance(now, Panels) else 0)
            self._set_camera(self.camera.fitted(self.sheet.whole))

    def _connect(self) -> None:
        for signal, slot in self._links():
            signal.connect(slot)
        self.overlay.panned.connect(self._on_panned)
        self.overlay.zoomed.connect(self._on_zoomed)
        self.overlay.lassoed.connect(self._on_lassoed)
        self.overlay.picked.connect(self._on_picked)
        self.overlay.pointed.connect(self._on_pointed)
        self.overlay.fit_requested.connect(self.fit)

    def _links(self) -> list[tuple[SignalInstance, Callable[..., None]]]:
        model = self.model
        return [
            (model.points_changed, self._on_points_changed),
            (model.colours_changed, self._recolour),
            (model.moved, self._on_points_changed),
            (model.selection_changed, self._on_selection_changed),
            (model.current_changed, self._on_current_changed),
            (model.hovered, self._place_rings),
            (model.marked_changed, self._place_rings),
        ]

    def _on_points_changed(self) -> None:
        # They may be other points now, as many as before or not.
        self._paths, self._look = [], None
        self._lay_out(0)
        self.fit()

    def _lay_out(self, page: int) -> None:
        self.drawn, self._outlines = None, []
        self.sheet = sheet = sheet_of(self.model, page, self.camera.size, self._look)
        # Whoever turns the pages may come or go, and all is laid out in the room that is left.
        self.laid_out.emit()
        if self.sheet is sheet:
            self.view.set_points(sheet.xy)
            self._place_ghosts()
            self._recolour()

    def _place_ghosts(self) -> None:
        faint = mixed(self._background, self._foreground, _FAINT)
        self.view.set_ghosts(self.sheet.ghosts, faint)

    def _recolour(self) -> None:
        colours, order = self.model.paint(self._background)
        shown = self.sheet.shown if isinstance(self.sheet, Panels) else None
        self.view.set_colours(colours, order if shown is None else order.compress(shown[order]))
        selected, count = int(self.model.selection.sum()), self.model.count
        self.overlay.setAccessibleDescription(f"{count:,} points, {selected:,} selected")

    def _on_selection_changed(self) -> None:
        self._recolour()
        if self.page is not None:
            self._decorate()

    def _on_current_changed(self, index: int | None) -> None:
        if index is not None:
            if isinstance(self.sheet, Panels):
                self.turn_to(self.sheet.page_with(index))
            x, y = self.sheet.place(index)
            if isinstance(self.sheet, Panels) and self._look is not None and np.isnan(x):
                there_x, there_y = (float(each) for each in self.model.xy[index])
                if np.isfinite((there_x, there_y)).all():
                    self._look_at(replace(self._look, centre=(there_x, there_y)))
            elif np.isfinite((x, y)).all() and not self.camera.shows((x, y)):
                self._set_camera(self.camera.centred((float(x), float(y))))
        self._place_rings()

    def _place_rings(self) -> None:
        model, rings = self.model, []
        styles = [(model.under_mouse, 4, 1.6), (model.current, 8, 2.4)]
        styles += [(int(index), 4, 0.8) for index in model.marked]
        for index, gap, width in styles:
            if index is not None:
                x, y = self.on_screen(index)
                if np.isfinite(x):
                    rings.append((QPointF(x, y), self.point_size + gap, width))
        self.overlay.set_rings(rings)
        self.overlay.set_paths([self.camera.to_screen(self.sheet.xy[path]) for path in self._paths])

    def _on_panned(self, dx: float, dy: float) -> None:
        if isinstance(self.sheet, Panels):
            self._look_at(self.sheet.panned(dx, dy))
            return
        self._set_camera(self.camera.panned(dx, dy))

    def _on_zoomed(self, factor: float, at: QPointF) -> None:
        if isinstance(self.sheet, Panels):
            low, high = (limit / self.sheet.look.zoom for limit in MAGNIFICATION)
            x, y = self.camera.to_map((at.x(), at.y()))
            factor = float(np.clip(factor, low, high))
            self._look_at(self.sheet.zoomed(factor, (float(x), float(y))))
            return
        whole = self.camera.fitted(self.sheet.whole).scale
        low, high = (whole * limit for limit in MAGNIFICATION)
        scale = float(np.clip(self.camera.scale * factor, low, high))
        self._set_camera(self.camera.zoomed(scale / self.camera.scale, (at.x(), at.y())))

    def _on_lassoed(self, corners: list[QPointF], mode: str) -> None:
        polygon = self.camera.to_map([(corner.x(), corner.y()) for corner in corners])
        inside = self.sheet.inside(polygon)
        self.model.select(inside, mode)
        whole = self.page is None and mode == SelectMode.REPLACE
        self.drawn = Drawn(polygon, inside) if whole else None

    def _on_picked(self, at: QPointF, mode: str) -> None:
        self.model.click(self._nearest(at), mode)

    def _on_pointed(self, at: QPointF | None) -> None:
        self.model.hover(None if at is None else self._nearest(at))

    def _nearest(self, at: QPointF) -> int | None:
        x, y = self.camera.to_map((at.x(), at.y()))
        reach = self.point_size / 2 + PICK_SLACK
        across, up = self.camera.scales
        return self.sheet.nearest(float(x), float(y), (reach / across, reach / up))

    def on_screen(self, point: int) -> NDArray[np.float64]:
        """Where a point is on the canvas, (2,); NaN where it is not shown."""
        return self.camera.to_screen(self.sheet.place(point))

    def _set_camera(self, camera: Camera) -> None:
        self.camera = camera
        self.view.set_camera(camera)
        self._place_rings()
        self._place_outlines()
        self._decorate()

    def _place_outlines(self) -> None:
        camera = self.camera
        self.overlay.set_outlines(
            [replace(each, corners=camera.to_screen(each.corners)) for each in self._outlines]
        )

    def _decorate(self) -> None:
        decor = decor_of(self.model, self.sheet, self.camera)
        self.overlay.set_decor(decor, self._background)
