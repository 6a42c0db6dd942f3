"""A histogram of scores with a threshold that can be moved."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from qtpy.QtCore import QPointF, QRectF, QSize, Qt, Signal
from qtpy.QtGui import QColor, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from qtpy.QtWidgets import QSizePolicy, QWidget

from napari_c3r.widgets.common.step import MARK_COLOURS, Mark

_BINS = 48
_HEIGHT, _FOOT, _SIDE = 84, 16, 6
_STEP, _BIG_STEP = 1, 10
_LOW, _HIGH = 0.5, 99.8


class ScoreHistogram(QWidget):
    """Bars, those beyond the threshold in another colour. Heights go with the square root.

    Signals
    -------
    moved
        The threshold while it is being dragged.
    chosen
        The threshold where it was let go, or moved with the arrow keys.
    """

    moved = Signal(float)
    chosen = Signal(float)

    def __init__(self) -> None:
        super().__init__()
        self._counts: NDArray[np.intp] = np.zeros(_BINS, np.intp)
        self._range = (0.0, 1.0)
        self._limit: float | None = None
        self._unit = ""
        self._dragging = False
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.setFixedHeight(_HEIGHT)
        self.setAccessibleName("Histogram of scores")

    def sizeHint(self) -> QSize:
        return QSize(260, _HEIGHT)

    def show_scores(self, scores: NDArray[np.float64], limit: float | None, unit: str) -> None:
        """Show scores, (n,), NaN where there is none, and where they are cut.

        Parameters
        ----------
        scores
            Higher is worse.
        limit
            The threshold; None for none.
        unit
            What the axis is.
        """
        finite = scores[np.isfinite(scores)]
        low, high = np.percentile(finite, (_LOW, _HIGH)) if len(finite) else (0.0, 1.0)
        high = max(high, 1.3 * limit if limit is not None else high, low + 1e-3)
        self._range, self._limit, self._unit = (float(low), float(high)), limit, unit
        clipped = np.clip(finite, low, high)
        self._counts = np.histogram(clipped, _BINS, self._range)[0]
        above = int((finite > limit).sum()) if limit is not None else 0
        told = f"threshold {limit:.2f}, {above} above it" if limit is not None else "no threshold"
        self.setAccessibleDescription(f"{len(finite)} scores; {told}")
        self.update()

    def x_of(self, score: float) -> float:
        """Where a score lies, in pixels from the left."""
        low, high = self._range
        share = (score - low) / (high - low)
        return _SIDE + float(np.clip(share, 0, 1)) * (self.width() - 2 * _SIDE)

    def _score_at(self, x: float) -> float:
        low, high = self._range
        share = np.clip((x - _SIDE) / max(1, self.width() - 2 * _SIDE), 0, 1)
        return round(float(low + share * (high - low)), 2)

    def paintEvent(self, event: QPaintEvent | None) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        text = self.palette().text().color()
        base, room = self.height() - _FOOT, self.height() - _FOOT - 4
        heights = np.sqrt(self._counts / max(1, self._counts.max())) * room
        width = (self.width() - 2 * _SIDE) / _BINS
        low, high = self._range
        edges = np.linspace(low, high, _BINS + 1)
        painter.setPen(Qt.PenStyle.NoPen)
        for number, height in enumerate(heights):
            beyond = self._limit is not None and edges[number + 1] > self._limit
            painter.setBrush(QColor(MARK_COLOURS[Mark.ATTENTION if beyond else Mark.NEXT]))
            left = _SIDE + number * width
            # What there is can be seen, be it a single cell.
            tall = max(float(height), 2.0) if self._counts[number] else 0.0
            painter.drawRect(QRectF(left, base - tall, max(width - 1, 1), tall))
        faint = QColor(text)
        faint.setAlpha(110)
        painter.setPen(QPen(faint))
        painter.drawLine(QPointF(_SIDE, base + 0.5), QPointF(self.width() - _SIDE, base + 0.5))
        self._paint_axis(painter, QRectF(_SIDE, base + 1, self.width() - 2 * _SIDE, _FOOT - 1))
        if self._limit is not None:
            painter.setPen(QPen(text, 2))
            x = self.x_of(self._limit)
            painter.drawLine(QPointF(x, 2), QPointF(x, base))
        painter.end()

    def _paint_axis(self, painter: QPainter, line: QRectF) -> None:
        font = painter.font()
        font.setPixelSize(11)
        painter.setFont(font)
        painter.setPen(self.palette().text().color())
        low, high = self._range
        painter.drawText(line, Qt.AlignmentFlag.AlignLeft, f"{low:.2g}")
        painter.drawText(line, Qt.AlignmentFlag.AlignRight, f"≥ {high:.2g}")
        painter.drawText(line, Qt.AlignmentFlag.AlignHCenter, self._unit)

    def mousePressEvent(self, event: QMouseEvent | None) -> None:
        if event is not None and self._limit is not None:
            self._dragging = True
            self._move(self._score_at(event.position().x()))

    def mouseMoveEvent(self, event: QMouseEvent | None) -> None:
        if event is not None and self._dragging:
            self._move(self._score_at(event.position().x()))

    def mouseReleaseEvent(self, event: QMouseEvent | None) -> None:
        if self._dragging and self._limit is not None:
            self._dragging = False
            self.chosen.emit(self._limit)

    def keyPressEvent(self, event: QKeyEvent | None) -> None:
        """The arrow keys move the threshold; with Shift, further."""
        keys = {Qt.Key.Key_Left: -_STEP, Qt.Key.Key_Right: _STEP}
        if event is None or event.key() not in keys or self._limit is None:
            super().keyPressEvent(event)
            return
        further = event.modifiers() & Qt.KeyboardModifier.ShiftModifier
        steps = keys[Qt.Key(event.key())] * (_BIG_STEP if further else 1)
        low, high = self._range
        self._move(round(max(0.0, self._limit + steps * (high - low) / 200), 2))
        self.chosen.emit(self._limit)

    def _move(self, limit: float) -> None:
        self._limit = max(0.0, limit)
        self.update()
        self.moved.emit(self._limit)
