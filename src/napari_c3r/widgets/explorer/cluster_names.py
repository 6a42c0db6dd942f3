"""Giving the selected cells a name: a cluster, several in one, or what a lasso holds."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from qtpy.QtCore import QSignalBlocker, Qt, Signal
from qtpy.QtGui import QKeyEvent, QResizeEvent
from qtpy.QtWidgets import (
    QBoxLayout,
    QComboBox,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from napari_c3r.core.table.annotate import name_column
from napari_c3r.widgets.common.form import put_below, shrinkable
from napari_c3r.widgets.common.labels import WrappedLabel
from napari_c3r.widgets.common.wording import counted

if TYPE_CHECKING:
    from napari_c3r.session import Session

# Narrower, the buttons stand below the name.
_NARROW_PX = 480


class NameRow(QWidget):
    """A name, written or taken from those given before, for the cells selected.

    Groups that get one name are one group from then on: that is how clusters are merged.

    Signals
    -------
    named
        With the name.
    cleared
        The selected cells shall have no name.
    edited
        Another name is written.
    closed
        The user is done.
    """

    named = Signal(str)
    cleared = Signal()
    edited = Signal()
    closed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.label = QLabel("Name")
        # Long names must not widen the window.
        self.names = shrinkable(QComboBox())
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
        self.consequence = WrappedLabel()
        self.consequence.hide()
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

    @property
    def written(self) -> str:
        """The name as it stands, without the spaces around it."""
        return self.names.currentText().strip()

    def show_consequence(self, line: str) -> None:
        """Say what giving or removing the name would replace; an empty line says nothing."""
        self.consequence.setText(line)
        self.consequence.setVisible(bool(line))

    def begin(self) -> None:
        """Come up with an empty name, ready to type."""
        self.names.setEditText("")
        self.show()
        self.edited.emit()
        self.names.setFocus()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.hide()
            self.closed.emit()
        else:
            super().keyPressEvent(event)

    def _build(self) -> None:
        self._count = 0
        name, buttons = QHBoxLayout(), QHBoxLayout()
        name.addWidget(self.label)
        name.addWidget(self.names, 1)
        buttons.addWidget(self.give_button)
        buttons.addWidget(self.clear_button)
        self._row = QBoxLayout(QBoxLayout.Direction.LeftToRight)
        self._row.addLayout(name, 1)
        self._row.addLayout(buttons)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        for layout in (name, buttons, self._row, column):
            layout.setSpacing(4)
        column.addLayout(self._row)
        column.addWidget(self.consequence)

    def resizeEvent(self, event: QResizeEvent | None) -> None:
        super().resizeEvent(event)
        put_below(self._row, self.width() < _NARROW_PX)

    def _enable(self) -> None:
        self.give_button.setEnabled(self._count > 0 and bool(self.written))
        self.clear_button.setEnabled(self._count > 0)

    def _on_edited(self) -> None:
        self._enable()
        self.edited.emit()

    def _on_given(self) -> None:
        name = self.written
        if name and self._count:
            self.named.emit(name)
            self.names.setEditText("")

    def _on_cleared(self) -> None:
        self.cleared.emit()


_MAX_TOLD = 3


def naming_line(session: Session, name: str) -> str:
    """What giving the selected cells a name would replace, and which cells it would join.

    Parameters
    ----------
    session
        With the cells that are selected.
    name
        The name; an empty one is what removing the names of the cells would do.
    """
    result, chosen = session.result.current, session.selection.mask
    if result is None or not chosen.any() or len(chosen) != len(result.table):
        return ""
    column = name_column(result.table)
    counts = column[chosen].value_counts()
    lost = [(str(each), int(count)) for each, count in counts.items() if count and each != name]
    told = [f"‘{each}’ of {counted(count, 'cell')}" for each, count in lost[:_MAX_TOLD]]
    more = f" and {len(lost) - _MAX_TOLD} more names" if len(lost) > _MAX_TOLD else ""
    parts = []
    if told and name:
        parts.append(f"Replaces {', '.join(told)}{more}.")
    elif told:
        parts.append(f"Named already: {', '.join(told)}{more}.")
    joined = int((np.asarray(column == name) & ~chosen).sum()) if name else 0
    if joined:
        parts.append(f"Joins {counted(joined, 'cell')} named ‘{name}’ before.")
    return " ".join(parts)
