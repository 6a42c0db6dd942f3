"""Step 4: vectors."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from qtpy.QtCore import Signal
from qtpy.QtWidgets import (
    QComboBox,
    QHBoxLayout,
    QLabel,
    QProgressBar,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from napari_c3r.session import Session
from napari_c3r.widgets.steps.form import form

if TYPE_CHECKING:
    from napari_c3r.core.embed import EmbedProgress

BUNDLED = "bundled"
_OTHER = "Model folder…"


@dataclass(frozen=True)
class EncoderNews:
    """What is known of an encoder once it is loaded.

    Attributes
    ----------
    source
        ``"bundled"`` or its folder.
    name
        How it calls itself.
    trained
        Whether its weights were trained.
    devices
        What this machine can compute on.
    """

    source: str
    name: str
    trained: bool
    devices: tuple[str, ...]


class EmbedBody(QWidget):
    """Encoder, device, go, progress, abort."""

    embed_asked = Signal(str, str)
    abort_asked = Signal()
    folder_asked = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.encoder = QComboBox()
        self.encoder.setToolTip("The frozen network that turns a cell into a vector")
        self.encoder.setAccessibleName("Encoder")
        self.encoder.addItem("bundled encoder", BUNDLED)
        self.encoder.addItem(_OTHER, "")
        self.device = QComboBox()
        self.device.setToolTip("Where to compute; auto takes a GPU if there is one")
        self.device.setAccessibleName("Device")
        self._preferred = "auto"
        self.device.addItem("auto", "auto")
        self.untrained = QLabel(
            "This encoder is untrained: its vectors follow the image's structure, "
            "but it has learned nothing from cells yet."
        )
        self.untrained.setWordWrap(True)
        self.untrained.hide()
        self.embed_button = QPushButton("Embed cells")
        self.abort_button = QPushButton("Abort")
        self.abort_button.setToolTip("Stop after this batch and keep what is done")
        self.bar = QProgressBar()
        self.bar.setTextVisible(False)
        self.bar.setFixedHeight(6)
        self.speed = QLabel()
        buttons = QHBoxLayout()
        buttons.addWidget(self.embed_button, 1)
        buttons.addWidget(self.abort_button)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(6)
        column.addWidget(form(("Encoder", self.encoder), ("Device", self.device)))
        column.addWidget(self.untrained)
        column.addLayout(buttons)
        column.addWidget(self.bar)
        column.addWidget(self.speed)
        self.embed_button.clicked.connect(self._on_embed)
        self.abort_button.clicked.connect(self.abort_asked)
        self.encoder.activated.connect(self._on_encoder)
        self.show_running(False)

    def show_session(self, session: Session, lack: str) -> None:
        """Name the number of cells on the button; disable it while something lacks."""
        count = session.cells.count if session.cells else 0
        self.embed_button.setText(f"Embed {count:,} cells" if count else "Embed cells")
        self.embed_button.setEnabled(not lack)

    def show_encoder(self, news: EncoderNews) -> None:
        """Name the encoder that was loaded, and the devices there are."""
        index = self.encoder.findData(news.source)
        if index < 0:
            index = self.encoder.count() - 1
            self.encoder.insertItem(index, news.name, news.source)
        self.encoder.setItemText(index, news.name)
        self.encoder.setCurrentIndex(index)
        self.untrained.setVisible(not news.trained)
        self.show_devices(news.devices)

    def show_devices(self, devices: Sequence[str]) -> None:
        """Offer what this machine can compute on, best first."""
        if self.device.count() == 1 + len(devices):
            return
        self.device.clear()
        self.device.addItem(f"auto: {devices[0]}", "auto")
        for device in devices:
            self.device.addItem(device, device)
        self.device.setCurrentIndex(max(0, self.device.findData(self._preferred)))

    def prefer_device(self, device: str) -> None:
        """Start with a device, if this machine turns out to have it."""
        self._preferred = device

    def show_running(self, running: bool) -> None:
        """Show progress and abort while running, and only then."""
        for widget in (self.abort_button, self.bar, self.speed):
            widget.setVisible(running)
        if running:
            self.bar.setRange(0, 0)
            self.speed.setText("starting …")

    def show_progress(self, progress: EmbedProgress) -> None:
        """Cells done, speed and time left."""
        self.bar.setRange(0, progress.total)
        self.bar.setValue(progress.done)
        words = f"{progress.done:,} of {progress.total:,} cells"
        left = progress.seconds_left
        if left is not None:
            words += f" · {progress.cells_per_second:.0f} cells/s · {_duration(left)} left"
        self.speed.setText(words)

    def _on_embed(self) -> None:
        self.embed_asked.emit(self.encoder.currentData(), self.device.currentData())

    def _on_encoder(self, index: int) -> None:
        if self.encoder.itemText(index) == _OTHER:
            self.encoder.setCurrentIndex(0)
            self.folder_asked.emit()


def _duration(seconds: float) -> str:
    if seconds < 60:
        return f"{seconds:.0f} s"
    return f"{seconds // 60:.0f} min {seconds % 60:.0f} s"
