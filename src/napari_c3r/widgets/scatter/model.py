"""The state of a scatter map: points, colours, selection. No Qt; views listen to it."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from typing import TypeVar

import numpy as np
from numpy.typing import ArrayLike, NDArray
from psygnal import Signal

from napari_c3r.core.errors import InputError
from napari_c3r.core.figures.axes import Axis
from napari_c3r.core.figures.colouring import (
    Categories,
    Colouring,
    Values,
    crowding,
    dimmed,
    on_top,
    plain_colours,
)
from napari_c3r.core.figures.colours import CATEGORICAL, packed
from napari_c3r.core.figures.facets import Facets
from napari_c3r.core.figures.point_index import Indexing, PointIndex
from napari_c3r.widgets.scatter.camera import Bounds, bounds_of

Scalar = TypeVar("Scalar", bound=np.generic)

Painted = tuple[NDArray[np.uint32], NDArray[np.uint32]]

UNDO_DEPTH = 50
"""Selections that one can go back."""


class SelectMode(StrEnum):
    """What a new selection does to the one before."""

    REPLACE = "replace"
    ADD = "add"
    REMOVE = "remove"


@dataclass(frozen=True, eq=False)
class _Unselected:
    """How points look that are coloured in one way, whichever of them are selected."""

    colouring: Colouring | None
    background: str
    count: int

    @cached_property
    def colours(self) -> NDArray[np.uint32]:
        return packed(self._table).take(self._shades)

    @cached_property
    def dimmed(self) -> NDArray[np.uint32]:
        return packed(dimmed(self._table, self.background)).take(self._shades)

    @cached_property
    def _shades(self) -> NDArray[np.integer]:
        if self.colouring is None:
            return np.zeros(self.count, np.intp)
        return self.colouring.shades()

    @property
    def _table(self) -> NDArray[np.uint8]:
        return plain_colours(1) if self.colouring is None else self.colouring.table()


class ScatterModel:
    """Points on a map, how they are coloured, and which of them are selected.

    Attributes
    ----------
    points_changed, colours_changed
        The points, or how they are coloured, are other ones.
    moved
        The same points are at other places: on other axes, or in panels.
    selection_changed
        The selection as bool (N,); the array is read-only and never changes afterwards.
    clicked
        The index of a point that the user clicked.
    hovered
        The index of the point under the mouse, None when it leaves.
    current_changed
        The index of the one point that is ringed, or None.
    marked_changed
        Other points have a thin ring.
    """

    points_changed = Signal()
    moved = Signal()
    colours_changed = Signal()
    selection_changed = Signal(np.ndarray)
    clicked = Signal(int)
    hovered = Signal(object)
    current_changed = Signal(object)
    marked_changed = Signal()

    def __init__(self) -> None:
        self.xy = np.empty((0, 2), dtype=np.float32)
        self.axes: tuple[Axis, Axis] | None = None
        self.facets: Facets | None = None
        self._indexing = Indexing(self.xy)
        self.selection = _mask(0)
        self.colouring: Colouring | None = None
        self.density = False
        self._crowding: Values | None = None
        self.current: int | None = None
        self.marked = np.empty(0, np.intp)
        self.under_mouse: int | None = None
        self.shuffled = self._permutation = np.empty(0, dtype=np.uint32)
        self._unselected: _Unselected | None = None
        self._order: NDArray[np.uint32] | None = None
        # With what the selection makes of it.
        self._painted: tuple[tuple[object, ...], Painted] | None = None
        self._bounds: Bounds | None = None
        self._past: deque[NDArray[np.uint8]] = deque(maxlen=UNDO_DEPTH)

    @property
    def count(self) -> int:
        """Number of points."""
        return len(self.xy)

    @property
    def can_undo(self) -> bool:
        """Whether there is an earlier selection to go back to."""
        return bool(self._past)

    def set_points(
        self, xy: ArrayLike, axes: tuple[Axis, Axis] | None = None, facets: Facets | None = None
    ) -> None:
        """Show other points; colours, selection and its history start afresh.

        Parameters
        ----------
        xy
            Map coordinates (N, 2), any unit. Points with a coordinate that is not finite
            are not shown and cannot be selected on the map.
        axes
            What the coordinates 0 to 1 mean; None for a map, whose coordinates mean nothing.
        facets
            The panel of each point; None for one plot.
        """
        places = _places(xy)
        had_selection = bool(self.selection.any())
        self.hover(None)
        self.set_current(None)
        self.set_marked([])
        self._place(places, axes, facets)
        self.colouring, self.selection = None, _mask(len(places))
        self._past.clear()
        self.points_changed.emit()
        if had_selection:
            self.selection_changed.emit(self.selection)

    def move_points(
        self, xy: ArrayLike, axes: tuple[Axis, Axis] | None = None, facets: Facets | None = None
    ) -> None:
        """Show the same points at other places: colours, selection and rings stay.

        Parameters
        ----------
        xy, axes, facets
            As for `set_points`.
        """
        places = _places(xy)
        if len(places) != self.count:
            raise InputError(
                f"{len(places)} places do not fit {self.count} points: give one for each point"
            )
        self.hover(None)
        self._place(places, axes, facets)
        self.moved.emit()

    def _place(
        self, xy: NDArray[np.float32], axes: tuple[Axis, Axis] | None, facets: Facets | None
    ) -> None:
        if facets is not self.facets or xy is not self.xy:
            self._crowding = None
        self.axes, self.facets = axes, facets
        if xy is self.xy:
            return
        self.xy, self._bounds, self._order = xy, None, None
        self._indexing = Indexing(xy)
        if len(self._permutation) != len(xy):
            self._permutation = np.random.default_rng(0).permutation(len(xy)).astype(np.uint32)
        shown = np.isfinite(xy[:, 0]) & np.isfinite(xy[:, 1])
        order = self._permutation
        self.shuffled = order if shown.all() else order.compress(shown[order])
        # Points that only moved keep their colours.
        if known := self._unselected:
            self._unselected = known if known.count == len(xy) else None

    @property
    def bounds(self) -> Bounds:
        """The corners of all points that are shown."""
        if self._bounds is None:
            self._bounds = bounds_of(self.xy)
        return self._bounds

    @property
    def index(self) -> PointIndex:
        """The points sorted, so that what lies in a lasso is found."""
        return self._indexing.done()

    def set_categories(
        self,
        codes: ArrayLike,
        names: Sequence[str],
        rest: str = "noise",
        palette: tuple[str, ...] = CATEGORICAL,
        title: str = "",
    ) -> None:
        """Colour by category.

        Parameters
        ----------
        codes
            Integers (N,), each −1 (in none) or an index into `names`.
        names
            What the legend calls the categories 0, 1, 2, …
        rest
            What it calls the points that are in none.
        palette
            Colours of the categories.
        title
            What they are categories of.
        """
        codes = self._per_point(codes, np.intp, "categories")
        if codes.size and not -1 <= codes.min() <= codes.max() < len(names):
            raise InputError(
                f"Category codes run from {codes.min()} to {codes.max()}, but there are "
                f"{len(names)} names: use −1 for noise and 0 to {len(names) - 1}"
            )
        told = tuple(str(name) for name in names)
        self._set_colouring(Categories(codes, told, rest, palette, title))

    def set_values(self, values: ArrayLike, name: str) -> None:
        """Colour by a number for each point, (N,); grey where it is not finite."""
        numbers = self._per_point(values, np.float32, "values")
        self._set_colouring(Values.spanning(numbers, name))

    def set_density(self, on: bool) -> None:
        """Colour by how crowded the map is, in place of categories or values."""
        if on != self.density:
            self.density = on
            self.colours_changed.emit()

    def shown_colouring(self) -> Colouring | None:
        """Tell what the colours mean at present."""
        if not (self.density and self.count):
            return self.colouring
        if self._crowding is None:
            self._crowding = crowding(self.xy, None if self.facets is None else self.facets.codes)
        return self._crowding

    def select(self, mask: ArrayLike, mode: SelectMode | str = SelectMode.REPLACE) -> None:
        """Select points; what changes nothing is not a step to undo.

        Parameters
        ----------
        mask
            bool (N,).
        mode
            ``"replace"`` the selection by the mask, ``"add"`` the mask to it, or
            ``"remove"`` the mask from it.
        """
        given = self._per_point(mask, np.bool_, "selected flags")
        match SelectMode(mode):
            case SelectMode.REPLACE:
                chosen = given.copy()
            case SelectMode.ADD:
                chosen = self.selection | given
            case SelectMode.REMOVE:
                chosen = self.selection & ~given
        if not np.array_equal(chosen, self.selection):
            self._past.append(np.packbits(self.selection))
            self._apply(chosen)

    def clear(self) -> None:
        """Select nothing."""
        self.select(_mask(self.count))

    def undo(self) -> None:
        """Go back to the selection before the last change, if there is one."""
        if self._past:
            self._apply(np.unpackbits(self._past.pop(), count=self.count).astype(bool))

    def set_current(self, index: int | None) -> None:
        """Ring one point, or none."""
        if index is not None and not 0 <= index < self.count:
            raise InputError(f"There is no point {index}: the map has {self.count} points")
        if index != self.current:
            self.current = index
            self.current_changed.emit(index)

    def set_marked(self, indices: ArrayLike) -> None:
        """Draw a thin ring around some points, such as those most like the current one."""
        marked = np.asarray(indices, np.intp).reshape(-1)
        if marked.size and not 0 <= marked.min() <= marked.max() < self.count:
            raise InputError(
                f"Points {marked.min()} to {marked.max()} cannot be marked: the map has "
                f"{self.count} points"
            )
        if not np.array_equal(marked, self.marked):
            self.marked = marked
            self.marked_changed.emit()

    def click(self, index: int | None, mode: SelectMode | str = SelectMode.REPLACE) -> None:
        """Take the user's click on a point, or beside all of them (None).

        A plain click rings the point; to add and to remove change the selection by it.
        """
        if SelectMode(mode) is SelectMode.REPLACE:
            self.set_current(index)
            if index is not None:
                self.clicked.emit(index)
        elif index is not None:
            only = np.zeros(self.count, bool)
            only[index] = True
            self.select(only, mode)

    def hover(self, index: int | None) -> None:
        """Note which point the mouse is over, or that it is over none."""
        if index != self.under_mouse:
            self.under_mouse = index
            self.hovered.emit(index)

    def paint(self, background: str) -> Painted:
        """Colours on a background, 0xRRGGBB (N,), and the order to paint the points in.

        As long as neither is another, both are the very arrays that were given before.
        """
        known, colouring = self._unselected, self.shown_colouring()
        if known is None or known.colouring is not colouring or known.background != background:
            known = self._unselected = _Unselected(colouring, background, self.count)
            self._order = None
        if self._order is None:
            self._order = self.shuffled
            if colouring is not None and (missing := colouring.missing()).any():
                self._order = on_top(self.shuffled, ~missing)
        if not self.selection.any():
            return known.colours, self._order
        of = known, self._order, self.selection
        if self._painted is None or any(
            one is not other for one, other in zip(self._painted[0], of, strict=True)
        ):
            colours = np.where(self.selection, known.colours, known.dimmed)
            self._painted = of, (colours, on_top(self._order, self.selection))
        return self._painted[1]

    def _set_colouring(self, colouring: Colouring) -> None:
        self.colouring = colouring
        self.colours_changed.emit()

    def _apply(self, mask: NDArray[np.bool_]) -> None:
        mask.flags.writeable = False
        self.selection = mask
        self.selection_changed.emit(mask)

    def _per_point(self, values: ArrayLike, dtype: type[Scalar], what: str) -> NDArray[Scalar]:
        array: NDArray[Scalar] = np.asarray(values).astype(dtype, copy=False)
        if array.shape != (self.count,):
            raise InputError(
                f"{what.capitalize()} of shape {array.shape} do not fit {self.count} points: "
                "give one for each point"
            )
        return array


def _mask(count: int) -> NDArray[np.bool_]:
    mask = np.zeros(count, dtype=bool)
    mask.flags.writeable = False
    return mask


def _places(xy: ArrayLike) -> NDArray[np.float32]:
    places = np.ascontiguousarray(xy, dtype=np.float32)
    if places.ndim != 2 or places.shape[1] != 2:
        raise InputError(f"A map needs points of shape (N, 2), not {places.shape}: give x and y")
    return places
