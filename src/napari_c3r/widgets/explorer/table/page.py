"""The tab "Table": a line that filters, how many rows fit, and the rows."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from qtpy.QtCore import QPoint, Qt, Signal
from qtpy.QtGui import QColor
from qtpy.QtWidgets import (
    QApplication,
    QHBoxLayout,
    QMenu,
    QPushButton,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from napari_c3r.core.figures.colours import mixed
from napari_c3r.widgets.common.labels import PlainLabel
from napari_c3r.widgets.common.table_view import ITEM_PADDING_PX, CellTable
from napari_c3r.widgets.common.tones import Tone, set_tone
from napari_c3r.widgets.explorer.table.column_list import ColumnList
from napari_c3r.widgets.explorer.table.filter_line import FilterLine
from napari_c3r.widgets.explorer.table.join_panel import JoinPanel

REPLACE: Final = "replace"
"""One of the ways to select the rows that fit."""
ADD: Final = "add"
REMOVE: Final = "remove"
KEEP: Final = "keep"


class TablePage(QStackedWidget):
    """Holds the parts; its controller connects them.

    Signals
    -------
    select_wanted
        Select the rows that fit: `REPLACE`, `ADD`, `REMOVE` or `KEEP`.
    """

    select_wanted = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self.filter = FilterLine()
        self.columns_button = QPushButton("Columns…")
        self.columns_button.setToolTip("Choose which columns are shown, and which stay in sight")
        self.columns = ColumnList(self)
        self.found = PlainLabel()
        self.found.setWordWrap(True)
        self.found.setMinimumWidth(1)
        self.select_button = QPushButton("Select these")
        self.gate_button = QPushButton("Gate")
        self.join = JoinPanel()
        self.table = CellTable()
        self._found = QWidget()
        self._build()

    def _build(self) -> None:
        self.select_button.clicked.connect(self._on_select)
        self.columns_button.clicked.connect(lambda: self.columns.open_below(self.columns_button))
        row = QHBoxLayout()
        row.setSpacing(4)
        row.addWidget(self.filter, 1)
        row.addWidget(self.columns_button)
        found = QHBoxLayout(self._found)
        found.setContentsMargins(0, 0, 0, 0)
        found.setSpacing(4)
        found.addWidget(self.found, 1)
        found.addWidget(self.gate_button)
        found.addWidget(self.select_button)
        self._found.hide()
        rows = QWidget()
        column = QVBoxLayout(rows)
        column.setContentsMargins(0, 3, 0, 0)
        column.setSpacing(3)
        column.addLayout(row)
        column.addWidget(self._found)
        column.addWidget(self.table, 1)
        self.addWidget(rows)
        self.addWidget(self.join)
        self.join.opened.connect(self.setCurrentIndex)

    def show_found(self, line: str, wrong: bool = False, reason: str = "") -> None:
        """Say how many rows fit, or what is wrong with the filter.

        Parameters
        ----------
        line
            Empty where nothing is filtered.
        wrong
            Whether it says what is wrong.
        reason
            Why these cannot be selected; empty where they can.
        """
        self._found.setVisible(bool(line))
        self.found.setText(line)
        set_tone(self.found, Tone.ATTENTION if wrong else Tone.PLAIN)
        self.filter.show_wrong(wrong)
        self.select_button.setVisible(not wrong)
        self.gate_button.setVisible(not wrong)
        self.gate_button.setEnabled(not reason)
        self.gate_button.setToolTip(
            reason or "Make a gate of this filter, which goes on holding whichever cells fit"
        )
        self.select_button.setEnabled(not reason)
        self.select_button.setToolTip(
            reason
            or "Select the rows that fit; Shift adds them, Alt takes them away, and with both only "
            "they stay selected"
        )

    def set_theme(self, background: str, foreground: str) -> None:
        """Colours of the table, as the window has them, each ``"#rrggbb"``."""
        head, line = mixed(background, foreground, 0.08), mixed(background, foreground, 0.18)
        chosen = mixed(background, "#5285b8", 0.75)
        self.table.setStyleSheet(
            f"QTableView {{ background: {background}; color: {foreground}; border: none;"
            f" alternate-background-color: {background}; }}"
            f"QTableView::item {{ padding: 0 {ITEM_PADDING_PX}px; }}"
            f"QTableView::item:selected {{ background: {chosen}; color: {foreground}; }}"
            f"QHeaderView {{ background: {head}; }}"
            f"QHeaderView::section {{ background: {head}; color: {foreground}; border: none;"
            f" border-right: 1px solid {line}; padding: 3px 8px; }}"
        )
        self.table.pinned.line = QColor(mixed(background, foreground, 0.4))
        self.filter.set_theme(background, foreground)
        self.columns.setStyleSheet(f"ColumnList {{ border: 1px solid {line}; }}")

    def menu_of(self, name: str, is_pinned: bool, table: str) -> ColumnMenu:
        """The menu of a title."""
        return ColumnMenu(self, name, is_pinned, table)

    def _on_select(self) -> None:
        keys = QApplication.keyboardModifiers()
        added = bool(keys & Qt.KeyboardModifier.ShiftModifier)
        removed = bool(keys & Qt.KeyboardModifier.AltModifier)
        self.select_wanted.emit(
            {(1, 0): ADD, (0, 1): REMOVE, (1, 1): KEEP}.get((added, removed), REPLACE)
        )


class ColumnMenu(QMenu):
    """What can be done with a column.

    Parameters
    ----------
    page
        The tab.
    name
        The column.
    is_pinned
        Whether it stays in sight.
    table
        The joined table that it is of; empty for none.

    Signals
    -------
    sort_wanted
        Whether to sort upwards.
    then_wanted
        Sort by it where all that is sorted by is the same.
    pin_wanted, hide_wanted, fit_wanted, colour_wanted, columns_wanted, remove_wanted
        As their texts say.
    """

    sort_wanted = Signal(bool)
    then_wanted = Signal()
    pin_wanted = Signal(bool)
    hide_wanted = Signal()
    fit_wanted = Signal()
    colour_wanted = Signal()
    columns_wanted = Signal()
    remove_wanted = Signal()

    def __init__(self, page: QWidget, name: str, is_pinned: bool, table: str) -> None:
        super().__init__(page)
        self.name = name
        self._add("Sort upwards", lambda: self.sort_wanted.emit(True))
        self._add("Sort downwards", lambda: self.sort_wanted.emit(False))
        self._add("Sort within what is sorted", self.then_wanted.emit)
        self.addSeparator()
        pin = "Let it scroll" if is_pinned else "Pin: keep it in sight"
        self._add(pin, lambda: self.pin_wanted.emit(not is_pinned))
        self._add("Hide", self.hide_wanted.emit)
        self._add("Fit the width", self.fit_wanted.emit)
        self.addSeparator()
        self._add("Colour by it", self.colour_wanted.emit)
        self._add("Columns…", self.columns_wanted.emit)
        if table:
            self.addSeparator()
            self._add(f"Take away all columns of {table}", self.remove_wanted.emit)

    def _add(self, text: str, act: Callable[..., None]) -> None:
        action = self.addAction(text)
        assert action is not None
        action.triggered.connect(act)

    def open_at(self, where: QPoint) -> None:
        """Open without waiting for a choice."""
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.popup(where)
