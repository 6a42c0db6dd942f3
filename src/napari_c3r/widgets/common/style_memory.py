"""Has Qt forget what a style sheet says of widgets that are no more."""

from __future__ import annotations

from qtpy.QtWidgets import QAbstractSpinBox, QComboBox, QFrame, QLineEdit, QWidget

# It says nothing, but it is not empty.
_SHEET = "*{}"


def forget_with(widget: QWidget) -> None:
    """Have Qt drop what it remembers of the insides of a widget's boxes when they go.

    Qt remembers what style sheets say of each widget until that one is destroyed, but it does
    not follow the list of a combo box nor the line of a spin box, which it takes for a part of
    their box: about 1 KiB of each stays for good. It follows one that has a style sheet itself.

    Parameters
    ----------
    widget
        What is about to go, with all that is in it.
    """
    for box in widget.findChildren(QWidget):
        if not isinstance(box, QComboBox | QAbstractSpinBox):
            continue
        for part in box.findChildren(QWidget):
            if isinstance(part, QLineEdit | QFrame) and part.parent() is box:
                part.setStyleSheet(_SHEET)
                part.ensurePolished()
