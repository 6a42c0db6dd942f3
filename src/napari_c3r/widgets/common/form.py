"""Rows of a title and a control, alike in every step."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from qtpy.QtCore import Qt
from qtpy.QtWidgets import (
    QBoxLayout,
    QComboBox,
    QFormLayout,
    QFrame,
    QHBoxLayout,
    QLabel,
    QScrollArea,
    QWidget,
)

from napari_c3r.widgets.common.elision import CutText, NameBox


def form(*rows: tuple[str, QWidget], margins: tuple[int, int, int, int] = (0, 0, 0, 0)) -> QWidget:
    """Lay out titled controls that fill the width.

    Parameters
    ----------
    *rows
        Title, which may be empty, and control.
    margins
        Left, top, right and bottom, in pixels.
    """
    holder = QWidget()
    layout = QFormLayout(holder)
    layout.setContentsMargins(*margins)
    layout.setVerticalSpacing(4)
    layout.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
    for title, control in rows:
        layout.addRow(title, control)
    return holder


def shrinkable(box: QComboBox) -> QComboBox:
    """Let a box be narrower than its longest entry, so that the dock can be; give it back."""
    box.setMinimumContentsLength(8)
    box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
    if not (box.isEditable() or isinstance(box, NameBox)):
        CutText(box)
    return box


def put_below(parts: QBoxLayout, below: bool) -> None:
    """Let parts stand one below the other, or side by side."""
    wanted = QBoxLayout.Direction.TopToBottom if below else QBoxLayout.Direction.LeftToRight
    if parts.direction() != wanted:
        parts.setDirection(wanted)


def titled(title: str, control: QWidget) -> QWidget:
    """A control behind its title, which stay together."""
    holder = QWidget()
    row = QHBoxLayout(holder)
    row.setContentsMargins(0, 0, 0, 0)
    row.setSpacing(4)
    row.addWidget(QLabel(title))
    row.addWidget(control)
    return holder


def scrolled(page: QWidget) -> QScrollArea:
    """What scrolls a page up and down where there is no room for all of it."""
    area = QScrollArea()
    area.setFrameShape(QFrame.Shape.NoFrame)
    area.setWidgetResizable(True)
    area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    area.setWidget(page)
    return area


def tab_before(control: QWidget, late: Sequence[QWidget]) -> None:
    """Let Tab come to controls that were made late, in their order, just before another one.

    Without it they would come after everything else in the window.
    """
    for before, after in pairwise((control, *late, control) if late else ()):
        QWidget.setTabOrder(before, after)
