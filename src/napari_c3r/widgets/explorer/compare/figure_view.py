"""A drawing on the screen: what it shows can be clicked, brushed, and walked through by keys."""

from __future__ import annotations

from typing import Final

from qtpy.QtCore import QByteArray, QEvent, QPointF, QRectF, QSize, Qt, Signal
from qtpy.QtGui import (
    QColor,
    QFocusEvent,
    QHelpEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QPixmap,
)
from qtpy.QtSvg import QSvgRenderer
from qtpy.QtWidgets import QSizePolicy, QToolTip, QWidget

from napari_c3r.core.figures.drawing import Drawing, Mark, Theme
from napari_c3r.core.figures.drawing_files import svg
from napari_c3r.widgets.common.labels import plain_tip

_BLUE: Final = "#5285b8"
_NOTHING: Final = Drawing(1, 1, ())
_DRAG_PX: Final = 4
LEAST_SCALE: Final = 0.88
"""Of a figure: smaller, its words could not be read."""
_STEPS: Final = {
    Qt.Key.Key_Right: (1, 0),
    Qt.Key.Key_Left: (-1, 0),
    Qt.Key.Key_Down: (0, 1),
    Qt.Key.Key_Up: (0, -1),
}


class FigureView(QWidget):
    """Shows a `Drawing`.

    Parameters
    ----------
    name
        Of the figure, for those who cannot see it.

    Signals
    -------
    chosen
        With the marks clicked, brushed or entered, a tuple, and the keys held then.
    """

    chosen = Signal(object, object)

    def __init__(self, name: str) -> None:
        super().__init__()
        self.drawing = _NOTHING
        self.current: Mark | None = None
        self.theme = Theme("#262930", "#f0f1f2")
        self._renderer = QSvgRenderer(self)
        self._picture: QPixmap | None = None
        self._room = 0
        self._from: QPointF | None = None
        self._to = QPointF()
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)
        self.setAccessibleName(name)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)

    def show_drawing(self, drawing: Drawing, page: str, theme: Theme) -> None:
        """Show another figure.

        Parameters
        ----------
        drawing
            The figure.
        page, theme
            The same as SVG, without words, in these colours; where the window has others by now,
            it is made again.
        """
        if theme != self.theme:
            page = svg(drawing, self.theme, words=False)
        self.drawing, self.current = drawing, None
        self.setAccessibleDescription(f"{drawing.sentence} {drawing.caption}".strip())
        self._renderer.load(QByteArray(page.encode()))
        self._resize()

    def set_theme(self, background: str, foreground: str) -> None:
        """Draw in these colours, each ``"#rrggbb"``."""
        theme = Theme(background, foreground)
        if theme == self.theme:
            return
        self.theme = theme
        page = svg(self.drawing, theme, words=False)
        self._renderer.load(QByteArray(page.encode()))
        self._resize()

    def fit(self, width: int) -> None:
        """Be as large as there is room for, and no smaller than can be read."""
        self._room = width
        self._resize()

    @property
    def scale(self) -> float:
        """Pixels of the screen for one of the drawing."""
        share = self._room / self.drawing.width if self._room else 1.0
        return min(max(share, LEAST_SCALE), 1.0)

    def place_of(self, mark: Mark) -> QPointF:
        """Where the middle of a mark is on the widget."""
        return _middle(mark) * self.scale

    def _resize(self) -> None:
        size = QSize(
            round(self.drawing.width * self.scale), round(self.drawing.height * self.scale)
        )
        self.setFixedSize(size)
        self._picture = None
        self.update()

    def paintEvent(self, event: QPaintEvent | None) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if self._picture is None:
            self._picture = self._drawn()
        painter.drawPixmap(0, 0, self._picture)
        if self.current is not None and self.hasFocus():
            painter.setPen(QPen(QColor(self.theme.ink), 1.5, Qt.PenStyle.DotLine))
            painter.drawRect(_bounds(self.current, self.scale))
        if self._from is not None and self._is_drag:
            painter.setPen(QPen(QColor(_BLUE), 1.5))
            tint = QColor(_BLUE)
            tint.setAlpha(50)
            painter.setBrush(tint)
            painter.drawRect(QRectF(self._from, self._to).normalized())
        painter.end()

    def _drawn(self) -> QPixmap:
        """The figure as pixels: hundreds of wells are too many to be drawn at every scroll."""
        dense = self.devicePixelRatioF()
        picture = QPixmap(self.size() * dense)
        picture.setDevicePixelRatio(dense)
        picture.fill(QColor(self.theme.ground))
        painter = QPainter(picture)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self._renderer.render(painter, QRectF(self.rect()))
        painter.end()
        return picture

    @property
    def _is_drag(self) -> bool:
        start = self._from
        return start is not None and (self._to - start).manhattanLength() > _DRAG_PX

    def _at(self, place: QPointF) -> Mark | None:
        return self.drawing.at(place.x() / self.scale, place.y() / self.scale)

    def event(self, event: QEvent | None) -> bool:
        if isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip:
            mark = self._at(QPointF(event.pos()))
            QToolTip.showText(event.globalPos(), plain_tip(mark.tip if mark else ""), self)
            return True
        return super().event(event)

    def mousePressEvent(self, event: QMouseEvent | None) -> None:
        if event is not None and event.button() == Qt.MouseButton.LeftButton:
            self._from = self._to = event.position()

    def mouseMoveEvent(self, event: QMouseEvent | None) -> None:
        if event is None:
            return
        if self._from is not None:
            self._to = event.position()
            self.update()
            return
        mark = self._at(event.position())
        clickable = mark is not None and mark.where is not None
        shape = Qt.CursorShape.PointingHandCursor if clickable else Qt.CursorShape.ArrowCursor
        self.setCursor(shape)

    def mouseReleaseEvent(self, event: QMouseEvent | None) -> None:
        if event is None or self._from is None:
            return
        brushed = QRectF(self._from, self._to).normalized() if self._is_drag else None
        place, self._from = self._from, None
        self.update()
        if brushed is not None:
            found = tuple(m for m in self.drawing.stops if brushed.contains(self.place_of(m)))
        else:
            mark = self._at(place)
            found = (mark,) if mark is not None and mark.where is not None else ()
            self.current = found[0] if found else None
        if found:
            self.chosen.emit(found, event.modifiers())

    def keyPressEvent(self, event: QKeyEvent | None) -> None:
        if event is None:
            return
        key = Qt.Key(event.key())
        enter = key in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space)
        if key in _STEPS and self.drawing.stops:
            self._step(*_STEPS[key])
        elif enter and self.current is not None:
            self.chosen.emit((self.current,), event.modifiers())
        else:
            super().keyPressEvent(event)

    def _step(self, right: int, down: int) -> None:
        """Go to the nearest mark on one side; to the first where there is no current one."""
        if self.current is None:
            self._go_to(self.drawing.stops[0])
            return
        here, best, nearest = _middle(self.current), None, float("inf")
        for mark in self.drawing.stops:
            way = _middle(mark) - here
            along = way.x() * right + way.y() * down
            across = abs(way.x() * down) + abs(way.y() * right)
            if along > 0.5 and (distance := along + 3 * across) < nearest:
                best, nearest = mark, distance
        if best is not None:
            self._go_to(best)

    def _go_to(self, mark: Mark) -> None:
        self.current = mark
        self.update()
        place = self.mapToGlobal(self.place_of(mark).toPoint())
        QToolTip.showText(place, plain_tip(mark.tip), self)

    def focusInEvent(self, event: QFocusEvent | None) -> None:
        super().focusInEvent(event)
        self.update()

    def focusOutEvent(self, event: QFocusEvent | None) -> None:
        super().focusOutEvent(event)
        self.update()


def _bounds(mark: Mark, scale: float) -> QRectF:
    x, y, width, height = mark.bounds
    around = QRectF(x * scale, y * scale, width * scale, height * scale)
    return around.adjusted(-2, -2, 2, 2)


def _middle(mark: Mark) -> QPointF:
    x, y, width, height = mark.bounds
    return QPointF(x + width / 2, y + height / 2)
