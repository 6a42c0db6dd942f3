"""Where the points of a plot are drawn: in one plot, or in panels side by side. No Qt."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Final, Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray

from napari_c3r.core.figures.facets import Page, Panel, page_of
from napari_c3r.widgets.scatter.camera import MARGIN, Bounds, Whole, bounds_of

if TYPE_CHECKING:
    from napari_c3r.widgets.scatter.model import ScatterModel

INSET_PX: Final = (60.0, 34.0)
"""Room on the left and at the bottom for the values of the axes and their titles."""

UNIT: Final[Bounds] = ((0.0, 0.0), (1.0, 1.0))
_GHOSTS: Final = 240_000
_GHOSTS_OF_A_PANEL: Final = 20_000
_FEWEST_GHOSTS: Final = 2_000


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
            UNIT if has_axes else bounds_of(model.xy),
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


class Panels:
    """The points of each facet in a panel of its own, all cells faintly behind.

    A unit of the sheet is a pixel of the screen as long as all of it is shown.

    Parameters
    ----------
    model
        With points and facets.
    number
        The page.
    size
        Of the window, in pixels.
    """

    def __init__(self, model: ScatterModel, number: int, size: tuple[int, int]) -> None:
        assert model.facets is not None
        self._model, self._facets, self._size = model, model.facets, size
        has_axes = model.axes is not None
        bounds = UNIT if has_axes else bounds_of(model.xy)
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
        self.scale = scale if has_axes else np.full(2, scale.min())
        middles = [(p.left + p.width / 2, size[1] - p.top - p.height / 2) for p in self.page.panels]
        self._offsets = np.array(middles).reshape(-1, 2) - (low + high) / 2 * self.scale
        self.whole = Whole(((0.0, 0.0), (float(size[0]), float(size[1]))), margin=0.0)

    @property
    def names(self) -> tuple[str, ...]:
        """What the panels of the page are called."""
        return self._facets.names[self.page.first : self.page.last]

    @cached_property
    def _of_points(self) -> NDArray[np.intp]:
        """The panel of each point, on this page; the number of panels for those elsewhere."""
        count = len(self.page.panels)
        here = self._facets.codes - self.page.first
        return np.where((here >= 0) & (here < count), here, count)

    @cached_property
    def xy(self) -> NDArray[np.float32]:
        """Places (N, 2) to draw the points at; NaN for one that is not drawn."""
        offsets = np.vstack([self._offsets, [[np.nan, np.nan]]]).astype(np.float32)
        return self._model.xy * self.scale.astype(np.float32) + offsets[self._of_points]

    @cached_property
    def hidden(self) -> NDArray[np.bool_] | None:
        """Points that are in no panel of this page, bool (N,); None where all are in one."""
        elsewhere = self._of_points == len(self.page.panels)
        return elsewhere if elsewhere.any() else None

    @cached_property
    def ghosts(self) -> NDArray[np.float32]:
        """Places (M, 2) of faint points behind the others."""
        panels = max(len(self.page.panels), 1)
        most = min(max(_GHOSTS // panels, _FEWEST_GHOSTS), _GHOSTS_OF_A_PANEL)
        some = self._model.shuffled[:most]
        scaled = self._model.xy[some] * self.scale
        places = scaled[None] + self._offsets[:, None]
        return np.ascontiguousarray(places.reshape(-1, 2), np.float32)

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
        for number, panel in enumerate(self.page.panels):
            bottom = self._size[1] - panel.top - panel.height
            across, up = panel.left <= x <= panel.left + panel.width, bottom <= y
            if across and up and y <= bottom + panel.height:
                there = (np.array([x, y]) - self._offsets[number]) / self.scale
                near = float(reach[0] / self.scale[0]), float(reach[1] / self.scale[1])
                among = self._of_points == number
                return self._model.index.nearest(float(there[0]), float(there[1]), near, among)
        return None

    def _reaches(self, corners: NDArray[np.float64], panel: Panel) -> bool:
        low, high = corners.min(axis=0), corners.max(axis=0)
        bottom = self._size[1] - panel.top - panel.height
        across = low[0] <= panel.left + panel.width and high[0] >= panel.left
        return bool(across and low[1] <= bottom + panel.height and high[1] >= bottom)


def sheet_of(model: ScatterModel, page: int, size: tuple[int, int]) -> Sheet:
    """Lay a plot out in a window of so many pixels."""
    return OnePlot(model) if model.facets is None else Panels(model, page, size)
