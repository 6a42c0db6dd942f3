"""The row below all steps: save, reopen, copy."""

from __future__ import annotations

from qtpy.QtCore import Signal
from qtpy.QtGui import QAction
from qtpy.QtWidgets import QHBoxLayout, QMenu, QPushButton, QWidget

from napari_c3r.session import Session


class SessionBar(QWidget):
    """Saves and reopens a session, and copies what was done as text."""

    save_requested = Signal()
    reopen_requested = Signal()
    python_requested = Signal()
    shell_requested = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.save_button = QPushButton("Save session…")
        self.save_button.setToolTip("Keep images' places, roles, cells, result and names")
        self.reopen_button = QPushButton("Reopen…")
        self.reopen_button.setToolTip("Open a session that was saved, as it was")
        self.copy_button = QPushButton("Copy as")
        self.copy_button.setToolTip("Copy what was done as text that does it again")
        self.menu = QMenu(self.copy_button)
        self.python_action = QAction("Python script", self.menu)
        self.shell_action = QAction("Shell command", self.menu)
        self.menu.addActions([self.python_action, self.shell_action])
        self.copy_button.setMenu(self.menu)
        row = QHBoxLayout(self)
        row.setContentsMargins(6, 4, 8, 6)
        row.setSpacing(6)
        for button in (self.save_button, self.reopen_button, self.copy_button):
            row.addWidget(button)
        self.save_button.clicked.connect(self.save_requested)
        self.reopen_button.clicked.connect(self.reopen_requested)
        self.python_action.triggered.connect(self.python_requested)
        self.shell_action.triggered.connect(self.shell_requested)

    def show_session(self, session: Session, busy: bool) -> None:
        """Enable what can be done."""
        self.save_button.setEnabled(session.fields.image is not None and not busy)
        self.reopen_button.setEnabled(not busy)
        self.copy_button.setEnabled(session.result.current is not None)
