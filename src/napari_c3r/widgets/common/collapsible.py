"""A title that shows or hides what few people need."""

from __future__ import annotations

from qtpy.QtGui import QIcon
from qtpy.QtWidgets import QWidget
from superqt import QCollapsible

# Of Qt, which gives it no name in Python.
_UNLIMITED = (1 << 24) - 1


class Collapsible(QCollapsible):
    """A small header with an arrow, and the body under it, collapsed at first.

    Parameters
    ----------
    title
        One or two words.
    body
        What is shown when the title is clicked.
    """

    def __init__(self, title: str, body: QWidget) -> None:
        # The arrow is part of the text: an icon would keep the colour of the theme it was drawn in.
        super().__init__(expandedIcon=QIcon(), collapsedIcon=QIcon())
        self._title = title
        self.body = body
        self.button = self.toggleButton()
        self.setDuration(0)
        self.button.setToolTip("Show or hide")
        self.button.setStyleSheet(
            "QPushButton, QPushButton:checked, QPushButton:hover "
            "{ text-align: left; border: none; background: transparent; padding: 2px; }"
        )
        for layout in (self.layout(), self.content().layout()):
            assert layout is not None
            layout.setContentsMargins(0, 0, 0, 0)
            layout.setSpacing(4)
        self.addWidget(body)
        self.toggled.connect(self._show)
        self._show(False)

    def set_title(self, title: str) -> None:
        """Call the section otherwise."""
        self._title = title
        self._show(self.isExpanded())

    def _show(self, is_open: bool) -> None:
        # As high as it needs to be, whatever comes and goes in it.
        self.content().setMaximumHeight(_UNLIMITED if is_open else 0)
        # What is collapsed must not be reached by Tab either.
        self.body.setVisible(is_open)
        self.setText(f"{'▾' if is_open else '▸'} {self._title}")
        self.button.setAccessibleName(self._title)
