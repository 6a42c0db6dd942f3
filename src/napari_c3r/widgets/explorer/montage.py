"""The cells themselves: thumbnails of those selected, in the viewer's own colours."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from qtpy.QtCore import QEvent, QSize, Qt, Signal
from qtpy.QtGui import QColor, QIcon, QImage, QKeyEvent, QPainter, QPen, QPixmap, QResizeEvent
from qtpy.QtWidgets import (
    QAbstractItemView,
    QComboBox,
    QFrame,
    QHBoxLayout,
    QListView,
    QListWidget,
    QListWidgetItem,
    QPushButton,
    QSizePolicy,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from napari_c3r.core.figures.montage import Choice
from napari_c3r.widgets.common.labels import PlainLabel, plain_tip

SHOWN_PX = 68
_BAR_PX = 4
_STRIP_PX, _ROOM_FOR_BUTTONS_PX = SHOWN_PX + 28, 250
_ROW = Qt.ItemDataRole.UserRole

ALIKE = "alike"
_CHOICES = {
    "Random": (Choice.RANDOM, "Drawn at random from the selected cells"),
    "Typical": (Choice.MEDOID, "Nearest the medoid: the cell most like all others selected"),
    "Outliers": (Choice.OUTLIERS, "Least like the medoid of the selected cells"),
    "Similar to cell": (ALIKE, "Most like the cell that is ringed, by cosine of the vectors"),
}
_NO_IMAGE = "Open the image of these cells to see them."
_NO_CURRENT = "Click a cell on the map, in the image or in the table to see those like it."
_NO_CELLS = "No cells yet. Embed some to see them here."


class Thumbnails(QListWidget):
    """Pictures of cells in rows; a click points at the cell, the mouse over one hovers it."""

    picked = Signal(int)
    hovered = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self.setViewMode(QListView.ViewMode.IconMode)
        self.setResizeMode(QListView.ResizeMode.Adjust)
        self.setMovement(QListView.Movement.Static)
        self.setUniformItemSizes(True)
        self.setSpacing(0)
        self.setIconSize(QSize(SHOWN_PX, SHOWN_PX + _BAR_PX))
        self.setGridSize(QSize(SHOWN_PX + 6, SHOWN_PX + _BAR_PX + 6))
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setSelectionMode(QAbstractItemView.SelectionMode.NoSelection)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setMouseTracking(True)
        self.setAccessibleName("Montage of cells")
        self.setStyleSheet(
            "QListWidget { background: transparent; border: none; padding: 0; }"
            "QListWidget::item { padding: 0; margin: 0; border: none; background: transparent; }"
        )
        self._items: list[QListWidgetItem] = []
        self._colours: list[str] = []
        self.itemClicked.connect(self._on_item)
        self.itemActivated.connect(self._on_item)
        self.itemEntered.connect(self._on_entered)
        self.viewportEntered.connect(self._on_left)

    @property
    def rows(self) -> list[int]:
        """Rows of the result shown, in order."""
        return [item.data(_ROW) for item in self._items]

    def show_rows(self, rows: Sequence[int], texts: Sequence[str], colours: Sequence[str]) -> None:
        """Make room for cells; their pictures come later.

        Parameters
        ----------
        rows
            Of the result.
        texts
            What each cell is, for tooltips and screen readers.
        colours
            Of the bar under each picture, ``"#rrggbb"``: the one the cell has on the map.
        """
        self.show_none()
        self._colours = list(colours)
        for row, text, colour in zip(rows, texts, colours, strict=True):
            item = QListWidgetItem(_framed(None, colour), "")
            item.setData(_ROW, int(row))
            item.setToolTip(plain_tip(text))
            item.setData(Qt.ItemDataRole.AccessibleTextRole, text)
            self._items.append(item)
            self.addItem(item)

    def show_none(self) -> None:
        """Take all pictures away."""
        self.clear()
        self._items, self._colours = [], []

    def show_picture(self, row: int, picture: NDArray[np.uint8]) -> None:
        """Put a picture (side, side, 3) in its place."""
        for item, colour in zip(self._items, self._colours, strict=True):
            if item.data(_ROW) == row:
                item.setIcon(_framed(as_pixmap(picture), colour))

    def recolour(self, colours: Sequence[str]) -> None:
        """Give the bars other colours; the pictures stay."""
        whole = QSize(4 * SHOWN_PX, 4 * SHOWN_PX)
        for item, old, new in zip(self._items, self._colours, colours, strict=True):
            if old != new:
                item.setIcon(_with_bar(item.icon().pixmap(whole), new))
        self._colours = list(colours)

    def leaveEvent(self, event: QEvent) -> None:
        self._on_left()
        super().leaveEvent(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        # Letters belong to the dock, not to a search among texts that nobody sees.
        if event.text().isalnum():
            event.ignore()
        else:
            super().keyPressEvent(event)

    def _on_item(self, item: QListWidgetItem) -> None:
        self.picked.emit(item.data(_ROW))

    def _on_entered(self, item: QListWidgetItem) -> None:
        self.hovered.emit(item.data(_ROW))

    def _on_left(self) -> None:
        self.hovered.emit(None)


class MontagePanel(QWidget):
    """Which cells to see, the thumbnails, and what can be done with them."""

    choice_changed = Signal()
    select_requested = Signal()
    save_requested = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.choice = QComboBox()
        self.choice.setAccessibleName("Cells of the montage")
        self.choice.setToolTip("Which of the selected cells to show")
        for name, (choice, tip) in _CHOICES.items():
            self.choice.addItem(name, str(choice))
            self.choice.setItemData(self.choice.count() - 1, tip, Qt.ItemDataRole.ToolTipRole)
        self.select_button = QPushButton("Select these")
        self.select_button.setToolTip("Make the cells shown here the selection")
        self.save_button = QPushButton("Save…")
        self.save_button.setToolTip(
            "Save the cells shown here: a PNG as you see them, or a TIFF stack with every "
            "channel's own intensities"
        )
        self.thumbnails = Thumbnails()
        self._reason = PlainLabel()
        self._build()
        self.choice.activated.connect(self._on_choice)
        self.select_button.clicked.connect(self.select_requested)
        self.save_button.clicked.connect(self.save_requested)
        self.show_reason(_NO_CELLS)

    @property
    def wanted(self) -> Choice | None:
        """Which cells of the group; None: those like the current one."""
        choice = self.choice.currentData()
        return None if choice == ALIKE else Choice(choice)

    def want_alike(self) -> None:
        """Choose the cells that are like the current one."""
        self.choice.setCurrentIndex(self.choice.findData(ALIKE))
        self.choice_changed.emit()

    def show_reason(self, reason: str) -> None:
        """Say why there are no pictures, or show them with an empty reason."""
        self._reason.setText(reason)
        self._pages.setCurrentIndex(1 if reason else 0)
        if reason:
            self.thumbnails.show_none()
        self._enable()

    def show_no_image(self) -> None:
        """Say that the pixels are not available."""
        self.show_reason(_NO_IMAGE)

    def show_no_cells(self) -> None:
        """Say that there is nothing embedded."""
        self.show_reason(_NO_CELLS)

    def show_no_current(self) -> None:
        """Say that a cell must be pointed at."""
        self.show_reason(_NO_CURRENT)

    def show_rows(self, rows: Sequence[int], texts: Sequence[str], colours: Sequence[str]) -> None:
        """Make room for the cells of :meth:`Thumbnails.show_rows`."""
        self.show_reason("")
        self.thumbnails.show_rows(rows, texts, colours)
        self._enable()

    def resizeEvent(self, event: QResizeEvent | None) -> None:
        super().resizeEvent(event)
        roomy = self.width() >= _ROOM_FOR_BUTTONS_PX
        self.select_button.setVisible(roomy)
        self.save_button.setVisible(roomy)

    def _enable(self) -> None:
        shown = self.thumbnails.count() > 0
        self.select_button.setEnabled(shown)
        self.save_button.setEnabled(shown)

    def _build(self) -> None:
        row = QHBoxLayout()
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(4)
        row.addWidget(self.choice)
        row.addStretch(1)
        row.addWidget(self.select_button)
        row.addWidget(self.save_button)
        self._reason.setWordWrap(True)
        self._reason.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._reason.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Ignored)
        # A strip of single pictures is enough beside a figure.
        self.setMinimumWidth(_STRIP_PX)
        self.choice.setMinimumContentsLength(3)
        self._pages = QStackedWidget()
        self._pages.addWidget(self.thumbnails)
        self._pages.addWidget(self._reason)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        column.addLayout(row)
        column.addWidget(self._pages, 1)

    def _on_choice(self) -> None:
        self.choice_changed.emit()


def as_pixmap(picture: NDArray[np.uint8]) -> QPixmap:
    """A picture (Y, X, 3) as a pixmap."""
    height, width = picture.shape[:2]
    pixels = np.ascontiguousarray(picture).tobytes()
    image = QImage(pixels, width, height, 3 * width, QImage.Format.Format_RGB888)
    return QPixmap.fromImage(image.copy())


def _framed(pixmap: QPixmap | None, colour: str) -> QIcon:
    """A picture, or an empty square until it comes, above a bar of its colour."""
    side = SHOWN_PX * 2
    drawn = QPixmap(side, side + 2 * _BAR_PX)
    drawn.fill(Qt.GlobalColor.transparent)
    painter = QPainter(drawn)
    painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
    if pixmap is None:
        painter.setPen(QPen(QColor(128, 128, 128, 90), 2))
        painter.drawRect(1, 1, side - 2, side - 2)
    else:
        painter.drawPixmap(0, 0, side, side, pixmap)
    painter.end()
    return _with_bar(drawn, colour)


def _with_bar(pixmap: QPixmap, colour: str) -> QIcon:
    drawn = QPixmap(pixmap)
    drawn.setDevicePixelRatio(1)
    painter = QPainter(drawn)
    bar = 2 * _BAR_PX
    painter.fillRect(0, drawn.height() - bar, drawn.width(), bar, QColor(colour))
    painter.end()
    drawn.setDevicePixelRatio(2)
    return QIcon(drawn)
