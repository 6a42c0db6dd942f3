"""The card next to the mouse: a cell's picture and what is known of it."""

from __future__ import annotations

from collections.abc import Sequence

from qtpy.QtCore import QPoint, Qt
from qtpy.QtGui import QPixmap
from qtpy.QtWidgets import QFrame, QHBoxLayout, QLabel, QWidget

from napari_c3r.core.figures.colours import mixed
from napari_c3r.widgets.common.labels import PlainLabel

_AWAY_PX = 14
_PICTURE_PX = 76


class HoverCard(QFrame):
    """Floats over its parent, out of the mouse's way; takes no clicks."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._room = parent
        self.setObjectName("c3r_card")
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.picture, self.text = QLabel(), PlainLabel()
        self.picture.setFixedSize(_PICTURE_PX, _PICTURE_PX)
        self.picture.setScaledContents(True)
        row = QHBoxLayout(self)
        row.setContentsMargins(6, 6, 10, 6)
        row.setSpacing(8)
        row.addWidget(self.picture)
        row.addWidget(self.text)
        self.hide()

    def set_theme(self, background: str, foreground: str) -> None:
        """Stand out a little from the map, both ``"#rrggbb"``."""
        ground, edge = mixed(background, foreground, 0.07), mixed(background, foreground, 0.3)
        self.setStyleSheet(
            f"#c3r_card {{ background: {ground}; border: 1px solid {edge}; border-radius: 4px; }}"
            f"QLabel {{ background: transparent; color: {foreground}; }}"
        )

    def show_at(self, at: QPoint, lines: Sequence[str], pictured: bool) -> None:
        """Show the text next to a position of the parent, with room for a picture or without."""
        self.picture.clear()
        self.picture.setVisible(pictured)
        self.text.setText("\n".join(lines))
        self.adjustSize()
        room = self._room.rect()
        x, y = at.x() + _AWAY_PX, at.y() + _AWAY_PX
        if x + self.width() > room.width():
            x = at.x() - _AWAY_PX - self.width()
        if y + self.height() > room.height():
            y = at.y() - _AWAY_PX - self.height()
        self.move(max(x, 0), max(y, 0))
        self.raise_()
        self.show()

    def show_picture(self, picture: QPixmap) -> None:
        """Put the cell's picture in its place."""
        self.picture.setPixmap(picture)
