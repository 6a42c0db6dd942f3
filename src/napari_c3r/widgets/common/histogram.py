"""A histogram with one or two limits that can be moved by mouse and keys."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from qtpy.QtCore import QPointF, QRectF, QSize, Qt, Signal
from qtpy.QtGui import QColor, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from qtpy.QtWidgets import QSizePolicy, QWidget

from napari_c3r.core.figures.drawing import number_words

Limits = tuple[float | None, float | None]

_BINS = 48
_HEIGHT, _FOOT, _SIDE = 84, 16, 6
_HANDLE_PX = 4.0
_BIG_STEP, _STEPS = 10, 200
_PERCENTILES = (0.5, 99.8)
LOW, HIGH = 0, 1


class Histogram(QWidget):
    """Bars, those between the limits in another colour. Heights go with the square root.

    Parameters
    ----------
    name
        For those who cannot see it.
    inside, outside
        Colours of bars between the limits and beyond them.

    Signals
    -------
    moved
        Both limits while one is being dragged, None for no limit on that side.
    settled
        Both limits where one was let go, or moved with the arrow keys.
    """

    moved = Signal(object, object)
    settled = Signal(object, object)

    def __init__(self, name: str, inside: str, outside: str) -> None:
        super().__init__()
        self._counts: NDArray[np.intp] = np.zeros(_BINS, np.intp)
        self._range = (0.0, 1.0)
        self._clipped = (False, False)
        self._limits: list[float | None] = [None, None]
        self._movable: tuple[int, ...] = ()
        self._unit = ""
        self._inside, self._outside = QColor(inside), QColor(outside)
        # The limit that the arrow keys move, and the one that is being dragged.
        self._active, self._dragged = HIGH, -1
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.setFixedHeight(_HEIGHT)
        self.setAccessibleName(name)

    def sizeHint(self) -> QSize:
        return QSize(260, _HEIGHT)

    def let_grow(self) -> None:
        """Be as high as there is room for."""
        self.setMinimumHeight(_HEIGHT // 2)
        self.setMaximumHeight(3 * _HEIGHT)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Expanding)

    @property
    def limits(self) -> Limits:
        """Both limits, None for no limit on that side."""
        low, high = self._limits
        return low, high

    @property
    def range(self) -> tuple[float, float]:
        """The values at the two ends."""
        return self._range

    def show_values(
        self,
        values: NDArray[np.float64],
        limits: Limits,
        unit: str,
        *,
        movable: tuple[int, ...] = (LOW, HIGH),
    ) -> None:
        """Show values, (n,), NaN where there is none, and the limits.

        Parameters
        ----------
        values
            Those far beyond most are counted in the bars at the ends.
        limits
            None for no limit on that side.
        unit
            What the axis is.
        movable
            Which limits can be moved: `LOW`, `HIGH`.
        """
        finite = values[np.isfinite(values)]
        low, high = np.percentile(finite, _PERCENTILES) if len(finite) else (0.0, 1.0)
        self._range = self._around(float(low), float(high), limits)
        self._limits, self._unit, self._movable = list(limits), unit, movable
        self._counts = np.histogram(np.clip(finite, *self._range), _BINS, self._range)[0]
        self._clipped = (
            bool(len(finite) and finite.min() < self._range[0]),
            bool(len(finite) and finite.max() > self._range[1]),
        )
        self._active = self._active if self._active in movable else (*movable, HIGH)[0]
        self.update()

    def show_limits(self, limits: Limits) -> None:
        """Move the limits without saying so."""
        self._limits = list(limits)
        self.update()

    def set_inside(self, colour: str) -> None:
        """Colour of the bars between the limits."""
        self._inside = QColor(colour)
        self.update()

    def x_of(self, value: float) -> float:
        """Where a value lies, in pixels from the left."""
        low, high = self._range
        share = (value - low) / (high - low)
        return _SIDE + float(np.clip(share, 0, 1)) * (self.width() - 2 * _SIDE)

    def _around(self, low: float, high: float, limits: Limits) -> tuple[float, float]:
        """The values at the two ends, for most of the values from `low` to `high`."""
        known = [limit for limit in limits if limit is not None]
        low, high = min([low, *known]), max([high, *known])
        return low, high if high > low else low + max(abs(low) * 1e-3, 1e-3)

    def _rounded(self, value: float) -> float:
        """A value as exact as the eye can place it."""
        low, high = self._range
        step = (high - low) / _STEPS
        return round(value, max(0, int(-np.floor(np.log10(step)))))

    def _limit_at(self, which: int, x: float) -> float | None:
        """The limit at a place in pixels; none at the end of its side."""
        low, high = self._range
        share = (x - _SIDE) / max(1, self.width() - 2 * _SIDE)
        if (which == LOW and share <= 0) or (which == HIGH and share >= 1):
            return None
        return self._rounded(float(low + np.clip(share, 0, 1) * (high - low)))

    def place_of(self, which: int) -> float:
        """Where a limit is drawn, in pixels from the left; none lies at the end of its side."""
        limit = self._limits[which]
        return self.x_of(self._range[which] if limit is None else limit)

    def paintEvent(self, event: QPaintEvent | None) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        text = self.palette().text().color()
        base, room = self.height() - _FOOT, self.height() - _FOOT - 4
        heights = np.sqrt(self._counts / max(1, self._counts.max())) * room
        width = (self.width() - 2 * _SIDE) / _BINS
        edges = np.linspace(*self._range, _BINS + 1)
        low = -np.inf if self._limits[LOW] is None else self._limits[LOW]
        high = np.inf if self._limits[HIGH] is None else self._limits[HIGH]
        painter.setPen(Qt.PenStyle.NoPen)
        for number, height in enumerate(heights):
            within = low <= edges[number] and edges[number + 1] <= high
            painter.setBrush(self._inside if within else self._outside)
            left = _SIDE + number * width
            # What there is can be seen, be it a single cell.
            tall = max(float(height), 2.0) if self._counts[number] else 0.0
            painter.drawRect(QRectF(left, base - tall, max(width - 1, 1), tall))
        faint = QColor(text)
        faint.setAlpha(110)
        painter.setPen(QPen(faint))
        painter.drawLine(QPointF(_SIDE, base + 0.5), QPointF(self.width() - _SIDE, base + 0.5))
        self._paint_axis(painter, QRectF(_SIDE, base + 1, self.width() - 2 * _SIDE, _FOOT - 1))
        for which in self._movable:
            self._paint_limit(painter, which, text, base)
        painter.end()

    def _paint_limit(self, painter: QPainter, which: int, colour: QColor, base: float) -> None:
        x = self.place_of(which)
        painter.setPen(QPen(colour, 2))
        painter.drawLine(QPointF(x, 2), QPointF(x, base))
        if len(self._movable) > 1:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(colour)
            grip = QRectF(x - _HANDLE_PX, base / 2 - 8, 2 * _HANDLE_PX, 16)
            painter.drawRoundedRect(grip, 3, 3)

    def _paint_axis(self, painter: QPainter, line: QRectF) -> None:
        font = painter.font()
        font.setPixelSize(11)
        painter.setFont(font)
        painter.setPen(self.palette().text().color())
        low, high = map(number_words, self._range)
        first = f"≤ {low}" if self._clipped[LOW] else low
        last = f"≥ {high}" if self._clipped[HIGH] else high
        painter.drawText(line, Qt.AlignmentFlag.AlignLeft, first)
        painter.drawText(line, Qt.AlignmentFlag.AlignRight, last)
        ends = max(painter.fontMetrics().horizontalAdvance(end) for end in (first, last))
        room = int(line.width() - 2 * ends - 12)
        unit = painter.fontMetrics().elidedText(self._unit, Qt.TextElideMode.ElideMiddle, room)
        painter.drawText(line, Qt.AlignmentFlag.AlignHCenter, unit)

    def mousePressEvent(self, event: QMouseEvent | None) -> None:
        if event is None or not self._movable:
            return
        x = event.position().x()
        nearest = min(self._movable, key=lambda which: abs(x - self.place_of(which)))
        # Of two in one place, the one that can go where the mouse is.
        if len(self._movable) > 1 and self.place_of(LOW) == self.place_of(HIGH):
            nearest = LOW if x < self.place_of(LOW) else HIGH
        self._active = self._dragged = nearest
        self._move(nearest, self._limit_at(nearest, x))

    def mouseMoveEvent(self, event: QMouseEvent | None) -> None:
        if event is not None and self._dragged >= 0:
            self._move(self._dragged, self._limit_at(self._dragged, event.position().x()))

    def mouseReleaseEvent(self, event: QMouseEvent | None) -> None:
        if self._dragged >= 0:
            self._dragged = -1
            self.settled.emit(*self.limits)

    def keyPressEvent(self, event: QKeyEvent | None) -> None:
        """Left and right move a limit, with Shift further; up and down take the other one."""
        keys = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1}
        if event is None or not self._movable:
            super().keyPressEvent(event)
        elif event.key() in (Qt.Key.Key_Up, Qt.Key.Key_Down) and len(self._movable) > 1:
            self._active = HIGH - self._active
        elif event.key() in keys:
            further = event.modifiers() & Qt.KeyboardModifier.ShiftModifier
            low, high = self._range
            step = keys[Qt.Key(event.key())] * (_BIG_STEP if further else 1) * (high - low) / _STEPS
            limit = self._limits[self._active]
            now = self._range[self._active] if limit is None else limit
            self._move(self._active, self._rounded(now + step))
            self.settled.emit(*self.limits)
        else:
            super().keyPressEvent(event)

    def _move(self, which: int, limit: float | None) -> None:
        other = self._limits[HIGH - which]
        if limit is not None and other is not None:
            limit = min(limit, other) if which == LOW else max(limit, other)
        self._limits[which] = limit
        self.update()
        self.moved.emit(*self.limits)
