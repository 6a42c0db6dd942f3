"""The legend of values: a bar of colours under the distribution of all and of the selection."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray
from qtpy.QtCore import QRectF, Qt
from qtpy.QtGui import QColor, QLinearGradient, QPainter, QPaintEvent, QPalette
from qtpy.QtWidgets import QSizePolicy, QWidget

from napari_c3r.core.figures.colouring import Values
from napari_c3r.core.figures.grounds import palette_on
from napari_c3r.core.figures.histogram import Histogram
from napari_c3r.widgets.common.labels import plain_tip
from napari_c3r.widgets.common.tones import ground_of

HISTOGRAM: Final = 18
HEIGHT: Final = HISTOGRAM + 29


class ColourBar(QWidget):
    """The sequential map with the values at its ends and what they are."""

    def __init__(self) -> None:
        super().__init__()
        self._colouring = Values.spanning(np.empty(0, dtype=np.float32), "")
        self._histogram = Histogram(self._colouring)
        self._chosen: NDArray[np.bool_] | None = None
        self._shares: list[NDArray[np.float64]] = []
        self.setFixedHeight(HEIGHT)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.setAccessibleName("Colour bar")

    def show_values(self, colouring: Values) -> None:
        """Show the name and limits of these values."""
        self._colouring = colouring
        self._histogram, self._chosen = Histogram(colouring), None
        self._describe()

    def show_selection(self, mask: NDArray[np.bool_]) -> None:
        """Show how the values of the points selected are distributed beside those of all."""
        if len(mask) == len(self._colouring.values):
            self._chosen = mask if mask.any() else None
            self._describe()

    def _describe(self) -> None:
        counts = [self._histogram.everything]
        if self._chosen is not None:
            counts.append(self._histogram.of(self._chosen))
        self._shares = [each / max(int(each.max()), 1) for each in counts]
        low, high = self._ends()
        text = f"{self._colouring.name}: from {low} to {high}"
        if self._colouring.missing().any():
            text += "; grey where there is no value"
        text += ". Above, how many points have which value"
        if self._chosen is not None:
            text += f"; {self._selected()}, drawn in front, its peak as high as that of all"
        self.setAccessibleDescription(text)
        self.setToolTip(plain_tip(text))
        self.update()

    def _selected(self) -> str:
        """What values the selection has."""
        assert self._chosen is not None
        numbers = self._colouring.values[self._chosen]
        numbers = numbers[np.isfinite(numbers)]
        if not len(numbers):
            return "no value selected"
        return f"selected: median {number(float(np.median(numbers)))}"

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self._paint_histogram(painter, QRectF(2, 0, self.width() - 4, HISTOGRAM))
        bar = QRectF(2, HISTOGRAM + 1, self.width() - 4, 7)
        gradient = QLinearGradient(bar.topLeft(), bar.topRight())
        stops = palette_on(self._colouring.palette, ground_of(self))
        for i, colour in enumerate(stops):
            gradient.setColorAt(i / (len(stops) - 1), QColor(colour))
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(gradient)
        painter.drawRoundedRect(bar, 3, 3)
        top = HISTOGRAM + 9
        self._paint_text(painter, QRectF(2, top, self.width() - 4, self.height() - top))
        painter.end()

    def _paint_histogram(self, painter: QPainter, room: QRectF) -> None:
        """All points faintly, those selected in front."""
        ink = QColor(self.palette().color(QPalette.ColorRole.WindowText))
        painter.setPen(Qt.PenStyle.NoPen)
        for shares, seen in zip(self._shares, (0.3, 0.8), strict=False):
            ink.setAlphaF(seen)
            painter.setBrush(ink)
            wide = room.width() / len(shares)
            for n in np.flatnonzero(shares):
                high = max(float(shares[n]) * room.height(), 1.0)
                left = room.left() + float(n) * wide
                painter.drawRect(QRectF(left, room.bottom() - high, max(wide - 1, 1), high))

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
        told = self._colouring.name
        if self._chosen is not None:
            told = f"{told}; {self._selected()}"
        name = metrics.elidedText(told, Qt.TextElideMode.ElideMiddle, room)
        painter.drawText(line, Qt.AlignmentFlag.AlignLeft, low)
        painter.drawText(line, Qt.AlignmentFlag.AlignRight, high)
        painter.drawText(line, Qt.AlignmentFlag.AlignHCenter, name)


def number(value: float) -> str:
    """Write a value for the eye: three figures, thousands in full."""
    return f"{value:,.0f}" if 1000 <= abs(value) < 1e7 else f"{value:.3g}"
