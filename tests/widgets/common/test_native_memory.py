"""What is about to go leaves nothing behind in Qt."""

from __future__ import annotations

import pytest
from qtpy.QtCore import Qt
from qtpy.QtWidgets import QComboBox, QFrame, QLabel, QLineEdit, QSpinBox, QVBoxLayout, QWidget
from superqt import QFlowLayout

from napari_c3r.widgets.common.native_memory import forget_with

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


def test_widgets_are_taken_out_of_flows_and_stay_where_they_are(qtbot):
    page = QWidget()
    qtbot.addWidget(page)
    outer, inner = QVBoxLayout(page), QFlowLayout()
    outer.addLayout(inner)
    words = [QLabel(text) for text in ("a", "b", "c")]
    for word in words:
        inner.addWidget(word)
    forget_with(page)
    assert inner.count() == 0
    assert [word.parent() for word in words] == [page] * 3
