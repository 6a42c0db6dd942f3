"""Step 1: which image."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import Qt, Signal
from qtpy.QtWidgets import QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from napari_c3r.session import Session
from napari_c3r.widgets.common.labels import WrappedLabel
from napari_c3r.widgets.common.plate import FieldPicker
from napari_c3r.widgets.common.tones import Tone, set_tone
from napari_c3r.widgets.main.steps.plate_map import PlateMapPanel
from napari_c3r.widgets.main.steps.scan import ScanPanel

if TYPE_CHECKING:
    from napari_c3r.core.images import ScanResult


class ImageBody(QWidget):
    """Open files, take the viewer's layers, or open the sample; turn from field to field."""

    files_requested = Signal()
    folder_requested = Signal()
    layers_requested = Signal()
    sample_requested = Signal()
    take_requested = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.hint = QLabel(
            "Drop a folder or files here, open them, or try the tool on a simulated sample."
        )
        self.hint.setWordWrap(True)
        self.layers = WrappedLabel()
        self.outside = WrappedLabel()
        set_tone(self.outside, Tone.ATTENTION)
        self.take_button = QPushButton("Take in")
        self.take_button.setToolTip("Make these layers channels of the image too")
        self.doubts = WrappedLabel()
        set_tone(self.doubts, Tone.ATTENTION)
        self.right_button = QPushButton("It is right")
        self.right_button.setToolTip("Go on with the image as it was understood")
        self.notes = WrappedLabel()
        set_tone(self.notes, Tone.QUIET)
        self.open_button = QPushButton("Open files…")
        self.open_button.setToolTip("Open images of any number of fields and channels")
        self.folder_button = QPushButton("Open folder…")
        self.folder_button.setToolTip("Open the images of a folder, such as a plate")
        self.layers_button = QPushButton("Use layers in viewer")
        self.layers_button.setToolTip(
            "Take the selected image layers, or all visible ones, as the channels of one image"
        )
        self.sample_button = QPushButton("Open sample")
        self.sample_button.setToolTip("Simulate a Cell Painting field with five channels")
        self.scan = ScanPanel()
        self.scan.hide()
        self.picker = FieldPicker()
        self.plate_map = PlateMapPanel()
        self._build()
        self.open_button.clicked.connect(self.files_requested)
        self.folder_button.clicked.connect(self.folder_requested)
        self.layers_button.clicked.connect(self.layers_requested)
        self.sample_button.clicked.connect(self.sample_requested)
        self.take_button.clicked.connect(self.take_requested)
        self.scan.cancelled.connect(self.end_scan)
        self.scan.load_requested.connect(lambda *_: self.end_scan())

    def _build(self) -> None:
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
                # Beside a scroll bar in a narrow dock, a few pixels of margin have to give.
                button.setMinimumWidth(60)
                row.addWidget(button)
            column.addLayout(row)
        self._present = QWidget()
        present = QVBoxLayout(self._present)
        present.setContentsMargins(0, 0, 0, 0)
        present.setSpacing(6)
        self._outside = _beside(self.outside, self.take_button)
        self._doubts = _beside(self.doubts, self.right_button)
        for widget in (
            *(self.picker, self.plate_map, self.layers, self._outside, self._doubts, self.notes),
        ):
            present.addWidget(widget)
        column.addWidget(self.scan)
        column.addWidget(self._present)

    def show_session(self, session: Session, layers: str, looking: bool) -> None:
        """Show the fields, what was done to them, and the layers that make up the image.

        Parameters
        ----------
        session
            What is worked on.
        layers
            Which layers the image is made of, in words.
        looking
            Whether a plate map is being looked for.
        """
        self.hint.setVisible(session.fields.image is None)
        notes = session.fields.image.notes if session.fields.image else ()
        self.notes.setText("\n".join(notes))
        self.notes.setVisible(bool(notes))
        self.doubts.setText("\n".join(session.fields.doubts))
        self._doubts.setVisible(bool(session.fields.doubts))
        self.layers.setText(layers)
        self.layers.setVisible(bool(layers))
        embedded = frozenset(session.result.current.cells_ids if session.result.current else ())
        fields, known = session.fields, session.plate_maps.current
        self.picker.show_fields(fields.sources, fields.index, embedded, known)
        self.plate_map.show_session(session, looking)

    def show_outside(self, line: str, can_take_in: bool) -> None:
        """Say which layers are no part of the image; an empty line says nothing."""
        self.outside.setText(line)
        self.take_button.setVisible(can_take_in)
        self._outside.setVisible(bool(line))

    def show_scan(self, found: ScanResult, names: dict[str, str]) -> None:
        """Ask whether the paths were understood."""
        self.scan.show_scan(found, names)
        self.scan.show()
        # Two images' channels and fields at once would be taken for one another.
        self._present.hide()

    def end_scan(self) -> None:
        """Show the present image again."""
        self.scan.hide()
        self._present.show()


def _beside(words: WrappedLabel, button: QPushButton) -> QWidget:
    """A sentence, and the button that answers it; hidden at first."""
    holder = QWidget()
    row = QHBoxLayout(holder)
    row.setContentsMargins(0, 0, 0, 0)
    row.setSpacing(6)
    row.addWidget(words, 1)
    row.addWidget(button, 0, Qt.AlignmentFlag.AlignTop)
    holder.hide()
    return holder
