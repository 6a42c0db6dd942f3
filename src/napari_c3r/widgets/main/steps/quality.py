"""The quality of cells in step 4: scores as histograms, with thresholds that can be moved."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, replace
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from qtpy.QtCore import QSignalBlocker, Signal
from qtpy.QtWidgets import (
    QCheckBox,
    QDoubleSpinBox,
    QHBoxLayout,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from napari_c3r.core.cells.filters import CellFilter
from napari_c3r.core.cells.quality import FLAGS, SUMMARY, QualityOptions, flagged_rows
from napari_c3r.core.figures.drawing import Drawing
from napari_c3r.core.figures.histogram import histogram_figure
from napari_c3r.core.figures.method import method_words
from napari_c3r.core.figures.sizes import FigureSize
from napari_c3r.core.options import described
from napari_c3r.widgets.common.collapsible import Collapsible
from napari_c3r.widgets.common.elision import NameBox
from napari_c3r.widgets.common.figure_door import FigureDoor
from napari_c3r.widgets.common.form import shrinkable
from napari_c3r.widgets.common.labels import WrappedLabel
from napari_c3r.widgets.common.tones import Tone, set_tone
from napari_c3r.widgets.common.wording import counted, figures
from napari_c3r.widgets.main.steps.score_histogram import ScoreHistogram

if TYPE_CHECKING:
    import pandas as pd
    from anndata import AnnData

    from napari_c3r.session import Session

_INFOS = dict(described(QualityOptions))


class QualityPanel(QWidget):
    """What each cell is flagged for, from which score on, and whether flagged ones are left out.

    Signals
    -------
    changed
        With other `QualityOptions`.
    filter_chosen
        With another `CellFilter`.
    selected
        With the cells, bool (cells,), that have the flag shown.
    """

    changed = Signal(object)
    filter_chosen = Signal(object)
    selected = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self._options, self._filter = QualityOptions(), CellFilter()
        self._session: Session | None = None
        self._counted: tuple[Any, ...] | None = None
        self._scores: Any = None
        self._mask: NDArray[np.bool_] = np.zeros(0, bool)
        self.choice = NameBox()
        self.choice.setAccessibleName("Flag")
        self.choice.setToolTip("What is looked at")
        shrinkable(self.choice)
        for name in FLAGS:
            self.choice.addItem(_INFOS[name].label, name)
        self.on = QCheckBox("from")
        self.on.setToolTip("Flag cells from this score on; the line in the histogram can be moved")
        self.limit = QDoubleSpinBox()
        self.limit.setAccessibleName("Threshold")
        self.limit.setToolTip("From this score on, cells are flagged")
        self.limit.setKeyboardTracking(False)
        self.limit.setMinimumWidth(60)
        self.histogram = ScoreHistogram()
        self.told = WrappedLabel()
        set_tone(self.told, Tone.QUIET)
        self.select_button = QPushButton("Select these cells")
        self.select_button.setToolTip("Select them in image, map and montage")
        self.save_button = QPushButton("Save figure…")
        self.door = FigureDoor("quality", self.save_button)
        self.door.said.connect(self.told.setText)
        self.summary = WrappedLabel()
        self.leave_out = QCheckBox("Leave out flagged cells")
        self.leave_out.setToolTip(
            "From map, clusters, tables and everything made of them; they are hidden, never deleted"
        )
        self._build()
        self._connect()
        self.hide()

    def _build(self) -> None:
        row = QHBoxLayout()
        row.setSpacing(6)
        row.addWidget(self.choice, 1)
        row.addWidget(self.on)
        row.addWidget(self.limit)
        body = QWidget()
        inside = QVBoxLayout(body)
        inside.setContentsMargins(6, 0, 0, 0)
        inside.setSpacing(4)
        inside.addLayout(row)
        for widget in (
            self.histogram,
            self.told,
            self.select_button,
            self.save_button,
            self.door,
        ):
            inside.addWidget(widget)
        self.collapsible = Collapsible("Quality", body)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(2)
        for part in (self.collapsible, self.summary, self.leave_out):
            column.addWidget(part)

    def _connect(self) -> None:
        self.choice.activated.connect(lambda _: self._show_flag())
        self.collapsible.toggled.connect(lambda _: self._show_flag())
        self.on.toggled.connect(self._on_switched)
        self.limit.valueChanged.connect(self._set_limit)
        self.histogram.dragged.connect(self._show_moving)
        self.histogram.chosen.connect(self._set_limit)
        self.leave_out.toggled.connect(
            lambda wanted: self.filter_chosen.emit(replace(self._filter, flagged=wanted))
        )
        self.select_button.clicked.connect(lambda: self.selected.emit(self._mask))

    @property
    def flag(self) -> str:
        """The flag shown."""
        return str(self.choice.currentData())

    def show_session(self, session: Session) -> None:
        """Show the scores of the result, and how many cells they flag."""
        result = session.result.current
        # Tables of earlier versions were never flagged.
        flagged = result is not None and SUMMARY in result.all_rows.obs
        self.setVisible(flagged)
        if result is None or not flagged:
            return
        self._session, self._options = session, session.result.quality
        self._filter = session.result.filter or CellFilter()
        with QSignalBlocker(self.leave_out):
            self.leave_out.setChecked(self._filter.flagged)
        now = result.all_rows, result.table, self._options
        # Counting a million cells at every change of a selection would be felt.
        if self._counted is not None and all(
            a is b for a, b in zip(self._counted, now, strict=True)
        ):
            return
        self._counted = now
        rows = result.all_rows.obs
        count = int(flagged_rows(rows).sum())
        kinds = [
            f"{figures(number)} {name.replace('_', ' ')}"
            for name in FLAGS
            if (number := int(rows[f"qc_{name}"].sum()))
        ]
        fields = rows.loc[rows["qc_field"] != "clean", "image"].nunique()
        kinds += [f"all of {counted(fields, 'field')}"] if fields else []
        words = f"{figures(count)} of {counted(len(rows), 'cell')} flagged"
        self.summary.setText(f"{words}: {', '.join(kinds)}" if kinds else words)
        shown = rows.index.isin(result.table.obs.index)
        self._shown_rows = np.flatnonzero(shown)
        self._show_flag()

    def _show_flag(self) -> None:
        if self._session is None or not self.collapsible.isExpanded():
            return
        self._scores = self._session.result.scores()
        name, limit = self.flag, asdict(self._options)[self.flag]
        info = _INFOS[name]
        with QSignalBlocker(self.on), QSignalBlocker(self.limit):
            self.on.setChecked(limit is not None)
            self.limit.setRange(info.minimum or 0, info.maximum or 100)
            self.limit.setDecimals(2)
            self.limit.setSingleStep(0.01 if info.maximum == 1 else 0.1)
            self.limit.setEnabled(limit is not None)
            if limit is not None:
                self.limit.setValue(limit)
        unit = "robust deviations" if info.unit else "score, 0 to 1"
        self.histogram.show_scores(self._scores[name].to_numpy(), limit, unit)
        self.histogram.setToolTip(f"{info.help}. Drag the line, or move it with the arrow keys")
        self._show_count(limit)
        result = self._session.result.current
        if result is not None:
            self.door.set_source(partial(_drawing, result.all_rows, self._scores[name], limit))

    def _show_count(self, limit: float | None) -> None:
        info, scores = _INFOS[self.flag], self._scores[self.flag].to_numpy()
        with np.errstate(invalid="ignore"):
            chosen = np.zeros(len(scores), bool) if limit is None else scores > limit
        self._mask = chosen[self._shown_rows]
        words = f"{info.help}: {counted(int(chosen.sum()), 'cell')}"
        if not np.isfinite(scores).any():
            words = "Not measured for these cells; embed them again"
        self.told.setText(words)
        self.select_button.setEnabled(bool(self._mask.any()))

    def _show_moving(self, limit: float) -> None:
        """Count while the line is being moved; nothing is flagged anew yet."""
        with QSignalBlocker(self.limit):
            self.limit.setValue(limit)
        self._show_count(limit)

    def _on_switched(self, wanted: bool) -> None:
        default = getattr(QualityOptions(), self.flag)
        self._set_limit(default if wanted else None)

    def _set_limit(self, limit: float | None) -> None:
        self.changed.emit(replace(self._options, **{self.flag: limit}))


def _drawing(
    table: AnnData, scores: pd.Series, limit: float | None, size: FigureSize
) -> Callable[[], Drawing]:
    """What draws the scores of a flag, for a page."""
    info, values = _INFOS[str(scores.name)], scores.to_numpy(copy=True)
    method = method_words(table)
    name = f"{info.label} ({'robust deviations' if info.unit else 'score, 0 to 1'})"
    return lambda: histogram_figure(
        values, name, limits=(None, limit), method=method, width=size.width
    )
