"""How cells like those selected are to be found: how many, like which, by which channels."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from qtpy.QtCore import QSignalBlocker, Qt, Signal
from qtpy.QtGui import QKeyEvent
from qtpy.QtWidgets import QComboBox, QPushButton, QSpinBox, QWidget
from superqt import QFlowLayout

from napari_c3r.core.learn.similar import LikeSet
from napari_c3r.widgets.common.form import shrinkable, titled
from napari_c3r.widgets.common.labels import WrappedLabel

_MOST: Final = 1_000_000
_AT_FIRST: Final = 20
NOTHING: Final = "Select some cells, or click one, to find others like them"
EVERYTHING: Final = "Every cell is selected, so there are no others"


class SimilarRow(QWidget):
    """How many cells, like which, by which channels.

    Signals
    -------
    wanted
        They are to be selected too.
    closed
        The user is done.
    """

    wanted = Signal()
    closed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.count = QSpinBox()
        self.count.setRange(1, _MOST)
        self.count.setValue(_AT_FIRST)
        self.count.setAccessibleName("How many cells to find")
        self.count.setToolTip("So many cells are added to the selection")
        self.like = WrappedLabel()
        self.channels = shrinkable(QComboBox())
        self.channels.setAccessibleName("Compare by")
        self.channels.setToolTip("Which part of the vectors is compared")
        self.by = QComboBox()
        self.by.setAccessibleName("Like all or like one of them")
        for text, by, tip in (
            ("like them together", LikeSet.MEAN, "Like what they have in common: their mean"),
            ("like one of them", LikeSet.NEAREST, "Like at least one, where they are of kinds"),
        ):
            self.by.addItem(text, by)
            self.by.setItemData(self.by.count() - 1, tip, Qt.ItemDataRole.ToolTipRole)
        self.find_button = QPushButton("Add to selection")
        row = QFlowLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        find = titled("Find", self.count)
        for part in (find, self.by, self.channels, self.find_button):
            row.addWidget(part)
        row.addWidget(self.like)
        self.find_button.clicked.connect(self.wanted)
        self.offer([])
        self.show_state(0, NOTHING)

    def offer(self, channels: Sequence[str]) -> None:
        """Offer channels whose parts of the vectors can be compared; what was chosen stays."""
        before = self.channels.currentData()
        with QSignalBlocker(self.channels):
            self.channels.clear()
            self.channels.addItem("by the whole vector", None)
            for name in channels:
                self.channels.addItem(f"by {name}", name)
            self.channels.setCurrentIndex(max(self.channels.findData(before), 0))
        self.channels.setVisible(len(channels) > 1)

    def show_state(self, count: int, reason: str) -> None:
        """Take note of how many cells others are to be like, or say why none can be found."""
        self.like.setText(reason)
        self.like.setVisible(bool(reason))
        self.by.setEnabled(count > 1)
        self.by.setToolTip(
            "What being like the selected cells means" if count > 1 else "It is one cell"
        )
        self.find_button.setEnabled(not reason)
        self.find_button.setToolTip(
            reason or "Add the cells most like these to the selection, by cosine of the vectors"
        )

    def keyPressEvent(self, event: QKeyEvent | None) -> None:
        if event is not None and event.key() == Qt.Key.Key_Escape:
            self.closed.emit()
        elif event is not None and event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.find_button.click()
        else:
            super().keyPressEvent(event)
