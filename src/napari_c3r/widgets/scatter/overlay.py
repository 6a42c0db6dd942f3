"""The glass over the points: takes the mouse, draws the lasso and the rings.

It is a widget of its own, so that moving the mouse never redraws a million points.
"""

from __future__ import annotations

from enum import StrEnum

import numpy as np
from numpy.typing import NDArray
from qtpy.QtCore import QEvent, QPointF, Qt, Signal
from qtpy.QtGui import QColor, QMouseEvent, QPainter, QPaintEvent, QPen, QPolygonF, QWheelEvent
from qtpy.QtWidgets import QWidget

from napari_c3r.widgets.scatter.decor import NOTHING, Decor
from napari_c3r.widgets.scatter.decor_painting import paint_decor
from napari_c3r.widgets.scatter.model import SelectMode
from napari_c3r.widgets.scatter.outlines import Outline, paint_outline
from napari_c3r.widgets.scatter.path_painting import paint_paths

CLICK_SLACK = 4
"""A press and release closer than this, in pixels, is a click and not a drag."""

ZOOM_STEP = 1.25
"""Magnification of one notch of the mouse wheel, 120 units of its angle."""


Ring = tuple[QPointF, float, float]


class Tool(StrEnum):
    """What dragging with the left button does."""

    PAN = "pan"
    LASSO = "lasso"
    RECTANGLE = "rectangle"

    @property
    def draws(self) -> bool:
        """Whether it draws around points."""
        return self is not Tool.PAN


