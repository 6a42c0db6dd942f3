"""The channels' pictures in the role table, drawn again when their layers look otherwise."""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator
from typing import Any

from qtpy.QtCore import QObject

from napari_c3r.widgets.common.jobs import Jobs
from napari_c3r.widgets.main.images import ImageController
from napari_c3r.widgets.main.steps.channels import THUMBNAIL_PX


class Thumbnails(QObject):
    """Draws in the background, as pixels may have to be read.

    Parameters
    ----------
    images
        Whose layers to draw.
    show
        Takes the pictures, RGBA (h, w, 4) each.
    later
        Called when a layer's colour or contrast has changed.
    """

    def __init__(
        self,
        images: ImageController,
        show: Callable[[list[Any]], None],
        later: Callable[[], None],
        parent: QObject,
    ) -> None:
        super().__init__(parent)
        self._images, self._show, self._later = images, show, later
        self._drawing = Jobs(self)
        self._followed: list[Any] = []

    def draw(self) -> None:
        """Draw every channel anew."""
        self._leave()
        self._followed = self._images.shown_layers()
        for event in self._events():
            event.connect(self._later)
        waiting = self._images.pictures()

        def body(stop: threading.Event) -> Generator[str, None, list[Any]]:
            drawn = []
            for picture in waiting:
                yield "drawing thumbnails"
                if stop.is_set():
                    break
                drawn.append(picture.draw(THUMBNAIL_PX))
            return drawn

        self._drawing.start("thumbnails", body, self._show)

    def _events(self) -> list[Any]:
        return [
            event
            for layer in self._followed
            for event in (layer.events.colormap, layer.events.contrast_limits)
        ]

    def _leave(self) -> None:
        for event in self._events():
            event.disconnect(self._later)
        self._followed = []

    def release(self) -> None:
        """Stop drawing and disconnect from the layers."""
        self._drawing.discard()
        self._leave()
