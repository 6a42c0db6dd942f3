"""Horizontal bars with intervals against a noise floor, drawn in the theme's colours."""

from __future__ import annotations

from dataclasses import dataclass

from qtpy.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from qtpy.QtGui import QColor, QHelpEvent, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from qtpy.QtWidgets import QSizePolicy, QToolTip, QWidget

from napari_c3r.core.figures.colours import CATEGORICAL, GREY, mixed
from napari_c3r.widgets.common.labels import plain_tip

ROW_PX = 22
_TITLE_PX, _AXIS_PX = 18, 18
_BAR_PX, _CAP_PX, _GAP_PX = 12, 3, 6
_MAX_NAME_SHARE = 0.46
_NOISE, _MINUS = "noise", "−"
_LOUD, _QUIET = QColor(CATEGORICAL[0]), QColor(GREY)


@dataclass(frozen=True)
class Bar:
    """One bar.

    Attributes
    ----------
    name
        Unique in its chart.
    value, low, high
        The figure and its 95 % interval.
    stands_out
        Whether it is beyond noise; drawn in colour and its name in bold.
    tip
        A sentence.
    """

    name: str
    value: float
    low: float
    high: float
    stands_out: bool = False
    tip: str = ""


@dataclass(frozen=True)
class Chart:
    """Bars of one figure.

    Attributes
    ----------
    title
        What the figure is.
    bars
        In the order shown.
    limits
        Ends of the axis.
    noise
        Band of values that noise alone gives.
    """

    title: str
    bars: tuple[Bar, ...]
    limits: tuple[float, float]
    noise: tuple[float, float]


