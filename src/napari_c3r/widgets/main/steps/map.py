"""Step 5: map, clusters and export."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from qtpy.QtCore import Signal
from qtpy.QtWidgets import (
    QComboBox,
    QFormLayout,
    QHBoxLayout,
    QPushButton,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from napari_c3r.core.reduce.controls import Controls, control_choices
from napari_c3r.core.table.annotate import COLUMN as ANNOTATION
from napari_c3r.session import Session
from napari_c3r.widgets.common.columns import title
from napari_c3r.widgets.common.form import form, shrinkable

if TYPE_CHECKING:
    from anndata import AnnData


@dataclass(frozen=True)
class MapChoice:
    """How to group the cells.

    Attributes
    ----------
    method
        ``"hdbscan"`` or ``"kmeans"``.
    n_clusters
        For k-means.
    seed
        Of the map and of k-means.
    controls
        A column and a value that tell the cells that all are seen against; None: no such cells.
    """

    method: str
    n_clusters: int
    seed: int
    controls: Controls | None = None


class MapBody(QWidget):
    """Make the map, open it, export the table."""

    map_requested = Signal(object)
    stop_requested = Signal()
    explorer_requested = Signal()
    export_requested = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.method = shrinkable(QComboBox())
        self.method.addItem("HDBSCAN", "hdbscan")
        self.method.addItem("k-means", "kmeans")
        self.method.setAccessibleName("Clustering method")
        self.method.setToolTip(
            "How cells are grouped into clusters: HDBSCAN finds their number and leaves outliers "
            "out as noise, k-means makes the number you give"
        )
        self.n_clusters = QSpinBox()
        self.n_clusters.setRange(2, 100)
        self.n_clusters.setValue(4)
        self.n_clusters.setAccessibleName("Number of clusters")
        self.n_clusters.setToolTip("How many clusters k-means makes")
        self.seed = QSpinBox()
        self.seed.setRange(0, 2**31 - 1)
        self.seed.setAccessibleName("Seed")
        self.seed.setToolTip("The same seed gives the same map; it is kept with the result")
        self._choices: list[Controls | None] = []
        self._offered: tuple[object, ...] = ()
        self.controls = shrinkable(QComboBox())
        self.controls.setAccessibleName("Control cells")
        self.controls.setToolTip(
            "Cells to which nothing was done: the map then shows what differs from how these "
            "vary among themselves, plate by plate"
        )
        self.map_button = QPushButton()
        self.show_running(False)
        self.explorer_button = QPushButton("Open explorer")
        self.explorer_button.setToolTip("Show the map in a dock of its own")
        self.export_button = QPushButton("Export…")
        self.export_button.setToolTip("Write the table as CSV, Parquet or h5ad")
        buttons = QHBoxLayout()
        buttons.setSpacing(6)
        for button in (self.explorer_button, self.export_button):
            buttons.addWidget(button, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(6)
        self._form = form(
            ("Clusters", self.method),
            ("Number", self.n_clusters),
            ("Controls", self.controls),
            ("Seed", self.seed),
        )
        self._offer([])
        column.addWidget(self._form)
        column.addWidget(self.map_button)
        column.addLayout(buttons)
        self.method.activated.connect(self._show_rows)
        self.map_button.clicked.connect(self._on_map)
        self.explorer_button.clicked.connect(self.explorer_requested)
        self.export_button.clicked.connect(self.export_requested)

    def show_session(self, session: Session) -> None:
        """Enable what can be done."""
        result = session.result.current
        table = None if result is None else result.table
        offered = () if table is None else (id(table), table.shape, _names_given(table))
        if offered != self._offered:
            # Looking through a hundred thousand rows at every change would be felt.
            self._offered = offered
            self._offer([] if result is None else control_choices(result.table.obs))
        self.map_button.setEnabled(result is not None)
        self.export_button.setEnabled(result is not None)
        self.explorer_button.setEnabled(session.result.has_map)

    def _offer(self, choices: list[Controls]) -> None:
        """List what may be controls; keep what the user chose while it is there."""
        if self._choices == [None, *choices]:
            return
        chosen = self._controls_chosen()
        self._choices = [None, *choices]
        self.controls.clear()
        self.controls.addItems(["none", *(f"{title(name)} {value}" for name, value in choices)])
        self._choose(chosen)
        self._show_rows()

    def _controls_chosen(self) -> Controls | None:
        index = self.controls.currentIndex()
        return self._choices[index] if index >= 0 else None

    def _choose(self, controls: Controls | None) -> None:
        known = controls in self._choices
        self.controls.setCurrentIndex(self._choices.index(controls) if known else 0)

    def _show_rows(self) -> None:
        """Show only what there is to choose."""
        rows = self._form.layout()
        assert isinstance(rows, QFormLayout)
        rows.setRowVisible(self.n_clusters, self.method.currentData() == "kmeans")
        rows.setRowVisible(self.controls, len(self._choices) > 1)

    def choice(self) -> MapChoice:
        """How to group the cells, as it stands here."""
        return MapChoice(
            self.method.currentData(),
            self.n_clusters.value(),
            self.seed.value(),
            self._controls_chosen(),
        )

    def show_choice(self, choice: MapChoice) -> None:
        """Set how to group the cells, as when a session is opened again."""
        self.method.setCurrentIndex(max(0, self.method.findData(choice.method)))
        self.n_clusters.setValue(choice.n_clusters)
        self.seed.setValue(choice.seed)
        # A session's file has a list of them.
        self._choose(choice.controls and (choice.controls[0], choice.controls[1]))
        self._show_rows()

    def show_running(self, mapping: bool) -> None:
        """Offer to stop while a map is being made."""
        self._mapping = mapping
        self.map_button.setText("Stop mapping" if mapping else "Make map")
        self.map_button.setToolTip(
            "Leave the map as it is"
            if mapping
            else "Lay the cells out so that alike ones are close, and group them"
        )

    def _on_map(self) -> None:
        if self._mapping:
            self.stop_requested.emit()
        else:
            self.map_requested.emit(self.choice())


def _names_given(table: AnnData) -> tuple[str, ...]:
    column = table.obs.get(ANNOTATION)
    return () if column is None else tuple(column.cat.categories)
