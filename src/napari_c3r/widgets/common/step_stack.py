"""The steps of a dock below each other, in an area that scrolls."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Generic, TypeVar

from qtpy.QtCore import Qt
from qtpy.QtWidgets import QFrame, QScrollArea, QVBoxLayout, QWidget

from napari_c3r.widgets.common.step import Step

Number = TypeVar("Number", bound=int)


class StepStack(QScrollArea, Generic[Number]):
    """Holds steps in their order; it scrolls up and down only.

    Parameters
    ----------
    steps
        By their number.
    """

    def __init__(self, steps: Mapping[Number, Step]) -> None:
        super().__init__()
        # Its steps have the focus.
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._steps = steps
        holder = QWidget()
        column = QVBoxLayout(holder)
        column.setContentsMargins(4, 4, 4, 4)
        column.setSpacing(2)
        for step in steps.values():
            column.addWidget(step)
        column.addStretch(1)
        self.setWidget(holder)
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)

    def open_only(self, wanted: Collection[Number]) -> None:
        """Open some steps, and fold the others."""
        for number, step in self._steps.items():
            step.set_open(number in wanted)

    def open_one_at_a_time(self) -> None:
        """Fold all other steps when the user opens one."""
        for step in self._steps.values():
            step.toggled.connect(self._on_toggled)

    def _on_toggled(self, step: Step) -> None:
        if step.is_open:
            self.open_only([number for number, other in self._steps.items() if other is step])
