"""The rows of each track in the order of time, whatever the number of cells."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from napari_c3r.core.errors import InputError
from napari_c3r.core.tracks.add import TRACK

if TYPE_CHECKING:
    import pandas as pd

Rows = NDArray[np.intp]


class TrackOrder:
    """Who comes before and after whom; sorted once for all questions.

    Parameters
    ----------
    obs
        With ``track_id`` and ``t``.

    Raises
    ------
    InputError
        A column is missing.
    """

    def __init__(self, obs: pd.DataFrame) -> None:
        for name in (TRACK, "t"):
            if name not in obs:
                raise InputError(f"The table has no column '{name}'; add its tracks first")
        track = obs[TRACK].astype("Float64").to_numpy(np.float64, na_value=np.nan)
        times = obs["t"].to_numpy(np.float64)
        on_one = np.flatnonzero(np.isfinite(track))
        order = on_one[np.lexsort((times[on_one], track[on_one]))]
        starts = np.flatnonzero(np.diff(track[order], prepend=np.nan) != 0)
        self._order, self._starts = order.astype(np.intp), starts.astype(np.intp)
        self._ends = np.append(starts[1:], len(order)).astype(np.intp)
        self._number = np.full(len(obs), -1, np.intp)
        self._number[order] = np.repeat(np.arange(len(starts)), self._ends - self._starts)
        self._place = np.full(len(obs), -1, np.intp)
        self._place[order] = np.arange(len(order))
        self.times = times

    @property
    def count(self) -> int:
        """How many tracks there are."""
        return len(self._starts)

    @property
    def n_without(self) -> int:
        """How many rows are on none."""
        return int((self._number < 0).sum())

    def rows(self, row: int) -> Rows:
        """All rows of the track that a row is on, in the order of time; the row alone on none."""
        number = self._number[row]
        if number < 0:
            return np.array([row], np.intp)
        return self._order[self._starts[number] : self._ends[number]]

    def step(self, row: int, by: int) -> int | None:
        """The same cell some of its frames later (or earlier); None where its track ends."""
        place = self._place[row] + by
        if self._place[row] < 0 or not 0 <= place < len(self._order):
            return None
        other = int(self._order[place])
        return other if self._number[other] == self._number[row] else None

    def whole(self, mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Some rows and all others of their tracks, (n,)."""
        wanted = np.zeros(self.count + 1, bool)
        wanted[self._number[mask]] = True
        # The last stands for no track.
        wanted[-1] = False
        return np.asarray(mask | wanted[self._number])

    def paths(self, mask: NDArray[np.bool_], most: int) -> list[Rows]:
        """The rows of the tracks of some rows, in the order of time.

        Parameters
        ----------
        mask
            (n,).
        most
            Tracks at most, those with the lowest numbers.
        """
        numbers = np.unique(self._number[mask])
        numbers = numbers[numbers >= 0][:most]
        return [self._order[self._starts[n] : self._ends[n]] for n in numbers]
