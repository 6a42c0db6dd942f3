"""What the map needs of others: what draws the points, and what undoes."""

from __future__ import annotations

from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from psygnal import SignalInstance
from qtpy.QtWidgets import QWidget

from napari_c3r.widgets.scatter.camera import Camera


class ScatterView(Protocol):
    """Draws points as discs on a plain background; knows neither mouse nor selection."""

    @property
    def native(self) -> QWidget:
        """The widget that shows the points."""

    def set_points(self, xy: NDArray[np.float32]) -> None:
        """Positions (N, 2) in map coordinates; nothing is drawn until they have colours."""

    def set_colours(self, colours: NDArray[np.uint32], order: NDArray[np.uint32]) -> None:
        """Colours of the points, 0xRRGGBB (N,), and the points to draw, the topmost last.

        Neither array is written into afterwards: the same one again is nothing new.
        """

    def set_ghosts(self, xy: NDArray[np.float32], colour: str) -> None:
        """Positions (M, 2) of further points behind all others, of one colour, ``"#rrggbb"``."""

    def set_size(self, diameter: float) -> None:
        """Diameter of a point in screen pixels."""

    def set_background(self, colour: str) -> None:
        """Background as ``"#rrggbb"``."""

    def set_camera(self, camera: Camera) -> None:
        """Show this part of the map."""

    def release(self) -> None:
        """Free what the view holds; it is not used afterwards."""


class Steps(Protocol):
    """What was done, step by step, by the map's host; selections are among it."""

    @property
    def changed(self) -> SignalInstance:
        """Emitted when there is another step to undo or to redo."""

    @property
    def undo_sentence(self) -> str:
        """What would be undone; empty where there is nothing."""

    @property
    def redo_sentence(self) -> str:
        """What would be done again; empty where there is nothing."""

    def undo(self) -> None:
        """Take back the last step."""

    def redo(self) -> None:
        """Do it again."""
