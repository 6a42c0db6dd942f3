"""Where the map lies on the screen: a centre and a scale, the same in x and y."""

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
    finite = xy[np.isfinite(xy).all(axis=1)].astype(np.float64, copy=False)
    if len(finite) == 0:
        return (0.0, 0.0), (1.0, 1.0)
    low, high = finite.min(axis=0), finite.max(axis=0)
    if (low == high).all():
        low, high = low - 0.5, high + 0.5
    return (float(low[0]), float(low[1])), (float(high[0]), float(high[1]))


@dataclass(frozen=True)
class Camera:
    """A view of the map; y grows upwards on the map and downwards on the screen.

    Parameters
    ----------
    centre
        Map coordinates in the middle of the window.
    scale
        Screen pixels per map unit, > 0.
    size
        Width and height of the window in screen pixels.
    """

    centre: tuple[float, float] = (0.0, 0.0)
    scale: float = 1.0
    size: tuple[int, int] = (1, 1)

    def fitted(self, bounds: Bounds) -> Camera:
        """Show all of `bounds`, as large as it can be."""
        low, high = np.asarray(bounds)
        room = (1 - 2 * MARGIN) * np.asarray(self.size)
        x, y = (low + high) / 2
        scale = float((room / np.maximum(high - low, MIN_SCALE)).min())
        return replace(self, centre=(float(x), float(y)), scale=scale)

    def resized(self, size: tuple[int, int], bounds: Bounds) -> Camera:
        """Look at the same place in a window of another size, magnified as before."""
        magnification = self.scale / self.fitted(bounds).scale
        resized = replace(self, size=size)
        return replace(resized, scale=magnification * resized.fitted(bounds).scale)

    def centred(self, xy: tuple[float, float]) -> Camera:
        """Put a point of the map in the middle, at the same scale."""
        return replace(self, centre=xy)

    def panned(self, dx: float, dy: float) -> Camera:
        """Drag the map by (dx, dy) screen pixels."""
        x, y = self.centre
        return replace(self, centre=(x - dx / self.scale, y + dy / self.scale))

    def zoomed(self, factor: float, at: tuple[float, float]) -> Camera:
        """Magnify by `factor` about a screen position, which stays in place."""
        x, y = self.to_map(at)
        zoomed = replace(self, scale=self.scale * factor)
        moved_x, moved_y = zoomed.to_screen((x, y))
        return zoomed.panned(at[0] - moved_x, at[1] - moved_y)

    def to_map(self, position: ArrayLike) -> NDArray[np.float64]:
        """Map coordinates (…, 2) of screen positions (…, 2)."""
        offset = np.asarray(position, dtype=np.float64) - np.asarray(self.size) / 2
        return np.asarray(self.centre) + offset * (1 / self.scale, -1 / self.scale)

    def to_screen(self, xy: ArrayLike) -> NDArray[np.float64]:
        """Screen positions (…, 2) of map coordinates (…, 2)."""
        offset = np.asarray(xy, dtype=np.float64) - self.centre
        return offset * (self.scale, -self.scale) + np.asarray(self.size) / 2

    def shows(self, xy: ArrayLike) -> bool:
        """Whether a point (2,) lies in the window."""
        position = self.to_screen(xy)
        return bool((position >= 0).all() and (position <= self.size).all())
