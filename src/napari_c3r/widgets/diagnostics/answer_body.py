"""The answer: a sentence, bars in three grades beside noise, and the figures behind them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import Qt, Signal
from qtpy.QtWidgets import QLabel, QPushButton, QVBoxLayout, QWidget

from napari_c3r.core.diagnose.charts import label_chart, neighbour_chart, report_figure
from napari_c3r.core.diagnose.verdict import GRADE_COLOURS, Grade
from napari_c3r.core.figures.grounds import on_ground
from napari_c3r.widgets.common.figure_door import FigureDoor
from napari_c3r.widgets.common.labels import WrappedLabel
from napari_c3r.widgets.diagnostics.bars import BarChart
from napari_c3r.widgets.diagnostics.details import Details
from napari_c3r.widgets.diagnostics.sentences import Sentences

if TYPE_CHECKING:
    from napari_c3r.core.diagnose import FlipReport


def _key(ground: str) -> str:
    """The grades in their colours, in fixed words only."""
    squares = [
        f'<span style="color:{on_ground(GRADE_COLOURS[grade], ground)}">■</span>&nbsp;{words}'
        for grade, words in (
            (Grade.LARGE, f"{Grade.LARGE}: the role matters here"),
            (Grade.SMALL, str(Grade.SMALL)),
            (Grade.NONE, str(Grade.NONE)),
        )
    ]
    band = "Band: noise, as large as turning and shifting the crop. Lines: 95&nbsp;% intervals."
    return "<br>".join([*squares, band])


class AnswerBody(QWidget):
    """Shows a report; a bar that is chosen is explained in a sentence."""

    chosen = Signal(str)
    saved = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self._report: FlipReport | None = None
        self.headline = Sentences(lead=True)
        self.neighbours = BarChart("Further neighbours changed by each variant")
        self.telling = BarChart("Change of neighbours of the same label by each variant")
        self.neighbours_title, self.telling_title = WrappedLabel(), WrappedLabel()
        self.key = QLabel()
        self.key.setTextFormat(Qt.TextFormat.RichText)
        self.key.setWordWrap(True)
        self.key.setMinimumWidth(1)
        self.sentence, self.notes = Sentences(), Sentences()
        self.save_button = QPushButton("Save figure…")
        self.door = FigureDoor("roles", self.save_button)
        self.door.said.connect(self.saved)
        self.details = Details("All figures", "Figures of every variant")
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        for widget in (
            self.headline,
            self.neighbours_title,
            self.neighbours,
            self.key,
            self.telling_title,
            self.telling,
            self.sentence,
            self.notes,
            self.details,
            self.save_button,
            self.door,
        ):
            column.addWidget(widget)
        for chart in (self.neighbours, self.telling):
            chart.chosen.connect(self.chosen)
        self.show_report(None)

    def show_report(self, report: FlipReport | None) -> None:
        """Show what was found; None before anything was asked."""
        self._report = report
        has_results = report is not None and bool(report.results)
        charts = (
            self.neighbours_title,
            self.neighbours,
            self.key,
            self.details,
            self.save_button,
        )
        for widget in (*charts, self.telling_title, self.telling):
            widget.setVisible(has_results)
        skipped = () if report is None else (f"Not asked: {why}" for why in report.skipped)
        self.notes.show_lines([] if report is None else [*report.notes, *skipped])
        if report is None or not has_results:
            why = "Nothing was asked yet" if report is None else "The roles were not asked"
            self.door.set_source(None, f"{why}, so there is no figure")
            self.headline.show_lines([why])
            self.sentence.show_lines([])
            return
        from napari_c3r.core.diagnose.report.sections import shown

        self.headline.show_lines([report.headline])
        neighbours, telling = neighbour_chart(report), label_chart(report)
        self.neighbours_title.setText(neighbours.title)
        self.neighbours.show_chart(neighbours)
        for widget in (self.telling_title, self.telling):
            widget.setVisible(telling is not None)
        if telling is not None:
            self.telling_title.setText(telling.title)
            self.telling.show_chart(telling)
        self.details.show_frame(shown(report), report.table)
        self.door.set_source(lambda size: lambda: report_figure(report, width=size.width))

    def show_variant(self, name: str) -> None:
        """Mark a variant and report what it does."""
        for chart in (self.neighbours, self.telling):
            chart.show_current(name)
        report = self._report
        if report is not None:
            told = [each for each in report.sentences(name) if each not in report.headline]
            self.sentence.show_lines(told)

    def set_theme(self, background: str, foreground: str) -> None:
        """Colours of the window, each ``"#rrggbb"``."""
        self.key.setText(_key(background))
        for chart in (self.neighbours, self.telling):
            chart.set_theme(background, foreground)
