"""Which cells of the result are selected, and which one is pointed at."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from psygnal import Signal

from napari_c3r.session.changes import Cause, Change, Part
from napari_c3r.session.history import Command, History
from napari_c3r.session.words import counted_cells


class Selection:
    """Rows of the displayed result.

    Parameters
    ----------
    history
        Takes note of what the user selects.

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

    def __init__(self, history: History) -> None:
        self._history = history
        self.mask: NDArray[np.bool_] = np.zeros(0, bool)
        self.current: int | None = None

    def select(self, mask: NDArray[np.bool_], cause: Cause = Cause.USER) -> None:
        """Select rows; what changes nothing is no step to undo."""
        if np.array_equal(mask, self.mask):
            return
        before, after = np.packbits(self.mask), np.packbits(mask)
        known = len(mask) == len(self.mask)
        self.mask = mask
        self.changed.emit(Change(Part.SELECTION, cause))
        if cause is Cause.USER and known:
            count = int(mask.sum())
            words = f"select {counted_cells(count)}" if count else "select nothing"
            self._history.record(
                Command(words, lambda: self._go_back(before), lambda: self._go_back(after))
            )

    def _go_back(self, packed: NDArray[np.uint8]) -> None:
        mask = np.unpackbits(packed, count=len(self.mask)).astype(bool)
        self.select(mask, Cause.UNDONE)

    def set_current(self, row: int | None, cause: Cause = Cause.USER) -> None:
        """Point at one row, or at none."""
        if row != self.current:
            self.current = row
            self.changed.emit(Change(Part.CURRENT, cause))

    def reset(self, mask: NDArray[np.bool_], cause: Cause = Cause.USER) -> None:
        """Begin with other rows, some of them selected."""
        self.mask = mask
        self.current = None
        self.changed.emit(Change(Part.SELECTION, cause))

    def show_again(self, cause: Cause = Cause.USER) -> None:
        """Point at no row, and have the same rows displayed on another image."""
        self.current = None
        self.changed.emit(Change(Part.SELECTION, cause))
        self.changed.emit(Change(Part.CURRENT, cause))
