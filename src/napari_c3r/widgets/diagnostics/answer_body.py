"""The answer: a sentence, bars with intervals and noise floor, and the figures behind them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import Signal
from qtpy.QtWidgets import QVBoxLayout, QWidget

from napari_c3r.widgets.diagnostics.bars import BarChart
from napari_c3r.widgets.diagnostics.charts import label_chart, neighbour_chart
from napari_c3r.widgets.diagnostics.details import Details
from napari_c3r.widgets.diagnostics.sentences import Sentences

if TYPE_CHECKING:
    from napari_c3r.core.diagnose import FlipReport

_KEY = (
    "Coloured and bold: it matters, as tested on the same perturbed crops. Grey: what turning and "
    "shifting crops does, which says nothing about a cell. Lines: 95 % intervals."
)


class AnswerBody(QWidget):
    """Shows a report; a bar that is chosen is explained in a sentence."""

    chosen = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self._report: FlipReport | None = None
        self.headline = Sentences(lead=True)
        self.neighbours = BarChart("Neighbours changed by each variant")
        self.telling = BarChart("Change of average precision by each variant")
        self.key, self.sentence, self.notes = Sentences(), Sentences(), Sentences()
        self.details = Details("All figures", "Figures of every variant")
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        for widget in (
            self.headline,
            self.neighbours,
            self.telling,
            self.key,
            self.sentence,
            self.notes,
            self.details,
        ):
            column.addWidget(widget)
        self.key.show_lines([_KEY])
        for chart in (self.neighbours, self.telling):
            chart.chosen.connect(self.chosen)

    def show_report(self, report: FlipReport) -> None:
        """Show what was found."""
        from napari_c3r.core.diagnose.report.sections import shown

        self._report = report
        self.headline.show_lines([report.headline])
        self.neighbours.show_chart(neighbour_chart(report))
        telling = label_chart(report)
        self.telling.setVisible(telling is not None)
        if telling is not None:
            self.telling.show_chart(telling)
        skipped = [f"Not asked: {reason}" for reason in report.skipped]
        self.notes.show_lines([*report.notes, *skipped])
        self.details.show_frame(shown(report), report.table)

    def show_variant(self, name: str) -> None:
        """Mark a variant and report what it does."""
        for chart in (self.neighbours, self.telling):
            chart.show_current(name)
        if self._report is not None:
            reported = self._report.sentence(name)
            known = reported in self._report.headline
            self.sentence.show_lines([] if known else [reported])

    def set_theme(self, background: str, foreground: str) -> None:
        """Colours of the window, each ``"#rrggbb"``."""
        for chart in (self.neighbours, self.telling):
            chart.set_theme(background, foreground)
