"""Points painted by numpy into an image: the view where there is no OpenGL."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from qtpy.QtGui import QImage, QPainter, QPaintEvent
from qtpy.QtWidgets import QWidget

from napari_c3r.core.figures.colours import packed, rgb
from napari_c3r.core.figures.discs import top_discs
from napari_c3r.widgets.scatter.camera import Camera

OVERSAMPLING = 2
"""Image pixels per screen pixel along each side, for smooth edges."""


class RasterView(QWidget):
    """A `ScatterView` that needs nothing but numpy and a plain widget."""

    def __init__(self) -> None:
        super().__init__()
        self._xy = np.empty((0, 2), dtype=np.float32)
        self._colours = np.empty(0, dtype=np.uint32)
        self._order = np.empty(0, dtype=np.uint32)
        self._ghosts, self._faint = self._xy, "#000000"
        self._diameter = 4.0
        self._background = "#000000"
        self._camera = Camera()
        self._image: QImage | None = None

    @property
    def native(self) -> QWidget:
        return self

    def set_points(self, xy: NDArray[np.float32]) -> None:
        self._xy = xy
        self._order = np.empty(0, dtype=np.uint32)
        self._redraw()

    def set_colours(self, colours: NDArray[np.uint32], order: NDArray[np.uint32]) -> None:
        self._colours, self._order = colours, order
        self._redraw()

    def set_ghosts(self, xy: NDArray[np.float32], colour: str) -> None:
        self._ghosts, self._faint = xy, colour
        self._redraw()

    def set_size(self, diameter: float) -> None:
        self._diameter = diameter
        self._redraw()

    def set_background(self, colour: str) -> None:
        self._background = colour
        self._redraw()

    def set_camera(self, camera: Camera) -> None:
        self._camera = camera
        self._redraw()

    def release(self) -> None:
        self._image = None

    def paintEvent(self, event: QPaintEvent) -> None:
        if self._image is None:
            self._image = self._rasterise()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        painter.drawImage(self.rect(), self._image)
        painter.end()

    def _redraw(self) -> None:
        self._image = None
        self.update()

    def _rasterise(self) -> QImage:
        width, height = (OVERSAMPLING * side for side in self._camera.size)
        places = np.vstack([self._ghosts, self._xy[self._order]])
        at = OVERSAMPLING * self._camera.to_screen(places)
        top = top_discs(at, OVERSAMPLING * self._diameter / 2, (width, height))
        faint, ground = packed(np.stack([rgb(self._faint), rgb(self._background)]))
        behind = np.full(len(self._ghosts), faint)
        colours = np.concatenate([behind, self._colours[self._order], [ground]])
        pixels = (colours | np.uint32(0xFF000000))[top]
        image = QImage(pixels.tobytes(), width, height, 4 * width, QImage.Format.Format_RGB32)
        return image.copy()  # the copy owns its pixels
