"""The dock "C3R Diagnostics": does the role matter, which cells move, and what else explains it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import QEvent, QSize, Qt, QTimer
from qtpy.QtGui import QCloseEvent, QShowEvent
from qtpy.QtWidgets import (
    QFileDialog,
    QFrame,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from napari_c3r.core.channels import ChannelAssignment
from napari_c3r.core.diagnose.entries import BUILT_IN, CONFOUNDS, PARITY
from napari_c3r.core.diagnose.entries.confounds import ConfoundsFound
from napari_c3r.core.diagnose.entries.parity import ParityResult
from napari_c3r.core.diagnose.registry import diagnostics
from napari_c3r.core.errors import InputError
from napari_c3r.core.table import KEY
from napari_c3r.session import Part, session_of
from napari_c3r.widgets.common.step import Step
from napari_c3r.widgets.diagnostics import headers
from napari_c3r.widgets.diagnostics.answer_body import AnswerBody
from napari_c3r.widgets.diagnostics.cells_body import CellsBody
from napari_c3r.widgets.diagnostics.channels_body import ChannelsBody
from napari_c3r.widgets.diagnostics.confounds_body import ConfoundsBody
from napari_c3r.widgets.diagnostics.controller import DiagnosticsController
from napari_c3r.widgets.diagnostics.diagnosis import Diagnosis
from napari_c3r.widgets.diagnostics.linked_views import LinkedViews
from napari_c3r.widgets.diagnostics.options import NOISE_REPEATS, label_columns
from napari_c3r.widgets.diagnostics.options_body import OptionsBody
from napari_c3r.widgets.diagnostics.result_body import ResultBody
from napari_c3r.widgets.diagnostics.sentences import Sentences
from napari_c3r.widgets.explorer.dock import open_plugin_dock
from napari_c3r.widgets.main.status import counted, roughly

if TYPE_CHECKING:
    import napari.viewer

    from napari_c3r.core.diagnose.registry import DiagnosticAnswers

NAME = "C3R Diagnostics"
_PAGES = "Report (*.html)"
_COST_WAIT_MS = 400


class C3RDiagnostics(QWidget):
    """Runs diagnostics on the session's result and shows what comes of it.

    Parameters
    ----------
    viewer
        The viewer whose session has the result.
    """

    def __init__(self, viewer: napari.viewer.Viewer) -> None:
        super().__init__()
        self.viewer = viewer
        self.session = session_of(viewer)
        self.asking = DiagnosticsController(self.session, self)
        self.options, self.answer, self.cells = OptionsBody(), AnswerBody(), CellsBody()
        self.confounds, self.channels = ConfoundsBody(), ChannelsBody()
        self.others = {each: ResultBody(each) for each in diagnostics() if each not in BUILT_IN}
        """Diagnostics that were registered from outside."""
        self.showing = LinkedViews(viewer, self.session, self.asking, self.cells, self)
        self.save_button = QPushButton("Save report…")
        self.save_button.setToolTip("One HTML page, the same as Markdown, and its pictures")
        self.said = Sentences()
        self._build()
        self._connect()
        self._follow_theme()
        self._show_result()

    def _build(self) -> None:
        bodies: dict[str, QWidget] = {
            "Ask": self.options,
            "Answer": self.answer,
            "Cells": self.cells,
            "Confounds": self.confounds,
            "Channels": self.channels,
            **{each.label: body for each, body in self.others.items()},
        }
        self.steps = [Step(n, name, body) for n, (name, body) in enumerate(bodies.items(), 1)]
        holder = QWidget()
        column = QVBoxLayout(holder)
        column.setContentsMargins(4, 4, 4, 4)
        column.setSpacing(2)
        for step in self.steps:
            column.addWidget(step)
        column.addStretch(1)
        scroll = QScrollArea()
        scroll.setWidget(holder)
        scroll.setWidgetResizable(True)
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.setSpacing(0)
        outer.addWidget(scroll)
        outer.addWidget(self._bottom())
        self.setMinimumWidth(300)
        self.steps[0].set_open(True)

    def _bottom(self) -> QWidget:
        bar = QWidget()
        self.save_reason = QLabel()
        self.save_reason.setEnabled(False)
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
        asking, viewer = self.asking, self.viewer
        self.options.run_requested.connect(asking.start)
        self.options.continue_requested.connect(asking.resume)
        self.options.abort_requested.connect(self._abort)
        self.options.begin_requested.connect(lambda: open_plugin_dock(viewer, "C3R"))
        self.options.choice_changed.connect(self._render)
        self.answer.chosen.connect(self.show_variant)
        self.cells.variant_chosen.connect(self.show_variant)
        self.channels.use_requested.connect(self._use_roles)
        self.save_button.clicked.connect(self._choose_report)
        asking.changed.connect(self._render)
        asking.progressed.connect(self.options.show_progress)
        asking.answered.connect(self._show_diagnosis)
        asking.written.connect(lambda path: self.said.show_lines([f"Wrote {path}"]))
        self.session.changed.connect(self._on_changed)
        # A result comes in several pieces; its cost is looked for when all are there.
        self._costing = QTimer(self)
        self._costing.setSingleShot(True)
        self._costing.setInterval(_COST_WAIT_MS)
        self._costing.timeout.connect(asking.find_cost)
        asking.answered.connect(lambda _: self._costing.start())

    @property
    def busy(self) -> bool:
        """Whether anything is under way."""
        return self.asking.busy or self._costing.isActive()

    def sizeHint(self) -> QSize:
        """Wide enough for names and bars side by side."""
        return QSize(400, 700)

    def _on_changed(self, part: Part) -> None:
        if part in (Part.RESULT, Part.MAP, Part.ANNOTATION):
            self._show_result()
        elif part in (Part.IMAGE, Part.ROLES, Part.CELLS):
            self._render()

    def _show_result(self) -> None:
        """Offer what the result allows to run."""
        done = self.session.embedded
        self.options.show_cells(0 if done is None else len(done.table))
        self.options.show_label_columns([] if done is None else label_columns(done.table.obs))
        if self.isVisible():
            self._costing.start()
        self._render()

    def _render(self) -> None:
        """Show what is known, running or wrong."""
        asking, found = self.asking, self.asking.diagnosis
        outdated = asking.outdated
        states = (
            headers.options_status(self.session, found, outdated),
            headers.answer_status(found, outdated),
            headers.cells_status(found, outdated, self.cells.chosen),
            headers.diagnostic_status(CONFOUNDS, found, outdated),
            headers.channels_status(self.session, found, outdated),
            *(headers.diagnostic_status(each, found, outdated) for each in self.others),
        )
        problem = self._show_cost() if not states[0].disabled_reason else ""
        for step, state in zip(self.steps, states, strict=True):
            step.show_status(state, (asking.problem or problem) if step is self.steps[0] else "")
        if self.options.bar.isHidden() == asking.running:
            self.options.show_running(asking.running)
        can_run = not (states[0].disabled_reason or problem or asking.running)
        left = found.cells_left if found is not None and asking.can_resume else 0
        self.options.show_state(can_run, self.session.embedded is not None, left)
        self.cells.show_state(not outdated, asking.mapping)
        channels = headers.suggested_roles(found)
        if channels is not None:
            suggested = channels.suggestion.assignment
            self.channels.show_roles(self.session.assignment, suggested)
        self._show_saving(found)

    def _show_saving(self, found: Diagnosis | None) -> None:
        asking = self.asking
        why = "Run the diagnostics first" if found is None else ""
        why = "Wait for the run to end" if asking.running and found else why
        self.save_button.setEnabled(not why and not asking.writing)
        self.save_reason.setText("writing …" if asking.writing else why)

    def _show_cost(self) -> str:
        """Say what running would take; returns why it cannot be run."""
        done = self.session.embedded
        assert done is not None
        options = self.options.options()
        roles = done.assignment
        try:
            times = options.embeddings(roles)
        except InputError as error:
            self.options.show_cost("", "")
            return str(error)
        cells = min(options.most_cells, len(done.table))
        text = f"{counted(cells, 'cell')} × {times} variants"
        cost = self.asking.estimate
        if cost is not None:
            mode = str(done.table.uns[KEY]["concept_mode"])
            worth = cells * options.cost(roles, mode)
            seconds = cost.seconds_before + worth / max(cost.cells_per_second, 1e-9)
            text += f", about {roughly(seconds)} on {cost.device}"
        ways = len(options.plan(roles).variants)
        tip = f"{ways} ways to give roles, {NOISE_REPEATS} perturbed crops for the noise floor"
        tip += f", each of {len(roles.used)} channels alone" if options.single_channels else ""
        self.options.show_cost(text, f"A cell is embedded {times} times: {tip}")
        return ""

    def _show_diagnosis(self, found: Diagnosis) -> None:
        """Show what was found, the answer first."""
        report = found.report
        self.answer.show_report(report)
        self.cells.show_report(report)
        self._show_answers(found.answers)
        # The one that the headline is about.
        mattering = [result for result in report.results if result.matters]
        strongest = max(mattering or report.results, key=lambda result: result.beyond.value)
        self.said.show_lines([])
        self.steps[0].set_open(found.cells_left > 0)
        for step in self.steps[1:4]:
            step.set_open(True)
        self.show_variant(strongest.variant.name)

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
        self.steps[4].set_open(channels is not None)
        for step, (each, body) in zip(self.steps[5:], self.others.items(), strict=True):
            result = answers.results.get(each.name)
            if result is None:
                body.show_reason(answers.reasons.get(each.name, "Not asked"))
            else:
                body.show_result(result)
            step.set_open(result is not None)

    def show_variant(self, name: str) -> None:
        """Look at one variant in all sections."""
        self.answer.show_variant(name)
        self.cells.show_variant(name)
        self._render()
        if self.cells.comparing:
            self.asking.show_maps(name)

    def _abort(self) -> None:
        self.options.show_stopping()
        self.asking.request_stop()

    def _use_roles(self) -> None:
        channels = headers.suggested_roles(self.asking.diagnosis)
        now = self.session.assignment
        if channels is None or now is None:
            return
        suggested = channels.suggestion.assignment
        self.session.set_assignment(
            ChannelAssignment(
                {**now.roles, **suggested.roles}, {**now.reasons, **suggested.reasons}
            )
        )

    def _choose_report(self) -> None:
        path, _ = QFileDialog.getSaveFileName(self, "Save the report", "report.html", _PAGES)
        if path:
            self.said.show_lines([])
            self.asking.write(path if "." in path.rpartition("/")[2] else f"{path}.html")

    def showEvent(self, event: QShowEvent | None) -> None:
        """Look for the cost when there is someone to read it."""
        super().showEvent(event)
        self._costing.start()

    def changeEvent(self, event: QEvent | None) -> None:
        """Follow the viewer's theme."""
        if event is not None and event.type() == QEvent.Type.StyleChange:
            self._follow_theme()
        super().changeEvent(event)

    def _follow_theme(self) -> None:
        from napari.utils.theme import get_theme

        theme = get_theme(self.viewer.theme)
        colours = theme.background.as_hex("long"), theme.text.as_hex("long")
        self.answer.set_theme(*colours)
        self.showing.set_theme(*colours)

    def closeEvent(self, event: QCloseEvent | None) -> None:
        """Stop working and let go of the viewer."""
        self.release()
        super().closeEvent(event)

    def release(self) -> None:
        """Disconnect from the session and drop all work."""
        self._costing.stop()
        self.asking.release()
        self.showing.release()
        self.session.changed.disconnect(self._on_changed, missing_ok=True)
