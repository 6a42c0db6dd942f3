"""Lines of text one under the other, the first of which may be larger."""

from __future__ import annotations

from collections.abc import Sequence

from qtpy.QtCore import Qt
from qtpy.QtWidgets import QLabel, QVBoxLayout, QWidget

from napari_c3r.widgets.common.labels import PlainLabel

_LEAD_SCALE = 1.15


class Sentences(QWidget):
    """Sentences that wrap, and that can be marked and copied.

    Parameters
    ----------
    lead
        Whether to write them larger than the rest.
    """

    def __init__(self, *, lead: bool = False) -> None:
        super().__init__()
        self._lead = lead
        self.labels: list[QLabel] = []
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(4)

    @property
    def text(self) -> str:
        """All sentences, a line each."""
        return "\n".join(label.text() for label in self.labels)

    def show_lines(self, lines: Sequence[str]) -> None:
        """Show other sentences, each ended by a full stop; nothing where there are none."""
        while len(self.labels) < len(lines):
            self._add()
        while len(self.labels) > len(lines):
            gone = self.labels.pop()
            self._column.removeWidget(gone)
            gone.deleteLater()
        for label, line in zip(self.labels, lines, strict=True):
            label.setText(line if line.endswith((".", "…")) else f"{line}.")
        self.setVisible(bool(lines))

    def _add(self) -> None:
        label = PlainLabel()
        label.setWordWrap(True)
        label.setMinimumWidth(1)
        label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        if self._lead:
            # A style sheet, as the window's own would win over a font.
            points = self.fontInfo().pointSizeF() * _LEAD_SCALE
            label.setStyleSheet(f"font-size: {points:.1f}pt;")
        self.labels.append(label)
        self._column.addWidget(label)
