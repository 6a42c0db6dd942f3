"""Where the map lies on the screen: a centre and a scale, the same in x and y unless stretched."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

MARGIN = 0.06
"""Share of the window left free on each side when all points are shown."""


MIN_SCALE = 1e-6
"""Map units to which one place alone is widened."""

Bounds = tuple[tuple[float, float], tuple[float, float]]
"""Lower left and upper right corner on the map."""


def bounds_of(xy: NDArray[np.floating]) -> Bounds:
    """Bounds of the finite points of `xy` (N, 2); one unit square where there is no extent."""
    # By column: along rows of two numbers numpy is several times slower.
    x, y = xy[:, 0], xy[:, 1]
    shown = np.isfinite(x) & np.isfinite(y)
    if not shown.all():
        x, y = x.compress(shown), y.compress(shown)
    if not len(x):
        return (0.0, 0.0), (1.0, 1.0)
    low = np.array([x.min(), y.min()], np.float64)
    high = np.array([x.max(), y.max()], np.float64)
    if (low == high).all():
        low, high = low - 0.5, high + 0.5
    return (float(low[0]), float(low[1])), (float(high[0]), float(high[1]))


@dataclass(frozen=True)
class Whole:
    """All of a plot.

    Attributes
    ----------
    bounds
        Its corners.
    equal
        Whether a unit is as long to the right as upwards.
    inset
        Room in screen pixels that it leaves free on the left and at the bottom.
    margin
        Share of the rest that it leaves free on each side.
    """

    bounds: Bounds
    equal: bool = True
    inset: tuple[float, float] = (0.0, 0.0)
    margin: float = MARGIN


@dataclass(frozen=True)
class Camera:
    """A view of the map; y grows upwards on the map and downwards on the screen.

    Parameters
    ----------
    centre
        Map coordinates in the middle of the window.
    scale
        Screen pixels per unit upwards, > 0.
    size
        Width and height of the window in screen pixels.
    stretch
        How much longer a unit to the right is than one upwards; 1 on a map.
    """

    centre: tuple[float, float] = (0.0, 0.0)
    scale: float = 1.0
    size: tuple[int, int] = (1, 1)
    stretch: float = 1.0

    @property
    def scales(self) -> tuple[float, float]:
        """Screen pixels per unit to the right and upwards."""
        return self.scale * self.stretch, self.scale

    def fitted(self, whole: Whole) -> Camera:
        """Show all of a plot, as large as it can be."""
        low, high = np.asarray(whole.bounds)
        left, bottom = whole.inset
        room = (1 - 2 * whole.margin) * np.maximum(np.asarray(self.size) - whole.inset, 1)
        across, up = (float(each) for each in room / np.maximum(high - low, MIN_SCALE))
        if whole.equal:
            across = up = min(across, up)
        x, y = (low + high) / 2
        centre = float(x) - left / 2 / across, float(y) - bottom / 2 / up
        return replace(self, centre=centre, scale=up, stretch=across / up)

    def resized(self, size: tuple[int, int], whole: Whole) -> Camera:
        """Look at the same place in a window of another size, magnified as before."""
        before = self.fitted(whole)
        if before == self:
            return replace(self, size=size).fitted(whole)
        fitted = replace(self, size=size).fitted(whole)
        magnification = self.scale / before.scale
        return replace(fitted, centre=self.centre, scale=magnification * fitted.scale)

    def centred(self, xy: tuple[float, float]) -> Camera:
        """Put a point of the map in the middle, at the same scale."""
        return replace(self, centre=xy)

    def panned(self, dx: float, dy: float) -> Camera:
        """Drag the map by (dx, dy) screen pixels."""
        x, y = self.centre
        across, up = self.scales
        return replace(self, centre=(x - dx / across, y + dy / up))

    def zoomed(self, factor: float, at: tuple[float, float]) -> Camera:
        """Magnify by `factor` about a screen position, which stays in place."""
        x, y = self.to_map(at)
        zoomed = replace(self, scale=self.scale * factor)
        moved_x, moved_y = zoomed.to_screen((x, y))
        return zoomed.panned(at[0] - moved_x, at[1] - moved_y)

    def to_map(self, position: ArrayLike) -> NDArray[np.float64]:
        """Map coordinates (…, 2) of screen positions (…, 2)."""
        offset = np.asarray(position, dtype=np.float64) - np.asarray(self.size) / 2
        across, up = self.scales
        return np.asarray(self.centre) + offset * (1 / across, -1 / up)

    def to_screen(self, xy: ArrayLike) -> NDArray[np.float64]:
        """Screen positions (…, 2) of map coordinates (…, 2)."""
        offset = np.asarray(xy, dtype=np.float64) - self.centre
        across, up = self.scales
        return offset * (across, -up) + np.asarray(self.size) / 2

    def shows(self, xy: ArrayLike) -> bool:
        """Whether a point (2,) lies in the window."""
        position = self.to_screen(xy)
        return bool((position >= 0).all() and (position <= self.size).all())