class Overlay(QWidget):
    """Turns mouse events into what the user means, in screen positions."""

    panned = Signal(float, float)
    zoomed = Signal(float, QPointF)
    lassoed = Signal(list, str)  # corners as QPointF, a SelectMode
    picked = Signal(QPointF, str)  # position, a SelectMode
    pointed = Signal(object)  # QPointF, or None when the mouse leaves
    fit_requested = Signal()

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.tool = Tool.PAN
        self._foreground = QColor("white")
        self._rings: list[Ring] = []
        self._paths: list[NDArray[np.float64]] = []
        self._outlines: list[Outline] = []
        self._decor = NOTHING
        self._ground = QColor("black")
        self._pressed: QPointF | None = None
        self._last = QPointF()
        self._lasso: list[QPointF] = []
        self._drag: Tool | None = None
        self._mode = SelectMode.REPLACE
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAttribute(Qt.WidgetAttribute.WA_NoSystemBackground)
        self.setStyleSheet("background: transparent;")
        self.setAccessibleName("Map of cells")
        self.set_tool(Tool.PAN)

    def set_tool(self, tool: Tool) -> None:
        """Choose what dragging with the left button does."""
        self.tool = tool
        draws = tool.draws
        self.setCursor(Qt.CursorShape.CrossCursor if draws else Qt.CursorShape.OpenHandCursor)

    def set_foreground(self, colour: str) -> None:
        """Colour of lasso and rings."""
        self._foreground = QColor(colour)
        self.update()

    def set_rings(self, rings: list[Ring]) -> None:
        """Circles to draw, each a screen position, a diameter and a width in pixels."""
        self._rings = rings
        self.update()

    def set_paths(self, paths: list[NDArray[np.float64]]) -> None:
        """Lines to draw, each (n, 2) on the screen, from dark at its beginning to bright."""
        if paths or self._paths:
            self._paths = paths
            self.update()

    def set_outlines(self, outlines: list[Outline]) -> None:
        """Named closed lines to draw, their corners screen positions."""
        self._outlines = outlines
        self.update()

    def set_decor(self, decor: Decor, ground: str) -> None:
        """Axes, frames and titles to draw, on a ground of this colour."""
        if decor != self._decor or ground != self._ground.name():
            self._decor, self._ground = decor, QColor(ground)
            self.update()

    def cancel_lasso(self) -> bool:
        """Drop the lasso being drawn; False if there is none."""
        if not self._lasso:
            return False
        self._lasso, self._pressed, self._drag = [], None, None
        self.update()
        return True

    def mousePressEvent(self, event: QMouseEvent) -> None:
        middle = event.button() == Qt.MouseButton.MiddleButton
        if not middle and event.button() != Qt.MouseButton.LeftButton:
            event.ignore()
            return
        self._pressed = self._last = event.position()
        self._drag = Tool.PAN if middle else self.tool
        self._mode = mode_of(event.modifiers())
        self._lasso = [event.position()] if self._drag.draws else []

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        position = event.position()
        if self._pressed is None:
            self.pointed.emit(position)
        elif self._drag is not None and self._drag.draws:
            if self._drag is Tool.RECTANGLE:
                self._lasso = _rectangle(self._pressed, position)
            else:
                self._lasso.append(position)
            self.update()
        elif self._is_drag(position):
            step = position - self._last
            self._last = position
            self.panned.emit(step.x(), step.y())

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if self._pressed is None:
            return
        corners, drag = self._lasso, self._drag
        clicked = not self._is_drag(event.position()) and not _spread(corners)
        self._pressed, self._drag, self._lasso = None, None, []
        self.update()
        if clicked and event.button() == Qt.MouseButton.LeftButton:
            self.picked.emit(event.position(), str(self._mode))
        elif drag is not None and drag.draws:
            self.lassoed.emit(corners, str(self._mode))

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        if self.tool is Tool.PAN and event.button() == Qt.MouseButton.LeftButton:
            self.fit_requested.emit()
        else:
            self.mousePressEvent(event)

    def wheelEvent(self, event: QWheelEvent) -> None:
        notches = event.angleDelta().y() / 120
        self.zoomed.emit(ZOOM_STEP**notches, event.position())

    def leaveEvent(self, event: QEvent) -> None:
        self.pointed.emit(None)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        for outline in self._outlines:
            paint_outline(painter, outline, self.width(), self._foreground, self._ground)
        paint_decor(painter, self._decor, self._ground, self._foreground)
        paint_paths(painter, self._paths, self._ground)
        for position, diameter, width in self._rings:
            painter.setPen(QPen(self._foreground, width))
            painter.drawEllipse(position, diameter / 2, diameter / 2)
        if self._lasso:
            self._paint_lasso(painter)
        painter.end()

    def _paint_lasso(self, painter: QPainter) -> None:
        fill = QColor(self._foreground)
        fill.setAlpha(28)
        style = Qt.PenStyle.DashLine if self._mode is SelectMode.REMOVE else Qt.PenStyle.SolidLine
        painter.setPen(QPen(self._foreground, 1.2, style))
        painter.setBrush(fill)
        painter.drawPolygon(QPolygonF(self._lasso), Qt.FillRule.WindingFill)

    def _is_drag(self, position: QPointF) -> bool:
        if self._pressed is None or self._last != self._pressed:
            return self._pressed is not None
        return (position - self._pressed).manhattanLength() > CLICK_SLACK


def mode_of(modifiers: Qt.KeyboardModifier) -> SelectMode:
    """Shift adds; Alt removes, as does Ctrl, since some desktops keep Alt for themselves."""
    if modifiers & Qt.KeyboardModifier.ShiftModifier:
        return SelectMode.ADD
    if modifiers & (Qt.KeyboardModifier.AltModifier | Qt.KeyboardModifier.ControlModifier):
        return SelectMode.REMOVE
    return SelectMode.REPLACE


def _spread(corners: list[QPointF]) -> bool:
    """Whether a lasso went further from its start than a click does."""
    return any((c - corners[0]).manhattanLength() > CLICK_SLACK for c in corners[1:])


def _rectangle(start: QPointF, end: QPointF) -> list[QPointF]:
    """The corners of a rectangle between two opposite ones."""
    return [start, QPointF(end.x(), start.y()), end, QPointF(start.x(), end.y())]
