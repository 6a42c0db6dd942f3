"""Shows, before a table is joined, which cells it fits and by what."""

from __future__ import annotations

from collections.abc import Sequence

from qtpy.QtCore import Signal
from qtpy.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QVBoxLayout

from napari_c3r.widgets.common.elision import NameBox
from napari_c3r.widgets.common.labels import WrappedLabel
from napari_c3r.widgets.common.wording import counted

_BEST = "what fits best"


class JoinPanel(QFrame):
    """A table that is about to be joined.

    Signals
    -------
    way_chosen
        By what to match: a tuple of keys, or None for what fits best.
    accepted, cancelled
        Add its columns, or not.
    opened
        Whether it is to be seen, in the place of the rows.
    """

    way_chosen = Signal(object)
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
        self.add_button = QPushButton("Add")
        self.add_button.setToolTip("Choose a file first")
        self.cancel_button = QPushButton("Cancel")
        self.cancel_button.setToolTip("Leave the cells as they are")
        self._build()
        self.way.activated.connect(lambda: self.way_chosen.emit(self.way.currentData()))
        self.add_button.clicked.connect(self.accepted)
        self.cancel_button.clicked.connect(self.cancelled)

    def _build(self) -> None:
        row = QHBoxLayout()
        row.setSpacing(6)
        row.addWidget(QLabel("Match by"))
        row.addWidget(self.way, 1)
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
        column.addLayout(buttons)
        column.addStretch(1)

    def begin(self, name: str) -> None:
        """Say that a file is being read."""
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
