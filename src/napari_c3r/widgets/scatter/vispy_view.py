"""Points drawn by OpenGL through vispy: the view for up to millions of points."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from qtpy import API_NAME
from qtpy.QtWidgets import QWidget
from vispy import gloo
from vispy.app import use_app
from vispy.scene import SceneCanvas
from vispy.scene.visuals import create_visual_node
from vispy.visuals import Visual
from vispy.visuals.transforms import STTransform

from napari_c3r.core.figures.colours import packed, rgb
from napari_c3r.widgets.scatter.camera import Camera

_VERTEX = """
uniform float u_diameter;
attribute vec2 a_position;
attribute float a_colour;  // red, green and blue as one whole number below 2^24
varying vec3 v_colour;

void main() {
    v_colour = vec3(
        floor(a_colour / 65536.), mod(floor(a_colour / 256.), 256.), mod(a_colour, 256.)
    ) / 255.;
    gl_Position = $transform(vec4(a_position, 0., 1.));
    gl_PointSize = u_diameter + 1.;  // half a pixel around for the smooth edge
}
"""

_FRAGMENT = """
uniform float u_diameter;
uniform float u_rim;
uniform vec3 u_background;
varying vec3 v_colour;

void main() {
    float outside = length(gl_PointCoord - .5) * (u_diameter + 1.) - u_diameter / 2.;
    float rim = clamp(outside + u_rim + .5, 0., 1.) * min(u_rim, 1.);
    gl_FragColor = vec4(mix(v_colour, u_background, rim), clamp(.5 - outside, 0., 1.));
}
"""

_POSITION = np.dtype([("a_position", np.float32, 2)])
_COLOUR = np.dtype([("a_colour", np.float32)])


class DiscsVisual(Visual):  # type: ignore[misc]
    """Discs of one size: 8 bytes of position, 4 of colour and 4 of order for each point.

    vispy's own markers take 56 bytes and send them all when one colour changes.
    """

    def __init__(self) -> None:
        super().__init__(vcode=_VERTEX, fcode=_FRAGMENT)
        self._position = gloo.VertexBuffer()
        self._colour = gloo.VertexBuffer()
        self._index_buffer = gloo.IndexBuffer()
        self._draw_mode = "points"
        self._count = 0
        # What the graphics card has already.
        self._coloured: NDArray[np.uint32] | None = None
        self._ordered: NDArray[np.uint32] | None = None
        self.set_gl_state("translucent", depth_test=False)
        self._diameter = 4.0
        self.set_background("#000000")

    def set_points(self, xy: NDArray[np.float32]) -> None:
        """Positions (N, 2); nothing is drawn until they have colours."""
        self._count = 0
        if len(xy):
            self._position.set_data(xy.view(_POSITION)[:, 0])
            self.shared_program["a_position"] = self._position
        self.update()

    def set_colours(self, colours: NDArray[np.uint32], order: NDArray[np.uint32]) -> None:
        """0xRRGGBB (N,) and the points to draw, the topmost last."""
        self._count = len(order)
        if self._count and colours is not self._coloured:
            # vispy's buffers know no whole numbers; floats are exact to 2²⁴.
            self._colour.set_data(colours.astype(np.float32).view(_COLOUR))
            self.shared_program["a_colour"] = self._colour
            self._coloured = colours
        if self._count and order is not self._ordered:
            self._index_buffer.set_data(order)
            self._ordered = order
        self.update()

    def set_diameter(self, pixels: float) -> None:
        """Diameter in the window's pixels, of which a dense screen has several for one."""
        self._diameter = pixels
        self.update()

    def set_background(self, colour: str) -> None:
        """Colour of the rim that keeps overlapping large discs apart."""
        self.shared_program["u_background"] = rgb(colour) / 255
        self.update()

    def _prepare_transforms(self, view: Visual) -> None:
        view.view_program.vert["transform"] = view.transforms.get_transform()

    def _prepare_draw(self, view: Visual) -> bool:
        dense = view.transforms.pixel_scale
        view.view_program["u_diameter"] = self._diameter * dense
        view.view_program["u_rim"] = min(max(self._diameter / 4 - 1, 0), 1) * dense
        return self._count > 0

    def _compute_bounds(self, axis: int, view: Visual) -> None:
        return None


Discs = create_visual_node(DiscsVisual)


class VispyView:
    """A `ScatterView` on a vispy scene; the scene's pixels are the window's."""

    def __init__(self) -> None:
        use_app(API_NAME)  # the binding that everything else in this process uses
        self._canvas = SceneCanvas(show=False, keys=None)
        # Those that come first are drawn first.
        self._ghosts, self._discs = (Discs(parent=self._canvas.scene) for _ in range(2))
        self._ghosts.transform = self._discs.transform = STTransform()

    @property
    def native(self) -> QWidget:
        native: QWidget = self._canvas.native
        return native

    def set_points(self, xy: NDArray[np.float32]) -> None:
        self._discs.set_points(xy)

    def set_colours(self, colours: NDArray[np.uint32], order: NDArray[np.uint32]) -> None:
        self._discs.set_colours(colours, order)

    def set_ghosts(self, xy: NDArray[np.float32], colour: str) -> None:
        self._ghosts.set_points(xy)
        colours = np.full(len(xy), packed(rgb(colour)[None])[0])
        self._ghosts.set_colours(colours, np.arange(len(xy), dtype=np.uint32))

    def set_size(self, diameter: float) -> None:
        for discs in (self._ghosts, self._discs):
            discs.set_diameter(diameter)

    def set_background(self, colour: str) -> None:
        self._canvas.bgcolor = colour
        for discs in (self._ghosts, self._discs):
            discs.set_background(colour)

    def set_camera(self, camera: Camera) -> None:
        x, y = camera.to_screen((0.0, 0.0))
        across, up = camera.scales
        self._discs.transform.scale = (across, -up)
        self._discs.transform.translate = (x, y)

    def release(self) -> None:
        self._canvas.close()
