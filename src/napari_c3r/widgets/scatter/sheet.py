"""Where the points of a plot are drawn: in one plot, or in panels side by side. No Qt."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Final, Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray

from napari_c3r.core.figures.facets import Page, Panel, page_of
from napari_c3r.widgets.scatter.camera import MARGIN, Bounds, Whole

if TYPE_CHECKING:
    from napari_c3r.widgets.scatter.model import ScatterModel

INSET_PX: Final = (60.0, 34.0)
"""Room on the left and at the bottom for the values of the axes and their titles."""

UNIT: Final[Bounds] = ((0.0, 0.0), (1.0, 1.0))
_GHOSTS: Final = 240_000
_GHOSTS_OF_A_PANEL: Final = 20_000
_FEWEST_GHOSTS: Final = 2_000
# Points laid out at once: as many as stay near the processor.
_AT_ONCE: Final = 1 << 15


class Sheet(Protocol):
    """Places of points on what the camera looks at."""

    @property
    def xy(self) -> NDArray[np.float32]:
        """Places (N, 2) to draw the points at; NaN for one that is not drawn."""

    @property
    def ghosts(self) -> NDArray[np.float32]:
        """Places (M, 2) of faint points behind the others."""

    @property
    def whole(self) -> Whole:
        """All of it, for the camera."""

    def place(self, point: int) -> NDArray[np.float64]:
        """Where a point is, (2,)."""

    def inside(self, polygon: ArrayLike) -> NDArray[np.bool_]:
        """Points within a polygon (M, 2), bool (N,)."""

    def nearest(self, x: float, y: float, reach: tuple[float, float]) -> int | None:
        """The point nearest to a place and within reach, None where there is none."""


class OnePlot:
    """All points in one plot."""

    def __init__(self, model: ScatterModel) -> None:
        self._model = model
        self.xy = model.xy
        self.ghosts = np.empty((0, 2), np.float32)
        has_axes = model.axes is not None
        self.whole = Whole(
            UNIT if has_axes else model.bounds,
            equal=not has_axes,
            inset=INSET_PX if has_axes else (0.0, 0.0),
        )

    def place(self, point: int) -> NDArray[np.float64]:
        """Where a point is, (2,)."""
        return np.array(self.xy[point], np.float64)

    def inside(self, polygon: ArrayLike) -> NDArray[np.bool_]:
        """Points within a polygon (M, 2), bool (N,)."""
        return self._model.index.inside(polygon)

    def nearest(self, x: float, y: float, reach: tuple[float, float]) -> int | None:
        """The point nearest to a place and within reach, None where there is none."""
        return self._model.index.nearest(x, y, reach)


@dataclass(frozen=True)
class Look:
    """What every panel shows.

    Attributes
    ----------
    centre
        The place of the plot in its middle.
    zoom
        How much larger than where all points are shown.
    """

    centre: tuple[float, float]
    zoom: float


class Panels:
    """The points of each facet in a panel of its own, all cells faintly behind.

    A unit of the sheet is a pixel of the screen. To look closer, the panels stay where they are
    and show less of the plot, all of them the same.

    Parameters
    ----------
    model
        With points and facets.
    number
        The page.
    size
        Of the window, in pixels.
    look
        What the panels show; None for all points.
    """

    def __init__(
        self, model: ScatterModel, number: int, size: tuple[int, int], look: Look | None = None
    ) -> None:
        assert model.facets is not None
        self._model, self._facets, self._size = model, model.facets, size
        has_axes = model.axes is not None
        bounds = UNIT if has_axes else model.bounds
        low, high = np.asarray(bounds, np.float64)
        span = np.maximum(high - low, 1e-9)
        self.page: Page = page_of(
            len(model.facets),
            number,
            size,
            margins=INSET_PX if has_axes else (2.0, 2.0),
            aspect=None if has_axes else float(span[0] / span[1]),
        )
        first = self.page.panels[0] if self.page.panels else Panel(0, 0, 1, 1)
        room = np.array([first.width, first.height]) * (1 - 2 * MARGIN)
        scale = room / span
        x, y = ((low + high) / 2).tolist()
        self.look = Look((x, y), 1.0) if look is None else look
        self._is_close = look is not None
        self.scale = (scale if has_axes else np.full(2, scale.min())) * self.look.zoom
        middles = [(p.left + p.width / 2, size[1] - p.top - p.height / 2) for p in self.page.panels]
        self._middles = np.array(middles).reshape(-1, 2)
        self._offsets = self._middles - np.array(self.look.centre) * self.scale
        self._half = np.array([first.width, first.height]) / 2 / self.scale
        self.whole = Whole(((0.0, 0.0), (float(size[0]), float(size[1]))), margin=0.0)

    @property
    def names(self) -> tuple[str, ...]:
        """What the panels of the page are called."""
        return self._facets.names[self.page.first : self.page.last]

    @property
    def limits(self) -> tuple[tuple[float, float], tuple[float, float]]:
        """Least and greatest place to the right, and upwards, that the panels show."""
        low, high = self.look.centre - self._half, self.look.centre + self._half
        return (float(low[0]), float(high[0])), (float(low[1]), float(high[1]))

    def zoomed(self, factor: float, at: tuple[float, float]) -> Look:
        """Looking closer by `factor`, about a place of the sheet in the panel that it is in."""
        zoom, centre = self.look.zoom * factor, np.array(self.look.centre)
        number = self._panel_at(*at)
        if number is not None:
            off = np.array(at) - self._middles[number]
            centre = centre + off / self.scale - off / (self.scale * factor)
        return Look((float(centre[0]), float(centre[1])), zoom)

    def panned(self, dx: float, dy: float) -> Look:
        """Every panel dragged by (dx, dy) screen pixels."""
        x, y = self.look.centre
        return Look((x - dx / self.scale[0], y + dy / self.scale[1]), self.look.zoom)

    @cached_property
    def _of_points(self) -> NDArray[np.intp]:
        """The panel of each point, on this page; the number of panels for those not in sight."""
        count = len(self.page.panels)
        if count == len(self._facets) and not (self._is_close or self._facets.without):
            return self._facets.codes
        here = self._facets.codes - self.page.first
        shown = (here >= 0) & (here < count)
        if self._is_close:
            (left, right), (low, high) = self.limits
            x, y = self._model.xy[:, 0], self._model.xy[:, 1]
            shown &= (x >= left) & (x <= right) & (y >= low) & (y <= high)
        return np.where(shown, here, count)

    @cached_property
    def xy(self) -> NDArray[np.float32]:
        """Places (N, 2) to draw the points at; NaN for one that is not drawn."""
        offsets = _pairs(np.vstack([self._offsets, [[np.nan, np.nan]]]))
        places = np.empty_like(self._model.xy)
        points, laid, pairs = self._model.xy.reshape(-1), places.reshape(-1), _pairs(places)
        scale = np.tile(self.scale.astype(np.float32), _AT_ONCE)
        # Some at a time and both coordinates at once: a fifth of the time for a million.
        for first in range(0, len(places), _AT_ONCE):
            some, both = slice(first, first + _AT_ONCE), slice(2 * first, 2 * (first + _AT_ONCE))
            np.multiply(points[both], scale[: len(laid[both])], out=laid[both])
            pairs[some] += offsets.take(self._of_points[some])
        return places

    @cached_property
    def shown(self) -> NDArray[np.bool_] | None:
        """Points that a panel of this page shows, bool (N,); None where all are in one."""
        here = self._of_points < len(self.page.panels)
        return None if here.all() else here

    @cached_property
    def ghosts(self) -> NDArray[np.float32]:
        """Places (M, 2) of faint points behind the others."""
        panels = max(len(self.page.panels), 1)
        most = min(max(_GHOSTS // panels, _FEWEST_GHOSTS), _GHOSTS_OF_A_PANEL)
        some = self._model.xy[self._model.shuffled[:most]]
        if self._is_close:
            some = some[(np.abs(some - self.look.centre) <= self._half).all(axis=1)]
        places = np.add.outer(_pairs(self._offsets), _pairs(some * self.scale))
        return places.view(np.float32).reshape(-1, 2)

    def page_with(self, point: int) -> int:
        """The page that a point is on; this one where it is on none."""
        code = int(self._facets.codes[point])
        return self.page.number if code < 0 else code // self.page.each

    def place(self, point: int) -> NDArray[np.float64]:
        """Where a point is, (2,)."""
        panel = int(self._of_points[point])
        if panel == len(self._offsets):
            return np.full(2, np.nan)
        return np.array(self._model.xy[point] * self.scale + self._offsets[panel])

    def inside(self, polygon: ArrayLike) -> NDArray[np.bool_]:
        """Points within a polygon (M, 2), bool (N,): those of the panels that it reaches into."""
        corners = np.asarray(polygon, np.float64).reshape(-1, 2)
        mask = np.zeros(len(self._model.xy), bool)
        if len(corners) < 3:
            return mask
        for number, panel in enumerate(self.page.panels):
            if self._reaches(corners, panel):
                inside = self._model.index.inside((corners - self._offsets[number]) / self.scale)
                mask |= inside & (self._of_points == number)
        return mask

    def nearest(self, x: float, y: float, reach: tuple[float, float]) -> int | None:
        """The point nearest to a place and within reach, None where there is none."""
        number = self._panel_at(x, y)
        if number is None:
            return None
        there = (np.array([x, y]) - self._offsets[number]) / self.scale
        near = float(reach[0] / self.scale[0]), float(reach[1] / self.scale[1])
        among = self._of_points == number
        return self._model.index.nearest(float(there[0]), float(there[1]), near, among)

    def _panel_at(self, x: float, y: float) -> int | None:
        """The panel that a place of the sheet is in."""
        for number, panel in enumerate(self.page.panels):
            bottom = self._size[1] - panel.top - panel.height
            across = panel.left <= x <= panel.left + panel.width
            if across and bottom <= y <= bottom + panel.height:
                return number
        return None

    def _reaches(self, corners: NDArray[np.float64], panel: Panel) -> bool:
        low, high = corners.min(axis=0), corners.max(axis=0)
        bottom = self._size[1] - panel.top - panel.height
        across = low[0] <= panel.left + panel.width and high[0] >= panel.left
        return bool(across and low[1] <= bottom + panel.height and high[1] >= bottom)


def _pairs(places: NDArray[np.floating]) -> NDArray[np.complex64]:
    """Places (N, 2) as one number each, (N,), so that numpy adds both coordinates at once."""
    return np.ascontiguousarray(places, np.float32).view(np.complex64)[:, 0]


def sheet_of(
    model: ScatterModel, page: int, size: tuple[int, int], look: Look | None = None
) -> Sheet:
    """Lay a plot out in a window of so many pixels, panels with what they are to show."""
    return OnePlot(model) if model.facets is None else Panels(model, page, size, look)
