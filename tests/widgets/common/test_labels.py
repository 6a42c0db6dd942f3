"""Names in labels and tooltips are shown letter by letter, never read as markup."""

from __future__ import annotations

import pytest
from qtpy.QtCore import Qt
from qtpy.QtWidgets import QLabel, QWidget

from napari_c3r.widgets.common.labels import ElidedLabel, PlainLabel, WrappedLabel, plain_tip
from tests.widgets.fields import labels, planes, take_image, take_labels

EVIL = "<h1>DNA</h1>"
NAMES = (EVIL, '<img src="x">RNA', "<b>ER")


@pytest.mark.parametrize("kind", [PlainLabel, ElidedLabel, WrappedLabel])
@pytest.mark.parametrize("name", NAMES)
def test_labels_are_plain(qtbot, kind, name):
    label = kind(name)
    qtbot.addWidget(label)
    assert label.textFormat() == Qt.TextFormat.PlainText
    assert label.text() == name
    assert not label.toolTip() or "&lt;" in label.toolTip()


def test_tips_are_escaped_where_they_would_be_markup():
    assert plain_tip("a < b & c") == "a < b & c"
    assert plain_tip(EVIL) == "<span>&lt;h1&gt;DNA&lt;/h1&gt;</span>"
    assert plain_tip(None) == ""


def rich(text: str) -> bool:
    return any(name in text for name in NAMES) and Qt.mightBeRichText(text)


@pytest.mark.gl
@pytest.mark.usefixtures("quick")
def test_no_name_is_markup_in_the_dock(viewer, dock, user):
    for name, plane in zip(NAMES, planes(), strict=True):
        viewer.add_image(plane, name=name)
    viewer.add_labels(labels(), name="<u>mine")
    viewer.layers.selection = set(list(viewer.layers)[:3])
    take_image(dock, user)
    take_labels(dock, user)
    for label in dock.findChildren(QLabel):
        assert not rich(label.text()) or label.textFormat() == Qt.TextFormat.PlainText
    for widget in dock.findChildren(QWidget):
        assert not rich(widget.toolTip())
