"""The dock "C3R Diagnostics": does the role matter, which cells move, and what else explains it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from qtpy.QtCore import QSize, QTimer
from qtpy.QtGui import QShowEvent
from qtpy.QtWidgets import (
    QFileDialog,
    QHBoxLayout,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from napari_c3r.core.channels import ChannelAssignment
from napari_c3r.core.diagnose.entries import BUILT_IN, CONFOUNDS, ENCODERS, PARITY
from napari_c3r.core.diagnose.entries.confounds import ConfoundsFound
from napari_c3r.core.diagnose.entries.encoders import EncodersResult
from napari_c3r.core.diagnose.entries.parity import ParityResult
from napari_c3r.core.diagnose.registry import diagnostics
from napari_c3r.core.encoder.options import RunOptions
from napari_c3r.core.errors import InputError
from napari_c3r.core.metadata.join import plate_map_columns
from napari_c3r.session import Change, Part, session_of
from napari_c3r.session.diagnoses import Diagnosis
from napari_c3r.widgets.common.docks import Dock, Place, open_dock
from napari_c3r.widgets.common.keyed_dock import KeyedDock
from napari_c3r.widgets.common.labels import PlainLabel
from napari_c3r.widgets.common.step import Step, StepStatus
from napari_c3r.widgets.common.step_stack import StepStack
from napari_c3r.widgets.common.tones import Tone, set_tone
from napari_c3r.widgets.diagnostics import headers
from napari_c3r.widgets.diagnostics.answer_body import AnswerBody
from napari_c3r.widgets.diagnostics.cells_body import CellsBody
from napari_c3r.widgets.diagnostics.channels_body import ChannelsBody
from napari_c3r.widgets.diagnostics.confounds_body import ConfoundsBody
from napari_c3r.widgets.diagnostics.controller import DiagnosticsController
from napari_c3r.widgets.diagnostics.costs import cost_in_words
from napari_c3r.widgets.diagnostics.encoders_body import EncodersBody
from napari_c3r.widgets.diagnostics.keys import actions_of
from napari_c3r.widgets.diagnostics.linked_views import LinkedViews
from napari_c3r.widgets.diagnostics.options import label_columns
from napari_c3r.widgets.diagnostics.options_body import OptionsBody
from napari_c3r.widgets.diagnostics.result_body import ResultBody
from napari_c3r.widgets.diagnostics.section_ids import SectionId
from napari_c3r.widgets.diagnostics.sentences import Sentences

if TYPE_CHECKING:
    import napari.viewer

    from napari_c3r.core.diagnose.registry import DiagnosticAnswers

_PAGES = "Report (*.html)"
_COST_WAIT_MS = 400


class C3RDiagnostics(KeyedDock):
    """Runs diagnostics on the session's result and shows what comes of it.

    Parameters
    ----------
    viewer
        The viewer whose session has the result.
    """

    name = "C3R Diagnostics"
    place = Place.BESIDE

    def __init__(self, viewer: napari.viewer.Viewer) -> None:
        super().__init__(viewer)
        self.session = session_of(viewer)
        self.controller = DiagnosticsController(self.session, self)
        self.options, self.answer, self.cells = OptionsBody(), AnswerBody(), CellsBody()
        self.confounds, self.channels = ConfoundsBody(), ChannelsBody()
        self.others = [ResultBody(each) for each in diagnostics() if each not in BUILT_IN]
        """Of the diagnostics that were registered from outside, which come last."""
        self.encoders = EncodersBody()
        sections = self.cells, self.encoders
        self.views = LinkedViews(viewer, self.session, self.controller, *sections, self)
        self.save_button = QPushButton("Save report…")
        self.save_button.setToolTip("One HTML page, the same as Markdown, and its pictures")
        self.said = Sentences()
        self._build()
        self._connect()
        self.key_actions = actions_of(self)
        self._follow_theme()
        self._show_result()
        if self.controller.diagnosis is not None:
            self._show_diagnosis(self.controller.diagnosis)

    def _build(self) -> None:
        sections: dict[int, tuple[str, QWidget]] = {
            SectionId.ASK: ("Ask", self.options),
            SectionId.ANSWER: ("Answer", self.answer),
            SectionId.CELLS: ("Cells", self.cells),
            SectionId.CONFOUNDS: ("Confounds", self.confounds),
            SectionId.CHANNELS: ("Channels", self.channels),
            SectionId.ENCODERS: ("Encoders", self.encoders),
        }
        sections |= {n: (body.diagnostic.label, body) for n, body in self._numbered_others()}
        self.steps = {number: Step(number, *titled) for number, titled in sections.items()}
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.setSpacing(0)
        outer.addWidget(StepStack(self.steps))
        outer.addWidget(self._bottom())
        self.setMinimumWidth(300)
        self.steps[SectionId.ASK].set_open(True)

    def _numbered_others(self) -> Iterator[tuple[int, ResultBody]]:
        """The bodies of diagnostics from outside, with the numbers of their sections."""
        return enumerate(self.others, len(SectionId) + 1)

    def _bottom(self) -> QWidget:
        bar = QWidget()
        self.save_reason = PlainLabel()
        set_tone(self.save_reason, Tone.QUIET)
        row = QHBoxLayout()
        row.setSpacing(8)
        row.addWidget(self.save_button)
        row.addWidget(self.save_reason, 1)
        column = QVBoxLayout(bar)
        column.setContentsMargins(6, 4, 8, 6)
        column.setSpacing(4)
        column.addLayout(row)
        column.addWidget(self.said)
        self.said.hide()
        return bar

    def _connect(self) -> None:
        controller, viewer = self.controller, self.viewer
        self.options.run_requested.connect(controller.start)
        self.options.continue_requested.connect(controller.resume)
        self.options.abort_requested.connect(self._abort)
        self.options.begin_requested.connect(lambda: open_dock(viewer, Dock.MAIN))
        self.options.choice_changed.connect(self._on_choice)
        self.options.folder_requested.connect(self._choose_folder)
        self.answer.chosen.connect(self.show_variant)
        for saved in (self.answer.saved, self.cells.saved, self.encoders.saved):
            saved.connect(lambda line: self.said.show_lines([line]))
        self.cells.variant_chosen.connect(self.show_variant)
        self.channels.use_requested.connect(self._use_roles)
        self.save_button.clicked.connect(self._choose_report)
        controller.changed.connect(self._render)
        controller.progressed.connect(self.options.show_progress)
        controller.answered.connect(self._show_diagnosis)
        controller.written.connect(lambda path: self.said.show_lines([f"Wrote {path}"]))
        self.session.changed.connect(self._on_changed)
        # A result comes in several pieces; its cost is looked for when all are there.
        self._costing = QTimer(self)
        self._costing.setSingleShot(True)
        self._costing.setInterval(_COST_WAIT_MS)
        self._costing.timeout.connect(
            lambda: controller.find_cost(self.options.options().second_encoder)
        )
        controller.answered.connect(lambda _: self._costing.start())

    @property
    def busy(self) -> bool:
        """Whether anything is under way."""
        return self.controller.busy or self._costing.isActive()

    def sizeHint(self) -> QSize:
        """Wide enough for names and bars side by side."""
        return QSize(400, 700)

    def _on_changed(self, change: Change) -> None:
        if change.part in (Part.RESULT, Part.MAP, Part.ANNOTATION):
            self._show_result()
        elif change.part in (Part.IMAGE, Part.ROLES, Part.CELLS):
            self._render()

    def _on_choice(self) -> None:
        self._render()
        if self.options.options().second_encoder:
            self._costing.start()

    def _choose_folder(self) -> None:
        path = QFileDialog.getExistingDirectory(self, "Open a model folder")
        if not path:
            return
        known = self.session.encoders.known
        if known.find(path) is None:
            self.controller.refuse(f"no model folder at '{path}'; choose one with config.json")
            return
        known.remember(path)
        self.options.second.choose(path)
        self.controller.refuse("")
        self._on_choice()

    def _show_result(self) -> None:
        """Offer what the result allows to run."""
        self.options.second.know(self.session.encoders.known)
        result = self.session.result.current
        self.options.show_cells(0 if result is None else len(result.table))
        table = None if result is None else result.table
        self.options.show_label_columns(
            [] if table is None else label_columns(table.obs, plate_map_columns(table))
        )
        if self.isVisible():
            self._costing.start()
        self._render()

    def _render(self) -> None:
        """Show what is known, running or wrong."""
        controller, found = self.controller, self.controller.diagnosis
        outdated = controller.outdated
        states: dict[int, StepStatus] = {
            SectionId.ASK: headers.options_status(self.session, found, outdated),
            SectionId.ANSWER: headers.answer_status(found, outdated),
            SectionId.CELLS: headers.cells_status(found, outdated, self.cells.chosen),
            SectionId.CONFOUNDS: headers.diagnostic_status(CONFOUNDS, found, outdated),
            SectionId.CHANNELS: headers.channels_status(self.session, found, outdated),
            SectionId.ENCODERS: headers.diagnostic_status(ENCODERS, found, outdated),
        }
        for number, body in self._numbered_others():
            states[number] = headers.diagnostic_status(body.diagnostic, found, outdated)
        disabled_reason = states[SectionId.ASK].disabled_reason
        problem = self._show_cost() if not disabled_reason else ""
        for number, step in self.steps.items():
            line = controller.problem or problem if number == SectionId.ASK else ""
            step.show_status(states[number], line)
        if self.options.bar.isHidden() == controller.running:
            self.options.show_running(controller.running)
        refused = self._show_refusal()
        can_run = not (disabled_reason or problem or refused or controller.running)
        left = found.cells_left if found is not None and controller.can_resume else 0
        self.options.show_state(can_run, self.session.result.current is not None, left)
        self.cells.show_state(not outdated, controller.mapping)
        self.encoders.show_state(controller.mapping)
        channels = headers.suggested_roles(found)
        if channels is not None:
            suggested = channels.suggestion.assignment
            self.channels.show_roles(self.session.roles.assignment, suggested)
        self._show_saving(found)

    def _show_refusal(self) -> str:
        """Say beside the menu why the second encoder cannot be used; returns it."""
        result = self.session.result.current
        roles = None if result is None else result.assignment
        why = self.options.second.refusal(roles, RunOptions())
        self.options.show_refusal(why)
        return why

    def _show_saving(self, found: Diagnosis | None) -> None:
        controller = self.controller
        why = "Run the diagnostics first" if found is None else ""
        why = "Wait for the run to end" if controller.running and found else why
        self.save_button.setEnabled(not why and not controller.writing)
        self.save_reason.setText("writing …" if controller.writing else why)

    def _show_cost(self) -> str:
        """Say what running would take; returns why it cannot be run."""
        result = self.session.result.current
        assert result is not None
        options, second = self.options.options(), self.options.second.encoder
        try:
            told = cost_in_words(result, options, second, self.controller.estimate)
        except InputError as error:
            self.options.show_cost("", "")
            return str(error)
        self.options.show_cost(*told)
        return ""

    def _show_diagnosis(self, found: Diagnosis | None) -> None:
        """Show what was found, the answer first."""
        if found is None:
            self._show_nothing()
            return
        report = found.report
        self.answer.show_report(report)
        self.cells.show_report(report)
        self._show_answers(found.answers)
        self._show_encoders(found)
        self.said.show_lines([])
        self.steps[SectionId.ASK].set_open(found.cells_left > 0)
        for number in (SectionId.ANSWER, SectionId.CELLS):
            self.steps[number].set_open(bool(report.results))
        self.steps[SectionId.CONFOUNDS].set_open(CONFOUNDS.name in found.asked)
        if report.results:
            self.show_variant(report.strongest.variant.name)

    def _show_nothing(self) -> None:
        """Begin anew, as when a session is opened in which nothing was asked."""
        why = "Nothing was asked yet"
        self.answer.show_report(None)
        self.cells.show_report(None)
        self.confounds.show_confounds(None, why)
        self.channels.show_nothing(why)
        self.encoders.show_result(None, "Choose a second encoder in the first section, then run")
        for body in self.others:
            body.show_reason(body.diagnostic.help)
        for number, step in self.steps.items():
            step.set_open(number == SectionId.ASK)

    def _show_answers(self, answers: DiagnosticAnswers) -> None:
        """Show what each diagnostic found, or why it found nothing."""
        confounds = answers.results.get(CONFOUNDS.name)
        self.confounds.show_confounds(
            confounds.confounds if isinstance(confounds, ConfoundsFound) else None,
            answers.reasons.get(CONFOUNDS.name, "Not asked"),
        )
        channels = answers.results.get(PARITY.name)
        if isinstance(channels, ParityResult):
            self.channels.show_result(channels)
        else:
            self.channels.show_nothing(answers.reasons.get(PARITY.name, "Not asked"))
        self.steps[SectionId.CHANNELS].set_open(channels is not None)
        for number, body in self._numbered_others():
            name = body.diagnostic.name
            if name in answers.results:
                body.show_result(answers.results[name])
            else:
                body.show_reason(answers.reasons.get(name, "Not asked"))
            self.steps[number].set_open(name in answers.results)

    def _show_encoders(self, found: Diagnosis) -> None:
        """Show how the second encoder compares, or why that is not known."""
        result = found.answers.results.get(ENCODERS.name)
        shown = result if isinstance(result, EncodersResult) else None
        why = found.answers.reasons.get(
            ENCODERS.name, "Choose a second encoder in the first section, then run"
        )
        # Where the roles were asked, the answer has the notes on the cells.
        notes = () if found.report.results else found.report.notes
        clusters = found.clusters
        if clusters is not None:
            clusters = clusters.reindex(found.report.obs.index)
        self.encoders.show_result(shown, why, notes, clusters)
        self.steps[SectionId.ENCODERS].set_open(shown is not None)

    def show_variant(self, name: str) -> None:
        """Look at one variant in all sections."""
        self.answer.show_variant(name)
        self.cells.show_variant(name)
        self._render()
        if self.cells.comparing:
            self.controller.show_maps(name)

    def run_or_stop(self) -> None:
        """Click the button that runs, or the one that stops while it runs."""
        options = self.options
        (options.abort_button if self.controller.running else options.run_button).click()

    def _abort(self) -> None:
        self.options.show_stopping()
        self.controller.request_stop()

    def _use_roles(self) -> None:
        channels = headers.suggested_roles(self.controller.diagnosis)
        now = self.session.roles.assignment
        if channels is None or now is None:
            return
        suggested = channels.suggestion.assignment
        self.session.roles.set_assignment(
            ChannelAssignment(
                {**now.roles, **suggested.roles}, {**now.reasons, **suggested.reasons}
            )
        )

    def _choose_report(self) -> None:
        path, _ = QFileDialog.getSaveFileName(self, "Save the report", "report.html", _PAGES)
        if path:
            self.said.show_lines([])
            self.controller.write(path if "." in path.rpartition("/")[2] else f"{path}.html")

    def showEvent(self, event: QShowEvent | None) -> None:
        """Look for the cost when there is someone to read it."""
        super().showEvent(event)
        self._costing.start()

    def set_theme(self, background: str, foreground: str) -> None:
        """Draw in these colours, each ``"#rrggbb"``."""
        colours = background, foreground
        self.answer.set_theme(*colours)
        self.views.set_theme(*colours)

    def release(self) -> None:
        """Disconnect from the session and drop all work."""
        super().release()
        self._costing.stop()
        self.controller.release()
        self.views.release()
        self.session.changed.disconnect(self._on_changed, missing_ok=True)
