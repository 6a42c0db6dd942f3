"""A list that is content with a few lines, and takes more where there is room."""

from __future__ import annotations

from qtpy.QtCore import QSize
from qtpy.QtWidgets import QTreeWidget

_HEIGHT_PX = 84


class LowList(QTreeWidget):
    """A tree that does not ask for Qt's 192 px, which would make every low page scroll."""

    def __init__(self) -> None:
        super().__init__()
        self.setMinimumHeight(_HEIGHT_PX)

    def sizeHint(self) -> QSize:
        return QSize(super().sizeHint().width(), _HEIGHT_PX)
