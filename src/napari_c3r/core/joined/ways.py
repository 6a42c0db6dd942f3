"""The ways to match a table to cells, the most exact first, and the one that fits."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from napari_c3r.core.errors import InputError
from napari_c3r.core.joined.columns import IMAGE_NUMBER, POSITION, file_columns, known_columns
from napari_c3r.core.joined.match import CellMatch, JoinedColumns
from napari_c3r.core.joined.matching import (
    Codes,
    codes_of,
    first_repeated,
    images_meant,
    rows_by_code,
    rows_by_position,
)
from napari_c3r.core.joined.values import joined_columns
from napari_c3r.core.text import shortened

if TYPE_CHECKING:
    import pandas as pd

BY_POSITION: Final = "position"
_LABEL: Final = "label"

# Ways to tell images apart, the most exact first; none where there is only one.
_PLACES: Final = (
    ("image",),
    ("plate", "well", "site"),
    ("well", "site"),
    ("plate", "well"),
    ("well",),
    (),
)
_ALIKE = 0.9
"""Share of the cells whose label and position must agree where a table has both."""
_ENOUGH = 0.6
"""Share of the cells, or of the rows, that positions must match: chance gives less."""
_SHOWN = 3


@dataclass(frozen=True, eq=False)
class _Way:
    """One way to match: its keys, and for each cell a row of the table or −1."""

    keys: tuple[str, ...]
    rows: NDArray[np.intp]
    apart: NDArray[np.float64] | None = None
    notes: tuple[str, ...] = ()


class Joining:
    """One table and the cells it is to be joined to."""

    def __init__(self, obs: pd.DataFrame, frame: pd.DataFrame, name: str) -> None:
        frame = frame.set_axis([str(each).strip() for each in frame.columns], axis=1)
        self._obs, self._frame, self._name = obs, frame, name
        self._known = known_columns(frame.columns)
        self._meant: dict[str, str] = {}
        files = file_columns(frame.columns)
        if files:
            place, self._meant = images_meant(
                list(obs["image"].unique()), [frame[each] for each in files]
            )
            self._known["image"] = files[place]

    def join(self, on: str | Sequence[str] | None, columns: Sequence[str] | None) -> JoinedColumns:
        """Match the table, and take the columns that are wanted; see `join_table`."""
        wanted = (on,) if isinstance(on, str) else None if on is None else tuple(on)
        way = self._best_way(wanted)
        keys = [self._known[key] for key in way.keys if key in self._known]
        if BY_POSITION in way.keys:
            keys += [self._known[axis] for axis in POSITION]
        taken = self._chosen(columns, keys)
        values = joined_columns(self._frame[taken], way.rows, self._obs)
        match = self._match(way, tuple(map(str, values.columns)))
        return JoinedColumns(values, match, {}, tuple(taken))

    def possible(self) -> list[tuple[str, ...]]:
        """The keys of all ways that both tables have what is needed for."""
        return [(*places, *((by,) if by else ())) for places, by in self._ways(None)]

    def _chosen(self, columns: Sequence[str] | None, keys: Sequence[str]) -> list[str]:
        names = list(map(str, self._frame.columns))
        unknown = [name for name in columns or () if name not in names]
        if unknown:
            raise InputError(
                f"The table has no column {shortened(unknown[0])}; it has "
                f"{', '.join(map(shortened, names[:6]))}{' …' if len(names) > 6 else ''}"
            )
        taken = [n for n in (names if columns is None else columns) if n not in keys]
        taken = [name for name in taken if self._frame[name].notna().any()]
        if not taken:
            raise InputError("The table has no column with values beside those it is matched by")
        return taken

    def _their_name(self, key: str) -> str:
        if key not in self._known:
            raise InputError(
                f"The table has no column that says the {key}; it has "
                f"{', '.join(map(shortened, list(self._frame.columns)[:6]))}"
            )
        return self._known[key]

    def _best_way(self, on: tuple[str, ...] | None) -> _Way:
        """The most exact way by which something matches."""
        refused: list[InputError] = []
        for places, by in self._ways(on):
            try:
                if by == BY_POSITION:
                    return self._by_position(places)
                return self._by_keys(places, (*places, *((by,) if by else ())))
            except InputError as error:
                refused.append(error)
        raise refused[0] if refused else self._no_way()

    def _ways(self, on: tuple[str, ...] | None) -> Iterator[tuple[tuple[str, ...], str]]:
        """Keys of images, and what tells their cells apart: label, position or nothing."""
        if on is not None:
            by = next((key for key in on if key in (_LABEL, BY_POSITION)), "")
            for key in on:
                self._their_name("x" if key == BY_POSITION else key)
            yield tuple(key for key in on if key != by), by
            return
        of_cells = [(_LABEL, _LABEL), (BY_POSITION, "x")]
        of_cells = [(by, key) for by, key in of_cells if key in self._known]
        for by, _ in of_cells:
            yield from ((places, by) for places in _PLACES if self._tells_apart(places))
        if not of_cells:
            yield from ((places, "") for places in _PLACES if places and self._has(places))

    def _tells_apart(self, places: tuple[str, ...]) -> bool:
        """Whether both tables have these keys, and every image of ours has others."""
        obs = self._obs
        if not places:
            numbers = self._frame.get(IMAGE_NUMBER)
            single = numbers is None or numbers.nunique() < 2
            return obs["image"].nunique() == 1 and single and "image" not in self._known
        if not self._has(places):
            return False
        together = obs[["image", *places]].drop_duplicates()
        return not any(together.duplicated(keys).any() for keys in (list(places), ["image"]))

    def _has(self, places: tuple[str, ...]) -> bool:
        """Whether both tables have these keys."""
        if places == ("image",):
            return bool(self._meant)
        obs = self._obs
        return all(key in self._known and key in obs and obs[key].notna().any() for key in places)

    def _codes(self, keys: tuple[str, ...]) -> tuple[Codes, Codes]:
        if not keys:
            return np.zeros(len(self._obs), np.int64), np.zeros(len(self._frame), np.int64)
        ours = [(key, self._obs[key]) for key in keys]
        return codes_of(ours, [self._frame[self._known[key]] for key in keys], self._meant)

    def _by_keys(self, places: tuple[str, ...], keys: tuple[str, ...]) -> _Way:
        ours, theirs = self._codes(keys)
        # A row of no cell of ours may be there as often as it likes.
        theirs = np.where(np.isin(theirs, ours[ours >= 0]), theirs, -1)
        twice = first_repeated(theirs)
        if twice is not None:
            named = ", ".join(
                f"{key} {shortened(self._frame[self._known[key]].iloc[twice[0]])}" for key in keys
            )
            raise InputError(
                f"The table has two rows for {named}: {twice[0] + 1} and {twice[1] + 1}; keep one"
            )
        rows = rows_by_code(ours, theirs)
        if not (rows >= 0).any():
            raise InputError(
                f"No row of the table matches by {', '.join(keys)}: the first cell has "
                f"{self._first(self._obs, dict(zip(keys, keys, strict=True)))}, the first row "
                f"{self._first(self._frame, {key: self._known[key] for key in keys})}"
            )
        way = _Way(keys, rows)
        return self._checked(places, way) if _LABEL in keys else way

    def _first(self, frame: pd.DataFrame, names: Mapping[str, str]) -> str:
        return ", ".join(f"{key} {shortened(frame[name].iloc[0])}" for key, name in names.items())

    def _checked(self, places: tuple[str, ...], way: _Way) -> _Way:
        """A way by labels, unless the positions that the table has too say that it is wrong."""
        if "x" not in self._known:
            return way
        here = way.rows >= 0
        apart = np.linalg.norm(self._xy()[0][here] - self._xy()[1][way.rows[here]], axis=1)
        known = np.isfinite(apart)
        near = apart[known] <= np.maximum(self._radius()[here][known], 2)
        if not known.any() or near.mean() >= _ALIKE:
            return way
        told = f"of {known.sum():,} cells with its labels, {near.sum():,} lie where it says"
        try:
            other = self._by_position(places)
        except InputError as error:
            raise InputError(
                f"The labels of the table are of other cells: {told}; and by position: {error}"
            ) from error
        return replace(other, notes=(f"Its labels are of other cells: {told}.",))

    def _by_position(self, places: tuple[str, ...]) -> _Way:
        codes = self._codes(places)
        rows, apart = rows_by_position(codes, self._xy(), self._radius())
        found = int((rows >= 0).sum())
        there = [int(np.isin(a, b[b >= 0]).sum()) for a, b in (codes, codes[::-1])]
        if not found or found < _ENOUGH * min(each for each in there if each):
            raise InputError(
                f"Only {found:,} of {there[1]:,} rows lie on a cell of the same image; positions "
                "must be in pixels, from the upper left corner"
            )
        return _Way((*places, BY_POSITION), rows, apart[rows >= 0])

    def _xy(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        import pandas as pd

        theirs = [pd.to_numeric(self._frame[self._known[axis]], "coerce") for axis in POSITION]
        ours = self._obs[["x_px", "y_px"]].to_numpy(np.float64)
        return ours, np.column_stack([column.to_numpy(np.float64) for column in theirs])

    def _radius(self) -> NDArray[np.float64]:
        area = self._obs["area_px"] if "area_px" in self._obs else np.full(len(self._obs), np.nan)
        return np.sqrt(np.nan_to_num(np.asarray(area, np.float64), nan=50.0) / np.pi)

    def _no_way(self) -> InputError:
        names = list(map(str, self._frame.columns))
        if IMAGE_NUMBER in names and "image" not in self._known:
            return InputError(
                f"The table numbers its images ({IMAGE_NUMBER}) and does not say which they are; "
                "put the table of images that was saved with it (Image.csv) beside it"
            )
        images = self._obs["image"].iloc[0]
        return InputError(
            f"The table does not say of which image its rows are: the result has images such as "
            f"{shortened(images)}, the table the columns {', '.join(map(shortened, names[:6]))}"
        )

    def _match(self, way: _Way, columns: tuple[str, ...]) -> CellMatch:
        lacking = np.flatnonzero(way.rows < 0)
        obs = self._obs
        told = ("image", _LABEL) if {_LABEL, BY_POSITION} & set(way.keys) else way.keys
        named = obs.iloc[lacking][list(told)].drop_duplicates()
        missing = tuple(
            " ".join(f"{key} {value}" for key, value in zip(told, row, strict=True))
            for row in named.head(_SHOWN).itertuples(index=False, name=None)
        )
        matched = len(obs) - len(lacking)
        used = len(np.unique(way.rows[way.rows >= 0]))
        return CellMatch(
            self._name,
            way.keys,
            columns,
            matched,
            len(lacking),
            missing,
            len(named) - len(missing),
            len(self._frame) - used,
            None if way.apart is None else float(np.median(way.apart)),
            way.notes,
        )
