"""Giving the selected cells a name: a cluster, several in one, or what a lasso holds."""

from __future__ import annotations

from collections.abc import Sequence

from qtpy.QtCore import QSignalBlocker, Qt, Signal
from qtpy.QtGui import QKeyEvent
from qtpy.QtWidgets import QComboBox, QHBoxLayout, QLabel, QLineEdit, QPushButton, QWidget


class NameRow(QWidget):
    """A name, written or taken from those given before, for the cells selected.

    Groups that get one name are one group from then on: that is how clusters are merged.

    Signals
    -------
    named
        With the name.
    cleared
        The selected cells shall have no name.
    closed
        The user is done.
    """

    named = Signal(str)
    cleared = Signal()
    closed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.label = QLabel("Name")
        self.names = QComboBox()
        self.names.setAccessibleName("Name of the selected cells")
        self.names.setToolTip(
            "Write a name, or take one given before: cells with the same name become one group"
        )
        self._edit = QLineEdit()
        self._edit.setPlaceholderText("such as mitotic")
        self.names.setLineEdit(self._edit)
        self.names.setInsertPolicy(QComboBox.InsertPolicy.NoInsert)
        self.give_button = QPushButton("Give name")
        self.give_button.setToolTip("Write the name into the column annotation (Return)")
        self.clear_button = QPushButton("Remove name")
        self.clear_button.setToolTip("Take the names of the selected cells away")
        self._build()
        self.give_button.clicked.connect(self._on_given)
        self.clear_button.clicked.connect(self._on_cleared)
        self._edit.returnPressed.connect(self._on_given)
        self.names.editTextChanged.connect(self._on_edited)
        self.show_names([])

    def show_names(self, names: Sequence[str]) -> None:
        """Offer the names in use; what is being written stays."""
        written = self.names.currentText()
        with QSignalBlocker(self.names):
            self.names.clear()
            self.names.addItems(list(names))
            self.names.setEditText(written)
        self._enable()

    def show_count(self, count: int) -> None:
        """Say how many cells the name is for."""
        cells = "1 cell" if count == 1 else f"{count:,} cells"
        self.label.setText(f"Name {cells}")
        self._count = count
        self._enable()

    def begin(self) -> None:
        """Come up with an empty name, ready to type."""
        self.names.setEditText("")
        self.show()
        self.names.setFocus()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.hide()
            self.closed.emit()
        else:
            super().keyPressEvent(event)

    def _build(self) -> None:
        self._count = 0
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(4)
        row.addWidget(self.label)
        row.addWidget(self.names, 1)
        row.addWidget(self.give_button)
        row.addWidget(self.clear_button)

    def _enable(self) -> None:
        self.give_button.setEnabled(self._count > 0 and bool(self.names.currentText().strip()))
        self.clear_button.setEnabled(self._count > 0)

    def _on_edited(self) -> None:
        self._enable()

    def _on_given(self) -> None:
        name = self.names.currentText().strip()
        if name and self._count:
            self.named.emit(name)
            self.names.setEditText("")

    def _on_cleared(self) -> None:
        self.cleared.emit()
