"""Pictures of cells in rows, each group under its name; only those in sight need be drawn."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray
from qtpy.QtCore import QEvent, QSize, Qt, QTimer, Signal
from qtpy.QtGui import QColor, QIcon, QImage, QKeyEvent, QPainter, QPen, QPixmap, QResizeEvent
from qtpy.QtWidgets import QAbstractItemView, QFrame, QListView, QListWidget, QListWidgetItem

from napari_c3r.core.figures.grounds import on_ground
from napari_c3r.widgets.common.labels import plain_tip

DENSITY = 2
"""Pixels of a picture for each pixel of the screen, as dense screens have."""

_BAR_PX = 4
_GAP_PX = 6
_HEADING_PX = 18
_SETTLE_MS = 40
_ROW = Qt.ItemDataRole.UserRole
_DRAWN = Qt.ItemDataRole.UserRole + 1


class Thumbnails(QListWidget):
    """Pictures of cells in rows; a click points at the cell, the mouse over one hovers it.

    Signals
    -------
    picked, hovered
        With the row of a cell; hovered with None when the mouse leaves.
    sight_changed
        Other cells are in sight than before.
    """

    picked = Signal(int)
    hovered = Signal(object)
    sight_changed = Signal()

    def __init__(self, side_px: int) -> None:
        super().__init__()
        self._size = QSize(side_px, side_px)
        self._items: list[QListWidgetItem] = []
        self._headings: list[QListWidgetItem] = []
        self._given: list[str] = []
        self._colours: list[str] = []
        self.setViewMode(QListView.ViewMode.IconMode)
        self.setResizeMode(QListView.ResizeMode.Adjust)
        self.setMovement(QListView.Movement.Static)
        self.setSpacing(0)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setSelectionMode(QAbstractItemView.SelectionMode.NoSelection)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setMouseTracking(True)
        self.setAccessibleName("Montage of cells")
        self.setStyleSheet(
            "QListWidget { background: transparent; border: none; padding: 0; }"
            "QListWidget::item { padding: 0; margin: 0; border: none; background: transparent; }"
        )
        self._released, self._ground = False, "#000000"
        self._settle = QTimer(self)
        self._settle.setSingleShot(True)
        self._settle.setInterval(_SETTLE_MS)
        self._settle.timeout.connect(self.sight_changed)
        bar = self.verticalScrollBar()
        assert bar is not None
        bar.valueChanged.connect(self._settle.start)
        self.itemClicked.connect(self._on_item)
        self.itemActivated.connect(self._on_item)
        self.itemEntered.connect(self._on_entered)
        self.viewportEntered.connect(self._on_left)

    @property
    def rows(self) -> list[int]:
        """Rows of the result shown, in order."""
        return [item.data(_ROW) for item in self._items]

    @property
    def settling(self) -> bool:
        """Whether what came into sight was not told yet."""
        return self._settle.isActive() and not self._released

    def release(self) -> None:
        """Tell no more of what comes into sight."""
        self._released = True
        self._settle.stop()

    @property
    def across(self) -> int:
        """How many cells have room side by side."""
        bar = self.verticalScrollBar()
        # With the bar, which comes when there are more than fit.
        taken = 0 if bar is None else bar.sizeHint().width()
        return max(1, (self.width() - taken - 1) // self._grid().width())

    def set_size(self, side_px: int, pictures: int) -> None:
        """Be ready for cells of so many pictures side by side, each of a side on the screen."""
        size = QSize(side_px * pictures, side_px)
        if size != self._size:
            self._size = size
            self.show_none()

    def _icon_size(self) -> QSize:
        return QSize(self._size.width(), self._size.height() + _BAR_PX)

    def _grid(self) -> QSize:
        return self._icon_size() + QSize(_GAP_PX, _GAP_PX)

    def show_rows(
        self,
        rows: Sequence[int],
        texts: Sequence[str],
        colours: Sequence[str],
        headings: Mapping[int, str] | None = None,
    ) -> None:
        """Make room for cells; their pictures come later.

        Parameters
        ----------
        rows
            Of the result.
        texts
            What each cell is, for tooltips and screen readers.
        colours
            Of the bar under each picture, ``"#rrggbb"``: the one the cell has on the map.
        headings
            What stands above the cell at a place, where a group begins.
        """
        self.show_none()
        self._given, self._colours = list(colours), self._on_ground(colours)
        colours = self._colours
        self.setIconSize(self._icon_size())
        empty = {colour: _framed(None, self._size, colour) for colour in set(colours)}
        for place, (row, text) in enumerate(zip(rows, texts, strict=True)):
            if headings and place in headings:
                self._add_heading(headings[place])
            item = QListWidgetItem(empty[colours[place]], "")
            item.setData(_ROW, int(row))
            item.setSizeHint(self._grid())
            item.setToolTip(plain_tip(text))
            item.setData(Qt.ItemDataRole.AccessibleTextRole, text)
            self._items.append(item)
            self.addItem(item)
        self._settle.start()

    def _add_heading(self, text: str) -> None:
        item = QListWidgetItem(text)
        item.setFlags(Qt.ItemFlag.ItemIsEnabled)
        item.setTextAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignBottom)
        font = item.font()
        font.setBold(True)
        item.setFont(font)
        item.setToolTip(plain_tip(text))
        item.setSizeHint(self._heading_size())
        self._headings.append(item)
        self.addItem(item)

    def _heading_size(self) -> QSize:
        viewport = self.viewport()
        wide = self.width() if viewport is None else viewport.width()
        return QSize(max(wide - 2, 1), _HEADING_PX)

    def show_none(self) -> None:
        """Take all pictures away."""
        self.clear()
        self._items, self._headings, self._given, self._colours = [], [], [], []

    def undrawn_in_sight(self) -> list[int]:
        """Rows of the cells in sight, or nearly, that have no picture yet."""
        viewport = self.viewport()
        if viewport is None:
            return []
        near = viewport.rect().adjusted(0, -self._grid().height(), 0, self._grid().height())
        return [
            item.data(_ROW)
            for item in self._items
            if not item.data(_DRAWN) and near.intersects(self.visualItemRect(item))
        ]

    def draw_again(self) -> None:
        """All pictures are of another look than is wanted; they stay until others come."""
        for item in self._items:
            item.setData(_DRAWN, False)
        self._settle.start()

    def show_picture(self, row: int, picture: NDArray[np.uint8]) -> None:
        """Put a picture (Y, X, 3) in the place of a cell, wherever it is shown."""
        drawn = as_pixmap(picture)
        for item, colour in zip(self._items, self._colours, strict=True):
            if item.data(_ROW) == row:
                item.setIcon(_framed(drawn, self._size, colour))
                item.setData(_DRAWN, True)

    def recolour(self, colours: Sequence[str]) -> None:
        """Give the bars other colours; the pictures stay."""
        self._given = list(colours)
        colours = self._on_ground(colours)
        whole = self._icon_size() * DENSITY
        for item, old, new in zip(self._items, self._colours, colours, strict=True):
            if old != new:
                item.setIcon(_with_bar(item.icon().pixmap(whole), new))
        self._colours = colours

    def set_ground(self, ground: str) -> None:
        """Draw the bars for this ground, ``"#rrggbb"``."""
        self._ground = ground
        self.recolour(self._given)

    def _on_ground(self, colours: Sequence[str]) -> list[str]:
        return [on_ground(colour, self._ground) for colour in colours]

    def resizeEvent(self, event: QResizeEvent | None) -> None:
        for item in self._headings:
            item.setSizeHint(self._heading_size())
        super().resizeEvent(event)
        self._settle.start()

    def leaveEvent(self, event: QEvent | None) -> None:
        self._on_left()
        super().leaveEvent(event)

    def keyPressEvent(self, event: QKeyEvent | None) -> None:
        # Letters belong to the dock, not to a search among texts that nobody sees.
        if event is not None and event.text().isalnum():
            event.ignore()
        else:
            super().keyPressEvent(event)

    def _on_item(self, item: QListWidgetItem) -> None:
        if item.data(_ROW) is not None:
            self.picked.emit(item.data(_ROW))

    def _on_entered(self, item: QListWidgetItem) -> None:
        self.hovered.emit(item.data(_ROW))

    def _on_left(self) -> None:
        self.hovered.emit(None)


def as_pixmap(picture: NDArray[np.uint8]) -> QPixmap:
    """A picture (Y, X, 3) as a pixmap."""
    height, width = picture.shape[:2]
    pixels = np.ascontiguousarray(picture).tobytes()
    image = QImage(pixels, width, height, 3 * width, QImage.Format.Format_RGB888)
    return QPixmap.fromImage(image.copy())


def _framed(pixmap: QPixmap | None, size: QSize, colour: str) -> QIcon:
    """A picture, or an empty square until it comes, above a bar of its colour."""
    wide, high = size.width() * DENSITY, size.height() * DENSITY
    drawn = QPixmap(wide, high + DENSITY * _BAR_PX)
    drawn.fill(Qt.GlobalColor.transparent)
    painter = QPainter(drawn)
    painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
    if pixmap is None:
        painter.setPen(QPen(QColor(128, 128, 128, 90), 2))
        painter.drawRect(1, 1, wide - 2, high - 2)
    else:
        painter.drawPixmap(0, 0, wide, high, pixmap)
    painter.end()
    return _with_bar(drawn, colour)


def _with_bar(pixmap: QPixmap, colour: str) -> QIcon:
    drawn = QPixmap(pixmap)
    drawn.setDevicePixelRatio(1)
    painter = QPainter(drawn)
    bar = DENSITY * _BAR_PX
    painter.fillRect(0, drawn.height() - bar, drawn.width(), bar, QColor(colour))
    painter.end()
    drawn.setDevicePixelRatio(DENSITY)
    return QIcon(drawn)
