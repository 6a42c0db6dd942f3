"""Step 4: vectors."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from qtpy.QtCore import Signal
from qtpy.QtWidgets import (
    QComboBox,
    QHBoxLayout,
    QProgressBar,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from napari_c3r.core.crops import CropSpec
from napari_c3r.core.encoder.options import RunOptions
from napari_c3r.core.notes import NoteKind, kind_of
from napari_c3r.core.table.result import KEY
from napari_c3r.core.text import without_middle
from napari_c3r.session import Session
from napari_c3r.session.settings import Edit
from napari_c3r.widgets.common.encoder_menu import EncoderMenu
from napari_c3r.widgets.common.form import form, shrinkable
from napari_c3r.widgets.common.labels import WrappedLabel, plain_tip
from napari_c3r.widgets.common.option_form import OptionForm
from napari_c3r.widgets.common.option_section import OptionSection
from napari_c3r.widgets.common.tones import Tone, set_tone
from napari_c3r.widgets.common.wording import counted, duration, roughly
from napari_c3r.widgets.main.steps.embed_choice import BUNDLED, EmbedChoice, EncoderInfo
from napari_c3r.widgets.main.steps.quality import QualityPanel

if TYPE_CHECKING:
    from napari_c3r.core.embed import FieldsProgress
    from napari_c3r.core.embed.estimate import Estimate

_GIGA = 1e9
_MAX_NOTES = 3
_MAX_NAME = 24
# The step's header and the line on the encoder say these.
_SHOWN_ELSEWHERE = (NoteKind.STOPPED_EARLY, NoteKind.UNTRAINED)
PREVIEW_CELLS = 200
"""More cells than this are worth a preview."""


class EmbedBody(QWidget):
    """Encoder, device, cost, go, progress, abort and what comes after."""

    embed_requested = Signal(object)
    preview_requested = Signal(object)
    update_requested = Signal(object)
    continue_requested = Signal()
    back_requested = Signal()
    abort_requested = Signal()
    folder_requested = Signal()
    release_requested = Signal()
    choice_changed = Signal()
    encoder_edited = Signal(object)
    scope_edited = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self._source, self._folder, self._every = BUNDLED, "", 0
        self._preferred = "auto"
        self._bad_settings = self._absent_device = ""
        self._make_choices()
        self._make_buttons()
        self.quality = QualityPanel()
        self._build()
        self._connect()
        self.show_running(False)

    def _make_choices(self) -> None:
        self.encoder = EncoderMenu("Encoder", "The frozen network that turns a cell into a vector")
        self.about, self.refused = WrappedLabel(), WrappedLabel()
        set_tone(self.about, Tone.QUIET)
        self.scope = shrinkable(QComboBox())
        self.scope.setAccessibleName("Fields")
        self.scope.setToolTip("Cells of the field on show, or of all fields in one table")
        self.scope.addItem("this field", False)
        self.scope.addItem("all fields", True)
        self.form = OptionForm(RunOptions, choices={"device": [("auto", "auto")]})
        self.device, self.precision, self.batch = (
            self.form.widgets[name].native for name in ("device", "precision", "batch_size")
        )
        self.crop = OptionForm(CropSpec)
        self.release_button = QPushButton("Release memory")
        self.release_button.setToolTip("Let go of the network; it is loaded again when needed")

    def _make_buttons(self) -> None:
        self.untrained = WrappedLabel(
            "This encoder is untrained: its vectors follow the image's structure, "
            "but it has learned nothing from cells yet."
        )
        self.untrained.hide()
        self.elsewhere = WrappedLabel(
            "PyTorch does not load inside this window, so cells are embedded in a process of "
            "their own; the vectors are the same."
        )
        self.elsewhere.hide()
        self.setting_problem = WrappedLabel()
        for label in (self.setting_problem, self.refused):
            set_tone(label, Tone.ATTENTION)
            label.hide()
        self.noted = WrappedLabel()
        set_tone(self.noted, Tone.QUIET)
        self.noted.hide()
        self.cost = WrappedLabel()
        self.cost.setToolTip("Measured by embedding a few crops of this image on this machine")
        self.embed_button = QPushButton("Embed cells")
        self.embed_button.setToolTip("Turn every cell into a vector")
        self.preview_button = QPushButton("Preview on 200 cells")
        self.preview_button.setToolTip("Embed a sample, to try roles; the result is set aside")
        self.update_button = QPushButton("Update edited cells")
        self.update_button.setToolTip(
            "Embed only the cells that were edited by hand, and the neighbours "
            "in whose crops other pixels are masked now"
        )
        self.continue_button = QPushButton("Continue")
        self.continue_button.setToolTip("Go on where the run was stopped")
        self.back_button = QPushButton("Back to all cells")
        self.back_button.setToolTip("Leave the preview and show the result from before it")
        self.abort_button = QPushButton("Abort")
        self.abort_button.setToolTip("Stop after this batch and keep what is done")
        self.bar = QProgressBar()
        self.bar.setTextVisible(False)
        self.bar.setFixedHeight(6)
        self.speed = WrappedLabel()

    def _build(self) -> None:
        self._scope_row = form(("Cells of", self.scope))
        self.options = OptionSection([self.form, self.crop], [self.release_button])
        buttons = QHBoxLayout()
        buttons.setSpacing(6)
        buttons.addWidget(self.embed_button, 1)
        buttons.addWidget(self.abort_button)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(6)
        for widget in (
            form(("Encoder", self.encoder)),
            self.about,
            self.refused,
            self._scope_row,
            self.options,
            self.setting_problem,
            self.elsewhere,
            self.untrained,
            self.cost,
            self.update_button,
            self.continue_button,
        ):
            column.addWidget(widget)
        column.addLayout(buttons)
        for widget in (
            *(self.preview_button, self.back_button, self.bar, self.speed, self.noted),
            self.quality,
        ):
            column.addWidget(widget)

    def _connect(self) -> None:
        self.embed_button.clicked.connect(lambda: self.embed_requested.emit(self.choice()))
        self.preview_button.clicked.connect(lambda: self.preview_requested.emit(self.choice()))
        self.update_button.clicked.connect(lambda: self.update_requested.emit(self.choice()))
        self.continue_button.clicked.connect(self.continue_requested)
        self.back_button.clicked.connect(self.back_requested)
        self.abort_button.clicked.connect(self.abort_requested)
        self.release_button.clicked.connect(self.release_requested)
        self.encoder.chosen.connect(self._on_encoder)
        self.encoder.chosen.connect(self.choice_changed)
        self.encoder.folder_requested.connect(self.folder_requested)
        self.scope.activated.connect(self._on_scope)
        for each in (self.form, self.crop):
            each.changed.connect(self.choice_changed)

    def show_choice(self, choice: EmbedChoice) -> None:
        """Set the controls as a result was made; the encoder's is set when it is loaded."""
        self.form.set_value(choice.options)
        self.crop.set_value(choice.crop)
        self.show_scope(int(choice.every_field))

    def show_scope(self, index: int) -> None:
        """Mean the displayed field, 0, or all, 1."""
        self._every = index
        self.scope.setCurrentIndex(index)

    def show_source(self, source: str) -> None:
        """Choose an encoder without telling of it."""
        self.encoder.choose(source)
        self._source = source
        self._describe_encoder()

    def expect_folder(self, source: str) -> None:
        """The user named a model folder, which is chosen once it is loaded."""
        self._folder = source

    def _on_scope(self, index: int) -> None:
        before, self._every = self._every, index
        self.choice_changed.emit()
        if before != index:
            told = f"mean cells of {self.scope.itemText(index)}"
            self.scope_edited.emit(Edit(told, before, index))

    def _on_encoder(self) -> None:
        """The user chose another encoder."""
        before, self._source = self._source, self.encoder.source or BUNDLED
        self._describe_encoder()
        if before != self._source:
            told = f"choose the encoder {self.encoder.currentText()}"
            self.encoder_edited.emit(Edit(told, before, self._source))

    def choice(self) -> EmbedChoice:
        """How to embed, as it stands here."""
        every = bool(self.scope.currentData()) and not self._scope_row.isHidden()
        return EmbedChoice(
            self.encoder.source or BUNDLED, self.form.value(), self.crop.value(), every
        )

    def show_session(self, session: Session, disabled_reason: str, cells_left: int) -> None:
        """Name the number of cells on the buttons; offer only what can be done.

        Parameters
        ----------
        session
            What is worked on.
        disabled_reason
            Why nothing can be embedded now, or an empty string.
        cells_left
            Cells that a stopped run has yet to do.
        """
        self.refused.setText(self.encoder.refusal(session.roles.assignment, self.form.value()))
        self.refused.setVisible(bool(self.refused.text()))
        disabled_reason = disabled_reason or self.refused.text()
        many = len(session.fields.sources) > 1
        self._scope_row.setVisible(many)
        self.scope.setItemText(1, f"all {len(session.fields.sources)} fields")
        count = session.labels.current.count if session.labels.current else 0
        here = f"Embed {counted(count, 'cell')}" if count else "Embed cells"
        every = self.choice().every_field
        fields = f"Embed {counted(len(session.fields.sources), 'field')}"
        self.embed_button.setText(fields if every else here)
        self.embed_button.setEnabled(not disabled_reason)
        self.preview_button.setVisible(count > PREVIEW_CELLS)
        self.preview_button.setEnabled(not disabled_reason)
        edits = session.labels.edits
        self.update_button.setVisible(session.can_update)
        self.update_button.setEnabled(not disabled_reason)
        if edits is not None:
            neighbours = (
                f" and {counted(len(edits.affected_neighbours), 'neighbour')}"
                if edits.affected_neighbours
                else ""
            )
            self.update_button.setText(f"Update {counted(edits.count, 'edited cell')}{neighbours}")
        result = session.result.current
        unfinished = (
            result is not None and not result.finished and session.result_outdated() is None
        )
        self.continue_button.setVisible(unfinished and cells_left > 0)
        self.continue_button.setText(f"Continue, {counted(cells_left, 'cell')} left")
        self.continue_button.setEnabled(not disabled_reason)
        self.back_button.setVisible(session.result.previous is not None)
        self.quality.show_session(session)
        notes = _notes_on(session)
        more = f"\n{len(notes) - _MAX_NOTES} more in the exported table"
        self.noted.setText("\n".join(notes[:_MAX_NOTES]) + more * (len(notes) > _MAX_NOTES))
        self.noted.setVisible(bool(notes))

    def show_encoder(self, info: EncoderInfo) -> None:
        """Name the encoder that was loaded, its readouts, and the devices there are."""
        self.encoder.choose(info.source, info.name)
        if info.source == self._folder:
            self._on_encoder()
        self._source, self._folder = info.source, ""
        self._describe_encoder()
        self.untrained.setVisible(not info.trained)
        self.elsewhere.setVisible(bool(info.clash))
        self.elsewhere.setToolTip(plain_tip(info.clash))
        self.form.set_choices("readout", [("auto", None), *((r, r) for r in info.readouts)])
        self.show_devices(info.devices)

    def show_devices(self, devices: Sequence[str]) -> None:
        """Offer what this machine can compute on, best first."""
        if self.device.count() == 1 + len(devices):
            return
        auto = (f"auto: {devices[0]}", "auto")
        self.form.set_choices("device", [auto, *((device, device) for device in devices)])
        self._prefer_device(self._preferred)

    @property
    def preferred(self) -> dict[str, Callable[[Any], None]]:
        """What takes a new value of the plugin's settings, by their names."""
        return {
            "device": self._prefer_device,
            "precision": lambda name: self.form.set("precision", name),
            "batch_size": lambda size: self.form.set("batch_size", size or "auto"),
            "problem": self._tell_problem,
        }

    def _prefer_device(self, device: str) -> None:
        """Take a device, as soon as it is known that this machine has it."""
        self._preferred = device
        wanted = "cuda:0" if device == "cuda" else device
        known = [self.device.itemData(number) for number in range(1, self.device.count())]
        absent = wanted != "auto" and wanted not in known
        self.form.set("device", "auto" if absent else wanted)
        self._absent_device = (
            f"This machine has no {device}, which is the setting Device, so auto is used; "
            f"there is: {', '.join(known)}"
            if absent and known
            else ""
        )
        self._tell_problem()

    def _tell_problem(self, line: str | None = None) -> None:
        """Say what is wrong with the settings; None keeps what was said of the others."""
        self._bad_settings = self._bad_settings if line is None else line
        lines = " ".join(filter(None, (self._bad_settings, self._absent_device)))
        self.setting_problem.setText(lines)
        self.setting_problem.setVisible(bool(lines))

    def show_estimate(self, estimate: Estimate | None) -> None:
        """Say what embedding would cost."""
        self.cost.setVisible(estimate is not None and self.bar.isHidden())
        if estimate is not None:
            memory = max(0.1, estimate.memory_bytes / _GIGA)
            self.cost.setText(
                f"about {roughly(estimate.seconds)} for {counted(estimate.n_cells, 'cell')}, "
                f"{memory:.1f} GB on {estimate.device} in {estimate.precision}"
            )

    def show_running(self, running: bool) -> None:
        """Show progress and abort while running, and only then."""
        begins = running and self.bar.isHidden()
        for widget in (self.abort_button, self.bar, self.speed):
            widget.setVisible(running)
        self.cost.setVisible(not running and bool(self.cost.text()))
        if begins:
            self.bar.setRange(0, 0)
            self.speed.setText("starting …")

    def show_progress(self, progress: FieldsProgress) -> None:
        """Field, cells done, speed and time left."""
        self.speed.setText(_progress_words(progress))
        if progress.expected_cells:
            self.bar.setRange(0, progress.expected_cells)
            self.bar.setValue(progress.done_cells)

    def _describe_encoder(self) -> None:
        """Say below the menu what the encoder does with channels and roles."""
        found = self.encoder.encoder
        self.about.setText("" if found is None else found.description)
        self.about.setVisible(found is not None)


def _notes_on(session: Session) -> list[str]:
    """What was noticed while the cells were embedded, but for what is said elsewhere here."""
    result = session.result.current
    if result is None:
        return []
    from napari_c3r.core.images.sources import opened_images

    said = {
        note
        for image in (session.fields.image, *opened_images(result.images))
        if image
        for note in image.notes
    }
    notes = result.table.uns[KEY].get("notes", ())
    return [n for n in dict.fromkeys(notes) if n not in said and kind_of(n) not in _SHOWN_ELSEWHERE]


def _progress_words(progress: FieldsProgress) -> str:
    words = ""
    if progress.total > 1:
        name = without_middle(progress.name, _MAX_NAME)
        words = f"field {progress.number} of {progress.total}, {name}\n"
    if not progress.cells_per_second:
        return f"{words}{progress.stage} …"
    words += f"{progress.done_cells:,} of {progress.expected_cells:,} cells"
    words += f" · {progress.cells_per_second:.0f} cells/s"
    left = progress.seconds_left
    return words if left is None else f"{words} · {duration(left)} left"
