"""The titles of a table: a click sorts, a right click tells what else can be done."""

from __future__ import annotations

from qtpy.QtCore import QItemSelectionModel, QPoint, Qt, Signal
from qtpy.QtGui import QMouseEvent
from qtpy.QtWidgets import QApplication, QHeaderView, QWidget


class TableHeader(QHeaderView):
    """Titles of columns.

    Signals
    -------
    sort_wanted
        A title was clicked: its column, and whether Shift was held.
    menu_wanted
        A title was clicked with the other button: its column, and where on the screen.
    resized_by_hand
        A column was made wider or narrower: its number and width.
    """

    sort_wanted = Signal(int, bool)
    menu_wanted = Signal(int, QPoint)
    resized_by_hand = Signal(int, int)

    def __init__(self, parent: QWidget) -> None:
        super().__init__(Qt.Orientation.Horizontal, parent)
        self._pressed = False
        self.setSectionsClickable(True)
        self.setHighlightSections(False)
        self.setSectionResizeMode(QHeaderView.ResizeMode.Interactive)
        self.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        self.sectionClicked.connect(self._on_clicked)
        self.sectionResized.connect(self._on_resized)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.customContextMenuRequested.connect(self._on_menu)

    def setSelectionModel(self, taken: QItemSelectionModel | None) -> None:
        assert taken is not None
        # A title that is drawn asks every row whether its whole column is taken up, highlighted
        # or not: with a million rows taken up that is half a minute. So none of its own ever is.
        super().setSelectionModel(QItemSelectionModel(taken.model(), self))

    def mousePressEvent(self, event: QMouseEvent | None) -> None:
        self._pressed = True
        super().mousePressEvent(event)

    def mouseReleaseEvent(self, event: QMouseEvent | None) -> None:
        super().mouseReleaseEvent(event)
        self._pressed = False

    def _on_clicked(self, column: int) -> None:
        keys = QApplication.keyboardModifiers()
        self.sort_wanted.emit(column, bool(keys & Qt.KeyboardModifier.ShiftModifier))

    def _on_resized(self, column: int, _: int, width: int) -> None:
        if self._pressed:
            self.resized_by_hand.emit(column, width)

    def _on_menu(self, where: QPoint) -> None:
        column = self.logicalIndexAt(where)
        if column >= 0:
            self.menu_wanted.emit(column, self.mapToGlobal(where))
