"""Notices when the viewer's layers come, go or are renamed, once they are all there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qtpy.QtCore import QObject, QTimer, Signal

if TYPE_CHECKING:
    from napari.components import ViewerModel

# Layers come one at a time.
_WAIT_MS = 50


class LayerWatch(QObject):
    """Follows a viewer's layers and slices.

    Signals
    -------
    settled
        Layers have changed, and for a moment no more did.
    moved
        The viewer shows another slice.
    """

    settled = Signal()
    moved = Signal()

    def __init__(self, viewer: ViewerModel, parent: QObject) -> None:
        super().__init__(parent)
        self._viewer = viewer
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(_WAIT_MS)
        self._timer.timeout.connect(self.settled)
        for event in self._events():
            event.connect(self.look_later)
        viewer.dims.events.current_step.connect(self._on_moved)

    @property
    def waiting(self) -> bool:
        """Whether layers have changed that were not reported yet."""
        return self._timer.isActive()

    def look_later(self) -> None:
        """Have the layers looked at once no more of them come."""
        self._timer.start()

    def _events(self) -> tuple[Any, ...]:
        events = self._viewer.layers.events
        return events.inserted, events.removed, events.renamed

    def _on_moved(self) -> None:
        self.moved.emit()

    def release(self) -> None:
        """Disconnect from the viewer."""
        self._timer.stop()
        for event in self._events():
            event.disconnect(self.look_later)
        self._viewer.dims.events.current_step.disconnect(self._on_moved)
