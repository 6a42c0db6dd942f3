"""A table that unfolds, and that can be copied as numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtWidgets import QApplication, QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from napari_c3r.widgets.common.collapsible import Collapsible
from napari_c3r.widgets.common.table_view import CellTable

if TYPE_CHECKING:
    import pandas as pd

_MAX_ROWS = 10
_ROW_PX, _FRAME_PX = 21, 44


class Details(Collapsible):
    """Shows one table and copies another, which may have more figures.

    Parameters
    ----------
    title
        Of the section.
    name
        What is in the table, for who cannot see it.
    """

    def __init__(self, title: str, name: str) -> None:
        self.table = CellTable()
        self.table.setAccessibleName(name)
        self.copy_button = QPushButton("Copy table")
        self.copy_button.setToolTip("Copy all figures, to paste them into a spreadsheet")
        self._copied: pd.DataFrame | None = None
        body = QWidget()
        row = QHBoxLayout()
        row.addStretch(1)
        row.addWidget(self.copy_button)
        column = QVBoxLayout(body)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        column.addWidget(self.table)
        column.addLayout(row)
        super().__init__(title, body)
        self.copy_button.clicked.connect(self._copy)

    def show_frame(self, shown: pd.DataFrame, copied: pd.DataFrame) -> None:
        """Show a table; `copied` is what the button copies."""
        self._copied = copied
        self.table.set_frame(shown, [str(name) for name in shown.columns])
        self.table.setFixedHeight(_FRAME_PX + _ROW_PX * min(len(shown), _MAX_ROWS))

    def _copy(self) -> None:
        clipboard = QApplication.clipboard()
        if clipboard is not None and self._copied is not None:
            clipboard.setText(self._copied.to_csv(sep="\t", index=False))
