"""Horizontal bars in the colour of their grade, beside zero and the band of noise."""

from __future__ import annotations

from qtpy.QtCore import QEvent, QLineF, QPointF, QRectF, QSize, Qt, Signal
from qtpy.QtGui import QColor, QHelpEvent, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from qtpy.QtWidgets import QSizePolicy, QToolTip, QWidget

from napari_c3r.core.diagnose.charts import Bar, Chart
from napari_c3r.core.diagnose.verdict import GRADE_COLOURS, Grade
from napari_c3r.core.figures.colours import GREY, mixed
from napari_c3r.core.figures.drawing import number_words
from napari_c3r.core.figures.grounds import on_ground
from napari_c3r.widgets.common.labels import plain_tip

ROW_PX = 34
BAR_TOP_PX = 19
"""Where in its row a bar begins, under its name and value."""

BAR_PX = 10
_AXIS_PX, _CAP_PX, _GAP_PX = 18, 3, 6
_NOISE = "noise"


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
        return QSize(300, ROW_PX * len(self.chart.bars) + _AXIS_PX)

    def minimumSizeHint(self) -> QSize:
        return QSize(120, self.sizeHint().height())

    def row_rect(self, number: int) -> QRectF:
        """Where a bar's row is."""
        return QRectF(0, ROW_PX * number, self.width(), ROW_PX)

    def bar_rect(self, number: int) -> QRectF:
        """Where a bar is drawn."""
        start, end = sorted((self.x(0.0), self.x(self.chart.bars[number].value)))
        return QRectF(start, ROW_PX * number + BAR_TOP_PX, end - start, BAR_PX)

    def x(self, value: float) -> float:
        """Where a value is, in pixels from the left; beyond the axis, at its end."""
        (low, high), left, right = self.chart.limits, _GAP_PX, self.width() - _GAP_PX
        share = (value - low) / (high - low) if high > low else 0.0
        return left + min(max(share, 0.0), 1.0) * (right - left)

    @property
    def _bottom(self) -> float:
        return ROW_PX * len(self.chart.bars)

    def _row_at(self, y: float) -> int | None:
        number = int(y // ROW_PX)
        return number if 0 <= number < len(self.chart.bars) else None

    def paintEvent(self, event: QPaintEvent) -> None:
        if not self.chart.bars:
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        for number, bar in enumerate(self.chart.bars):
            self._paint_bar(painter, number, bar)
        painter.setFont(self.font())
        self._paint_axis(painter)
        painter.end()

    def _paint_bar(self, painter: QPainter, number: int, bar: Bar) -> None:
        row, box = self.row_rect(number), self.bar_rect(number)
        if bar.name == self.current:
            painter.fillRect(row, QColor(mixed(self._background, "#5285b8", 0.35)))
        band = QColor(GREY)
        band.setAlpha(70)
        low, high = (self.x(value) for value in self.chart.noise)
        painter.fillRect(QRectF(low, box.top() - 2, high - low, BAR_PX + 4), band)
        painter.fillRect(box, QColor(on_ground(GRADE_COLOURS[bar.grade], self._background)))
        self._paint_marks(painter, bar, box)
        self._paint_words(painter, bar, row)

    def _paint_marks(self, painter: QPainter, bar: Bar, box: QRectF) -> None:
        """Zero, the ends of the noise, and the bar's interval."""
        painter.setPen(QPen(QColor(self._foreground), 1, Qt.PenStyle.DashLine))
        for value in {*self.chart.noise} - {0.0}:
            painter.drawLine(self._upright(value, box, 3))
        painter.setPen(QPen(QColor(self._foreground), 1))
        painter.drawLine(self._upright(0.0, box, 3))
        painter.setPen(QPen(QColor(self._foreground), 1.2))
        middle = box.center().y()
        low, high = self.x(bar.low), self.x(bar.high)
        painter.drawLine(QPointF(low, middle), QPointF(high, middle))
        for end in (low, high):
            painter.drawLine(QPointF(end, middle - _CAP_PX), QPointF(end, middle + _CAP_PX))

    def _upright(self, value: float, box: QRectF, beyond: float) -> QLineF:
        x = self.x(value)
        return QLineF(x, box.top() - beyond, x, box.bottom() + beyond)

    def _paint_words(self, painter: QPainter, bar: Bar, row: QRectF) -> None:
        """The name to the left above the bar, the value to the right."""
        font = painter.font()
        font.setBold(bar.grade is Grade.LARGE)
        painter.setFont(font)
        painter.setPen(QColor(self._foreground))
        line = QRectF(_GAP_PX, row.top(), row.width() - 2 * _GAP_PX, BAR_TOP_PX)
        value = self.chart.value_words(bar)
        metrics = painter.fontMetrics()
        room = int(line.width() - metrics.horizontalAdvance(value) - 2 * _GAP_PX)
        name = metrics.elidedText(bar.name, Qt.TextElideMode.ElideMiddle, room)
        side = Qt.AlignmentFlag.AlignVCenter
        painter.drawText(line, side | Qt.AlignmentFlag.AlignLeft, name)
        painter.drawText(line, side | Qt.AlignmentFlag.AlignRight, value)

    def _paint_axis(self, painter: QPainter) -> None:
        """Zero, the upper end of the noise, and the ends of the axis, where there is room."""
        painter.setPen(QColor(mixed(self._background, self._foreground, 0.75)))
        low, high = self.chart.limits
        noise = self.chart.noise[1]
        marks = [
            (0.0, "0"),
            (noise, f"{_NOISE} {noise:.2f}"),
            (high, number_words(high)),
            (low, number_words(low)),
        ]
        taken: list[QRectF] = []
        for value, text in marks:
            width = self.fontMetrics().horizontalAdvance(text) + 2
            left = min(max(self.x(value) - width / 2, 0.0), self.width() - width)
            place = QRectF(left, self._bottom, width, _AXIS_PX)
            if value == noise and place.intersects(taken[0]):
                # Little noise is near zero; its word stands beside that, as far as it must.
                place.moveLeft(taken[0].right() + _GAP_PX)
            if place.right() <= self.width() and not any(place.intersects(each) for each in taken):
                painter.drawText(place, Qt.AlignmentFlag.AlignCenter, text)
                taken.append(place)

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
