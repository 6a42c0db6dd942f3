"""What map and image are coloured by."""

from __future__ import annotations

from collections.abc import Sequence

from qtpy.QtCore import Signal
from qtpy.QtWidgets import QHBoxLayout, QLabel, QWidget

from napari_c3r.core.figures.colouring import CLUSTER
from napari_c3r.core.table.titles import title
from napari_c3r.widgets.common.column_box import ColumnBox


class ColourControl(QWidget):
    """A list of columns with its title.

    Signals
    -------
    chosen
        With the column that the user chose.
    """

    chosen = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self.box = ColumnBox("Colour by", "Colour points and cells by a column of the table")
        self.box.setSizeAdjustPolicy(ColumnBox.SizeAdjustPolicy.AdjustToContents)
        self.box.setMinimumWidth(112)
        self.box.setMaximumWidth(200)
        self.label = QLabel("Colour by")
        row = QHBoxLayout(self)
        row.setContentsMargins(6, 0, 6, 0)
        row.setSpacing(6)
        row.addWidget(self.label)
        row.addWidget(self.box, 1)
        self.box.activated.connect(self._on_activated)

    @property
    def column(self) -> str:
        """The column that is chosen."""
        return self.box.currentData() or CLUSTER

    def offer(self, groups: Sequence[tuple[str, Sequence[str]]]) -> None:
        """Offer columns; `show_column` says which one is chosen."""
        self.box.offer(
            [(group, [(name, title(name)) for name in names]) for group, names in groups]
        )

    def show_column(self, column: str) -> None:
        """Choose a column, the first one where there is none of that name."""
        self.box.choose(column)

    def _on_activated(self) -> None:
        self.chosen.emit(self.column)
