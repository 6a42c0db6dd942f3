"""A gate in words, as in the filter line of the table."""

from __future__ import annotations

from qtpy.QtCore import QSignalBlocker
from qtpy.QtWidgets import QLineEdit

from napari_c3r.core.errors import InputError
from napari_c3r.core.gates import Filter, Gate, Rule
from napari_c3r.session import Session
from napari_c3r.widgets.explorer.gates.editor import RuleEditor

_EXAMPLE = "area_um2 > 500 and well = B13"


class FilterEditor(RuleEditor):
    """Takes an expression."""

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self.line = QLineEdit()
        self.line.setPlaceholderText(_EXAMPLE)
        self.line.setAccessibleName("Which cells are in the gate")
        self.line.setToolTip(
            f"Which cells are in the gate, by columns of the table: {_EXAMPLE}; also in (a, b), "
            "between, contains, is missing, or, not and brackets"
        )
        self.column.addWidget(self.line)
        self.finish_layout()
        self.line.textEdited.connect(self.tell)
        self.line.returnPressed.connect(self.done_button.click)

    def begin(self, gate: Gate | None) -> None:
        """Begin with a rule in words, or with none."""
        rule = gate.rule if gate is not None else None
        with QSignalBlocker(self.line):
            self.line.setText(rule.expression if isinstance(rule, Filter) else "")
        super().begin(gate)

    def rule(self) -> Rule:
        """What is written."""
        text = self.line.text().strip()
        if not text:
            raise InputError(f"Write which cells are in the gate, such as {_EXAMPLE}")
        return Filter(text)
