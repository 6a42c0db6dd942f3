"""The rows of the result as a table that stays quick with a million of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from qtpy.QtCore import QAbstractTableModel, QItemSelectionModel, QModelIndex, Qt, Signal
from qtpy.QtGui import QColor, QKeyEvent, QMouseEvent
from qtpy.QtWidgets import (
    QAbstractItemView,
    QFrame,
    QHeaderView,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTableView,
    QWidget,
)

from napari_c3r.core.table.numbers import is_number
from napari_c3r.core.table.titles import title
from napari_c3r.widgets.common.elision import elided_apart
from napari_c3r.widgets.common.labels import plain_tip

_MAX_MEASURED = 40
_MAX_PX = 190
_ROW_PX = 21
_MARGIN_PX = 6
_MAX_NAMES = 200
ITEM_PADDING_PX = 8
"""Left and right of the text in a cell, for the style sheet of whoever shows the table."""
_TINT = QColor(82, 133, 184, 90)
_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter


class RowsModel(QAbstractTableModel):
    """Rows of a frame in any order, read cell by cell when they are drawn."""

    def __init__(self) -> None:
        super().__init__()
        self._frame = pd.DataFrame()
        self._columns: list[str] = []
        self._series: list[pd.Series] = []
        self._numeric: list[bool] = []
        self._decimals: list[int | None] = []
        self._selected = np.zeros(0, bool)
        self._sorted_by: tuple[str, bool] | None = None
        self._order: NDArray[np.intp] | None = None
        self._tints = False
        self.rows = np.empty(0, np.intp)

    def set_frame(self, frame: pd.DataFrame, columns: Sequence[str]) -> None:
        """Show columns of a frame, all of its rows."""
        self.beginResetModel()
        self._frame, self._columns = frame, list(columns)
        self._series = [frame[name] for name in self._columns]
        self._numeric = [is_number(series) for series in self._series]
        self._decimals = [decimals_of(series) for series in self._series]
        self._selected, self._tints = np.zeros(len(frame), bool), False
        self._sort_frame()
        self.rows = self._ordered(np.arange(len(frame)))
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

    def names(self, column: int) -> list[str]:
        """The categories of a column, as far as they are few; none where it has none."""
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
            if role == Qt.ItemDataRole.DisplayRole:
                return title(self._columns[section])
            if role == Qt.ItemDataRole.ToolTipRole:
                return plain_tip(f"{self._columns[section]}. Click to sort")
        return None

    def sort(self, column: int, order: Qt.SortOrder = Qt.SortOrder.AscendingOrder) -> None:
        if not 0 <= column < len(self._columns):
            return
        self._sorted_by = self._columns[column], order == Qt.SortOrder.AscendingOrder
        self._sort_frame()
        self.show_rows(self.rows)

    def _tint(self) -> None:
        """A tint on every row would tell nothing."""
        fits = len(self._selected) == len(self._frame)
        self._tints = fits and not self._selected[self.rows].all()

    def _sort_frame(self) -> None:
        """Sort the whole frame once: what is missing last, ties in the frame's order."""
        if self._sorted_by is None or self._sorted_by[0] not in self._columns:
            self._order = None
            return
        name, ascending = self._sorted_by
        ranks = _ranks(self._frame[name])
        order = np.argsort(ranks if ascending else -ranks, kind="stable")
        missing = self._frame[name].isna().to_numpy()[order]
        self._order = np.concatenate([order[~missing], order[missing]])

    def _ordered(self, rows: NDArray[np.intp]) -> NDArray[np.intp]:
        """Rows in the order that the frame is sorted in."""
        wanted = np.zeros(len(self._frame), bool)
        wanted[rows] = True
        if self._order is None:
            return np.flatnonzero(wanted)
        ordered: NDArray[np.intp] = self._order[wanted[self._order]]
        return ordered


def _ranks(column: pd.Series) -> NDArray[np.float64]:
    """Numbers in the order of the column's values."""
    if is_number(column) or pd.api.types.is_bool_dtype(column.dtype):
        return np.asarray(column.to_numpy(np.float64, na_value=np.nan))
    if isinstance(column.dtype, pd.CategoricalDtype):
        return np.asarray(column.cat.codes, np.float64)
    return pd.factorize(column.astype(str), sort=True)[0].astype(np.float64)


