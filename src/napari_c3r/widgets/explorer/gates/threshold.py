"""A gate between two limits: a column, its histogram with two handles, and the limits as text."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from qtpy.QtCore import QSignalBlocker
from qtpy.QtWidgets import QHBoxLayout, QLabel, QLineEdit, QPushButton

from napari_c3r.core.errors import InputError
from napari_c3r.core.figures.colours import GREY
from napari_c3r.core.figures.drawing import Drawing
from napari_c3r.core.figures.histogram import histogram_figure
from napari_c3r.core.figures.method import words_of
from napari_c3r.core.figures.sizes import FigureSize
from napari_c3r.core.gates import Gate, Interval, Rule
from napari_c3r.core.metadata.join import plate_map_columns
from napari_c3r.core.table.numbers import number_groups, number_title, numbers_of
from napari_c3r.core.table.result import KEY
from napari_c3r.session import Session
from napari_c3r.session.in_view import gate_line
from napari_c3r.widgets.common.column_box import ColumnBox
from napari_c3r.widgets.common.figure_door import FigureDoor
from napari_c3r.widgets.common.histogram import Histogram, Limits
from napari_c3r.widgets.explorer.gates.editor import RuleEditor

_INSIDE = "#5285b8"


class ThresholdEditor(RuleEditor):
    """Chooses a number of each cell and the limits that it is to be between."""

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self.box = ColumnBox("Column", "What of each cell is to be between two limits")
        self.histogram = Histogram("Histogram of the column", _INSIDE, GREY)
        self.histogram.setToolTip(
            "Drag the two handles, or move one with the arrow keys; up and down take the other"
        )
        self.low, self.high = (_limit_edit(end) for end in ("Lowest", "Highest"))
        row = QHBoxLayout()
        row.setSpacing(4)
        self.save_button = QPushButton("Save…")
        self.door = FigureDoor("histogram", self.save_button)
        row.addWidget(self.box, 3)
        for text, edit in (("from", self.low), ("to", self.high)):
            row.addWidget(QLabel(text))
            row.addWidget(edit, 1)
        row.addWidget(self.save_button)
        self.column.addLayout(row)
        self.column.addWidget(self.door)
        self.histogram.let_grow()
        self.column.addWidget(self.histogram, 1)
        self.finish_layout(grows=True)
        self._numbers = ""
        self._values: NDArray[np.float64] = np.zeros(0)
        self.box.activated.connect(self._on_column)
        self.histogram.moved.connect(self._on_moved)
        for edit in (self.low, self.high):
            edit.textEdited.connect(self._on_typed)

    def begin(self, gate: Gate | None) -> None:
        """Begin with a rule of limits, or with none on the column before."""
        self._offer()
        rule = gate.rule if gate is not None else None
        limits: Limits = (None, None)
        if isinstance(rule, Interval):
            self.box.choose(rule.name)
            limits = rule.low, rule.high
        self._show(limits)
        super().begin(gate)

    def rule(self) -> Rule:
        """Between the limits that are written."""
        low, high = (_limit(edit) for edit in (self.low, self.high))
        if low is not None and high is not None and low > high:
            raise InputError(f"No number is from {low:g} to {high:g}; turn them round")
        return Interval(self._numbers, low, high)

    def _offer(self) -> None:
        result, before = self.session.result.current, self.box.chosen
        assert result is not None
        self.box.offer(number_groups(result.table, plate_map_columns(result.table)))
        self.box.choose(before)

    def _show(self, limits: Limits) -> None:
        result, self._numbers = self.session.result.current, self.box.chosen
        assert result is not None
        try:
            self._values = numbers_of(result.table, self._numbers)
        except InputError:
            self._values = np.zeros(0)
        scope = self.session.gates.scope()
        shown = self._values if scope is None else self._values[scope]
        self.histogram.show_values(shown, limits, number_title(result.table, self._numbers))
        if np.isfinite(shown).any():
            self.door.set_source(self._drawing)
        else:
            self.door.set_source(None, "This column has no numbers to draw")
        self._write(limits)

    def _drawing(self, size: FigureSize) -> Callable[[], Drawing]:
        """What draws the histogram as it is displayed now, for a page."""
        result, scope = self.session.result.current, self.session.gates.scope()
        assert result is not None
        values = self._values if scope is None else self._values[scope]
        obs = result.table.obs if scope is None else result.table.obs[scope]
        facts, name = dict(result.table.uns.get(KEY, {})), number_title(result.table, self._numbers)
        limits, note = self.histogram.limits, gate_line(self.session)

        def draw() -> Drawing:
            method = words_of(obs, facts)
            made = histogram_figure(values, name, limits=limits, method=method, width=size.width)
            return replace(made, caption=f"{note} {made.caption}".strip())

        return draw

    def _write(self, limits: Limits) -> None:
        for edit, limit in zip((self.low, self.high), limits, strict=True):
            with QSignalBlocker(edit):
                edit.setText("" if limit is None else f"{limit:.10g}")

    def _on_column(self) -> None:
        self._show((None, None))
        self.tell()

    def _on_moved(self, low: float | None, high: float | None) -> None:
        self._write((low, high))
        self.tell()

    def _on_typed(self) -> None:
        # What is no number is said below, by what asks for the rule.
        with suppress(InputError):
            self.histogram.show_limits((_limit(self.low), _limit(self.high)))
        self.tell()


def _limit_edit(end: str) -> QLineEdit:
    edit = QLineEdit()
    edit.setPlaceholderText("no limit")
    edit.setAccessibleName(f"{end} value")
    edit.setToolTip(f"{end} value that belongs to the gate; empty for no limit")
    edit.setMinimumWidth(56)
    return edit


def _limit(edit: QLineEdit) -> float | None:
    text = edit.text().strip().replace("−", "-")
    if not text:
        return None
    try:
        value = float(text.replace(",", "."))
    except ValueError:
        value = np.nan
    if not np.isfinite(value):
        raise InputError(f"'{text}' is no number; write one such as 12.5, or nothing for no limit")
    return value
