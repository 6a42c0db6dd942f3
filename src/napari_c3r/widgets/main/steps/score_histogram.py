"""A histogram of scores with a threshold that can be moved."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from qtpy.QtCore import Signal

from napari_c3r.widgets.common.histogram import HIGH, Histogram, Limits
from napari_c3r.widgets.common.tones import FILLS, Tone


class ScoreHistogram(Histogram):
    """Bars, those beyond the threshold in another colour.

    Signals
    -------
    chosen
        The threshold where it was let go, or moved with the arrow keys.
    dragged
        The threshold while it is being dragged.
    """

    chosen = Signal(float)
    dragged = Signal(float)

    def __init__(self) -> None:
        inside, outside = FILLS[Tone.NEXT], FILLS[Tone.ATTENTION]
        super().__init__("Histogram of scores", inside, outside)
        self.moved.connect(lambda _, limit: self.dragged.emit(limit))
        self.settled.connect(lambda _, limit: self.chosen.emit(limit))

    def show_scores(self, scores: NDArray[np.float64], limit: float | None, unit: str) -> None:
        """Show scores, (n,), NaN where there is none, and where they are cut.

        Parameters
        ----------
        scores
            Higher is worse.
        limit
            The threshold; None for none.
        unit
            What the axis is.
        """
        movable = () if limit is None else (HIGH,)
        self.show_values(scores, (None, limit), unit, movable=movable)
        above = int((scores > limit).sum()) if limit is not None else 0
        told = f"threshold {limit:.2f}, {above} above it" if limit is not None else "no threshold"
        self.setAccessibleDescription(f"{int(np.isfinite(scores).sum())} scores; {told}")

    def _around(self, low: float, high: float, limits: Limits) -> tuple[float, float]:
        limit = limits[HIGH]
        return low, max(high, 1.3 * limit if limit is not None else high, low + 1e-3)

    def _rounded(self, value: float) -> float:
        return round(max(0.0, value), 2)

    def _limit_at(self, which: int, x: float) -> float:
        # There is always one, be it beyond all scores.
        found = super()._limit_at(which, x)
        return self._rounded(self.range[HIGH]) if found is None else found
