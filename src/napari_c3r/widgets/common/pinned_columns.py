"""The first columns of a table, which stay in sight when it is scrolled sideways."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import QModelIndex, Qt, Signal
from qtpy.QtGui import QColor, QMouseEvent, QPainter, QPaintEvent, QWheelEvent
from qtpy.QtWidgets import QAbstractItemView, QApplication, QFrame, QHeaderView, QTableView

from napari_c3r.widgets.common.table_header import TableHeader

if TYPE_CHECKING:
    from qtpy.QtCore import QAbstractItemModel, QItemSelectionModel


class PinnedColumns(QTableView):
    """Lies over a table and shows its first columns again.

    Parameters
    ----------
    table
        The table, which keeps the focus.
    header
        Its titles, which are to be as high and as wide.

    Attributes
    ----------
    line
        Colour of the line between these columns and the others.

    Signals
    -------
    released
        The mouse was released on it.
    """

    released = Signal()

    def __init__(self, table: QTableView, header: TableHeader) -> None:
        super().__init__(table)
        self._table, self._titles = table, header
        self._count = 0
        self.line = QColor("#808080")
        self.titles = TableHeader(self)
        self.setHorizontalHeader(self.titles)
        lines = QHeaderView(Qt.Orientation.Vertical)
        lines.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        self.setVerticalHeader(lines)
        lines.hide()
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setShowGrid(False)
        self.setWordWrap(False)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setVerticalScrollMode(table.verticalScrollMode())
        self.setAccessibleName("Pinned columns")
        off = Qt.ScrollBarPolicy.ScrollBarAlwaysOff
        self.setHorizontalScrollBarPolicy(off)
        self.setVerticalScrollBarPolicy(off)
        self.hide()
        mine, its = self.verticalScrollBar(), table.verticalScrollBar()
        assert mine is not None
        assert its is not None
        its.valueChanged.connect(mine.setValue)
        mine.valueChanged.connect(its.setValue)
        header.sectionResized.connect(self._on_its_resized)
        self.titles.sectionResized.connect(self._on_resized)

    def share(self, model: QAbstractItemModel, taken: QItemSelectionModel, row_px: int) -> None:
        """Show the rows of the table, and those that are taken up in it."""
        self.setModel(model)
        self.setSelectionModel(taken)
        lines = self.verticalHeader()
        assert lines is not None
        lines.setDefaultSectionSize(row_px)

    def set_count(self, count: int) -> None:
        """Pin so many of the first columns."""
        self._count = count
        model = self.model()
        assert model is not None
        for column in range(model.columnCount(QModelIndex())):
            self.setColumnHidden(column, column >= count)
            if column < count:
                self.setColumnWidth(column, self._table.columnWidth(column))
        self.setVisible(count > 0)
        self.place()

    def place(self) -> None:
        """Lie where the first columns are when nothing is scrolled."""
        if not self._count:
            return
        view = self._table.viewport()
        assert view is not None
        width = sum(self._table.columnWidth(column) for column in range(self._count))
        self.titles.setFixedHeight(self._titles.height())
        self.updateGeometries()
        rows = self.viewport()
        assert rows is not None
        # Whatever frame a style draws, the rows are as high on the screen as the table's.
        top = view.y() - rows.y()
        self.setGeometry(view.x(), top, min(width, view.width()), rows.y() + view.height())

    def paintEvent(self, event: QPaintEvent | None) -> None:
        super().paintEvent(event)
        view = self.viewport()
        assert view is not None
        painter = QPainter(view)
        painter.setPen(self.line)
        painter.drawLine(view.width() - 1, 0, view.width() - 1, view.height())
        painter.end()

    def mouseReleaseEvent(self, event: QMouseEvent | None) -> None:
        super().mouseReleaseEvent(event)
        self.released.emit()

    def wheelEvent(self, event: QWheelEvent | None) -> None:
        # Sideways the table scrolls.
        QApplication.sendEvent(self._table.viewport(), event)

    def _on_its_resized(self, column: int, _: int, width: int) -> None:
        if column < self._count:
            self.setColumnWidth(column, width)
            self.place()

    def _on_resized(self, column: int, _: int, width: int) -> None:
        if column < self._count and width:
            self._table.setColumnWidth(column, width)
            self.place()
