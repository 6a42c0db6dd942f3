"""The line in which a filter is typed: it completes names, and is calm about what is unfinished."""

from __future__ import annotations

from collections.abc import Callable

from qtpy.QtCore import QEvent, QStringListModel, Qt, QTimer, Signal
from qtpy.QtGui import QFocusEvent, QKeyEvent
from qtpy.QtWidgets import QCompleter, QLineEdit

from napari_c3r.core.figures.colours import mixed
from napari_c3r.widgets.common.clear_button import add_clear_button

_PAUSE_MS = 180
_AWAITING = ("=", "≠", "(", ",")
_WRONG = "QLineEdit { border: 1px solid #c9803c; }"

Complete = Callable[[str], tuple[int, list[str]]]


class FilterLine(QLineEdit):
    """Where an expression on the rows is typed.

    Attributes
    ----------
    complete
        Gives for a text where its last word begins, and what could stand there.

    Signals
    -------
    paused
        The user stopped typing for a moment.
    finished
        The user is done: Enter, or went elsewhere.
    """

    paused = Signal()
    finished = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.complete: Complete = lambda text: (len(text), [])
        self.setPlaceholderText("Filter, such as area_um2 > 500 and well = B13")
        add_clear_button(self)
        self.setAccessibleName("Filter of the rows")
        self.setToolTip(
            "Lists the rows that fit: =, !=, <, <=, >, >=, in (a, b), between a and b, contains, "
            "starts with, is missing; and, or, not (/)"
        )
        self._start = 0
        self._words = QStringListModel(self)
        self._list = QCompleter(self._words, self)
        self._list.setWidget(self)
        self._list.setCompletionMode(QCompleter.CompletionMode.UnfilteredPopupCompletion)
        self._list.setCaseSensitivity(Qt.CaseSensitivity.CaseInsensitive)
        self._list.activated[str].connect(self._take)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(_PAUSE_MS)
        self._timer.timeout.connect(self.paused)
        self.textEdited.connect(self._on_edited)
        self.textChanged.connect(lambda: self._timer.start())
        self.returnPressed.connect(self._finish)

    @property
    def offered(self) -> list[str]:
        """The words offered at present; none where the list is closed."""
        popup = self._list.popup()
        assert popup is not None
        return self._words.stringList() if popup.isVisible() else []

    def set_theme(self, background: str, foreground: str) -> None:
        """Colours of the list, as the window has them, each ``"#rrggbb"``."""
        popup = self._list.popup()
        assert popup is not None
        line, chosen = mixed(background, foreground, 0.3), mixed(background, "#5285b8", 0.75)
        popup.setStyleSheet(
            f"QListView {{ background: {background}; color: {foreground};"
            f" border: 1px solid {line}; }}"
            f"QListView::item {{ padding: 2px 6px; }}"
            f"QListView::item:selected {{ background: {chosen}; color: {foreground}; }}"
        )

    def show_wrong(self, wrong: bool) -> None:
        """Frame the line where what it says cannot be."""
        style = _WRONG if wrong else ""
        if self.styleSheet() != style:
            self.setStyleSheet(style)

    def keyPressEvent(self, event: QKeyEvent | None) -> None:
        down = event is not None and event.key() == Qt.Key.Key_Down
        if down and not self.offered:
            self._offer(every=True)
            return
        escape = event is not None and event.key() == Qt.Key.Key_Escape
        if escape and self.offered:
            popup = self._list.popup()
            assert popup is not None
            popup.hide()
            return
        if escape and self.text():
            self.clear()
            self._finish()
            return
        super().keyPressEvent(event)

    def event(self, event: QEvent | None) -> bool:
        # Esc clears the line, and not what is selected.
        if (
            isinstance(event, QKeyEvent)
            and event.type() == QEvent.Type.ShortcutOverride
            and event.key() == Qt.Key.Key_Escape
            and self.text()
        ):
            event.accept()
            return True
        return super().event(event)

    def focusOutEvent(self, event: QFocusEvent | None) -> None:
        super().focusOutEvent(event)
        if event is None or event.reason() != Qt.FocusReason.PopupFocusReason:
            self._finish()

    def _finish(self) -> None:
        self._timer.stop()
        self.finished.emit()

    def _on_edited(self) -> None:
        self._offer(every=False)

    def _offer(self, every: bool) -> None:
        """List how the word at the cursor could go on; at its beginning only if asked to."""
        text = self.text()[: self.cursorPosition()]
        start, words = self.complete(text)
        popup = self._list.popup()
        assert popup is not None
        written = text[start:]
        begun = written or text.rstrip()[-1:] in _AWAITING
        if not words or not (every or begun) or [written] == words:
            popup.hide()
            return
        self._start = start
        self._words.setStringList(words)
        box = self.cursorRect()
        box.setWidth(
            min(popup.sizeHintForColumn(0) + 40, max(self.width(), 160))  # beside a scroll bar
        )
        self._list.complete(box)

    def _take(self, word: str) -> None:
        end = self.cursorPosition()
        after = self.text()[end:]
        self.setText(f"{self.text()[: self._start]}{word} {after.lstrip()}")
        self.setCursorPosition(self._start + len(word) + 1)