def decimals_of(column: pd.Series) -> int | None:
    """Digits after the point that all numbers of a column are shown with, so that points align.

    Four figures of the largest number, none where all are whole; None for numbers so small that
    they are better shown with a power of ten, and for what is no fraction.
    """
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


class _ApartDelegate(QStyledItemDelegate):
    """Cuts long names of a column so that they stay different."""

    def initStyleOption(self, option: QStyleOptionViewItem | None, index: QModelIndex) -> None:
        super().initStyleOption(option, index)
        model = index.model()
        assert isinstance(model, RowsModel)
        assert option is not None
        names, measure = model.names(index.column()), option.fontMetrics.horizontalAdvance
        room = option.rect.width() - 2 * ITEM_PADDING_PX - _MARGIN_PX
        text = option.text or ""
        if names and measure(text) > room:
            option.text = elided_apart([text, *names], room, measure)[0]


class CellTable(QTableView):
    """The table; one row taken up is pointed at, several are selected.

    Signals
    -------
    pointed
        The row of the result taken up by mouse or arrow keys.
    chosen
        Rows of the result taken up together.
    """

    pointed = Signal(int)
    chosen = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.rows = RowsModel()
        self.setModel(self.rows)
        self._taken = QItemSelectionModel(self.rows)
        self.setSelectionModel(self._taken)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setShowGrid(False)
        self.setWordWrap(False)
        self.setTabKeyNavigation(False)
        self._build_headers()
        self.setSortingEnabled(True)
        self.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        self._delegate = _ApartDelegate(self)
        self.setItemDelegate(self._delegate)
        self.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setAccessibleName("Table of cells")

    def _build_headers(self) -> None:
        lines = QHeaderView(Qt.Orientation.Vertical)
        lines.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        lines.setDefaultSectionSize(_ROW_PX)
        self.setVerticalHeader(lines)
        lines.hide()
        titles = QHeaderView(Qt.Orientation.Horizontal)
        titles.setSectionsClickable(True)
        titles.setHighlightSections(False)
        titles.setResizeContentsPrecision(_MAX_MEASURED)
        titles.setMaximumSectionSize(_MAX_PX)
        titles.setSortIndicator(-1, Qt.SortOrder.AscendingOrder)
        self.setHorizontalHeader(titles)

    def set_frame(self, frame: pd.DataFrame, columns: Sequence[str]) -> None:
        """Show a result's cells."""
        self.rows.set_frame(frame, columns)
        self.resizeColumnsToContents()

    def sizeHintForColumn(self, column: int) -> int:
        # Qt leaves a style sheet's padding out, and then has no room for the text.
        return super().sizeHintForColumn(column) + 2 * ITEM_PADDING_PX

    def show_rows(self, rows: NDArray[np.intp]) -> None:
        """List these rows of the result; those listed already stay where they are."""
        same = len(rows) == len(self.rows.rows)
        if not (same and np.array_equal(np.sort(self.rows.rows), rows)):
            self.rows.show_rows(rows)

    def show_current(self, row: int | None) -> None:
        """Highlight the row pointed at and bring it into view, without pointing anew."""
        place = None if row is None else self.rows.place_of(row)
        if place is None:
            self._taken.clear()
            return
        if self.currentIndex().row() == place and self._taken.isRowSelected(place, QModelIndex()):
            return
        flags = QItemSelectionModel.SelectionFlag
        index = self.rows.index(place, 0)
        self._taken.setCurrentIndex(index, flags.ClearAndSelect | flags.Rows)
        self.scrollTo(index)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        super().mouseReleaseEvent(event)
        self._tell()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        # Letters belong to the dock, not to a search in the first column.
        if event.text().isalnum() and event.modifiers() == Qt.KeyboardModifier.NoModifier:
            event.ignore()
            return
        super().keyPressEvent(event)
        self._tell()

    def _tell(self) -> None:
        places = [index.row() for index in self._taken.selectedRows()]
        if len(places) == 1:
            self.pointed.emit(int(self.rows.rows[places[0]]))
        elif places:
            self.chosen.emit(self.rows.rows[places])
