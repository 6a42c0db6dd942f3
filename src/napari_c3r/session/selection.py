"""Which cells of the result are selected, and which one is pointed at."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from psygnal import Signal

from napari_c3r.session.changes import Cause, Change, Part


class Selection:
    """Rows of the displayed result.

    Attributes
    ----------
    mask
        Selected rows, (n,) bool.
    current
        The row that is pointed at, None when there is none.
    changed
        With a :class:`Change`.
    """

    changed = Signal(Change)

    def __init__(self) -> None:
        self.mask: NDArray[np.bool_] = np.zeros(0, bool)
        self.current: int | None = None

    def select(self, mask: NDArray[np.bool_], cause: Cause = Cause.USER) -> None:
        """Select rows."""
        if not np.array_equal(mask, self.mask):
            self.mask = mask
            self.changed.emit(Change(Part.SELECTION, cause))

    def set_current(self, row: int | None, cause: Cause = Cause.USER) -> None:
        """Point at one row, or at none."""
        if row != self.current:
            self.current = row
            self.changed.emit(Change(Part.CURRENT, cause))

    def reset(self, n_rows: int, cause: Cause = Cause.USER) -> None:
        """Begin with other rows, none of them selected: the old ones mean nothing any more."""
        self.mask = np.zeros(n_rows, bool)
        self.current = None
        self.changed.emit(Change(Part.SELECTION, cause))

    def show_again(self, cause: Cause = Cause.USER) -> None:
        """Point at no row, and have the same rows displayed on another image."""
        self.current = None
        self.changed.emit(Change(Part.SELECTION, cause))
        self.changed.emit(Change(Part.CURRENT, cause))
