"""Outlines on the map, such as those that gates were drawn with."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from qtpy.QtCore import QPointF, Qt
from qtpy.QtGui import QColor, QPainter, QPen, QPolygonF

from napari_c3r.core.figures.grounds import on_ground

_WIDTH = 1.6
_GAP = 4


@dataclass(frozen=True, eq=False)
class Outline:
    """A closed line with its name.

    Attributes
    ----------
    corners
        (M, 2): places on the plot, or screen positions where it is drawn.
    colour
        ``"#rrggbb"``.
    name
        Written beside it.
    """

    corners: NDArray[np.float64]
    colour: str
    name: str


def paint_outline(
    painter: QPainter, outline: Outline, width: float, ink: QColor, ground: QColor
) -> None:
    """Draw an outline whose corners are screen positions, in a window so many pixels wide.

    Its name is written in ink, as colours of lines are too pale to read on some grounds.
    """
    places = outline.corners
    painter.setPen(QPen(QColor(on_ground(outline.colour, ground.name())), _WIDTH))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawPolygon(QPolygonF([QPointF(x, y) for x, y in places]))
    metrics = painter.fontMetrics()
    text = metrics.elidedText(outline.name, Qt.TextElideMode.ElideMiddle, int(width / 2))
    room = metrics.horizontalAdvance(text)
    top = places[places[:, 1].argmin()]
    left = float(np.clip(top[0] - room / 2, _GAP, max(width - room - _GAP, _GAP)))
    painter.setPen(ink)
    painter.drawText(QPointF(left, max(top[1] - _GAP, metrics.ascent() + 1.0)), text)
