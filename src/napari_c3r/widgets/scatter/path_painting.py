"""Ways through the map: lines that brighten with time, a dot where each ends."""

from __future__ import annotations

from itertools import pairwise
from typing import Final

import numpy as np
from numpy.typing import NDArray
from qtpy.QtCore import QPointF, Qt
from qtpy.QtGui import QColor, QPainter, QPen, QPolygonF

from napari_c3r.core.figures.colours import SEQUENTIAL, sequential
from napari_c3r.core.figures.grounds import palette_on

_WIDTH: Final = 1.8
_HALO: Final = 4.0
_END_PX: Final = 3.5


def paint_paths(painter: QPainter, paths: list[NDArray[np.float64]], ground: QColor) -> None:
    """Draw ways.

    Parameters
    ----------
    painter
        On the glass over the points.
    paths
        Each (n, 2) on the screen, in the order of time; what is not finite is passed over.
    ground
        Colour behind the points, which sets the lines off from them.
    """
    stops = palette_on(SEQUENTIAL, ground.name())
    for path in paths:
        shown = path[np.isfinite(path).all(axis=1)]
        if not len(shown):
            continue
        points = [QPointF(x, y) for x, y in shown.tolist()]
        colours = [QColor(*rgb) for rgb in sequential(max(len(points), 2), stops).tolist()]
        halo = QPen(ground, _HALO)
        halo.setCapStyle(Qt.PenCapStyle.RoundCap)
        painter.setPen(halo)
        painter.drawPolyline(QPolygonF(points))
        for (start, end), colour in zip(pairwise(points), colours[1:], strict=False):
            painter.setPen(QPen(colour, _WIDTH))
            painter.drawLine(start, end)
        painter.setPen(QPen(ground, 1.0))
        painter.setBrush(colours[-1])
        painter.drawEllipse(points[-1], _END_PX, _END_PX)
        painter.setBrush(Qt.BrushStyle.NoBrush)
