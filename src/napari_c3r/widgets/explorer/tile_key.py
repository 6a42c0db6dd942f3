"""The line under the pictures: a scale bar, and which colour is which channel."""

from __future__ import annotations

from collections.abc import Sequence

from qtpy.QtCore import QRectF, QSize, Qt
from qtpy.QtGui import QColor, QPainter, QPaintEvent, QPen
from qtpy.QtWidgets import QSizePolicy, QWidget

_SWATCH_PX, _GAP_PX, _BAR_PX, _LEAST_NAME_PX = 9.0, 5.0, 3.0, 60


class TileKey(QWidget):
    """Painted in the colours of the window; what has no room is left to the tooltip."""

    def __init__(self) -> None:
        super().__init__()
        self._bar: tuple[float, str] | None = None
        self._channels: tuple[tuple[str, str], ...] = ()
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.setAccessibleName("Scale and channels of the pictures")

    @property
    def words(self) -> str:
        """All that it says."""
        bar = [] if self._bar is None else [f"Scale bar: {self._bar[1]}"]
        return "; ".join([*bar, *(f"{name}: {colour}" for name, colour in self._channels)])

    @property
    def bar_px(self) -> float:
        """Length of the scale bar on the screen; 0 where there is none."""
        return 0.0 if self._bar is None else self._bar[0]

    def show_key(self, bar: tuple[float, str] | None, channels: Sequence[tuple[str, str]]) -> None:
        """Show a scale bar of so many pixels and its words, and channels with their colours."""
        self._bar, self._channels = bar, tuple(channels)
        said = [] if bar is None else [f"The bar is {bar[1]} long"]
        said += [", ".join(name for name, _ in channels)] if channels else []
        self.setToolTip("\n".join(said))
        self.setAccessibleDescription(self.words)
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(120, self.fontMetrics().height() + 2)

    def paintEvent(self, event: QPaintEvent | None) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        ink = self.palette().color(self.foregroundRole())
        metrics, middle, x = self.fontMetrics(), self.height() / 2, 1.0
        left = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
        if self._bar is not None:
            length, text = self._bar
            painter.fillRect(QRectF(x, middle - _BAR_PX / 2, length, _BAR_PX), ink)
            x += length + _GAP_PX
            painter.setPen(ink)
            painter.drawText(QRectF(x, 0, self.width(), self.height()), left, text)
            x += metrics.horizontalAdvance(text) + 3 * _GAP_PX
        for name, colour in self._channels:
            room = int(self.width() - x - _SWATCH_PX - _GAP_PX)
            shown = metrics.elidedText(name, Qt.TextElideMode.ElideMiddle, room)
            # Two letters tell nothing.
            if shown != name and room < _LEAST_NAME_PX:
                break
            wide = _SWATCH_PX + _GAP_PX + metrics.horizontalAdvance(shown)
            painter.setPen(QPen(QColor(128, 128, 128), 1))
            painter.setBrush(QColor(colour))
            painter.drawRect(QRectF(x, middle - _SWATCH_PX / 2, _SWATCH_PX, _SWATCH_PX))
            x += _SWATCH_PX + _GAP_PX
            painter.setPen(ink)
            painter.drawText(QRectF(x, 0, self.width(), self.height()), left, shown)
            x += wide - _SWATCH_PX + 2 * _GAP_PX
        painter.end()
