"""What the colours mean, and how many points have which: swatches for categories, or a bar."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from qtpy.QtCore import QModelIndex, QSize, Qt, Signal
from qtpy.QtGui import (
    QColor,
    QIcon,
    QPainter,
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
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QVBoxLayout,
    QWidget,
)

from napari_c3r.core.figures.colouring import Categories, Colouring, Values
from napari_c3r.core.figures.colours import GREY, OWN
from napari_c3r.core.figures.grounds import on_ground
from napari_c3r.widgets.common.elision import elided_apart
from napari_c3r.widgets.common.labels import plain_tip
from napari_c3r.widgets.scatter.colour_bar import ColourBar
from napari_c3r.widgets.scatter.model import SelectMode
from napari_c3r.widgets.scatter.overlay import mode_of

SWATCH = 11
NAME_WIDTH = 105
ROW_HEIGHT = 20
VISIBLE_ROWS = 4
# Of a narrow plot, which needs the height itself.
FEW_ROWS, NARROW = 2, 360
GAP = "  "
QUIET = 0.7
NAME_ROLE = Qt.ItemDataRole.UserRole + 1
COUNT_ROLE = Qt.ItemDataRole.UserRole + 2
MAX_ENTRIES = 200
"""Categories that are listed; a column with more of them is no legend any more."""


class Legend(QWidget):
    """Shows whichever legend the colouring needs, or nothing."""

    picked = Signal(int, str)  # category code, SelectMode

    def __init__(self) -> None:
        super().__init__()
        self.categories = CategoryLegend()
        self.bar = ColourBar()
        self._whole: Colouring | None = None
        self._selection: NDArray[np.bool_] | None = None
        self._among: NDArray[np.bool_] | None = None
        self.categories.picked.connect(self.picked)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.categories)
        layout.addWidget(self.bar)

    def set_theme(self, background: str, foreground: str) -> None:
        """Draw for a ground and write in a colour, each ``"#rrggbb"``."""
        if self.categories.ground != background:
            self.categories.ground = background
            self.show_colouring(self._whole)
            if self._selection is not None:
                self.show_selection(self._selection)
        self.setStyleSheet(
            f"QListWidget {{ background: transparent; border: none; color: {foreground}; }}"
        )

    def show_selection(self, mask: NDArray[np.bool_]) -> None:
        """Say how many of the points selected, bool (N,), have which colour."""
        self._selection = mask
        if self._among is not None and len(self._among) == len(mask):
            mask = mask[self._among]
        for part in (self.categories, self.bar):
            if not part.isHidden():
                part.show_selection(mask)

    def show_among(self, among: NDArray[np.bool_] | None) -> None:
        """Count some points alone, bool (N,), as those of an open gate; None for all."""
        if among is self._among:
            return
        self._among = among
        self.show_colouring(self._whole)
        if self._selection is not None:
            self.show_selection(self._selection)

    def show_colouring(self, colouring: Colouring | None) -> None:
        """Explain these colours."""
        self._whole = colouring
        if colouring is not None and self._among is not None:
            colouring = _part(colouring, self._among)
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
        self.setItemDelegate(_NameAndCount(self))
        self._colouring: Categories | None = None
        self._counts = np.zeros(1, np.intp)
        self.ground = "#000000"
        self.itemClicked.connect(self._on_picked)
        self.itemActivated.connect(self._on_picked)

    def show_categories(self, colouring: Categories) -> None:
        """List the categories that have points, those in none last."""
        self.clear()
        self._colouring = colouring
        self._counts = counts = counts_of(colouring)
        present = np.flatnonzero(counts[1:])
        names = [(int(code), colouring.names[code]) for code in present[:MAX_ENTRIES]]
        if counts[0]:
            names.append((-1, colouring.rest))
        entries = [
            _entry(_swatch(code, colouring.palette, self.ground), code, name)
            for code, name in names
        ]
        if len(present) > MAX_ENTRIES:
            entries.append(_more(len(present) - MAX_ENTRIES))
        for entry in entries:
            self.addItem(entry)
        self._show_counts(None)

    def show_selection(self, mask: NDArray[np.bool_]) -> None:
        """Say how many of the points selected are in each category."""
        if self._colouring is not None and len(mask) == len(self._colouring.codes):
            self._show_counts(counts_of(self._colouring, mask) if mask.any() else None)

    def _show_counts(self, chosen: NDArray[np.intp] | None) -> None:
        for entry in self._entries():
            code = entry.data(Qt.ItemDataRole.UserRole)
            if code is None:
                continue
            count = int(self._counts[code + 1])
            told = f"{count:,}" if chosen is None else f"{int(chosen[code + 1]):,} of {count:,}"
            entry.setData(COUNT_ROLE, told)
            name = entry.data(NAME_ROLE)
            points = "1 point" if told == "1" else f"{told} points"
            selected = "" if chosen is None else " selected"
            text = f"{name}: {points}{selected}. Click to select; Shift adds, Alt removes"
            entry.setToolTip(plain_tip(text))
            entry.setData(Qt.ItemDataRole.AccessibleTextRole, text)
        self._fit()

    def _entries(self) -> list[QListWidgetItem]:
        rows = [self.item(row) for row in range(self.count())]
        return [item for item in rows if item is not None]

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        """Cut names as several have to stand side by side, less where but one has room."""
        wide = self.fontMetrics().horizontalAdvance
        entries = [item for item in self._entries() if item.data(NAME_ROLE)]
        counts = [0, *(wide(f"{GAP}{item.data(COUNT_ROLE)}") for item in entries)]
        around = max(counts) + SWATCH + 20
        names = [item.data(NAME_ROLE) for item in entries]
        most = max([min(wide(name), NAME_WIDTH) for name in names], default=0)
        if self.width() < 2 * (most + around):
            most = max(self.width() - around, NAME_WIDTH)
        for item, text in zip(entries, elided_apart(names, most, wide), strict=True):
            item.setText(text)
        cell = QSize(max([wide(item.text()) for item in self._entries()] + [0]), ROW_HEIGHT)
        cell += QSize(around, 0)
        self.setGridSize(cell)
        for item in self._entries():
            item.setSizeHint(cell)  # or a long name would not be elided
        self._fit_height()

    def _fit_height(self) -> None:
        columns = max(self.width() // max(self.gridSize().width(), 1), 1)
        most = VISIBLE_ROWS if self.width() >= NARROW else FEW_ROWS
        rows = min(-(-self.count() // columns), most)
        self.setFixedHeight(rows * ROW_HEIGHT + 2)

    def _on_picked(self, item: QListWidgetItem) -> None:
        mode: SelectMode = mode_of(QApplication.keyboardModifiers())
        self.picked.emit(item.data(Qt.ItemDataRole.UserRole), str(mode))


def _part(colouring: Colouring, among: NDArray[np.bool_]) -> Colouring:
    """The colours of some points; of all where the flags are of others."""
    if isinstance(colouring, Categories):
        fits = len(colouring.codes) == len(among)
        return replace(colouring, codes=colouring.codes.compress(among)) if fits else colouring
    fits = len(colouring.values) == len(among)
    return replace(colouring, values=colouring.values.compress(among)) if fits else colouring


def counts_of(colouring: Categories, chosen: NDArray[np.bool_] | None = None) -> NDArray[np.intp]:
    """Points without a category, and of each category; all of them, or those chosen."""
    codes = colouring.codes if chosen is None else colouring.codes.compress(chosen)
    return np.bincount(codes + 1, minlength=len(colouring.names) + 1)


class _NameAndCount(QStyledItemDelegate):
    """Writes the number of points, less strongly, behind the name."""

    def paint(
        self, painter: QPainter | None, option: QStyleOptionViewItem, index: QModelIndex
    ) -> None:
        super().paint(painter, option, index)
        told = index.data(COUNT_ROLE)
        if painter is None or not told:
            return
        name = index.data(Qt.ItemDataRole.DisplayRole)
        left = SWATCH + 12 + option.fontMetrics.horizontalAdvance(f"{name}{GAP}")
        colour = QColor(option.palette.color(QPalette.ColorRole.Text))
        colour.setAlphaF(QUIET)
        painter.save()
        painter.setPen(colour)
        place = option.rect.adjusted(left, 0, 0, 0)
        painter.drawText(place, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, told)
        painter.restore()


def _entry(icon: QIcon, code: int, name: str) -> QListWidgetItem:
    item = QListWidgetItem(icon, name)
    item.setData(Qt.ItemDataRole.UserRole, code)
    item.setData(NAME_ROLE, name)
    return item


def _more(count: int) -> QListWidgetItem:
    item = QListWidgetItem(f"and {count:,} more")
    item.setFlags(Qt.ItemFlag.NoItemFlags)
    return item


def _swatch(code: int, palette: Sequence[str], ground: str) -> QIcon:
    pixmap = QPixmap(4 * SWATCH, 4 * SWATCH)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    colour = GREY if code < 0 else palette[code % len(palette)]
    painter.setBrush(QColor(on_ground(colour, ground)))
    # Round ones are names that a person gave.
    round_px = 2 * SWATCH if palette is OWN else 10
    painter.drawRoundedRect(pixmap.rect(), round_px, round_px)
    painter.end()
    return QIcon(pixmap)
