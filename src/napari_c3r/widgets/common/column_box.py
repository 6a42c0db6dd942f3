"""A list of columns to choose from, in groups, in which one types to find."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from qtpy.QtCore import QEvent, QObject, QSignalBlocker, Qt
from qtpy.QtGui import QGuiApplication, QKeyEvent, QStandardItemModel
from qtpy.QtWidgets import QApplication, QBoxLayout, QFrame, QLineEdit, QListView, QWidget

from napari_c3r.core.table.search import found_by
from napari_c3r.widgets.common.elision import NameBox
from napari_c3r.widgets.common.tones import Tone, set_tone

Group = tuple[str, Sequence[tuple[str, str]]]
"""A heading, and (name, title) of each column below it."""

_ROWS: Final = 14
_LEAST_PX: Final = 230
_OF_THE_LIST: Final = frozenset(
    {
        Qt.Key.Key_Up,
        Qt.Key.Key_Down,
        Qt.Key.Key_PageUp,
        Qt.Key.Key_PageDown,
        Qt.Key.Key_Return,
        Qt.Key.Key_Enter,
    }
)
# Fewer columns are seen at a glance.
_WORTH_SEARCHING: Final = 8


class ColumnBox(NameBox):
    """Chooses a column by its title; what is typed into the open list leaves what contains it.

    Several words are found in any order, in the title or in the name that files have.
    """

    def __init__(self, name: str, tip: str) -> None:
        super().__init__()
        self.setAccessibleName(name)
        self.setToolTip(tip)
        # A list that scrolls, not one as high as the screen.
        self.setStyleSheet("QComboBox { combobox-popup: 0; }")
        self.setMaxVisibleItems(_ROWS)
        self.search = QLineEdit()
        self.search.setPlaceholderText("Type to find")
        self.search.setAccessibleName(f"Find in {name}")
        self.search.setClearButtonEnabled(True)
        self.nothing = QLineEdit("Nothing is called so")
        self.nothing.setEnabled(False)
        set_tone(self.nothing, Tone.QUIET)
        self.nothing.hide()
        holder = self._holder()
        layout = holder.layout()
        assert isinstance(layout, QBoxLayout)
        layout.insertWidget(0, self.nothing)
        layout.insertWidget(0, self.search)
        self.search.textChanged.connect(self._filter)
        self.search.installEventFilter(self)
        self._list().installEventFilter(self)

    def offer(self, groups: Sequence[Group]) -> None:
        """Offer other columns; choosing one of them is up to the caller.

        Parameters
        ----------
        groups
            Headings with columns; a group without a heading has none.
        """
        with QSignalBlocker(self):
            self.clear()
            for heading, columns in groups:
                if heading and columns:
                    self._add_heading(heading)
                for name, title in columns:
                    self.addItem(title, name)

    def choose(self, name: str) -> None:
        """Show a column as chosen, the first one where there is none of that name."""
        self.setCurrentIndex(self.findData(name) if self.findData(name) >= 0 else self._first())

    @property
    def chosen(self) -> str:
        """The name of the column that is chosen; empty for none."""
        return self.currentData() or ""

    def showPopup(self) -> None:
        """Open the list with nothing typed yet."""
        columns = sum(1 for row in range(self.count()) if self._is_column(row))
        self.search.setVisible(columns >= _WORTH_SEARCHING)
        self.search.clear()
        self._filter("")
        super().showPopup()
        holder = self._holder()
        extra = self.search.sizeHint().height() if self.search.isVisible() else 0
        width = max(holder.width(), _LEAST_PX)
        holder.resize(width, holder.height() + extra)
        screen = QGuiApplication.screenAt(holder.geometry().center()) or self.screen()
        if screen is not None:
            inside = screen.availableGeometry()
            left = min(holder.x(), inside.right() - width)
            top = min(holder.y(), inside.bottom() - holder.height())
            holder.move(max(left, inside.left()), max(top, inside.top()))
        self._list().scrollTo(self._list().currentIndex(), QListView.ScrollHint.PositionAtCenter)

    def hidePopup(self) -> None:
        """Close the list; all rows are there again for the keys of the closed box."""
        super().hidePopup()
        for row in range(self.count()):
            self._list().setRowHidden(row, False)

    def eventFilter(self, watched: QObject | None, event: QEvent | None) -> bool:
        """Letters go to what is typed, arrows and Return to the list, wherever the focus is."""
        if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress:
            of_list = Qt.Key(event.key()) in _OF_THE_LIST
            if watched is self.search and of_list:
                return QApplication.sendEvent(self._list(), event)
            if watched is self._list() and not of_list and self.search.isVisible():
                written = event.text().isprintable() and event.text().strip()
                if written or event.key() == Qt.Key.Key_Backspace:
                    self.search.setFocus()
                    return QApplication.sendEvent(self.search, event)
        return super().eventFilter(watched, event)

    def _add_heading(self, heading: str) -> None:
        self.addItem(heading)
        item = self._rows().item(self.count() - 1)
        assert item is not None
        item.setFlags(Qt.ItemFlag.NoItemFlags)
        font = item.font()
        font.setBold(True)
        item.setFont(font)

    def _is_column(self, row: int) -> bool:
        return self.itemData(row) is not None

    def _first(self) -> int:
        return next((row for row in range(self.count()) if self._is_column(row)), -1)

    def _filter(self, text: str) -> None:
        """Leave the columns that contain what is typed, under the headings of their groups."""
        names = [self.itemData(row) for row in range(self.count())]
        shown = [
            name is not None and found_by(text, self.itemText(row), str(name))
            for row, name in enumerate(names)
        ]
        heading = -1
        for row, name in enumerate(names):
            if name is None:
                heading = row
                shown[row] = False
            elif shown[row] and heading >= 0:
                shown[heading] = True
        for row, on in enumerate(shown):
            self._list().setRowHidden(row, not on)
        columns = [row for row, name in enumerate(names) if name is not None and shown[row]]
        self.nothing.setVisible(bool(text.strip()) and not columns)
        if text.strip() and columns:
            begin = text.strip().lower()
            best = (row for row in columns if self.itemText(row).lower().startswith(begin))
            row = next(best, columns[0])
            self._list().setCurrentIndex(self._rows().index(row, self.modelColumn()))

    def _rows(self) -> QStandardItemModel:
        rows = self.model()
        assert isinstance(rows, QStandardItemModel)
        return rows

    def _list(self) -> QListView:
        view = self.view()
        assert isinstance(view, QListView)
        return view

    def _holder(self) -> QWidget:
        holder = self._list().parentWidget()
        assert isinstance(holder, QFrame)
        return holder
