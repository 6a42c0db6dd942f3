"""Qt follows the insides of boxes whose end is near, so that it forgets them with their boxes."""

from __future__ import annotations

import pytest
from qtpy.QtCore import Qt
from qtpy.QtWidgets import QComboBox, QFrame, QLineEdit, QSpinBox, QVBoxLayout, QWidget

from napari_c3r.widgets.common.style_memory import forget_with

FOLLOWED = Qt.WidgetAttribute.WA_StyleSheet


@pytest.mark.parametrize(("kind", "inside"), [(QComboBox, QFrame), (QSpinBox, QLineEdit)])
def test_the_inside_of_a_box_is_followed_once_its_end_is_near(qtbot, kind, inside):
    page = QWidget()
    qtbot.addWidget(page)
    page.setStyleSheet("QLabel { color: red; }")
    box = kind()
    QVBoxLayout(page).addWidget(box)
    page.ensurePolished()
    if kind is QComboBox:
        box.view()  # Its list is made when it is first asked for.
    parts = [part for part in box.findChildren(inside) if part.parent() is box]
    for part in parts:
        part.ensurePolished()
    assert parts
    assert not any(part.testAttribute(FOLLOWED) for part in parts)
    forget_with(page)
    assert all(part.testAttribute(FOLLOWED) for part in parts)
