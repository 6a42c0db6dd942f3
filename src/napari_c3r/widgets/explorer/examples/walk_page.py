"""One cell at a time, large, with the names that it can be given."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Final

import numpy as np
from numpy.typing import NDArray
from qtpy.QtCore import QEvent, QSize, Qt, Signal
from qtpy.QtGui import QFocusEvent, QKeyEvent, QPixmap, QResizeEvent
from qtpy.QtWidgets import (
    QHBoxLayout,
    QLabel,
    QPushButton,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)
from superqt import QFlowLayout

from napari_c3r.session.walk import MOST_KEYS
from napari_c3r.widgets.common.form import scrolled
from napari_c3r.widgets.common.labels import WrappedLabel
from napari_c3r.widgets.explorer.tile_list import as_pixmap

_LARGEST_PX, _SMALLEST_PX = 320, 96
_NO_FOCUS: Final = "Click here, so that keys name the cell."


class WalkPage(QWidget):
    """Shows a cell and asks what it is.

    Signals
    -------
    named
        With the place of a name among those offered.
    accepted, skipped, went_back, ended
        What the user does with the cell.
    """

    named = Signal(int)
    accepted = Signal()
    skipped = Signal()
    went_back = Signal()
    ended = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.picture = _Picture()
        self.sentence = WrappedLabel()
        self.status = WrappedLabel()
        self.hint = WrappedLabel(_NO_FOCUS)
        self.accept_button = _button("Accept  Space", "Take the name suggested")
        self.skip_button = _button("Skip  S", "Leave it without a name")
        self.back_button = _button("Back  ⌫", "Look at the cell before again (Backspace)")
        self.end_button = _button("Done  Esc", "Back to the overview")
        self.name_buttons: list[QPushButton] = []
        self._names: list[str] = []
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName("One cell at a time")
        self._build()
        for button, signal in (
            (self.accept_button, self.accepted),
            (self.skip_button, self.skipped),
            (self.back_button, self.went_back),
            (self.end_button, self.ended),
        ):
            button.clicked.connect(signal)

    def show_names(self, names: Sequence[str], suggested: str) -> None:
        """Offer names; the suggested one stands out."""
        if list(names) != self._names:
            self._names = list(names)
            for button in self.name_buttons:
                self._flow.removeWidget(button)
                button.deleteLater()
            self.name_buttons = [self._name_button(place) for place in range(len(names))]
        for name, button in zip(self._names, self.name_buttons, strict=True):
            button.setDefault(name == suggested)
            font = button.font()
            font.setBold(name == suggested)
            button.setFont(font)

    def show_cell(self, sentence: str, status: str, *, has_cell: bool, can_go_back: bool) -> None:
        """Say what is known of the cell, and what can be done with it."""
        self.sentence.setText(sentence)
        self.status.setText(status)
        self.setAccessibleDescription(sentence)
        for button in (*self.name_buttons, self.accept_button, self.skip_button):
            button.setEnabled(has_cell)
        self.back_button.setEnabled(can_go_back)
        self.back_button.setToolTip(
            "Look at the cell before again (Backspace)" if can_go_back else "This is the first cell"
        )
        if not has_cell:
            self.picture.show_words("")

    def event(self, event: QEvent | None) -> bool:
        # While the focus is here, our keys go before the shortcuts of the window.
        is_override = event is not None and event.type() == QEvent.Type.ShortcutOverride
        if is_override and isinstance(event, QKeyEvent) and self._act_of(event) is not None:
            event.accept()
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent | None) -> None:
        act = None if event is None else self._act_of(event)
        if event is None or act is None:
            super().keyPressEvent(event)
        elif not event.isAutoRepeat():
            # A key held down must not name cells that nobody has seen.
            act()

    def resizeEvent(self, event: QResizeEvent | None) -> None:
        super().resizeEvent(event)
        self._fit()

    def focusInEvent(self, event: QFocusEvent | None) -> None:
        super().focusInEvent(event)
        self.hint.hide()

    def focusOutEvent(self, event: QFocusEvent | None) -> None:
        super().focusOutEvent(event)
        self.hint.show()

    def _act_of(self, event: QKeyEvent) -> Callable[[], None] | None:
        """What a key does here; None for one that is not ours."""
        if event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier:
            return None
        key = event.key()
        place = key - Qt.Key.Key_1
        if 0 <= place < min(MOST_KEYS, len(self._names)):
            return partial(self._press, self.name_buttons[place])
        button = {
            Qt.Key.Key_Space: self.accept_button,
            Qt.Key.Key_S: self.skip_button,
            Qt.Key.Key_Backspace: self.back_button,
            Qt.Key.Key_Escape: self.end_button,
        }.get(Qt.Key(key))
        return None if button is None else partial(self._press, button)

    def _press(self, button: QPushButton) -> None:
        if button.isEnabled():
            button.click()

    def _name_button(self, place: int) -> QPushButton:
        name = self._names[place]
        key = f"{place + 1}  " if place < MOST_KEYS else ""
        tip = f"Call it {name}" + (f" ({place + 1})" if key else "")
        button = _button(key + name.replace("&", "&&"), tip)
        button.clicked.connect(partial(self.named.emit, place))
        self._flow.addWidget(button)
        return button

    def _build(self) -> None:
        bold = self.sentence.font()
        bold.setBold(True)
        self.sentence.setFont(bold)
        names = QWidget()
        self._flow = QFlowLayout(names)
        self._flow.setContentsMargins(0, 0, 0, 0)
        row = QWidget()
        buttons = QFlowLayout(row)
        buttons.setContentsMargins(0, 0, 0, 0)
        for button in (self.accept_button, self.skip_button, self.back_button, self.end_button):
            buttons.addWidget(button)
        inside = QWidget()
        words = QVBoxLayout(inside)
        words.setContentsMargins(0, 0, 0, 0)
        words.setSpacing(6)
        for part in (self.sentence, names, row, self.status, self.hint):
            words.addWidget(part)
        words.addStretch(1)
        columns = QHBoxLayout(self)
        columns.setContentsMargins(4, 6, 4, 4)
        columns.setSpacing(10)
        columns.addWidget(self.picture, 0, Qt.AlignmentFlag.AlignTop)
        columns.addWidget(scrolled(inside), 1)

    def _fit(self) -> None:
        """Give the picture what the words can spare."""
        side = min(self.height() - 12, self.width() // 2, _LARGEST_PX)
        self.picture.set_side(max(side, _SMALLEST_PX))


def _button(text: str, tip: str) -> QPushButton:
    """A button that leaves the focus, and so the keys, where they are."""
    button = QPushButton(text)
    button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    button.setToolTip(tip)
    return button


class _Picture(QLabel):
    """A cell as large as there is room for."""

    def __init__(self) -> None:
        super().__init__()
        self._pixmap, self._side = QPixmap(), _SMALLEST_PX
        self.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.setWordWrap(True)
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setAccessibleName("Picture of the cell")
        # It may always get smaller again, or the dock could not.
        self.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Maximum)

    def set_side(self, side: int) -> None:
        """Be so large, in pixels, where there is the room."""
        if side != self._side:
            self._side = side
            self.updateGeometry()

    def show_picture(self, picture: NDArray[np.uint8]) -> None:
        """Show a picture (side, side, 3)."""
        self._pixmap = as_pixmap(picture)
        self._scale()

    def show_words(self, words: str) -> None:
        """Say why there is no picture."""
        self._pixmap = QPixmap()
        self.setText(words)

    @property
    def has_picture(self) -> bool:
        """Whether a cell is shown."""
        return not self._pixmap.isNull()

    def resizeEvent(self, event: QResizeEvent | None) -> None:
        super().resizeEvent(event)
        if self.has_picture:
            self._scale()

    def sizeHint(self) -> QSize:
        return QSize(self._side, self._side)

    def minimumSizeHint(self) -> QSize:
        return QSize(_SMALLEST_PX, _SMALLEST_PX)

    def hasHeightForWidth(self) -> bool:
        return False

    def _scale(self) -> None:
        dense = self.devicePixelRatioF()
        scaled = self._pixmap.scaled(
            self.size() * dense,
            Qt.AspectRatioMode.KeepAspectRatio,
            Qt.TransformationMode.SmoothTransformation,
        )
        scaled.setDevicePixelRatio(dense)
        self.setPixmap(scaled)
