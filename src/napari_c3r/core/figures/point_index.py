"""Which points lie in a lasso, and which point is nearest: pure geometry."""

from __future__ import annotations

from threading import Thread

import numpy as np
from numpy.typing import ArrayLike, NDArray

_MANY = 100_000


class Indexing:
    """Sorts points while nobody asks about them yet.

    Parameters
    ----------
    xy
        As for `PointIndex`.
    """

    def __init__(self, xy: NDArray[np.floating]) -> None:
        self._xy = xy
        self._index: PointIndex | None = None
        # Sorting a million points takes longer than one notices in a window.
        self._thread = Thread(target=self._sort, daemon=True) if len(xy) >= _MANY else None
        if self._thread is not None:
            self._thread.start()

    def done(self) -> PointIndex:
        """The points sorted, waited for where they are not yet."""
        if self._thread is not None:
            self._thread.join()
            self._thread = None
        if self._index is None:
            self._sort()
        assert self._index is not None
        return self._index

    def _sort(self) -> None:
        self._index = PointIndex(self._xy)


class PointIndex:
    """Points sorted by y, so that every question reads only the band it concerns.

    Parameters
    ----------
    xy
        Coordinates (N, 2). A point with a coordinate that is not finite is in no lasso
        and near nothing.
    """

    def __init__(self, xy: ArrayLike) -> None:
        xy = np.asarray(xy)
        # By column: along rows of two numbers numpy is several times slower.
        order = np.flatnonzero(np.isfinite(xy[:, 0]) & np.isfinite(xy[:, 1]))
        self.size = len(xy)
        self._order = order[np.argsort(xy[order, 1])]
        # float64, so that an edge is crossed where its end points say, to the last bit of float32
        self._x = xy[self._order, 0].astype(np.float64)
        self._y = xy[self._order, 1].astype(np.float64)

    def inside(self, polygon: ArrayLike) -> NDArray[np.bool_]:
        """Points enclosed by a polygon.

        The non-zero winding rule: where a hand-drawn loop crosses itself, everything it
        goes around is inside. An edge changes the winding number of the points to its left,
        and touches only the points of its own y range; a lasso of any number of corners
        so reads each point about twice.

        Parameters
        ----------
        polygon
            Corners (M, 2), closed from the last to the first. Fewer than three enclose
            nothing.

        Returns
        -------
        bool (N,).
        """
        corners = np.asarray(polygon, dtype=np.float64).reshape(-1, 2)
        mask = np.zeros(self.size, dtype=bool)
        if len(corners) < 3:
            return mask
        rows = np.searchsorted(self._y, corners[:, 1])
        first, last = int(rows.min()), int(rows.max())
        winding = np.zeros(last - first, dtype=np.int16)
        for i in range(len(corners)):
            start, end = rows[i - 1], rows[i]
            low, high = min(start, end), max(start, end)
            left = self._left_of(corners[i - 1], corners[i], slice(low, high))
            if end > start:
                winding[low - first : high - first] += left
            else:
                winding[low - first : high - first] -= left
        mask[self._order[first:last][winding != 0]] = True
        return mask

    def nearest(
        self,
        x: float,
        y: float,
        reach: tuple[float, float],
        among: NDArray[np.bool_] | None = None,
    ) -> int | None:
        """Index of the point nearest to (x, y), or None.

        Parameters
        ----------
        x, y
            The place.
        reach
            How far to the right and upwards a point may be; both are measured in it.
        among
            Points that count, bool (N,); by default all.
        """
        across, up = reach
        first, last = np.searchsorted(self._y, [y - up, y + up])
        here = slice(first, last)
        near = np.flatnonzero(np.abs(self._x[here] - x) <= across) + first
        if among is not None:
            near = near[among[self._order[near]]]
        if not len(near):
            return None
        distance = np.hypot((self._x[near] - x) / across, (self._y[near] - y) / up)
        closest = int(distance.argmin())
        return int(self._order[near[closest]]) if distance[closest] <= 1 else None

    def _left_of(
        self, a: NDArray[np.float64], b: NDArray[np.float64], band: slice
    ) -> NDArray[np.bool_]:
        """Of the points in the band between `a` and `b`, those to the left of the edge."""
        (xa, ya), (xb, yb) = a, b
        if ya == yb:
            return np.zeros(0, dtype=bool)
        left: NDArray[np.bool_] = self._x[band] < xa + (self._y[band] - ya) * (
            (xb - xa) / (yb - ya)
        )
        return left
