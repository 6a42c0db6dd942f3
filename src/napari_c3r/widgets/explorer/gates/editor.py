"""What the ways to make a gate by a rule have in common: a name, a count, and what is wrong."""

from __future__ import annotations

from qtpy.QtCore import Signal
from qtpy.QtWidgets import QHBoxLayout, QLineEdit, QPushButton, QVBoxLayout, QWidget

from napari_c3r.core.errors import InputError
from napari_c3r.core.gates import Gate, Rule, free_name
from napari_c3r.core.gates.gate import MAX_NAME
from napari_c3r.core.gates.rules import Mask
from napari_c3r.session import Session
from napari_c3r.widgets.common.labels import WrappedLabel
from napari_c3r.widgets.common.wording import counted

_KEEP = "Keep these cells as a gate (Enter)"


class RuleEditor(QWidget):
    """Shows a rule that is being written, how many cells it holds, and takes its name.

    Parameters
    ----------
    session
        With the cells.

    Signals
    -------
    closed
        The gate was made or changed, or it was thought better of; with its name or an empty one.
    """

    closed = Signal(str)

    def __init__(self, session: Session) -> None:
        super().__init__()
        self.session = session
        self._edited: Gate | None = None
        self.name = QLineEdit()
        self.name.setPlaceholderText("Name of the gate")
        self.name.setAccessibleName("Name of the gate")
        self.name.setToolTip("What to call the gate")
        self.name.setMaxLength(MAX_NAME)
        self.told = WrappedLabel()
        self.done_button = QPushButton("Add gate")
        self.cancel_button = QPushButton("Cancel")
        self.done_button.setToolTip(_KEEP)
        self.cancel_button.setToolTip("Leave the gates as they are (Esc)")
        self.column = QVBoxLayout(self)
        self.column.setContentsMargins(0, 4, 0, 0)
        self.column.setSpacing(4)
        self.done_button.clicked.connect(self._on_done)
        self.cancel_button.clicked.connect(self._on_cancelled)
        self.name.returnPressed.connect(self.done_button.click)

    def finish_layout(self, *, grows: bool = False) -> None:
        """Put name and buttons below what was added, which may take all the room there is."""
        row = QHBoxLayout()
        row.setSpacing(4)
        row.addWidget(self.name, 1)
        row.addWidget(self.done_button)
        row.addWidget(self.cancel_button)
        self.column.addWidget(self.told)
        if not grows:
            self.column.addStretch(1)
        self.column.addLayout(row)

    def rule(self) -> Rule:
        """The rule as it is written.

        Raises
        ------
        InputError
            What is written is no rule.
        """
        raise NotImplementedError

    def begin(self, gate: Gate | None) -> None:
        """Write another rule, or change that of a gate."""
        self._edited = gate
        taken = [each.name for each in self.session.gates.all]
        number = free_name(f"gate {len(taken) + 1}", taken)
        self.name.setText(number if gate is None else gate.name)
        self.name.setEnabled(gate is None)
        self.done_button.setText("Add gate" if gate is None else "Change gate")
        self.tell()

    def tell(self) -> None:
        """Say how many cells the rule holds now, or what is wrong with it."""
        try:
            mask = self.cells()
        except InputError as error:
            self.told.setText(str(error))
            self.done_button.setEnabled(False)
            self.done_button.setToolTip(str(error))
            return
        within = self._within()
        inside = f" of those in “{within}”" if within else ""
        total = int(self.session.gates.mask(within).sum()) if within else len(mask)
        self.told.setText(f"{int(mask.sum()):,} of {counted(total, 'cell')}{inside}")
        self.done_button.setEnabled(True)
        self.done_button.setToolTip(_KEEP)

    def cells(self) -> Mask:
        """Which of the rows shown are in it, bool (rows,)."""
        result, gates = self.session.result.current, self.session.gates
        assert result is not None
        mask, within = self.rule().mask(result.table, gates.masks()), self._within()
        return mask if within is None else mask & gates.mask(within)

    def _within(self) -> str | None:
        return self.session.gates.opened if self._edited is None else self._edited.within

    def _on_done(self) -> None:
        gates = self.session.gates
        try:
            if self._edited is None:
                made = gates.add(self.name.text(), self.rule(), within=self._within())
                self.closed.emit(made.name)
            else:
                gates.set_rule(self._edited.name, self.rule())
                self.closed.emit(self._edited.name)
        except InputError as error:
            self.told.setText(str(error))

    def _on_cancelled(self) -> None:
        self.closed.emit(self._edited.name if self._edited is not None else "")
