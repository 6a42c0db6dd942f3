"""Keeps the whole image in view when something takes room from the canvas."""

from __future__ import annotations

from typing import TYPE_CHECKING
from weakref import ref

import numpy as np
from qtpy.QtCore import QEvent, QObject, QTimer
from qtpy.QtWidgets import QMainWindow, QWidget

if TYPE_CHECKING:
    from napari.components import ViewerModel

# Docks may slide into their place.
_WATCHED_MS = 1000
_SLACK = 0.01


def keep_whole(viewer: ViewerModel, window: QMainWindow | None) -> None:
    """If a viewer shows its layers whole, have it do so once the window is laid out anew.

    A view that the user zoomed into stays as it is.
    """
    canvas = window.centralWidget() if window is not None else None
    if canvas is None or canvas.findChild(_Watch) is not None or not is_whole(viewer):
        return
    _Watch(viewer, canvas)


def is_whole(viewer: ViewerModel) -> bool:
    """Whether a viewer shows all visible layers to their edges."""
    if not viewer.layers or viewer.dims.ndisplay != 2 or viewer.canvas.grid.enabled:
        return False
    shown = list(viewer.dims.displayed)
    visible = [layer for layer in viewer.layers if layer.visible] or list(viewer.layers)
    low, high = np.asarray(viewer.layers.get_extent(visible).world)[:, shown]
    if not np.isfinite([*low, *high]).all():
        return False
    camera = viewer.scene.camera
    reach = np.array(viewer.canvas.size) / max(camera.zoom, 1e-12) / 2
    centre = np.asarray(camera.center[-2:])
    slack = _SLACK * (high - low)
    return bool((centre - reach <= low + slack).all() and (centre + reach >= high - slack).all())


class _Watch(QObject):
    """Fits the view again when its canvas has another size, for a moment."""

    def __init__(self, viewer: ViewerModel, canvas: QWidget) -> None:
        super().__init__(canvas)
        self._viewer, self._canvas = ref(viewer), canvas
        canvas.installEventFilter(self)
        self._fitting = QTimer(self)
        self._fitting.setSingleShot(True)
        self._fitting.timeout.connect(self._fit)
        self._end = QTimer(self)
        self._end.setSingleShot(True)
        self._end.setInterval(_WATCHED_MS)
        self._end.timeout.connect(self._stop)
        self._end.start()

    def eventFilter(self, watched: QObject | None, event: QEvent | None) -> bool:
        """Wait until the canvas within has its new size too."""
        if event is not None and event.type() == QEvent.Type.Resize:
            self._fitting.start(0)
        return False

    def _fit(self) -> None:
        viewer = self._viewer()
        if viewer is not None and not is_whole(viewer):
            viewer.reset_view()

    def _stop(self) -> None:
        self._canvas.removeEventFilter(self)
        self.deleteLater()
