"""The card under the mouse: the picture of a cell of the map, and what is known of it."""

from __future__ import annotations

from collections.abc import Callable

from qtpy.QtCore import QObject, QPoint, QTimer

from napari_c3r.widgets.explorer.montage_drawing import (
    SIDE_PX,
    Brush,
    CellPictures,
    Crops,
    Drawn,
    Source,
)
from napari_c3r.widgets.explorer.tile_list import as_pixmap
from napari_c3r.widgets.scatter.canvas import MapCanvas
from napari_c3r.widgets.scatter.card import HoverCard

CARD_PX = 152
"""Side that its picture is drawn at."""

_WAIT_MS = 50


class CellCard(QObject):
    """Follows the mouse over the map.

    Parameters
    ----------
    canvas
        The map.
    crops
        Cells cut out before.
    source
        Gives the cells and images of the result, None without one.
    brush
        Says how cells are drawn at present.
    describe
        Says what is known of a row.
    """

    def __init__(
        self,
        canvas: MapCanvas,
        crops: Crops,
        source: Callable[[], Source | None],
        brush: Callable[[Source], Brush],
        describe: Callable[[int], list[str]],
    ) -> None:
        super().__init__(canvas)
        self.card = HoverCard(canvas)
        self._canvas, self._model, self._crops = canvas, canvas.model, crops
        self._source, self._brush, self._describe = source, brush, describe
        self._pictures = CellPictures(crops, self)
        self._row: int | None = None
        self._look_closer = QTimer(self)
        self._look_closer.setSingleShot(True)
        self._look_closer.setInterval(_WAIT_MS)
        self._look_closer.timeout.connect(self._draw)
        self._model.hovered.connect(self._on_hovered)
        self._pictures.drawn.connect(self._on_drawn)

    @property
    def busy(self) -> bool:
        """Whether its picture is yet to be drawn."""
        return self._look_closer.isActive() or self._pictures.busy

    def discard(self) -> None:
        """Forget the picture that is being drawn."""
        self._pictures.discard()

    def _on_hovered(self, row: int | None) -> None:
        self._row = row
        self._look_closer.stop()
        source = self._source()
        if row is None or source is None:
            self._pictures.discard()
            self.card.hide()
            return
        x, y = self._canvas.on_screen(row)
        pictured = bool(source.channels)
        self.card.show_at(QPoint(round(float(x)), round(float(y))), self._describe(row), pictured)
        if not pictured:
            return
        cell, brush = self._crops.find(row, SIDE_PX), self._brush(source)
        # A contrast that nothing says is read from the image, which is not for this thread.
        if cell is None or any(look.limits is None for look in brush.looks.values()):
            self._look_closer.start()
            return
        self.card.show_picture(as_pixmap(brush.paint(cell, source.channels)))

    def _draw(self) -> None:
        source = self._source()
        if source is not None and self._row is not None:
            self._pictures.draw(source, [self._row], self._brush(source))

    def _on_drawn(self, drawn: Drawn) -> None:
        if drawn.cell.row == self._row:
            self.card.show_picture(as_pixmap(drawn.picture))

    def release(self) -> None:
        """Stop drawing and disconnect from the map."""
        self._look_closer.stop()
        self._pictures.discard()
        self._model.hovered.disconnect(self._on_hovered, missing_ok=True)
