"""The rows of a result as a model that stays quick with a million of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray
from qtpy.QtCore import QAbstractTableModel, QModelIndex, Qt
from qtpy.QtGui import QColor

from napari_c3r.core.figures.colouring import categories_of
from napari_c3r.core.table.numbers import is_number
from napari_c3r.core.table.remembered import remembered
from napari_c3r.core.table.titles import title
from napari_c3r.widgets.common.labels import plain_tip

if TYPE_CHECKING:
    import pandas as pd

Sorting = tuple[tuple[str, bool], ...]
"""Columns that rows are sorted by, the first one first, each with whether it ascends."""

_MAX_NAMES = 200
_TINT = QColor(82, 133, 184, 90)
_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
_ARROWS: Final = {True: "▲", False: "▼"}


class RowsModel(QAbstractTableModel):
    """Rows of a frame in any order, read cell by cell when they are drawn.

    Attributes
    ----------
    rows
        Which rows of the frame are listed, in their order.
    sorting
        What they are sorted by; empty for the order of the frame.
    """

    def __init__(self) -> None:
        super().__init__()
        self._frame: pd.DataFrame | None = None
        self._count = 0
        self._columns: list[str] = []
        self._series: list[pd.Series] = []
        self._numeric: list[bool] = []
        self._decimals: list[int | None] = []
        self._selected = np.zeros(0, bool)
        self.sorting: Sorting = ()
        self._order: NDArray[np.intp] | None = None
        self._tints = False
        self.rows = np.empty(0, np.intp)

    def set_frame(self, frame: pd.DataFrame, columns: Sequence[str]) -> None:
        """Show columns of a frame, all of its rows."""
        self.beginResetModel()
        self._frame, self._count, self._columns = frame, len(frame), list(columns)
        self._series = [frame[name] for name in self._columns]
        self._numeric = [is_number(series) for series in self._series]
        self._decimals = [decimals_of(series) for series in self._series]
        self._selected, self._tints = np.zeros(len(frame), bool), False
        self._sort_frame()
        self.rows = np.arange(len(frame)) if self._order is None else self._order
        self.endResetModel()

    def show_rows(self, rows: NDArray[np.intp]) -> None:
        """Show these rows of the frame, in the order they are sorted in."""
        self.beginResetModel()
        self.rows = self._ordered(np.asarray(rows, np.intp))
        self._tint()
        self.endResetModel()

    def set_selected(self, mask: NDArray[np.bool_]) -> None:
        """Tint the selected rows."""
        self._selected = mask
        self._tint()
        if len(self.rows) and self._columns:
            last = self.index(len(self.rows) - 1, len(self._columns) - 1)
            self.dataChanged.emit(self.index(0, 0), last, [Qt.ItemDataRole.BackgroundRole])

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns shown, by name."""
        return tuple(self._columns)

    @property
    def frame(self) -> pd.DataFrame | None:
        """All rows, with columns that are not shown too; None before there are any."""
        return self._frame

    def texts(self, column: int, most: int) -> list[str]:
        """Texts of a column to fit its width to: all categories, or those of some rows."""
        names = self.names(column)
        if names or not self._count:
            return names
        step = max(self._count // most, 1)
        values = self._series[column].iloc[::step]
        return [text_of(value, self._decimals[column]) for value in values]

    def names(self, column: int) -> list[str]:
        """The categories of a column, as far as they are few; none where it has none."""
        import pandas as pd

        series = self._series[column]
        if not isinstance(series.dtype, pd.CategoricalDtype):
            return []
        return [str(name) for name in series.cat.categories[:_MAX_NAMES]]

    def place_of(self, row: int) -> int | None:
        """Where a row of the frame is shown, None when it is not."""
        found = np.flatnonzero(self.rows == row)
        return int(found[0]) if len(found) else None

    def rowCount(self, parent: QModelIndex | None = None) -> int:
        return 0 if parent is not None and parent.isValid() else len(self.rows)

    def columnCount(self, parent: QModelIndex | None = None) -> int:
        return 0 if parent is not None and parent.isValid() else len(self._columns)

    def data(self, index: QModelIndex, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid():
            return None
        row, column = self.rows[index.row()], index.column()
        if role == Qt.ItemDataRole.DisplayRole:
            return text_of(self._series[column].iat[row], self._decimals[column])
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return _RIGHT if self._numeric[column] else None
        if role == Qt.ItemDataRole.BackgroundRole and self._tints and self._selected[row]:
            return _TINT
        return None

    def headerData(
        self,
        section: int,
        orientation: Qt.Orientation,
        role: int = Qt.ItemDataRole.DisplayRole,
    ) -> Any:
        if orientation == Qt.Orientation.Horizontal and section < len(self._columns):
            name = self._columns[section]
            if role == Qt.ItemDataRole.DisplayRole:
                return f"{title(name)}{self._sorted_mark(name)}"
            if role == Qt.ItemDataRole.ToolTipRole:
                return plain_tip(
                    f"{name}. Click to sort, with Shift within what is sorted; right-click to hide "
                    "or pin"
                )
        return None

    def sort(self, column: int, order: Qt.SortOrder = Qt.SortOrder.AscendingOrder) -> None:
        if 0 <= column < len(self._columns):
            ascending = order == Qt.SortOrder.AscendingOrder
            self.set_sorting(((self._columns[column], ascending),))

    def set_sorting(self, sorting: Sorting) -> None:
        """Sort by columns, the first one first; a column that there is not is passed over."""
        self.sorting = sorting
        self._sort_frame()
        self.show_rows(self.rows)

    def _sorted_mark(self, name: str) -> str:
        """An arrow, and its place where there are several."""
        for place, (by, ascending) in enumerate(self.sorting):
            if by == name:
                return f" {_ARROWS[ascending]}{place + 1 if len(self.sorting) > 1 else ''}"
        return ""

    def _tint(self) -> None:
        """A tint on every row would tell nothing."""
        fits = len(self._selected) == self._count
        self._tints = fits and not self._selected[self.rows].all()

    def _sort_frame(self) -> None:
        """Sort the whole frame once: what is missing last, ties in the frame's order."""
        frame = self._frame
        if frame is None:
            return
        keys = [(name, up) for name, up in self.sorting if name in frame]
        ranks = [_turned(_ranks(frame[name]), up) for name, up in keys]
        if not ranks:
            self._order = None
        elif len(ranks) == 1:
            self._order = _sorted_rows(ranks[0])
        else:
            self._order = np.lexsort(ranks[::-1])

    def _ordered(self, rows: NDArray[np.intp]) -> NDArray[np.intp]:
        """Rows in the order that the frame is sorted in."""
        wanted = np.zeros(self._count, bool)
        wanted[rows] = True
        if self._order is None:
            return np.flatnonzero(wanted)
        return self._order.compress(wanted[self._order])


@remembered
def _ranks(column: pd.Series) -> NDArray[np.int64]:
    """Whole numbers from 0 in the order of the column's values, −1 where there is none.

    Worked out once: to sort by them, in either direction, takes a fifth of the time.
    """
    import pandas as pd

    if not (is_number(column) or pd.api.types.is_bool_dtype(column.dtype)):
        return categories_of(column)[0]
    values = np.asarray(column.to_numpy(np.float64, na_value=np.nan))
    order = np.argsort(values)
    ordered = values[order]
    ranks = np.empty(len(values), np.int64)
    ranks[order] = np.cumsum(np.append(False, ordered[1:] != ordered[:-1]))[: len(values)]
    ranks[np.isnan(values)] = -1
    return ranks


def _turned(ranks: NDArray[np.int64], ascending: bool) -> NDArray[np.int64]:
    """Ranks in either direction, with what is missing last."""
    count = len(ranks)
    return np.where(ranks < 0, count, ranks if ascending else count - 1 - ranks)


def _sorted_rows(ranks: NDArray[np.int64]) -> NDArray[np.intp]:
    """Rows by their rank and, of the same one, as they are in the frame."""
    # As one number each they are sorted five times as fast as by a stable sort.
    keys = np.sort(ranks << 32 | np.arange(len(ranks)))
    return (keys & 0xFFFFFFFF).astype(np.intp, copy=False)


@remembered
def decimals_of(column: pd.Series) -> int | None:
    """Digits after the point that all numbers of a column are shown with, so that points align.

    Four figures of the largest number, none where all are whole; None for numbers so small that
    they are better shown with a power of ten, and for what is no fraction.
    """
    import pandas as pd

    if not is_number(column) or not pd.api.types.is_float_dtype(column.dtype):
        return None
    size = np.abs(column.to_numpy(np.float64, na_value=np.nan))
    size = size[np.isfinite(size)]
    if not len(size) or 0 < size.max() < 1e-3:
        return None
    if (size == np.rint(size)).all():
        return 0
    return min(max(3 - int(np.floor(np.log10(size.max()))), 1), 4)


def text_of(value: Any, decimals: int | None = None) -> str:
    """A value for the eye: four figures or so many decimals, nothing where there is none."""
    import pandas as pd

    if isinstance(value, bool | np.bool_):
        return "yes" if value else "no"
    if isinstance(value, float | np.floating):
        number = float(value)
        if not np.isfinite(number):
            return "" if np.isnan(number) else str(number)
        if decimals is not None:
            return f"{number:.{decimals}f}"
        return f"{number:.1f}" if abs(number) >= 1000 else f"{number:.4g}"
    return "" if value is None or value is pd.NA else str(value)
