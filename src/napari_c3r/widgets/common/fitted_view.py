"""Keeps the whole image in view when something takes room from the canvas."""

from __future__ import annotations

from typing import TYPE_CHECKING
from weakref import ref

import numpy as np
from qtpy.compat import isalive
from qtpy.QtCore import QEvent, QObject, Qt, QTimer
from qtpy.QtWidgets import QMainWindow, QWidget

if TYPE_CHECKING:
    from napari.components import ViewerModel

# Docks may slide into their place.
_WATCHED_MS = 1000
# Shares of the layers' extent that may be out of view at each edge: napari itself cuts a little
# off the first image, when its controls of layers widen after the view was fitted.
_SLACK, _SLACK_BEFORE = 0.01, 0.04
# All that is in a dock would be looked through otherwise.
_OWN = Qt.FindChildOption.FindDirectChildrenOnly


def keep_whole(viewer: ViewerModel, window: QMainWindow | None, taker: QWidget) -> None:
    """If a viewer shows its layers whole, have it do so once the window is laid out anew.

    A view that the user zoomed into stays as it is. What takes the room owns what watches over
    the view, so that none is left of either when it is closed at once.
    """
    canvas = window.centralWidget() if window is not None else None
    if (
        canvas is None
        or taker.findChild(_Watch, options=_OWN) is not None
        or not is_whole(viewer, _SLACK_BEFORE)
    ):
        return
    _Watch(viewer, canvas, taker)


def is_whole(viewer: ViewerModel, slack: float = _SLACK) -> bool:
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
    room = slack * (high - low)
    return bool((centre - reach <= low + room).all() and (centre + reach >= high - room).all())


class _Watch(QObject):
    """Fits the view again when its canvas has another size, for a moment."""

    def __init__(self, viewer: ViewerModel, canvas: QWidget, taker: QWidget) -> None:
        super().__init__(taker)
        self._viewer, self._canvas = ref(viewer), canvas
        self._view = _view(viewer)
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
        # Another view since is the user's.
        if viewer is not None and _view(viewer) == self._view and not is_whole(viewer):
            viewer.reset_view()
            self._view = _view(viewer)

    def _stop(self) -> None:
        # The window may have gone meanwhile, and a dock that was taken out of it not.
        if isalive(self._canvas):
            # What held the window up until now may have held its layout up too.
            self._fit()
            self._canvas.removeEventFilter(self)
        self.deleteLater()


def _view(viewer: ViewerModel) -> tuple[float, ...]:
    camera = viewer.scene.camera
    return (camera.zoom, *camera.center)
