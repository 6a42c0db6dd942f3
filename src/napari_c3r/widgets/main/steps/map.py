"""Step 5: map, clusters, export and report."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any
from weakref import ref

from qtpy.QtCore import Signal
from qtpy.QtWidgets import (
    QHBoxLayout,
    QProgressBar,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from napari_c3r.core.metadata import design_of, match_of
from napari_c3r.core.profiles.batch import vector_corrections
from napari_c3r.core.reduce.batches import batch_columns
from napari_c3r.core.reduce.clusters import finenesses
from napari_c3r.core.reduce.controls import Controls, control_choices
from napari_c3r.core.reduce.options import MapOptions
from napari_c3r.core.reduce.sample import MAX_FITTED, map_notes
from napari_c3r.core.table.annotate import COLUMN as ANNOTATION
from napari_c3r.core.table.titles import title
from napari_c3r.session import Session
from napari_c3r.session.clusters import METHODS
from napari_c3r.session.settings import Edit
from napari_c3r.widgets.common.cluster_words import clusters_line
from napari_c3r.widgets.common.fineness import FinenessBar
from napari_c3r.widgets.common.labels import WrappedLabel
from napari_c3r.widgets.common.option_form import OptionForm
from napari_c3r.widgets.common.tones import Tone, set_tone

if TYPE_CHECKING:
    from anndata import AnnData

    from napari_c3r.widgets.main.mapping import MapProgress

_NO_CONTROLS, _NO_BATCHES = "none", "left as they are"
_FOLDER = "CellPainTR folder…"


class MapBody(QWidget):
    """Make the map, open it, export the table, report on the experiment."""

    map_requested = Signal(object)
    stop_requested = Signal()
    explorer_requested = Signal()
    export_requested = Signal()
    fit_requested = Signal()
    report_requested = Signal()
    edited = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self.form = OptionForm(
            MapOptions,
            (
                *("method", "n_clusters", "controls", "batch", "batch_method"),
                *("max_fitted", "seed"),
            ),
            choices={
                "method": [(title, name) for name, title in METHODS.items()],
                "controls": [(_NO_CONTROLS, None)],
                "batch": [(_NO_BATCHES, None)],
                "batch_method": _ways(()),
            },
        )
        self._has_map = self._mapping = False
        self.method, self.n_clusters, self.controls, self.batch, self.batch_method, self.seed = (
            self.form.widgets[name].native
            for name in ("method", "n_clusters", "controls", "batch", "batch_method", "seed")
        )
        self._fits: list[str] = []
        self._way = self.form.value().batch_method
        self.batch_method.activated.connect(self._on_way)
        self._table: Callable[[], AnnData | None] = _reference(None)
        self._offered: object = ()
        self._n_cells = 0
        self.fineness = FinenessBar()
        self.fineness.set_tip("Fewer, larger clusters to the left; more, smaller ones to the right")
        self.clusters_line = WrappedLabel()
        self.bar = QProgressBar()
        self.bar.setTextVisible(False)
        self.bar.setAccessibleName("Progress of the map")
        self.doing = WrappedLabel()
        self.note = WrappedLabel()
        set_tone(self.note, Tone.QUIET)
        self.note.hide()
        self.map_button = QPushButton()
        self.show_running(False)
        self.explorer_button = QPushButton("Open explorer")
        self.explorer_button.setToolTip("Show the map in a dock of its own")
        self.export_button = QPushButton("Export…")
        self.export_button.setToolTip(
            "Write the table as CSV, Parquet or h5ad, whatever gate is open"
        )
        self.report_button = QPushButton("Report…")
        self.report_button.setToolTip(
            "Write a page on which wells differ from the controls, at which dose, and how surely"
        )
        buttons = QHBoxLayout()
        buttons.setSpacing(6)
        for button in (self.explorer_button, self.export_button, self.report_button):
            buttons.addWidget(button, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(6)
        column.addWidget(self.form)
        for widget in (self.fineness, self.clusters_line, self.map_button, self.bar, self.doing):
            column.addWidget(widget)
        column.addWidget(self.note)
        column.addLayout(buttons)
        self.form.changed.connect(self._show_rows)
        self.form.edited.connect(self._on_edited)
        self._show_rows()
        self.map_button.clicked.connect(self._on_map)
        self.explorer_button.clicked.connect(self.explorer_requested)
        self.export_button.clicked.connect(self.export_requested)
        self.report_button.clicked.connect(self.report_requested)

    def show_session(self, session: Session) -> None:
        """Enable what can be done."""
        result = session.result.current
        table = None if result is None else result.table
        told = None if table is None else (tuple(table.obs.columns), *_told(table))
        if table is not self._table() or told != self._offered:
            # Looking through a hundred thousand rows at every change would be felt.
            self._table, self._offered = _reference(table), told
            self._offer([] if table is None else _controls(table))
            self._offer_batches([] if table is None else batch_columns(table))
            self._n_cells = 0 if table is None else len(table)
            self._show_rows()
        self._show_clusters(session)
        notes = [] if table is None else map_notes(table.uns, len(table))
        self.note.setText("\n".join(notes))
        self.note.setVisible(bool(notes))
        self.map_button.setEnabled(result is not None)
        self.export_button.setEnabled(result is not None)
        self.report_button.setEnabled(result is not None)
        self.explorer_button.setEnabled(session.result.has_map)

    def _show_clusters(self, session: Session) -> None:
        """Offer to make the clusters of the map finer or coarser."""
        clusters = session.clusters
        self._has_map = session.result.has_map
        method = self.form.value().method
        for widget in (self.fineness, self.clusters_line):
            widget.setVisible(self._has_map)
        if self._has_map:
            values = finenesses(method, clusters.n_fitted())
            self.fineness.offer(values, clusters.default(method))
            self.fineness.setEnabled(not self._mapping)
            self.clusters_line.setText(clusters_line(clusters))
        self._show_rows()

    def keep_fineness(self, value: int | float) -> None:
        """Make the next map's clusters as fine as those shown."""
        keyword = {"leiden": "resolution", "kmeans": "n_clusters"}
        method = self.form.value().method
        chosen: dict[str, Any] = {keyword.get(method, "min_cluster_size"): value}
        self.form.set_value(replace(self.form.value(), **chosen))

    def _offer(self, choices: list[Controls]) -> None:
        """List what may be controls; keep what the user chose while it is there."""
        named = [(f"{title(name)} {value}", (name, value)) for name, value in choices]
        self.form.set_choices("controls", [(_NO_CONTROLS, None), *named])
        self._show_rows()

    def _offer_batches(self, columns: Sequence[str]) -> None:
        """List what may be batches; keep what the user chose while it is there."""
        named = [(title(name), name) for name in columns]
        self.form.set_choices("batch", [(_NO_BATCHES, None), *named])
        self._show_rows()

    def add_fit(self, folder: str) -> None:
        """Offer a folder with a CellPainTR, and choose it."""
        before = self.form.value()
        self._show_fit(folder)
        told = f"bring batches together by {self.batch_method.currentText()}"
        self.edited.emit(Edit(told, before, self.form.value()))

    def _show_fit(self, folder: str) -> None:
        self._fits = list(dict.fromkeys([*self._fits, folder]))
        self.form.set_choices("batch_method", _ways(self._fits))
        self.form.set("batch_method", folder)
        self._way = folder

    def _on_edited(self, edit: Edit) -> None:
        """Tell of what the user set; to ask for a folder is no setting yet."""
        if edit.after.batch_method:
            self.edited.emit(edit)

    def _on_way(self) -> None:
        """Ask for a folder; until there is one, batches are brought together as before."""
        if self.form.value().batch_method:
            self._way = self.form.value().batch_method
            return
        self.form.set("batch_method", self._way)
        self.fit_requested.emit()

    def _show_rows(self) -> None:
        """Show only what there is to choose."""
        kmeans = self.form.value().method == "kmeans"
        # Of a map that is there, the slider tells how many.
        self.form.set_visible("n_clusters", kmeans and not self._has_map)
        self.form.set_visible("controls", self.controls.count() > 1)
        self.form.set_visible("batch", self.batch.count() > 1)
        self.form.set_visible("batch_method", self.form.value().batch is not None)
        # Of fewer cells, all are taken.
        self.form.set_visible("max_fitted", self._n_cells > MAX_FITTED)

    def choice(self) -> MapOptions:
        """How to group the cells, as it stands here."""
        return self.form.value()

    def show_choice(self, *, controls: Any = None, **settings: Any) -> None:
        """Set how to group the cells, as when a session is opened again."""
        # A session's file has a list of them.
        chosen = None if controls is None else (controls[0], controls[1])
        self.show_options(MapOptions(controls=chosen, **settings))

    def show_options(self, options: MapOptions) -> None:
        """Set how to group the cells."""
        if options.batch_method not in vector_corrections():
            self._show_fit(options.batch_method)
        self.form.set_value(options)
        self._way = options.batch_method

    def show_running(self, mapping: bool) -> None:
        """Offer to stop while a map is being made."""
        self._mapping = mapping
        self.bar.setVisible(mapping)
        self.doing.setVisible(mapping)
        if mapping:
            self.bar.setRange(0, 0)
            self.doing.setText("")
        self.map_button.setText("Stop mapping" if mapping else "Make map")
        self.map_button.setToolTip(
            "Leave the map as it is"
            if mapping
            else "Lay the cells out so that alike ones are close, and group them"
        )

    def show_progress(self, progress: MapProgress) -> None:
        """Say how far the map is."""
        self.doing.setText(progress.words)
        known = progress.share is not None
        self.bar.setRange(0, 1000 if known else 0)
        if progress.share is not None:
            self.bar.setValue(round(progress.share * 1000))

    def _on_map(self) -> None:
        if self._mapping:
            self.stop_requested.emit()
        else:
            self.map_requested.emit(self.choice())


def _ways(fits: Sequence[str]) -> list[tuple[str, str]]:
    """How batches can be brought together; an empty way asks for a folder."""
    known = [(called, name) for name, called in vector_corrections().items()]
    return [*known, *((f"CellPainTR {Path(fit).name}", fit) for fit in fits), (_FOLDER, "")]


def _told(table: AnnData) -> tuple[Any, ...]:
    """What of a table decides which cells may be controls, and what may be batches."""
    column = table.obs.get(ANNOTATION)
    names = () if column is None else tuple(column.cat.categories)
    return names, match_of(table), design_of(table)


def _controls(table: AnnData) -> list[Controls]:
    """What may be controls, those of the plate map first."""
    said = design_of(table).negative
    choices = control_choices(table.obs)
    return choices if said is None else [said, *(each for each in choices if each != said)]


def _reference(table: AnnData | None) -> Callable[[], AnnData | None]:
    return (lambda: None) if table is None else ref(table)
