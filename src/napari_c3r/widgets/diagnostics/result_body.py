"""What a diagnostic found that has no body of its own: sentences, a figure and a table."""

from __future__ import annotations

from qtpy.QtCore import Qt
from qtpy.QtGui import QPixmap, QResizeEvent
from qtpy.QtWidgets import QLabel, QVBoxLayout, QWidget

from napari_c3r.core.diagnose.registry import Diagnostic, DiagnosticResult
from napari_c3r.widgets.common.labels import plain_tip
from napari_c3r.widgets.diagnostics.details import Details
from napari_c3r.widgets.diagnostics.sentences import Sentences


class Picture(QLabel):
    """A picture as wide as there is room, and never wider than it is."""

    def __init__(self) -> None:
        super().__init__()
        self.setMinimumWidth(1)
        self._whole = QPixmap()

    def show_picture(self, content: bytes, text: str) -> None:
        """Show a PNG; `text` says what it shows to those who cannot see it."""
        self._whole = QPixmap()
        self._whole.loadFromData(content)
        self.setAccessibleName(text)
        self.setToolTip(plain_tip(text))
        self._fit()

    def resizeEvent(self, event: QResizeEvent | None) -> None:
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        if self._whole.isNull():
            return
        width = max(1, min(self.width(), self._whole.width()))
        smooth = Qt.TransformationMode.SmoothTransformation
        self.setPixmap(self._whole.scaledToWidth(width, smooth))


class ResultBody(QWidget):
    """Shows the result of one diagnostic, or why there is none.

    Parameters
    ----------
    diagnostic
        Whose figure to draw.
    """

    def __init__(self, diagnostic: Diagnostic) -> None:
        super().__init__()
        self.diagnostic = diagnostic
        self.sentences, self.notes = Sentences(), Sentences()
        self.picture = Picture()
        self.details = Details("All figures", f"Figures of: {diagnostic.label}")
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        for widget in (self.sentences, self.picture, self.notes, self.details):
            column.addWidget(widget)
        self.show_reason(diagnostic.help)

    def show_result(self, result: DiagnosticResult) -> None:
        """Show what was found."""
        from napari_c3r.core.diagnose.report.figures import png

        self.sentences.show_lines([result.sentence])
        self.notes.show_lines(result.notes)
        figure = self.diagnostic.figure_of(result)
        self.picture.setVisible(figure is not None)
        if figure is not None:
            text = str(figure.get_label()) or self.diagnostic.label
            self.picture.show_picture(png(figure), text)
        self.details.setVisible(len(result.table) > 0)
        if len(result.table):
            self.details.show_frame(result.table.round(3), result.table)

    def show_reason(self, why: str) -> None:
        """Say why there is no result."""
        self.sentences.show_lines([why])
        self.notes.show_lines([])
        self.picture.hide()
        self.details.hide()
