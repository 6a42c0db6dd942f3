"""Which diagnostics to run, on how many cells, at what cost; go, progress and abort."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import QSignalBlocker, Signal
from qtpy.QtWidgets import (
    QCheckBox,
    QComboBox,
    QHBoxLayout,
    QProgressBar,
    QPushButton,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from napari_c3r.core.diagnose.analyse import MIN_CELLS
from napari_c3r.core.diagnose.registry import diagnostics
from napari_c3r.core.table.titles import title
from napari_c3r.widgets.common.encoder_menu import EncoderMenu
from napari_c3r.widgets.common.form import form, shrinkable
from napari_c3r.widgets.common.labels import WrappedLabel
from napari_c3r.widgets.common.tones import Tone, set_tone
from napari_c3r.widgets.common.wording import counted, duration
from napari_c3r.widgets.diagnostics.options import DEFAULT_CELLS, MAX_CELLS, DiagnosticsOptions

if TYPE_CHECKING:
    from napari_c3r.core.embed.job import EmbedProgress

_ALL, _SAMPLE = "all", "sample"


class OptionsBody(QWidget):
    """Emits what the user chooses; knows nothing of how it is run."""

    run_requested = Signal(object)
    continue_requested = Signal()
    abort_requested = Signal()
    begin_requested = Signal()
    folder_requested = Signal()
    choice_changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._n_cells = -1
        self._make_choices()
        self._make_buttons()
        self._build()
        self._connect()
        self.show_running(False)

    def _make_choices(self) -> None:
        self.boxes = {
            each.name: _box(each.label, each.help, each.default)
            for each in diagnostics()
            if not each.second_encoder
        }
        self.scope = QComboBox()
        self.scope.setAccessibleName("Cells to ask")
        self.sample = QSpinBox()
        self.sample.setRange(MIN_CELLS, MAX_CELLS)
        self.sample.setAccessibleName("Cells of the sample")
        self.sample.setToolTip("How many cells, drawn at random, are asked")
        self.labels = QComboBox()
        self.labels.setAccessibleName("Labels to judge by")
        for box in (self.scope, self.labels):
            shrinkable(box)
        self.second = EncoderMenu(
            "Second encoder",
            "Embed the same cells with another encoder too: which neighbours both see, and which "
            "tells the labels better",
            "none",
        )
        self.refused = WrappedLabel()
        set_tone(self.refused, Tone.ATTENTION)
        self.refused.hide()

    def _make_buttons(self) -> None:
        self.cost, self.speed = WrappedLabel(), WrappedLabel()
        self.run_button = QPushButton("Run")
        self.run_button.setToolTip("Embed the same cells under other roles and compare")
        self.abort_button = QPushButton("Abort")
        self.abort_button.setToolTip("Stop after this batch and compare what is done")
        self.continue_button = QPushButton("Continue")
        self.continue_button.setToolTip("Continue where the run was stopped")
        self.begin_button = QPushButton("Open the C3R dock")
        self.begin_button.setToolTip("From image to vectors; it has a sample to try")
        self.bar = QProgressBar()
        self.bar.setTextVisible(False)
        self.bar.setFixedHeight(6)

    def _build(self) -> None:
        cells = QWidget()
        row = QHBoxLayout(cells)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(6)
        row.addWidget(self.scope, 1)
        row.addWidget(self.sample)
        buttons = QHBoxLayout()
        buttons.setSpacing(6)
        buttons.addWidget(self.run_button, 1)
        buttons.addWidget(self.abort_button)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(6)
        for box in self.boxes.values():
            column.addWidget(box)
        choices = ("Cells", cells), ("Judge by", self.labels), ("Second encoder", self.second)
        column.addWidget(form(*choices))
        column.addWidget(self.refused)
        column.addWidget(self.cost)
        column.addWidget(self.continue_button)
        column.addLayout(buttons)
        for widget in (self.bar, self.speed, self.begin_button):
            column.addWidget(widget)

    def _connect(self) -> None:
        self.run_button.clicked.connect(lambda: self.run_requested.emit(self.options()))
        self.abort_button.clicked.connect(self.abort_requested)
        self.continue_button.clicked.connect(self.continue_requested)
        self.begin_button.clicked.connect(self.begin_requested)
        for box in self.boxes.values():
            box.toggled.connect(self.choice_changed)
        self.scope.activated.connect(self._on_scope)
        self.sample.valueChanged.connect(self.choice_changed)
        self.labels.activated.connect(self.choice_changed)
        self.second.chosen.connect(self.choice_changed)
        self.second.folder_requested.connect(self.folder_requested)

    def options(self) -> DiagnosticsOptions:
        """What is chosen."""
        whole = self.scope.currentData() == _ALL
        return DiagnosticsOptions(
            tuple(name for name, box in self.boxes.items() if box.isChecked()),
            MAX_CELLS if whole else self.sample.value(),
            self.labels.currentData(),
            second_encoder=self.second.source,
        )

    def show_cells(self, n_cells: int) -> None:
        """Offer all cells, where they can be compared, or a sample of them."""
        if n_cells == self._n_cells:
            return
        self._n_cells = n_cells
        with QSignalBlocker(self.scope), QSignalBlocker(self.sample):
            self.scope.clear()
            if n_cells <= MAX_CELLS:
                words = f"all {counted(n_cells, 'cell')}" if n_cells else "no cells yet"
                self.scope.addItem(words, _ALL)
            self.scope.addItem("a sample of", _SAMPLE)
            wanted = _ALL if n_cells <= DEFAULT_CELLS else _SAMPLE
            self.scope.setCurrentIndex(self.scope.findData(wanted))
            self.sample.setRange(MIN_CELLS, max(MIN_CELLS, min(n_cells, MAX_CELLS)))
            self.sample.setValue(min(n_cells, DEFAULT_CELLS))
        tip = "A sample has its share of every label, or of every image without labels"
        if n_cells > MAX_CELLS:
            tip += f"; to compare more than {MAX_CELLS} cells takes too much memory"
        self.scope.setToolTip(tip)
        self._show_scope()

    def show_label_columns(self, columns: list[str]) -> None:
        """Offer columns to judge by; the one chosen stays if it is still there."""
        chosen = self.labels.currentData()
        with QSignalBlocker(self.labels):
            self.labels.clear()
            self.labels.addItem("no labels" if columns else "no labels in the table", None)
            for name in columns:
                self.labels.addItem(title(name), name)
            self.labels.setCurrentIndex(max(0, self.labels.findData(chosen)))
        self.labels.setEnabled(bool(columns))
        self.labels.setToolTip(
            "Ask whether these labels are told apart as well under other roles. Clusters are not "
            "offered: they were made from the vectors as assigned"
            if columns
            else "A column with two classes or more, such as well, or names given in the explorer"
        )

    def show_refusal(self, why: str) -> None:
        """Say beside the menu why the second encoder cannot embed these cells."""
        self.refused.setText(why)
        self.refused.setVisible(bool(why))

    def show_cost(self, text: str, tip: str) -> None:
        """Say what running would take; nothing with an empty text."""
        self.cost.setText(text)
        self.cost.setToolTip(tip)
        self.cost.setVisible(bool(text) and self.bar.isHidden())

    def show_state(self, can_run: bool, has_result: bool, cells_left: int) -> None:
        """Enable what can be done.

        Parameters
        ----------
        can_run
            Whether the run may start.
        has_result
            Whether there are cells at all; else the way to them is shown.
        cells_left
            Of a run that was stopped.
        """
        self.run_button.setEnabled(can_run)
        self.begin_button.setVisible(not has_result)
        for widget in (*self.boxes.values(), self.scope, self.sample, self.second):
            widget.setEnabled(has_result and self.bar.isHidden())
        self.labels.setEnabled(has_result and self.labels.count() > 1 and self.bar.isHidden())
        self.continue_button.setVisible(cells_left > 0 and self.bar.isHidden())
        self.continue_button.setText(f"Continue, {counted(cells_left, 'cell')} left")

    def show_running(self, running: bool) -> None:
        """Show progress and abort while running, and only then."""
        for widget in (self.abort_button, self.bar, self.speed):
            widget.setVisible(running)
        self.abort_button.setEnabled(running)
        self.cost.setVisible(not running and bool(self.cost.text()))
        if running:
            self.bar.setRange(0, 0)
            self.speed.setText("starting …")

    def show_stopping(self) -> None:
        """Say that the wish to stop was heard."""
        self.abort_button.setEnabled(False)
        self.speed.setText("stopping after this batch …")

    def show_progress(self, step: EmbedProgress | str) -> None:
        """Cells done, speed and time left, or what is being done."""
        if not self.abort_button.isEnabled():
            return
        if isinstance(step, str):
            self.speed.setText(f"{step} …")
            return
        self.bar.setRange(0, step.total)
        self.bar.setValue(step.done)
        if not step.cells_per_second or step.done == step.total:
            self.speed.setText(f"{step.stage} …")
            return
        words = f"{step.done:,} of {step.total:,} cells · {step.cells_per_second:.1f} cells/s"
        left = step.seconds_left
        self.speed.setText(words if left is None else f"{words} · {duration(left)} left")

    def _on_scope(self) -> None:
        self._show_scope()
        self.choice_changed.emit()

    def _show_scope(self) -> None:
        self.sample.setVisible(self.scope.currentData() == _SAMPLE)


def _box(text: str, tip: str, checked: bool) -> QCheckBox:
    box = QCheckBox(text)
    box.setChecked(checked)
    box.setToolTip(tip)
    return box
