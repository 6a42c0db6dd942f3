"""Another encoder on the same cells: in sentences, in figures, and on two maps side by side."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from qtpy.QtCore import Signal
from qtpy.QtWidgets import QComboBox, QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from napari_c3r.core.diagnose.entries.encoders import EncodersResult
from napari_c3r.core.table.titles import title
from napari_c3r.widgets.common.form import shrinkable
from napari_c3r.widgets.diagnostics.details import Details
from napari_c3r.widgets.diagnostics.maps import TwoMaps
from napari_c3r.widgets.diagnostics.sentences import Sentences

if TYPE_CHECKING:
    import pandas as pd

    from napari_c3r.widgets.diagnostics.controller import Maps

_SHARED = "Neighbours in common"


class EncodersBody(QWidget):
    """Shows how two encoders compare, or why that is not known."""

    maps_requested = Signal()
    saved = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self.result: EncodersResult | None = None
        self.sentences, self.agreement = Sentences(lead=True), Sentences()
        self.notes = Sentences()
        self.maps_button = QPushButton("Compare the maps")
        self.maps_button.setToolTip(
            "Lay out the same cells by both encoders, side by side; what is selected on one is "
            "selected on both, and in the image"
        )
        self.colour = shrinkable(QComboBox())
        self.colour.setAccessibleName("Colour of the maps")
        self.colour.setToolTip("What colours the cells on both maps")
        self.details = Details("All figures", "Figures of both encoders")
        self.maps: TwoMaps | None = None
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(8)
        row = QHBoxLayout()
        row.setSpacing(6)
        row.addWidget(self.maps_button, 1)
        row.addWidget(self.colour, 1)
        for widget in (self.sentences, self.agreement):
            self._column.addWidget(widget)
        self._column.addLayout(row)
        self._column.addWidget(self.notes)
        self._column.addWidget(self.details)
        self.maps_button.clicked.connect(self.maps_requested)
        self.colour.activated.connect(self._paint)
        self.show_result(None, "Choose a second encoder in the first section, then run")

    def show_result(
        self,
        result: EncodersResult | None,
        why: str,
        notes: Sequence[str] = (),
        clusters: pd.Series | None = None,
    ) -> None:
        """Show what was found.

        Parameters
        ----------
        result
            None where there is none.
        why
            There is none.
        notes
            Further sentences on the cells.
        clusters
            Name of each cell's cluster, where there are any; they are of the first encoder.
        """
        self.result = result
        for widget in (self.maps_button, self.details):
            widget.setVisible(result is not None)
        self.colour.hide()
        if self.maps is not None:
            self.maps.hide()
        if result is None:
            self.sentences.show_lines([])
            self.agreement.show_lines([why])
            self.notes.show_lines([])
            return
        *first, last = reversed(result.comparison.sentences)
        self.sentences.show_lines(first or [last])
        self.agreement.show_lines([last] if first else [])
        self.notes.show_lines(list(dict.fromkeys([*result.notes, *notes])))
        self.details.show_frame(result.table.round(3), result.table)
        self.colour.clear()
        for labels in (result.labels, clusters):
            if labels is not None:
                self.colour.addItem(f"Colour: {title(str(labels.name)).lower()}", labels)
        self.colour.addItem("Colour: neighbours in common", None)

    def show_state(self, mapping: bool) -> None:
        """Say when maps are being laid out."""
        self.maps_button.setEnabled(not mapping)
        self.maps_button.setText("Laying out maps …" if mapping else "Compare the maps")

    def show_maps(self, maps: Maps) -> TwoMaps:
        """Show the cells by both encoders; returns where."""
        assert self.result is not None
        if self.maps is None:
            self.maps = TwoMaps()
            self.maps.said.connect(self.saved)
            self._column.insertWidget(self._column.indexOf(self.notes), self.maps)
        self.maps.show_maps(maps, self.result.comparison.names)
        self._paint()
        self.colour.show()
        self.maps.show()
        return self.maps

    def _paint(self) -> None:
        if self.maps is None or self.result is None:
            return
        labels = self.colour.currentData()
        if labels is not None:
            self.maps.show_categories(labels)
        else:
            self.maps.show_values(self.result.shared.to_numpy(np.float32), _SHARED)
