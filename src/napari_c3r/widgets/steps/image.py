"""Step 1: which image."""

from __future__ import annotations

from qtpy.QtCore import Signal
from qtpy.QtWidgets import QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from napari_c3r.session import Session


class ImageBody(QWidget):
    """Open files, take the viewer's layers, or open the sample."""

    files_asked = Signal()
    folder_asked = Signal()
    layers_asked = Signal()
    sample_asked = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.hint = QLabel(
            "Drop an image on the viewer, open one here, or try the tool on a simulated sample."
        )
        self.hint.setWordWrap(True)
        self.notes = QLabel()
        self.notes.setWordWrap(True)
        self.open_button = QPushButton("Open files…")
        self.open_button.setToolTip("Open one image: a file, or one file per channel")
        self.folder_button = QPushButton("Open folder…")
        self.folder_button.setToolTip("Open a folder that holds the channels of one image")
        self.layers_button = QPushButton("Use layers in viewer")
        self.layers_button.setToolTip(
            "Take the selected image layers, or all visible ones, as the channels of one image"
        )
        self.sample_button = QPushButton("Open sample")
        self.sample_button.setToolTip("Simulate a Cell Painting field with five channels")
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(6)
        column.addWidget(self.hint)
        for pair in (
            (self.open_button, self.folder_button),
            (self.layers_button, self.sample_button),
        ):
            row = QHBoxLayout()
            row.setSpacing(6)
            for button in pair:
                row.addWidget(button)
            column.addLayout(row)
        column.addWidget(self.notes)
        self.open_button.clicked.connect(self.files_asked)
        self.folder_button.clicked.connect(self.folder_asked)
        self.layers_button.clicked.connect(self.layers_asked)
        self.sample_button.clicked.connect(self.sample_asked)

    def show_session(self, session: Session) -> None:
        """Show what was noticed when the image was read."""
        self.hint.setVisible(session.image is None)
        notes = session.image.notes if session.image else ()
        self.notes.setText("\n".join(notes))
        self.notes.setVisible(bool(notes))
