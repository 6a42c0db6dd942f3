"""The list of gates, those within another below it."""

from __future__ import annotations

from collections.abc import Sequence

from qtpy.QtCore import QSignalBlocker, QSize, Qt, Signal
from qtpy.QtGui import QColor, QIcon, QKeyEvent, QPainter, QPixmap
from qtpy.QtWidgets import (
    QAbstractItemView,
    QApplication,
    QFrame,
    QHeaderView,
    QStyledItemDelegate,
    QTreeWidgetItem,
)

from napari_c3r.core.figures.grounds import on_ground
from napari_c3r.session.gate_rows import GateRow
from napari_c3r.widgets.common.labels import plain_tip
from napari_c3r.widgets.common.low_list import LowList
from napari_c3r.widgets.scatter.overlay import mode_of

SWATCH = 12
_NAME, _COUNT, _SELECTED = range(3)


class GateList(LowList):
    """A swatch, name and counts for each gate.

    Signals
    -------
    picked
        With the gate that was clicked, and what it does to the selection.
    renamed
        With a gate and the name that was written for it.
    highlighted
        With the gate that the buttons are for; empty for none.
    delete_wanted
        The gate that the buttons are for is to go.
    """

    delete_wanted = Signal()
    picked = Signal(str, str)
    renamed = Signal(str, str)
    highlighted = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self.setColumnCount(3)
        self.setHeaderLabels(["Gate", "Cells", "Selected"])
        self.setAccessibleName("Gates")
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setIconSize(QSize(SWATCH, SWATCH))
        self.setIndentation(14)
        self.setUniformRowHeights(True)
        self.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        self.setEditTriggers(
            QAbstractItemView.EditTrigger.EditKeyPressed
            | QAbstractItemView.EditTrigger.DoubleClicked
        )
        for column in (_COUNT, _SELECTED):
            self.setItemDelegateForColumn(column, _ReadOnly(self))
        header = self.header()
        assert header is not None
        header.setStretchLastSection(False)
        header.setSectionResizeMode(_NAME, QHeaderView.ResizeMode.Stretch)
        for column in (_COUNT, _SELECTED):
            header.setSectionResizeMode(column, QHeaderView.ResizeMode.ResizeToContents)
        self.ground = "#000000"
        self.itemClicked.connect(self._on_clicked)
        self.itemChanged.connect(self._on_changed)
        self.currentItemChanged.connect(self._on_current)

    @property
    def name(self) -> str:
        """The gate that the buttons are for; empty for none."""
        item = self.currentItem()
        return "" if item is None else str(item.data(_NAME, Qt.ItemDataRole.UserRole))

    def show_rows(self, rows: Sequence[GateRow], current: str) -> None:
        """List gates, one of which the buttons are for; with a name that is none, no one."""
        bar = self.verticalScrollBar()
        scrolled = 0 if bar is None else bar.value()
        with QSignalBlocker(self):
            self.clear()
            items = {row.name: _item(row, self.ground) for row in rows}
            for row in rows:
                outer = items.get(row.within or "")
                if outer is None:
                    self.addTopLevelItem(items[row.name])
                else:
                    outer.addChild(items[row.name])
            self.expandAll()
            if current in items:
                self.setCurrentItem(items[current])
            if bar is not None:
                bar.setValue(scrolled)
        self.highlighted.emit(self.name)

    def item_of(self, name: str) -> QTreeWidgetItem | None:
        """The line of a gate."""
        found = self.findItems(name, Qt.MatchFlag.MatchExactly | Qt.MatchFlag.MatchRecursive, _NAME)
        return found[0] if found else None

    def edit_name(self) -> None:
        """Let the name of the current gate be written."""
        if (item := self.currentItem()) is not None:
            self.editItem(item, _NAME)

    def keyPressEvent(self, event: QKeyEvent | None) -> None:
        """Del takes a gate away; letters are left to the dock, nobody searches among so few."""
        if event is not None and event.key() == Qt.Key.Key_Delete:
            self.delete_wanted.emit()
        elif event is not None and event.text().strip() and event.text().isprintable():
            event.ignore()
        else:
            super().keyPressEvent(event)

    def _on_clicked(self, item: QTreeWidgetItem) -> None:
        mode = mode_of(QApplication.keyboardModifiers())
        self.picked.emit(item.data(_NAME, Qt.ItemDataRole.UserRole), str(mode))

    def _on_changed(self, item: QTreeWidgetItem, column: int) -> None:
        before = str(item.data(_NAME, Qt.ItemDataRole.UserRole))
        if column == _NAME and item.text(_NAME) != before:
            self.renamed.emit(before, item.text(_NAME))

    def _on_current(self) -> None:
        self.highlighted.emit(self.name)


class _ReadOnly(QStyledItemDelegate):
    """Numbers are not written by hand."""

    def createEditor(self, *_: object) -> None:
        return None


def swatch(colour: str, ground: str) -> QIcon:
    """A round spot of a colour, as it is drawn on a ground."""
    pixmap = QPixmap(4 * SWATCH, 4 * SWATCH)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor(on_ground(colour, ground)))
    painter.drawEllipse(pixmap.rect())
    painter.end()
    icon = QIcon(pixmap)
    # In the highlighted line it is the same colour, not one mixed with the highlight.
    icon.addPixmap(pixmap, QIcon.Mode.Selected)
    return icon


def _item(row: GateRow, ground: str) -> QTreeWidgetItem:
    item = QTreeWidgetItem([row.name, f"{row.count:,}", f"{row.selected:,}"])
    item.setData(_NAME, Qt.ItemDataRole.UserRole, row.name)
    item.setIcon(_NAME, swatch(row.colour, ground))
    item.setFlags(item.flags() | Qt.ItemFlag.ItemIsEditable)
    right = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
    for column in (_COUNT, _SELECTED):
        item.setTextAlignment(column, right)
    told = f"{row.name}: {row.count:,} cells, {row.selected:,} of them selected. {row.words}"
    for column in (_NAME, _COUNT, _SELECTED):
        item.setToolTip(column, plain_tip(f"{told}. Click selects; Shift adds, Alt removes"))
    item.setData(_NAME, Qt.ItemDataRole.AccessibleTextRole, told)
    return item
