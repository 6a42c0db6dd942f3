"""The way to the gate whose cells alone are on the map, above the map."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from qtpy.QtCore import Signal
from qtpy.QtWidgets import QHBoxLayout, QLabel, QToolButton, QWidget

from napari_c3r.widgets.common.labels import ElidedLabel, plain_tip


class Way(QWidget):
    """All cells › mitotic (214) › small (12): a click goes back. Hidden where no gate is open.

    Signals
    -------
    chosen
        With the gate to show, None for all cells.
    """

    chosen = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self.setAccessibleName("Cells shown on the map")
        self._row = QHBoxLayout(self)
        self._steps: list[tuple[str | None, str]] = []
        self._row.setContentsMargins(0, 0, 0, 0)
        self._row.setSpacing(2)
        self.hide()

    def show_way(self, steps: Sequence[tuple[str | None, str]]) -> None:
        """Show the gates that lead to the opened one, None for all cells, and their words."""
        if list(steps) == self._steps:
            return
        self._steps = list(steps)
        while (item := self._row.takeAt(0)) is not None:
            if (widget := item.widget()) is not None:
                widget.setParent(None)
                widget.deleteLater()
        for number, (name, words) in enumerate(steps):
            is_last = number == len(steps) - 1
            if is_last:
                self._row.addWidget(ElidedLabel(words), 1)
                continue
            button = QToolButton()
            button.setText(words.replace("&", "&&"))
            button.setAutoRaise(True)
            button.setToolTip(plain_tip(f"Show {words} on the map again"))
            button.setAccessibleName(f"Show {words}")
            button.clicked.connect(partial(self.chosen.emit, name))
            self._row.addWidget(button)
            self._row.addWidget(QLabel("›"))
        if steps:
            close = QToolButton()
            close.setText("✕")
            close.setAutoRaise(True)
            close.setToolTip("Show all cells on the map again")
            close.setAccessibleName("Show all cells")
            close.clicked.connect(partial(self.chosen.emit, None))
            self._row.addWidget(close)
        self.setVisible(bool(steps))
