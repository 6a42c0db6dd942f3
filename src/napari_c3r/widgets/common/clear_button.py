"""A button in a line of text that empties it, with a name."""

from __future__ import annotations

from qtpy.QtWidgets import QLineEdit, QToolButton


def add_clear_button(line: QLineEdit) -> None:
    """Let a button empty a line; Qt gives its own neither a name nor a tooltip."""
    line.setClearButtonEnabled(True)
    for button in line.findChildren(QToolButton):
        button.setAccessibleName("Clear")
        button.setToolTip("Clear what is written")
