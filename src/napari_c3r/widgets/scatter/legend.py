"""What the colours mean: swatches for categories, a bar for values."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from qtpy.QtCore import QRectF, QSize, Qt, Signal
from qtpy.QtGui import (
    QColor,
    QIcon,
    QLinearGradient,
    QPainter,
    QPaintEvent,
    QPalette,
    QPixmap,
    QResizeEvent,
)
from qtpy.QtWidgets import (
    QApplication,
    QFrame,
    QListView,
    QListWidget,
    QListWidgetItem,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from napari_c3r.core.figures.colouring import Categories, Colouring, Values
from napari_c3r.core.figures.colours import GREY, OWN, SEQUENTIAL
from napari_c3r.widgets.common.elision import elided_apart
from napari_c3r.widgets.common.labels import plain_tip
from napari_c3r.widgets.scatter.model import SelectMode
from napari_c3r.widgets.scatter.overlay import mode_of

SWATCH = 11
NAME_WIDTH = 105
ROW_HEIGHT = 20
VISIBLE_ROWS = 4
MAX_ENTRIES = 200
"""Categories that are listed; a column with more of them is no legend any more."""


class Legend(QWidget):
    """Shows whichever legend the colouring needs, or nothing."""

    picked = Signal(int, str)  # category code, SelectMode

    def __init__(self) -> None:
        super().__init__()
        self.categories = CategoryLegend()
        self.bar = ColourBar()
        self.categories.picked.connect(self.picked)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.categories)
        layout.addWidget(self.bar)

    def set_theme(self, foreground: str) -> None:
        """Write in this colour, ``"#rrggbb"``, on whatever lies below."""
        self.setStyleSheet(
            f"QListWidget {{ background: transparent; border: none; color: {foreground}; }}"
        )

    def show_colouring(self, colouring: Colouring | None) -> None:
        """Explain these colours."""
        self.categories.setVisible(isinstance(colouring, Categories))
        self.bar.setVisible(isinstance(colouring, Values))
        match colouring:
            case Categories():
                self.categories.show_categories(colouring)
            case Values():
                self.bar.show_values(colouring)


class CategoryLegend(QListWidget):
    """A swatch and a name for each category; a click selects its points."""

    picked = Signal(int, str)  # category code, SelectMode

    def __init__(self) -> None:
        super().__init__()
        self.setFlow(QListView.Flow.LeftToRight)
        self.setWrapping(True)
        self.setResizeMode(QListView.ResizeMode.Adjust)
        self.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setSelectionMode(QListWidget.SelectionMode.NoSelection)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setIconSize(QSize(SWATCH, SWATCH))
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.setAccessibleName("Legend")
        self.itemClicked.connect(self._on_picked)
        self.itemActivated.connect(self._on_picked)

    def show_categories(self, colouring: Categories) -> None:
        """List the categories that have points, those in none last."""
        self.clear()
        counts = np.bincount(colouring.codes + 1, minlength=len(colouring.names) + 1)
        present = np.flatnonzero(counts[1:])
        names = [(int(code), colouring.names[code]) for code in present[:MAX_ENTRIES]]
        if counts[0]:
            names.append((-1, colouring.rest))
        metrics, told = self.fontMetrics(), [name for _, name in names]
        shown = elided_apart(told, NAME_WIDTH, metrics.horizontalAdvance)
        entries = [
            _entry(_swatch(code, colouring.palette), code, name, text, int(counts[code + 1]))
            for (code, name), text in zip(names, shown, strict=True)
        ]
        if len(present) > MAX_ENTRIES:
            entries.append(_more(len(present) - MAX_ENTRIES))
        widths = [self.fontMetrics().horizontalAdvance(entry.text()) for entry in entries]
        cell = QSize(min(max(widths, default=0), NAME_WIDTH) + SWATCH + 18, ROW_HEIGHT)
        self.setGridSize(cell)
        for entry in entries:
            entry.setSizeHint(cell)  # or a long name would not be elided
            self.addItem(entry)
        self._fit_height()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit_height()

    def _fit_height(self) -> None:
        columns = max(self.width() // max(self.gridSize().width(), 1), 1)
        rows = min(-(-self.count() // columns), VISIBLE_ROWS)
        self.setFixedHeight(rows * ROW_HEIGHT + 2)

    def _on_picked(self, item: QListWidgetItem) -> None:
        mode: SelectMode = mode_of(QApplication.keyboardModifiers())
        self.picked.emit(item.data(Qt.ItemDataRole.UserRole), str(mode))


class ColourBar(QWidget):
    """The sequential map with the values at its ends and what they are."""

    def __init__(self) -> None:
        super().__init__()
        self._colouring = Values.spanning(np.empty(0, dtype=np.float32), "")
        self.setFixedHeight(2 * ROW_HEIGHT - 8)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.setAccessibleName("Colour bar")

    def show_values(self, colouring: Values) -> None:
        """Show the name and limits of these values."""
        self._colouring = colouring
        low, high = self._ends()
        text = f"{colouring.name}: from {low} to {high}"
        if colouring.missing().any():
            text += "; grey where there is no value"
        self.setAccessibleDescription(text)
        self.setToolTip(plain_tip(text))
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        bar = QRectF(2, 2, self.width() - 4, 9)
        gradient = QLinearGradient(bar.topLeft(), bar.topRight())
        for i, colour in enumerate(SEQUENTIAL):
            gradient.setColorAt(i / (len(SEQUENTIAL) - 1), QColor(colour))
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(gradient)
        painter.drawRoundedRect(bar, 3, 3)
        self._paint_text(painter, QRectF(2, 13, self.width() - 4, self.height() - 13))
        painter.end()

    def _ends(self) -> tuple[str, str]:
        low, high = map(number, self._colouring.limits)
        values = self._colouring.values
        return low, f"≥ {high}" if (values > self._colouring.limits[1]).any() else high

    def _paint_text(self, painter: QPainter, line: QRectF) -> None:
        painter.setPen(self.palette().color(QPalette.ColorRole.WindowText))
        metrics = self.fontMetrics()
        low, high = self._ends()
        ends = metrics.horizontalAdvance(low), metrics.horizontalAdvance(high)
        room = int(line.width() - 2 * max(ends) - 12)
        name = metrics.elidedText(self._colouring.name, Qt.TextElideMode.ElideMiddle, room)
        painter.drawText(line, Qt.AlignmentFlag.AlignLeft, low)
        painter.drawText(line, Qt.AlignmentFlag.AlignRight, high)
        painter.drawText(line, Qt.AlignmentFlag.AlignHCenter, name)


def number(value: float) -> str:
    """Write a value for the eye: three figures, thousands in full."""
    return f"{value:,.0f}" if 1000 <= abs(value) < 1e7 else f"{value:.3g}"


def _entry(icon: QIcon, code: int, name: str, shown: str, count: int) -> QListWidgetItem:
    item = QListWidgetItem(icon, shown)
    item.setData(Qt.ItemDataRole.UserRole, code)
    points = "1 point" if count == 1 else f"{count:,} points"
    text = f"{name}: {points}. Click to select; Shift adds, Alt removes"
    item.setToolTip(plain_tip(text))
    item.setData(Qt.ItemDataRole.AccessibleTextRole, text)
    return item


def _more(count: int) -> QListWidgetItem:
    item = QListWidgetItem(f"and {count:,} more")
    item.setFlags(Qt.ItemFlag.NoItemFlags)
    return item


def _swatch(code: int, palette: Sequence[str]) -> QIcon:
    pixmap = QPixmap(4 * SWATCH, 4 * SWATCH)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor(GREY if code < 0 else palette[code % len(palette)]))
    # Round ones are names that a person gave.
    round_px = 2 * SWATCH if palette is OWN else 10
    painter.drawRoundedRect(pixmap.rect(), round_px, round_px)
    painter.end()
    return QIcon(pixmap)
