"""Turning the pages of panels."""

from __future__ import annotations

from qtpy.QtCore import Qt, Signal
from qtpy.QtWidgets import QHBoxLayout, QLabel, QToolButton, QWidget

from napari_c3r.core.figures.facets import Page


class Pager(QWidget):
    """Says which panels are shown of how many; hidden where one page holds all.

    Signals
    -------
    turned
        With the number of the page that is wanted.
    """

    turned = Signal(int)

    def __init__(self) -> None:
        super().__init__()
        self._number = 0
        self.back = _arrow(Qt.ArrowType.LeftArrow, "Panels before")
        self.forth = _arrow(Qt.ArrowType.RightArrow, "Panels after")
        self.label = QLabel()
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(6)
        row.addStretch(1)
        for part in (self.back, self.label, self.forth):
            row.addWidget(part)
        row.addStretch(1)
        self.back.clicked.connect(lambda: self.turned.emit(self._number - 1))
        self.forth.clicked.connect(lambda: self.turned.emit(self._number + 1))
        self.hide()

    def show_page(self, page: Page | None, total: int) -> None:
        """Say which panels of how many are shown."""
        if page is not None:
            self._number = page.number
            self.label.setText(f"Panels {page.first + 1} to {page.last} of {total}")
            self.back.setEnabled(page.number > 0)
            self.forth.setEnabled(page.number + 1 < page.count)
        # Last: it takes room from the panels, of which another page is then shown.
        self.setVisible(page is not None and page.count > 1)


def _arrow(kind: Qt.ArrowType, name: str) -> QToolButton:
    button = QToolButton()
    button.setArrowType(kind)
    button.setAutoRaise(True)
    button.setAccessibleName(name)
    button.setToolTip(name)
    return button