class BarChart(QWidget):
    """Shows a `Chart`; a click or the arrow keys choose a bar."""

    chosen = Signal(str)

    def __init__(self, name: str) -> None:
        super().__init__()
        self.chart = Chart("", (), (0.0, 1.0), (0.0, 0.0))
        self.current = ""
        self._foreground, self._background = "#ffffff", "#262930"
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName(name)

    def set_theme(self, background: str, foreground: str) -> None:
        """Draw in these colours, each ``"#rrggbb"``."""
        self._background, self._foreground = background, foreground
        self.update()

    def show_chart(self, chart: Chart) -> None:
        """Draw other bars."""
        self.chart = chart
        lines = [f"{b.name}: {b.value:.2f} ({b.low:.2f} to {b.high:.2f})" for b in chart.bars]
        self.setAccessibleDescription("; ".join([chart.title, *lines]))
        self.updateGeometry()
        self.update()

    def show_current(self, name: str) -> None:
        """Mark the bar of a name."""
        self.current = name
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(300, _TITLE_PX + ROW_PX * len(self.chart.bars) + _AXIS_PX)

    def minimumSizeHint(self) -> QSize:
        return QSize(120, self.sizeHint().height())

    def row_rect(self, number: int) -> QRectF:
        """Where a bar's row is."""
        return QRectF(0, _TITLE_PX + ROW_PX * number, self.width(), ROW_PX)

    @property
    def _bottom(self) -> float:
        return _TITLE_PX + ROW_PX * len(self.chart.bars)

    def _row_at(self, y: float) -> int | None:
        number = int((y - _TITLE_PX) // ROW_PX)
        return number if 0 <= number < len(self.chart.bars) else None

    def _plot(self) -> tuple[float, float]:
        """Left and right end of the axis in pixels."""
        metrics = self.fontMetrics()
        # Some names are bold, which takes a little more room.
        longest = max((metrics.horizontalAdvance(b.name) for b in self.chart.bars), default=0)
        left = min(1.1 * longest, self.width() * _MAX_NAME_SHARE) + 2 * _GAP_PX
        return left, self.width() - metrics.horizontalAdvance("+0.00") - 2 * _GAP_PX

    def _x(self, value: float) -> float:
        (low, high), (left, right) = self.chart.limits, self._plot()
        share = (value - low) / (high - low) if high > low else 0.0
        return left + min(max(share, 0.0), 1.0) * (right - left)

    def paintEvent(self, event: QPaintEvent) -> None:
        if not self.chart.bars:
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self._paint_noise_band(painter)
        for number, bar in enumerate(self.chart.bars):
            self._paint_bar(painter, self.row_rect(number), bar)
        painter.setFont(self.font())
        self._paint_noise_ends(painter)
        self._paint_axis(painter)
        painter.end()

    def _paint_noise_band(self, painter: QPainter) -> None:
        low, high = (self._x(value) for value in self.chart.noise)
        band = QColor(_QUIET)
        band.setAlpha(70)
        painter.fillRect(QRectF(low, _TITLE_PX, high - low, self._bottom - _TITLE_PX), band)

    def _paint_noise_ends(self, painter: QPainter) -> None:
        """Lines over the bars, and the word under the right one."""
        painter.setPen(QPen(QColor(self._foreground), 1, Qt.PenStyle.DashLine))
        for value in {*self.chart.noise} - {0.0}:
            x = self._x(value)
            painter.drawLine(QPointF(x, _TITLE_PX), QPointF(x, self._bottom))
        painter.drawText(self._noise_place(), Qt.AlignmentFlag.AlignCenter, _NOISE)

    def _noise_place(self) -> QRectF:
        width = self.fontMetrics().horizontalAdvance(_NOISE) + _GAP_PX
        signed = self.chart.limits[0] < 0
        middle = self._x(0.0 if signed else self.chart.noise[1])
        return QRectF(middle - width / 2, self._bottom, width, _AXIS_PX)

    def _paint_bar(self, painter: QPainter, row: QRectF, bar: Bar) -> None:
        if bar.name == self.current:
            painter.fillRect(row, QColor(mixed(self._background, "#5285b8", 0.35)))
        start, end = sorted((self._x(0.0), self._x(bar.value)))
        middle = row.center().y()
        box = QRectF(start, middle - _BAR_PX / 2, end - start, _BAR_PX)
        painter.fillRect(box, _LOUD if bar.stands_out else _QUIET)
        self._paint_interval(painter, bar, middle)
        left, right = self._plot()
        font = painter.font()
        font.setBold(bar.stands_out)
        painter.setFont(font)
        painter.setPen(QColor(self._foreground))
        room = left - 2 * _GAP_PX
        name = painter.fontMetrics().elidedText(bar.name, Qt.TextElideMode.ElideMiddle, int(room))
        side = Qt.AlignmentFlag.AlignVCenter
        painter.drawText(row.adjusted(_GAP_PX, 0, 0, 0), side | Qt.AlignmentFlag.AlignLeft, name)
        value = _written(bar.value, signed=self.chart.limits[0] < 0)
        number = QRectF(right, row.top(), row.right() - right - _GAP_PX, row.height())
        painter.drawText(number, side | Qt.AlignmentFlag.AlignRight, value)

    def _paint_interval(self, painter: QPainter, bar: Bar, middle: float) -> None:
        low, high = self._x(bar.low), self._x(bar.high)
        painter.setPen(QPen(QColor(self._foreground), 1.2))
        painter.drawLine(QPointF(low, middle), QPointF(high, middle))
        for end in (low, high):
            painter.drawLine(QPointF(end, middle - _CAP_PX), QPointF(end, middle + _CAP_PX))

    def _paint_axis(self, painter: QPainter) -> None:
        painter.setPen(QColor(mixed(self._background, self._foreground, 0.75)))
        title = QRectF(_GAP_PX, 0, self.width() - 2 * _GAP_PX, _TITLE_PX)
        text = painter.fontMetrics().elidedText(
            self.chart.title, Qt.TextElideMode.ElideMiddle, int(title.width())
        )
        painter.drawText(title, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, text)
        for value in self.chart.limits:
            text = f"{value:.2g}".replace("-", _MINUS)
            width = self.fontMetrics().horizontalAdvance(text)
            place = QRectF(self._x(value) - width / 2, self._bottom, width + 1, _AXIS_PX)
            if not place.intersects(self._noise_place()):
                painter.drawText(place, Qt.AlignmentFlag.AlignCenter, text)
        zero = self._x(0.0)
        painter.drawLine(QPointF(zero, _TITLE_PX), QPointF(zero, self._bottom))

    def event(self, event: QEvent) -> bool:
        if isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip:
            row = self._row_at(event.pos().y())
            tip = "" if row is None else plain_tip(self.chart.bars[row].tip)
            QToolTip.showText(event.globalPos(), tip, self)
            return True
        return super().event(event)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        row = self._row_at(event.position().y())
        if row is not None:
            self._choose(row)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        step = (event.key() == Qt.Key.Key_Down) - (event.key() == Qt.Key.Key_Up)
        names = [bar.name for bar in self.chart.bars]
        if not step or not names:
            super().keyPressEvent(event)
            return
        at = names.index(self.current) if self.current in names else -1
        self._choose(min(max(at + step, 0), len(names) - 1))

    def _choose(self, row: int) -> None:
        self.show_current(self.chart.bars[row].name)
        self.chosen.emit(self.current)


def _written(value: float, *, signed: bool) -> str:
    """Two decimals; what rounds to nothing has no sign."""
    text = f"{value:+.2f}" if signed else f"{value:.2f}"
    return "0.00" if float(text) == 0 else text.replace("-", _MINUS)
