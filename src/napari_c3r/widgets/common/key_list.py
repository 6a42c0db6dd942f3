"""The list of all keys: a small window beside the docks, put away by the key that shows it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from qtpy.QtCore import Qt
from qtpy.QtGui import QKeyEvent, QKeySequence
from qtpy.QtWidgets import (
    QDialog,
    QFrame,
    QGridLayout,
    QLabel,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from napari_c3r.widgets.common.labels import WrappedLabel

if TYPE_CHECKING:
    from napari_c3r.widgets.common.key_actions import KeyAction
    from napari_c3r.widgets.common.keyed_dock import KeyedDock

_WIDTH, _HEIGHT, _MARGIN = 400, 480, 24
_CAP = (
    "border: 1px solid rgba(128, 128, 128, 150); border-radius: 3px; padding: 1px 5px;"
    " background: rgba(128, 128, 128, 40);"
)


class KeyList(QDialog):
    """What each dock does by keys and by the mouse; it never holds anything up.

    Parameters
    ----------
    window
        Over which it is shown.
    docks
        The docks to tell of, the one that is asked first.
    """

    def __init__(self, window: QWidget, docks: Sequence[KeyedDock]) -> None:
        super().__init__(window, Qt.WindowType.Tool)
        self.setObjectName("c3r_keys")
        self.setWindowTitle("Keys of C3R")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        holder = QWidget()
        parts = QVBoxLayout(holder)
        parts.setContentsMargins(12, 4, 12, 12)
        parts.setSpacing(5)
        for each in docks:
            _add_dock(parts, each)
        parts.addStretch(1)
        area = QScrollArea()
        area.setWidget(holder)
        area.setWidgetResizable(True)
        area.setFrameShape(QFrame.Shape.NoFrame)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        area.setAccessibleName("Keys")
        hint = WrappedLabel("They work while the focus is in the dock: click into it first.")
        hint.setContentsMargins(12, 10, 12, 4)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(hint)
        column.addWidget(area, 1)
        self._place(window)

    def keyPressEvent(self, event: QKeyEvent | None) -> None:
        """Close with Esc and with the key that opened it."""
        if event is not None and event.text() == "?":
            self.close()
        else:
            super().keyPressEvent(event)

    def _place(self, window: QWidget) -> None:
        """Over the middle of the window, never beyond its edges."""
        around = window.frameGeometry()
        width = min(_WIDTH, around.width() - _MARGIN)
        self.resize(width, min(_HEIGHT, around.height() - _MARGIN))
        self.move(around.center() - self.rect().center())


def caps(action: KeyAction) -> list[str]:
    """The keys of an action, as this system writes them."""
    native = QKeySequence.SequenceFormat.NativeText
    return [QKeySequence(key).toString(native) for key in action.keys[:1]]


def toggle_keys(window: QWidget | None, docks: Sequence[KeyedDock]) -> None:
    """Show the list of the docks' keys over a window, or put it away."""
    if window is None:
        return
    # One that was closed is there until Qt gets to delete it.
    shown = [each for each in window.findChildren(KeyList) if each.isVisible()]
    for each in shown:
        each.close()
    if not shown:
        KeyList(window, docks).show()


def _add_dock(parts: QVBoxLayout, dock: KeyedDock) -> None:
    title = QLabel(f"<b>{dock.name}</b>")
    title.setContentsMargins(0, 8, 0, 0)
    parts.addWidget(title)
    keys, gestures = _grid(), _grid()
    for row, action in enumerate(dock.all_key_actions):
        _add_row(keys, row, " ".join(caps(action)), action.sentence, _CAP)
    for row, (done, sentence) in enumerate(dock.gestures):
        _add_row(gestures, row, done, sentence)
    parts.addLayout(keys)
    parts.addLayout(gestures)


def _grid() -> QGridLayout:
    """Keys are short and gestures are not: each have a column of their own width."""
    grid = QGridLayout()
    grid.setHorizontalSpacing(12)
    grid.setVerticalSpacing(5)
    grid.setColumnStretch(1, 1)
    return grid


def _add_row(grid: QGridLayout, row: int, what: str, sentence: str, style: str = "") -> None:
    key = QLabel(what)
    key.setTextFormat(Qt.TextFormat.PlainText)
    key.setStyleSheet(style)
    top = Qt.AlignmentFlag.AlignTop
    grid.addWidget(key, row, 0, Qt.AlignmentFlag.AlignLeft | top)
    grid.addWidget(WrappedLabel(sentence), row, 1, top)
