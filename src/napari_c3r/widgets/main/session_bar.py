"""The row below all steps: undo, redo, save, reopen, copy."""

from __future__ import annotations

from typing import Final

from qtpy.QtCore import QEvent, QSize, Signal
from qtpy.QtGui import QAction, QPalette
from qtpy.QtWidgets import QHBoxLayout, QMenu, QPushButton, QToolButton, QWidget

from napari_c3r.session import Session
from napari_c3r.widgets.common.labels import plain_tip
from napari_c3r.widgets.scatter import icons

_SAVE: Final = "Keep images' places, roles, cells, result, names and all that was asked of them"
_REOPEN: Final = "Open a session that was saved, as it was"
_COPY: Final = "Copy what was done as text that does it again"


class SessionBar(QWidget):
    """Undoes what was done, saves and reopens a session, and copies what was done as text."""

    undo_requested = Signal()
    redo_requested = Signal()
    save_requested = Signal()
    reopen_requested = Signal()
    python_requested = Signal()
    shell_requested = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._drawn_in = ""
        self.undo_button, self.redo_button = self._step_button("undo"), self._step_button("redo")
        self.save_button = QPushButton("Save…")
        self.save_button.setAccessibleName("Save session")
        self.reopen_button = QPushButton("Reopen…")
        self.copy_button = QPushButton("Copy as")
        self.menu = QMenu(self.copy_button)
        self.python_action = QAction("Python script", self.menu)
        self.shell_action = QAction("Shell command", self.menu)
        self.menu.addActions([self.python_action, self.shell_action])
        self.copy_button.setMenu(self.menu)
        row = QHBoxLayout(self)
        row.setContentsMargins(6, 4, 8, 6)
        row.setSpacing(6)
        row.addWidget(self.undo_button)
        row.addWidget(self.redo_button)
        for button in (self.save_button, self.reopen_button, self.copy_button):
            row.addWidget(button, 1)
        self.undo_button.clicked.connect(self.undo_requested)
        self.redo_button.clicked.connect(self.redo_requested)
        self.save_button.clicked.connect(self.save_requested)
        self.reopen_button.clicked.connect(self.reopen_requested)
        self.python_action.triggered.connect(self.python_requested)
        self.shell_action.triggered.connect(self.shell_requested)

    def show_session(self, session: Session, busy: bool) -> None:
        """Enable what can be done."""
        lacks = "" if session.fields.image is not None else "Open an image first, in step 1"
        none = "" if session.result.current is not None else "Embed some cells first, in step 4"
        at_work = "Work is under way; wait for its end, or stop it" if busy else ""
        for button, why, tip in (
            (self.save_button, lacks or at_work, _SAVE),
            (self.reopen_button, at_work, _REOPEN),
            (self.copy_button, none, _COPY),
        ):
            button.setEnabled(not why)
            button.setToolTip(why or tip)
        self.show_steps(session, busy)

    def show_steps(self, session: Session, busy: bool) -> None:
        """Say what undo and redo would do."""
        history = session.history
        for button, title, step, keys in (
            (self.undo_button, "Undo", history.undo_sentence, "Ctrl+Z"),
            (self.redo_button, "Redo", history.redo_sentence, "Ctrl+Shift+Z"),
        ):
            told = f"{title}: {step} ({keys})" if step else f"Nothing to {title.lower()} ({keys})"
            button.setEnabled(bool(step) and not busy)
            button.setToolTip(plain_tip(told))
            button.setAccessibleDescription(told)

    def changeEvent(self, event: QEvent | None) -> None:
        """Draw the icons in the theme's colour."""
        if event is not None and event.type() in (
            QEvent.Type.StyleChange,
            QEvent.Type.PaletteChange,
        ):
            self._draw_icons()
        super().changeEvent(event)

    def _step_button(self, name: str) -> QToolButton:
        button = QToolButton()
        button.setObjectName(name)
        button.setAccessibleName(name.capitalize())
        button.setIconSize(QSize(icons.SIZE, icons.SIZE))
        button.setFixedSize(icons.SIZE + 8, icons.SIZE + 8)
        return button

    def _draw_icons(self) -> None:
        colour = self.palette().color(QPalette.ColorRole.WindowText).name()
        # Every style sheet that is put on above says that the palette changed.
        if colour == self._drawn_in:
            return
        self._drawn_in = colour
        for button in (self.undo_button, self.redo_button):
            button.setIcon(icons.icon(button.objectName(), colour))
