"""Shows, before a table is joined, which cells it fits and by what."""

from __future__ import annotations

from collections.abc import Sequence

from qtpy.QtCore import QSignalBlocker, Qt, Signal
from qtpy.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QPushButton,
    QVBoxLayout,
)

from napari_c3r.core.table.search import found_by
from napari_c3r.widgets.common.clear_button import add_clear_button
from napari_c3r.widgets.common.elision import NameBox
from napari_c3r.widgets.common.labels import WrappedLabel, plain_tip
from napari_c3r.widgets.common.wording import counted

_BEST = "what fits best"
_ON = Qt.CheckState.Checked
_LIST_PX = 48


class JoinPanel(QFrame):
    """A table that is about to be joined.

    Signals
    -------
    way_chosen
        By what to match: a tuple of keys, or None for what fits best.
    chosen
        With the columns that are wanted.
    accepted, cancelled
        Add its columns, or not.
    opened
        Whether it is to be seen, in the place of the rows.
    """

    way_chosen = Signal(object)
    chosen = Signal(list)
    accepted = Signal()
    cancelled = Signal()
    opened = Signal(bool)

    def __init__(self) -> None:
        super().__init__()
        self.words = WrappedLabel()
        self.way = NameBox()
        self.way.setAccessibleName("Match by")
        self.way.setToolTip("By what rows of the file are matched to cells")
        self.way.setMinimumWidth(60)
        self.sought = QLineEdit()
        self.sought.setPlaceholderText("Find a column")
        self.sought.setAccessibleName("Find a column of the file")
        self.sought.setToolTip("List the columns whose name has these letters")
        add_clear_button(self.sought)
        self.all_button, self.none_button = QPushButton("All"), QPushButton("None")
        self.all_button.setToolTip("Choose all columns that are listed")
        self.none_button.setToolTip("Choose none of the columns that are listed")
        self.columns = QListWidget()
        self.columns.setAccessibleName("Columns to add")
        self.columns.setToolTip("Columns of the file; those ticked are added")
        self.columns.setMinimumHeight(_LIST_PX)
        self.add_button = QPushButton("Add")
        self.add_button.setToolTip("Choose a file first")
        self.cancel_button = QPushButton("Cancel")
        self.cancel_button.setToolTip("Leave the cells as they are")
        self._build()
        self.way.activated.connect(lambda: self.way_chosen.emit(self.way.currentData()))
        self.sought.textChanged.connect(self._list_found)
        self.all_button.clicked.connect(lambda: self._tick(True))
        self.none_button.clicked.connect(lambda: self._tick(False))
        self.columns.itemChanged.connect(lambda _: self.chosen.emit(self.ticked))
        self.add_button.clicked.connect(self.accepted)
        self.cancel_button.clicked.connect(self.cancelled)

    def _build(self) -> None:
        row = QHBoxLayout()
        row.setSpacing(6)
        row.addWidget(QLabel("Match by"))
        row.addWidget(self.way, 1)
        finding = QHBoxLayout()
        finding.setSpacing(4)
        finding.addWidget(self.sought, 1)
        finding.addWidget(self.all_button)
        finding.addWidget(self.none_button)
        buttons = QHBoxLayout()
        buttons.setSpacing(4)
        buttons.addStretch(1)
        buttons.addWidget(self.cancel_button)
        buttons.addWidget(self.add_button)
        column = QVBoxLayout(self)
        column.setContentsMargins(4, 6, 4, 2)
        column.setSpacing(6)
        column.addWidget(self.words)
        column.addLayout(row)
        column.addLayout(finding)
        column.addWidget(self.columns, 1)
        column.addLayout(buttons)

    @property
    def ticked(self) -> list[str]:
        """The columns that are wanted, by what the file calls them."""
        return [item.text() for item in self._items() if item.checkState() == _ON]

    def list_columns(self, names: Sequence[str]) -> None:
        """List the columns of the file; those that were listed stay as they were ticked."""
        before = {item.text(): item.checkState() for item in self._items()}
        with QSignalBlocker(self.columns):
            self.columns.clear()
            for name in names:
                item = QListWidgetItem(name)
                item.setToolTip(plain_tip(name))
                item.setFlags(item.flags() | Qt.ItemFlag.ItemIsUserCheckable)
                item.setCheckState(before.get(name, _ON))
                self.columns.addItem(item)
        self._list_found()

    def _items(self) -> list[QListWidgetItem]:
        listed = (self.columns.item(row) for row in range(self.columns.count()))
        return [item for item in listed if item is not None]

    def _list_found(self) -> None:
        for item in self._items():
            item.setHidden(not found_by(self.sought.text(), item.text()))

    def _tick(self, on: bool) -> None:
        with QSignalBlocker(self.columns):
            for item in self._items():
                if not item.isHidden():
                    item.setCheckState(_ON if on else Qt.CheckState.Unchecked)
        self.chosen.emit(self.ticked)

    def begin(self, name: str) -> None:
        """Say that a file is being read."""
        self.columns.clear()
        self.sought.clear()
        self.way.clear()
        self.way.addItem(_BEST, None)
        self.wait(f"Reading {name}…")
        self.opened.emit(True)

    def end(self) -> None:
        """Go back to the rows."""
        self.opened.emit(False)

    def wait(self, line: str) -> None:
        """Say what is being done."""
        self.words.setText(line)
        self._enable(0, "The table is being matched")

    def offer(self, ways: Sequence[tuple[str, ...]], chosen: tuple[str, ...] | None) -> None:
        """List by what the table can be matched."""
        self.way.clear()
        self.way.addItem(_BEST, None)
        for way in ways:
            self.way.addItem(", ".join(way), way)
        places = [self.way.itemData(number) for number in range(self.way.count())]
        self.way.setCurrentIndex(places.index(chosen))

    def show_match(self, name: str, line: str, columns: int, reason: str = "") -> None:
        """Say what matches, or why nothing can be added."""
        self.words.setText(f"{name}: {line}")
        self._enable(columns, reason)

    def _enable(self, columns: int, reason: str) -> None:
        self.add_button.setText(f"Add {counted(columns, 'column')}" if columns else "Add")
        self.add_button.setEnabled(not reason)
        self.add_button.setToolTip(reason or "Add the columns to all cells; it can be undone")
