"""A label that shortens long text in the middle, where names differ least."""

from __future__ import annotations

from qtpy.QtCore import QSize, Qt
from qtpy.QtGui import QPainter, QPaintEvent
from qtpy.QtWidgets import QLabel, QWidget


class ElidedLabel(QLabel):
    """Shows ``beginning…end`` where the text does not fit; the tooltip has it whole.

    Parameters
    ----------
    text
        What to show.
    parent
        As for every widget.
    mode
        Which part to leave out. Words, unlike names, are best read from their beginning.
    """

    def __init__(
        self,
        text: str = "",
        parent: QWidget | None = None,
        mode: Qt.TextElideMode = Qt.TextElideMode.ElideMiddle,
    ) -> None:
        super().__init__(text, parent)
        self._mode = mode
        self.setToolTip(text)

    def setText(self, text: str | None) -> None:
        """Set text and tooltip."""
        super().setText(text or "")
        self.setToolTip(text or "")

    def minimumSizeHint(self) -> QSize:
        """Allow any width."""
        return QSize(20, super().minimumSizeHint().height())

    def paintEvent(self, event: QPaintEvent | None) -> None:
        """Draw what fits."""
        painter = QPainter(self)
        metrics = self.fontMetrics()
        text = metrics.elidedText(self.text(), self._mode, self.width())
        painter.drawText(self.rect(), int(self.alignment()), text)
