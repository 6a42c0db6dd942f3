"""Has Qt give back what it would keep of widgets that are no more."""

from __future__ import annotations

from qtpy.QtWidgets import QAbstractSpinBox, QComboBox, QFrame, QLineEdit, QWidget
from superqt import QFlowLayout

# It says nothing, but it is not empty.
_SHEET = "*{}"


def forget_with(widget: QWidget) -> None:
    """Have Qt drop what it would keep of the insides of a widget when that goes.

    Qt remembers what style sheets say of each widget until that one is destroyed, but it does
    not follow the list of a combo box nor the line of a spin box, which it takes for a part of
    their box: about 1 KiB of each stays for good. It follows one that has a style sheet itself.

    A flow layout, which is written in Python, is gone before it could delete the items of its
    widgets: about 90 bytes of each stay. They are deleted where widgets are taken out.

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
    for flow in widget.findChildren(QFlowLayout):
        items = [flow.itemAt(place) for place in range(flow.count())]
        for inside in [item.widget() for item in items if item is not None]:
            flow.removeWidget(inside)
