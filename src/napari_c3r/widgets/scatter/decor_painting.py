"""Axes, frames and titles around the points, painted."""

from __future__ import annotations

from typing import Final

from qtpy.QtCore import QLineF, QPointF, QRectF, Qt
from qtpy.QtGui import QColor, QPainter, QPen

from napari_c3r.core.figures.colours import mixed
from napari_c3r.widgets.scatter.decor import Decor, Label, Place

_FONT_PX: Final = 11
_QUIET: Final = 0.75
_FRAME: Final = 0.35
_ALIGN: Final = {
    "left": Qt.AlignmentFlag.AlignLeft,
    "right": Qt.AlignmentFlag.AlignRight,
    "middle": Qt.AlignmentFlag.AlignHCenter,
}


def paint_decor(painter: QPainter, decor: Decor, ground: QColor, ink: QColor) -> None:
    """Paint what stands around the points, and leave the painter as it was."""
    if not decor.labels and not decor.frames:
        return
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
    for place in decor.covered:
        painter.fillRect(_rectangle(place), ground)
    painter.setPen(QPen(QColor(mixed(ground.name(), ink.name(), _FRAME)), 1))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    for place in decor.frames:
        painter.drawRect(_rectangle(place))
    painter.setPen(QPen(QColor(mixed(ground.name(), ink.name(), _QUIET)), 1))
    for line in decor.lines:
        painter.drawLine(QLineF(*line))
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    for label in decor.labels:
        _write(painter, label, ground, ink)
    painter.restore()


def _write(painter: QPainter, label: Label, ground: QColor, ink: QColor) -> None:
    painter.save()
    font = painter.font()
    font.setPixelSize(_FONT_PX)
    font.setBold(label.bold)
    painter.setFont(font)
    painter.setPen(QColor(mixed(ground.name(), ink.name(), _QUIET)) if label.quiet else ink)
    inside = _rectangle(label.place)
    if label.upwards:
        painter.translate(QPointF(inside.left(), inside.bottom()))
        painter.rotate(-90)
        inside = QRectF(0, 0, inside.height(), inside.width())
    middle = Qt.TextElideMode.ElideMiddle
    text = painter.fontMetrics().elidedText(label.text, middle, int(inside.width()))
    painter.drawText(inside, _ALIGN[label.align] | Qt.AlignmentFlag.AlignVCenter, text)
    painter.restore()


def _rectangle(place: Place) -> QRectF:
    return QRectF(*place)
