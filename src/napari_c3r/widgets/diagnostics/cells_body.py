"""Which cells move: on the image, in the explorer, and on two maps."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import QSignalBlocker, Signal
from qtpy.QtWidgets import QComboBox, QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from napari_c3r.core.figures.colouring import Values
from napari_c3r.widgets.common.form import form, shrinkable
from napari_c3r.widgets.diagnostics.maps import TwoMaps
from napari_c3r.widgets.diagnostics.sentences import Sentences
from napari_c3r.widgets.scatter.colour_bar import ColourBar

if TYPE_CHECKING:
    from napari_c3r.core.diagnose import FlipReport

MOVERS = 20


class CellsBody(QWidget):
    """Chooses a variant and emits what to do with its cells."""

    variant_chosen = Signal(str)
    paint_requested = Signal(str)
    movers_requested = Signal(str)
    maps_requested = Signal(str)
    saved = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self.variant = QComboBox()
        self.variant.setAccessibleName("Variant")
        self.variant.setToolTip("Whose cells to look at; a click on a bar above chooses too")
        shrinkable(self.variant)
        self.paint_button = QPushButton("Paint the shift")
        self.paint_button.setToolTip(
            "Colour each cell by how many of its neighbours change, in a layer of its own; the "
            "explorer can colour its map by the same column"
        )
        self.movers_button = QPushButton("Show the cells that move most")
        self.movers_button.setToolTip("Select them in image, map, montage and table")
        self.maps_button = QPushButton("Compare the maps")
        self.maps_button.setToolTip("Lay out the same cells before and after, side by side")
        self.scale = ColourBar()
        self.said = Sentences()
        self.maps: TwoMaps | None = None
        self._build()
        self._connect()
        self.show_report(None)

    def _build(self) -> None:
        row = QHBoxLayout()
        row.setSpacing(6)
        row.addWidget(self.paint_button)
        row.addWidget(self.maps_button)
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(6)
        self._column.addWidget(form(("With", self.variant)))
        self._column.addWidget(self.movers_button)
        self._column.addLayout(row)
        self._column.addWidget(self.said)
        self._column.addWidget(self.scale)
        self.said.hide()
        self.scale.hide()

    def _connect(self) -> None:
        self.variant.activated.connect(lambda: self.variant_chosen.emit(self.chosen))
        self.paint_button.clicked.connect(lambda: self.paint_requested.emit(self.chosen))
        self.movers_button.clicked.connect(lambda: self.movers_requested.emit(self.chosen))
        self.maps_button.clicked.connect(lambda: self.maps_requested.emit(self.chosen))

    @property
    def chosen(self) -> str:
        """Name of the variant."""
        return self.variant.currentText()

    def show_report(self, report: FlipReport | None) -> None:
        """Offer its variants; none before anything was asked."""
        results = () if report is None else report.results
        with QSignalBlocker(self.variant):
            self.variant.clear()
            self.variant.addItems([result.variant.name for result in results])
        count = MOVERS if report is None else min(MOVERS, len(report.obs))
        self.movers_button.setText(f"Show the {count} cells that move most")
        self.show_said("")
        self.scale.hide()
        if self.maps is not None:
            self.maps.hide()

    def show_variant(self, name: str) -> None:
        """Choose a variant without telling of it."""
        with QSignalBlocker(self.variant):
            self.variant.setCurrentIndex(self.variant.findText(name))

    def show_said(self, line: str) -> None:
        """Say what was done."""
        self.said.show_lines([line] if line else [])

    def show_scale(self, values: Values) -> None:
        """Explain the colours of the painted cells."""
        self.scale.show_values(values)
        self.scale.show()

    def show_state(self, fits: bool, mapping: bool) -> None:
        """Enable what needs the result that was asked, and say when maps are being laid out."""
        any_variant = self.variant.count() > 0
        self.paint_button.setEnabled(fits and any_variant)
        self.movers_button.setEnabled(fits and any_variant)
        self.maps_button.setEnabled(any_variant and not mapping)
        self.maps_button.setText("Laying out maps …" if mapping else "Compare the maps")

    def make_maps(self) -> TwoMaps:
        """Make the two maps, when they are first needed: each has a canvas of its own."""
        self.maps = TwoMaps()
        self.maps.said.connect(self.saved)
        self._column.addWidget(self.maps)
        return self.maps

    @property
    def comparing(self) -> bool:
        """Whether the maps are displayed."""
        return self.maps is not None and not self.maps.isHidden()
