"""A table of cells: rows are pointed at or taken up, sorted, copied; columns pinned and fitted."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from qtpy.QtCore import QItemSelectionModel, QModelIndex, QPoint, Qt, Signal
from qtpy.QtGui import QKeyEvent, QMouseEvent, QResizeEvent
from qtpy.QtWidgets import (
    QAbstractItemView,
    QApplication,
    QFrame,
    QHeaderView,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTableView,
    QWidget,
)

from napari_c3r.core.table.titles import title
from napari_c3r.widgets.common.elision import elided_apart
from napari_c3r.widgets.common.pinned_columns import PinnedColumns
from napari_c3r.widgets.common.rows_model import RowsModel, Sorting
from napari_c3r.widgets.common.table_header import TableHeader

if TYPE_CHECKING:
    import pandas as pd

_MEASURED = 60
# Of thousands of columns, those out of sight are as wide as their titles.
_FITTED = 80
_LEAST_PX, _MOST_PX = 48, 260
_ROW_PX = 21
_MARGIN_PX = 6
# Room beside a title for the arrow that says how it is sorted, and for its own padding.
_ARROW, _TITLE_PX = " ▲1", 20
ITEM_PADDING_PX = 8
"""Left and right of the text in a cell, for the style sheet of whoever shows the table."""
MAX_COPIED = 100_000
"""Most rows that are copied as text; more are better exported."""


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
    sorting_chosen
        A title was clicked: how the rows are to be sorted.
    menu_wanted
        A title was clicked with the other button: name of its column, and where on the screen.
    """

    pointed = Signal(int)
    chosen = Signal(object)
    sorting_chosen = Signal(object)
    menu_wanted = Signal(str, QPoint)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.rows = RowsModel()
        self.setModel(self.rows)
        self._taken = QItemSelectionModel(self.rows)
        self.setSelectionModel(self._taken)
        self._widths: dict[str, int] = {}
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setShowGrid(False)
        self.setWordWrap(False)
        self.setTabKeyNavigation(False)
        self._titles = TableHeader(self)
        self._build_headers()
        self.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        self._delegate = _ApartDelegate(self)
        self.setItemDelegate(self._delegate)
        self.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setAccessibleName("Table of cells")
        self.pinned = PinnedColumns(self, self._titles)
        self.pinned.share(self.rows, self._taken, _ROW_PX)
        self.pinned.setItemDelegate(self._delegate)
        self.pinned.released.connect(self._tell)
        for titles in (self._titles, self.pinned.titles):
            titles.sort_wanted.connect(self._on_sort_wanted)
            titles.menu_wanted.connect(self._on_menu_wanted)
            titles.resized_by_hand.connect(self._on_resized_by_hand)

    def _build_headers(self) -> None:
        lines = QHeaderView(Qt.Orientation.Vertical)
        lines.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        lines.setDefaultSectionSize(_ROW_PX)
        self.setVerticalHeader(lines)
        lines.hide()
        self.setHorizontalHeader(self._titles)

    def set_frame(self, frame: pd.DataFrame, columns: Sequence[str], pinned: int = 0) -> None:
        """Show columns of a result's cells, so many of the first ones always in sight."""
        self.rows.set_frame(frame, columns)
        for number, name in enumerate(columns):
            fitting = self._widths.get(name) or self.fitting_width(number, number < _FITTED)
            self.setColumnWidth(number, fitting)
        self.pinned.set_count(pinned)

    def fitting_width(self, column: int, to_values: bool = True) -> int:
        """Pixels that title and values of a column need, within reason."""
        measure = self.fontMetrics().horizontalAdvance
        texts = self.rows.texts(column, _MEASURED) if to_values else []
        values = max(map(measure, texts), default=0) + 2 * (ITEM_PADDING_PX + _MARGIN_PX)
        head = self._titles.fontMetrics().horizontalAdvance
        titled = head(f"{title(self.rows.columns[column])}{_ARROW}") + _TITLE_PX
        return min(max(values, titled, _LEAST_PX), _MOST_PX)

    def fit_column(self, name: str) -> None:
        """Make a column as wide as what it holds again."""
        self._widths.pop(name, None)
        column = self.rows.columns.index(name)
        self.setColumnWidth(column, self.fitting_width(column))

    def sort_by(self, sorting: Sorting) -> None:
        """Sort by columns, the first one first; by none as the result is."""
        if sorting != self.rows.sorting:
            self.rows.set_sorting(sorting)

    def copy(self) -> int:
        """Copy the rows that are taken up, else all that are listed, as text with tabs.

        Returns
        -------
        int
            How many they are; they are not copied where they are more than `MAX_COPIED`.
        """
        from napari_c3r.core.table.flat import tab_separated

        places = self._places()
        rows = self.rows.rows[places] if len(places) else self.rows.rows
        if self.rows.frame is not None and 0 < len(rows) <= MAX_COPIED:
            board = QApplication.clipboard()
            assert board is not None
            board.setText(tab_separated(self.rows.frame, rows, self.rows.columns))
        return len(rows)

    def show_rows(self, rows: NDArray[np.intp]) -> None:
        """List these rows of the result; those listed already stay where they are."""
        listed = self.rows.rows
        if len(rows) == len(listed) and self.rows.sorting:
            listed = np.sort(listed)
        if not np.array_equal(listed, rows):
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

    def _places(self) -> NDArray[np.intp]:
        """Where the rows that are taken up are listed, from top to bottom."""
        taken = np.zeros(len(self.rows.rows), bool)
        # By ranges: of a million rows Qt would make an object each.
        for each in self._taken.selection():
            taken[each.top() : each.bottom() + 1] = True
        return np.flatnonzero(taken)

    def _tell(self) -> None:
        places = self._places()
        if len(places) == 1:
            self.pointed.emit(int(self.rows.rows[places[0]]))
        elif len(places):
            self.chosen.emit(self.rows.rows[places])

    def resizeEvent(self, event: QResizeEvent | None) -> None:
        super().resizeEvent(event)
        self.pinned.place()

    def updateGeometries(self) -> None:
        super().updateGeometries()
        if hasattr(self, "pinned"):
            self.pinned.place()

    def _on_sort_wanted(self, column: int, within: bool) -> None:
        name = self.rows.columns[column]
        self.sorting_chosen.emit(after_click(self.rows.sorting, name, within))

    def _on_menu_wanted(self, column: int, where: QPoint) -> None:
        self.menu_wanted.emit(self.rows.columns[column], where)

    def _on_resized_by_hand(self, column: int, width: int) -> None:
        self._widths[self.rows.columns[column]] = width


def after_click(sorting: Sorting, name: str, within: bool) -> Sorting:
    """What rows are sorted by after a click on a title: up, down, as they were.

    Parameters
    ----------
    sorting
        Before.
    name
        The column.
    within
        Whether to sort by it where all that is sorted by is the same, or by it alone.
    """
    was = dict(sorting).get(name)
    now: Sorting = () if was is False else ((name, was is None),)
    if not within:
        return now
    if was is None:
        return (*sorting, *now)
    return tuple(each for by, up in sorting for each in (now if by == name else ((by, up),)))
