"""A list of columns with a search: which are shown, and which stay in sight."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Final

from qtpy.QtCore import QPoint, Qt, Signal
from qtpy.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QHeaderView,
    QLineEdit,
    QPushButton,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from napari_c3r.core.table.titles import title
from napari_c3r.widgets.common.clear_button import add_clear_button
from napari_c3r.widgets.common.labels import plain_tip

_WIDTH_PX, _HEIGHT_PX = 320, 340
_NAME: Final = 0
_PIN: Final = 1
_ON, _OFF = Qt.CheckState.Checked, Qt.CheckState.Unchecked


class ColumnList(QFrame):
    """Opens below a button, closes when the user clicks elsewhere.

    Signals
    -------
    shown
        Names of columns, and whether to show them.
    pinned
        A column, and whether it stays in sight.
    usual_wanted
        The columns that are shown unless chosen otherwise.
    add_wanted
        Columns from a file.
    """

    shown = Signal(list, bool)
    pinned = Signal(str, bool)
    usual_wanted = Signal()
    add_wanted = Signal()

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent, Qt.WindowType.Popup)
        self.setFrameShape(QFrame.Shape.StyledPanel)
        self.search = QLineEdit()
        self.search.setPlaceholderText("Find a column")
        add_clear_button(self.search)
        self.search.setAccessibleName("Find a column")
        self.search.setToolTip("Lists the columns whose name or title has this in it")
        self.list = QTreeWidget()
        self.list.setHeaderLabels(["Column", "Pin"])
        self.list.setRootIsDecorated(False)
        self.list.setUniformRowHeights(True)
        self.list.setAccessibleName("Columns")
        head = self.list.header()
        assert head is not None
        head.setStretchLastSection(False)
        head.setSectionResizeMode(_NAME, QHeaderView.ResizeMode.Stretch)
        head.setSectionResizeMode(_PIN, QHeaderView.ResizeMode.ResizeToContents)
        self.all_button = self._button("All", "Show all that are listed here")
        self.none_button = self._button("None", "Hide all that are listed here")
        self.usual_button = self._button("Usual", "Show the columns that are shown at first")
        self.add_button = self._button(
            "Add from a file…", "Add a table of your own, such as CellProfiler's, to the cells"
        )
        self._build()
        self._filling = False
        self.search.textChanged.connect(self._filter)
        self.list.itemChanged.connect(self._on_changed)
        self.all_button.clicked.connect(lambda: self._show_listed(True))
        self.none_button.clicked.connect(lambda: self._show_listed(False))
        self.usual_button.clicked.connect(self.usual_wanted)
        self.add_button.clicked.connect(self._on_add)

    def _button(self, text: str, tip: str) -> QPushButton:
        button = QPushButton(text)
        button.setToolTip(tip)
        return button

    def _build(self) -> None:
        row = QHBoxLayout()
        for button in (self.all_button, self.none_button, self.usual_button):
            row.addWidget(button)
        column = QVBoxLayout(self)
        column.setContentsMargins(6, 6, 6, 6)
        column.setSpacing(4)
        column.addWidget(self.search)
        column.addWidget(self.list, 1)
        column.addLayout(row)
        column.addWidget(self.add_button)

    def fill(self, every: Sequence[str], shown: Collection[str], pinned: Collection[str]) -> None:
        """List columns: all that there are, those shown, and those that stay in sight."""
        self._filling = True
        if self.names != list(every):
            self.list.clear()
            self.list.addTopLevelItems([QTreeWidgetItem([title(name), ""]) for name in every])
        for item, name in zip(self._items(), every, strict=True):
            item.setData(_NAME, Qt.ItemDataRole.UserRole, name)
            item.setToolTip(_NAME, plain_tip(name))
            item.setToolTip(_PIN, "Keep in sight when the table is scrolled sideways")
            item.setCheckState(_NAME, _ON if name in shown else _OFF)
            item.setCheckState(_PIN, _ON if name in pinned else _OFF)
        self._filling = False
        self._filter()

    @property
    def names(self) -> list[str]:
        """The columns, in their order."""
        return [item.data(_NAME, Qt.ItemDataRole.UserRole) for item in self._items()]

    def open_below(self, button: QWidget) -> None:
        """Show the list below a button, or above it where there is no room."""
        self.resize(_WIDTH_PX, _HEIGHT_PX)
        screen = button.screen()
        assert screen is not None
        room = screen.availableGeometry()
        at = button.mapToGlobal(QPoint(button.width() - _WIDTH_PX, button.height()))
        if at.y() + _HEIGHT_PX > room.bottom():
            at.setY(button.mapToGlobal(QPoint(0, 0)).y() - _HEIGHT_PX)
        self.move(max(at.x(), room.left()), max(at.y(), room.top()))
        self.show()
        self.search.setFocus()

    def _on_add(self) -> None:
        self.close()
        self.add_wanted.emit()

    def _items(self) -> list[QTreeWidgetItem]:
        items = (self.list.topLevelItem(row) for row in range(self.list.topLevelItemCount()))
        return [item for item in items if item is not None]

    def _filter(self) -> None:
        sought = self.search.text().strip().casefold()
        for item in self._items():
            name = item.data(_NAME, Qt.ItemDataRole.UserRole)
            item.setHidden(sought not in f"{name}\n{title(name)}".casefold())

    def _on_changed(self, item: QTreeWidgetItem, column: int) -> None:
        if self._filling:
            return
        name = item.data(_NAME, Qt.ItemDataRole.UserRole)
        on = item.checkState(column) == _ON
        if column == _PIN:
            self.pinned.emit(name, on)
        else:
            self.shown.emit([name], on)

    def _show_listed(self, on: bool) -> None:
        listed = [item for item in self._items() if not item.isHidden()]
        self.shown.emit([item.data(_NAME, Qt.ItemDataRole.UserRole) for item in listed], on)
