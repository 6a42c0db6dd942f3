"""What else explains the map, in sentences and figures."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtWidgets import QVBoxLayout, QWidget

from napari_c3r.widgets.common.collapsible import Collapsible
from napari_c3r.widgets.diagnostics.details import Details
from napari_c3r.widgets.diagnostics.sentences import Sentences

if TYPE_CHECKING:
    from napari_c3r.core.diagnose.confounds_result import Confounds

_FIRST = 4
"""Sentences that are read at once, one for the map or a cluster; the largest shares come first."""


class ConfoundsBody(QWidget):
    """Shows what explains the map, or why that is not known."""

    def __init__(self) -> None:
        super().__init__()
        self.sentences, self.notes, self.others = Sentences(), Sentences(), Sentences()
        self.more = Collapsible("", self.others)
        self.details = Details("All figures", "Share that each factor explains")
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        for widget in (self.sentences, self.more, self.notes, self.details):
            column.addWidget(widget)

    def show_confounds(self, found: Confounds | None, why: str) -> None:
        """Show what was found; `why` it was not where it is None."""
        self.details.setVisible(found is not None and bool(found.results))
        if found is None:
            self.sentences.show_lines([why])
            self.notes.show_lines([])
            self.more.hide()
            return
        first, others = found.sentences[:_FIRST], found.sentences[_FIRST:]
        self.sentences.show_lines(first)
        self.others.show_lines(others)
        self.more.set_title(f"{len(others)} more")
        self.more.collapse()
        self.others.hide()
        self.more.setVisible(bool(others))
        self.notes.show_lines(found.notes)
        table = found.table
        shown = table.assign(
            explained=[f"{max(value, 0):.0%}" for value in table["explained"]],
            by_chance=[f"up to {max(value, 0):.0%}" for value in table["by_chance"]],
        )
        self.details.show_frame(shown.drop(columns="sentence"), table)
