"""What is suggested, how right it is, and what can be done with it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from qtpy.QtCore import Signal
from qtpy.QtGui import QAction
from qtpy.QtWidgets import QDoubleSpinBox, QMenu, QPushButton

from napari_c3r.core.figures.drawing_files import svg
from napari_c3r.core.learn.choosing import SURE
from napari_c3r.widgets.common.labels import plain_tip
from napari_c3r.widgets.common.wording import counted
from napari_c3r.widgets.explorer.compare.figure_panel import FigurePanel

if TYPE_CHECKING:
    from napari_c3r.core.learn.suggestion import Suggestion

_HOW: Final = (
    "To name cells, select some on the map (L), in the table or by a gate, and press N; or take "
    "gates as names. The names are learned, and suggested for all other cells."
)


_GATES: Final = (
    "Learn from the cells of gates too, each by the gate's name; a cell of several is no example, "
    "and one that you named has that name"
)
_NO_GATES: Final = "There are no gates yet; make some in the tab Gates, such as one of each kind"


class OverviewPage(FigurePanel):
    """The sentence, the calibration, and buttons.

    Signals
    -------
    learn_wanted, walk_wanted
        Names are to be learned; the cells that are not sure are to be gone through.
    accept_wanted
        With the least probability: suggestions are to become names.
    least_changed
        Another probability is asked about.
    gate_used
        With the name of a gate, and whether names are to be learned from it.
    """

    learn_wanted = Signal()
    walk_wanted = Signal()
    accept_wanted = Signal(float)
    least_changed = Signal()
    gate_used = Signal(str, bool)

    def __init__(self) -> None:
        super().__init__("Calibration of the suggested names", "calibration")
        self.learn_button = QPushButton("Suggest names")
        self.gates_button = QPushButton("Gates as names")
        self.gates = QMenu(self.gates_button)
        self.gates.setToolTipsVisible(True)
        self.gates_button.setMenu(self.gates)
        self.walk_button = QPushButton("Go through")
        self.accept_button = QPushButton("Accept")
        self.least = QDoubleSpinBox()
        self.least.setRange(0.0, 1.0)
        self.least.setSingleStep(0.05)
        self.least.setValue(SURE)
        self.least.setPrefix("p ≥ ")
        self.least.setMinimumWidth(112)
        self.least.setAccessibleName("Least probability to accept")
        self.least.setToolTip("Suggestions with at least this probability are accepted")
        for control in (
            self.learn_button,
            self.gates_button,
            self.walk_button,
            self.accept_button,
            self.least,
        ):
            self.add_control(control)
        self._shown: Suggestion | None = None
        self.learn_button.clicked.connect(self.learn_wanted)
        self.walk_button.clicked.connect(self.walk_wanted)
        self.accept_button.clicked.connect(self._on_accepted)
        self.least.valueChanged.connect(self.least_changed)
        self.show_gates([])
        self.show_nothing("", can_learn=False)

    def show_gates(self, gates: Sequence[tuple[str, str, bool]]) -> None:
        """Offer the gates: what each is called, how many cells it has, whether it is used."""
        self.gates.clear()
        used = sum(is_used for _, _, is_used in gates)
        for name, count, is_used in gates:
            action = QAction(f"{name} ({count})".replace("&", "&&"), self.gates)
            action.setCheckable(True)
            action.setChecked(is_used)
            action.setToolTip(plain_tip(f"Take the cells of “{name}” as examples called “{name}”"))
            action.triggered.connect(lambda on, name=name: self.gate_used.emit(name, on))
            self.gates.addAction(action)
        self.gates_button.setText(f"Gates as names: {used}" if used else "Gates as names")
        self.gates_button.setEnabled(bool(gates))
        self.gates_button.setToolTip(_GATES if gates else _NO_GATES)

    def show_nothing(self, reason: str, *, can_learn: bool) -> None:
        """Say why nothing is suggested, or that it can be."""
        self._shown = None
        told = reason or "There are names to learn from. Suggest names for all other cells."
        self.show_reason(f"{told}\n\n{_HOW}" if not can_learn else told)
        self._enable_learning(reason, can_learn, "Suggest names")
        self.show_counts(0, 0, 0.0)

    def show_busy(self) -> None:
        """Say that names are being learned."""
        self.learn_button.setEnabled(False)
        self.learn_button.setToolTip("Names are being learned")
        if self._shown is None:
            self.show_reason("Learning from the named cells…")
        else:
            self.learn_button.setText("Learning…")

    def show_suggestion(
        self, suggestion: Suggestion, sentence: str, reason: str, names_changed: int
    ) -> None:
        """Show what is suggested.

        Parameters
        ----------
        suggestion
            With its calibration.
        sentence
            That comes first.
        reason
            Why it cannot be learned anew; empty where it can.
        names_changed
            Examples that have another name, or none, since.
        """
        from napari_c3r.core.learn.figures import calibration_figure

        if suggestion is not self._shown:
            drawing = replace(calibration_figure(suggestion), sentence=sentence)
            theme = self.view.theme
            self.show_drawing(drawing, svg(drawing, theme, words=False), theme)
            self._shown = suggestion
        since = f" {counted(names_changed, 'example')} changed since." if names_changed else ""
        told = f"{sentence}.{since}"
        if self.sentence.text() != told:
            self.sentence.setText(told)
            self.refit()
        self._enable_learning(reason, not reason, "Learn anew" if names_changed else "Learn again")

    def _enable_learning(self, reason: str, can_learn: bool, text: str) -> None:
        self.learn_button.setText(text)
        self.learn_button.setEnabled(can_learn)
        self.learn_button.setToolTip(
            reason or "Learn from the named cells what the others should be called"
        )

    def show_counts(self, unsure: int, acceptable: int, right: float) -> None:
        """How many cells are not sure, how many would be accepted, and which share is right."""
        nothing = self._shown is None
        walk = f"Look at {unsure:,} cells that are not sure or unlike any example, one by one (E)"
        accept = (
            f"Name {acceptable:,} cells as suggested; {right:.0%} of them are expected to be "
            "right. Cells unlike any example are left out"
        )
        for button, count, tip, lacking in (
            (self.walk_button, unsure, walk, "Every suggestion is sure"),
            (self.accept_button, acceptable, accept, "No suggestion without a name is so sure"),
        ):
            button.setEnabled(count > 0)
            button.setToolTip(tip if count else "Nothing is suggested yet" if nothing else lacking)
        self.least.setEnabled(not nothing)
        self.walk_button.setText(f"Go through {unsure:,}" if unsure else "Go through")
        self.accept_button.setText(f"Accept {acceptable:,}" if acceptable else "Accept")

    def _on_accepted(self) -> None:
        self.accept_wanted.emit(self.least.value())
