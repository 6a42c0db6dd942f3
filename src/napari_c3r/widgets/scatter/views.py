"""Which view draws the points here."""

from __future__ import annotations

from qtpy.QtGui import QOffscreenSurface, QOpenGLContext

from napari_c3r.widgets.scatter.protocol import ScatterView
from napari_c3r.widgets.scatter.raster_view import RasterView


def create_view() -> ScatterView:
    """Make the OpenGL view, or the raster view where there is no OpenGL."""
    if not opengl_available():
        return RasterView()
    from napari_c3r.widgets.scatter.vispy_view import VispyView

    return VispyView()


def opengl_available() -> bool:
    """Whether this screen can make an OpenGL context of version 2.1 or later."""
    context = QOpenGLContext()
    if not context.create():
        return False
    surface = QOffscreenSurface()
    surface.create()
    usable = context.makeCurrent(surface)
    context.doneCurrent()
    surface.destroy()
    return usable and tuple(context.format().version()) >= (2, 1)
