"""Step 5: map, clusters and export."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qtpy.QtCore import Signal
from qtpy.QtWidgets import (
    QHBoxLayout,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from napari_c3r.core.reduce.controls import Controls, control_choices
from napari_c3r.core.reduce.options import MapOptions
from napari_c3r.core.reduce.sample import MAX_FITTED, sample_notes
from napari_c3r.core.table.annotate import COLUMN as ANNOTATION
from napari_c3r.session import Session
from napari_c3r.widgets.common.columns import title
from napari_c3r.widgets.common.labels import WrappedLabel
from napari_c3r.widgets.common.option_form import OptionForm

if TYPE_CHECKING:
    from anndata import AnnData

_NO_CONTROLS = "none"


class MapBody(QWidget):
    """Make the map, open it, export the table."""

    map_requested = Signal(object)
    stop_requested = Signal()
    explorer_requested = Signal()
    export_requested = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.form = OptionForm(
            MapOptions,
            ("method", "n_clusters", "controls", "max_fitted", "seed"),
            choices={
                "method": [("HDBSCAN", "hdbscan"), ("k-means", "kmeans")],
                "controls": [(_NO_CONTROLS, None)],
            },
        )
        self.method, self.n_clusters, self.controls, self.seed = (
            self.form.widgets[name].native for name in ("method", "n_clusters", "controls", "seed")
        )
        self._offered: tuple[object, ...] = ()
        self._n_cells = 0
        self.note = WrappedLabel()
        self.note.setEnabled(False)
        self.note.hide()
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
        column.addWidget(self.form)
        column.addWidget(self.map_button)
        column.addWidget(self.note)
        column.addLayout(buttons)
        self.form.changed.connect(self._show_rows)
        self._show_rows()
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
            self._n_cells = 0 if table is None else len(table)
            self._show_rows()
        notes = [] if table is None else sample_notes(table.uns, len(table))
        self.note.setText("\n".join(notes))
        self.note.setVisible(bool(notes))
        self.map_button.setEnabled(result is not None)
        self.export_button.setEnabled(result is not None)
        self.explorer_button.setEnabled(session.result.has_map)

    def _offer(self, choices: list[Controls]) -> None:
        """List what may be controls; keep what the user chose while it is there."""
        named = [(f"{title(name)} {value}", (name, value)) for name, value in choices]
        self.form.set_choices("controls", [(_NO_CONTROLS, None), *named])
        self._show_rows()

    def _show_rows(self) -> None:
        """Show only what there is to choose."""
        self.form.set_visible("n_clusters", self.form.value().method == "kmeans")
        self.form.set_visible("controls", self.controls.count() > 1)
        # Of fewer cells, all are taken.
        self.form.set_visible("max_fitted", self._n_cells > MAX_FITTED)

    def choice(self) -> MapOptions:
        """How to group the cells, as it stands here."""
        return self.form.value()

    def show_choice(
        self,
        method: str,
        n_clusters: int,
        seed: int,
        controls: Any = None,
        max_fitted: int = MAX_FITTED,
    ) -> None:
        """Set how to group the cells, as when a session is opened again."""
        # A session's file has a list of them.
        chosen = None if controls is None else (controls[0], controls[1])
        self.form.set_value(MapOptions(method, n_clusters, seed, chosen, max_fitted))

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
