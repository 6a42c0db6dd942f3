"""A menu of the encoders there are, each with a sentence on what it is and takes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import QSignalBlocker, Qt, Signal
from qtpy.QtWidgets import QComboBox

from napari_c3r.core.encoder.known import KnownEncoder, KnownEncoders
from napari_c3r.widgets.common.form import shrinkable
from napari_c3r.widgets.common.labels import plain_tip

if TYPE_CHECKING:
    from napari_c3r.core.channels import ChannelAssignment
    from napari_c3r.core.encoder.options import RunOptions

FOLDER = "Model folder…"


class EncoderMenu(QComboBox):
    """Lists the bundled encoders and the folders used before; another folder can be asked for.

    Signals
    -------
    chosen
        When the user chooses an encoder.
    folder_requested
        When the user wants to name a folder; the choice stays until `choose` is called.

    Parameters
    ----------
    name
        What it is for, for who cannot see it.
    tip
        What to say while no encoder is chosen.
    nothing
        An entry for no encoder; empty: there is always one.
    """

    chosen = Signal()
    folder_requested = Signal()

    def __init__(self, name: str, tip: str, nothing: str = "") -> None:
        super().__init__()
        self.setAccessibleName(name)
        shrinkable(self)
        self._tip, self._nothing = tip, nothing
        self._known = KnownEncoders()
        self._entries: dict[str, KnownEncoder] = {}
        self._index = 0
        self.list_again()
        self.activated.connect(self._on_activated)

    def know(self, known: KnownEncoders) -> None:
        """Offer the encoders of a memory, from now on."""
        self._known = known
        self.list_again()

    def list_again(self) -> None:
        """Look for what there is now; the encoder that is chosen stays."""
        before = self.source
        self._entries = {each.source: each for each in self._known.all()}
        if before is not None and before not in self._entries:
            found = self._known.find(before)
            if found is not None:
                self._entries[before] = found
        with QSignalBlocker(self):
            self.clear()
            if self._nothing:
                self.addItem(self._nothing, None)
            for source, each in self._entries.items():
                self.addItem(each.name, source)
                tip = each.sentence if self._is_bundled(source) else f"{each.sentence}\n{source}"
                self.setItemData(self.count() - 1, plain_tip(tip), Qt.ItemDataRole.ToolTipRole)
            self.addItem(FOLDER, None)
        self._show(max(0, self.findData(before)) if before is not None else 0)

    @property
    def source(self) -> str | None:
        """What `load_encoder` takes, None for no encoder."""
        source: str | None = self.itemData(self._index)
        return source

    @property
    def encoder(self) -> KnownEncoder | None:
        """What is known of the encoder that is chosen."""
        return None if self.source is None else self._entries.get(self.source)

    def choose(self, source: str, name: str = "") -> None:
        """Choose an encoder without telling of it.

        Parameters
        ----------
        source
            What `load_encoder` takes.
        name
            How it calls itself; by default what its folder says.
        """
        if self.findData(source) < 0:
            self.list_again()
        index = self.findData(source)
        if index < 0:
            index = self.count() - 1
            with QSignalBlocker(self):
                self.insertItem(index, name or source, source)
        if name:
            self.setItemText(index, name)
        self._show(index)

    def refusal(self, assignment: ChannelAssignment | None, options: RunOptions) -> str:
        """Why the encoder cannot embed channels with these roles; empty where it can.

        Roles that no encoder can embed are told of where they are chosen.
        """
        if self.encoder is None or assignment is None or assignment.problem():
            return ""
        return self.encoder.refusal(assignment, options)

    def showPopup(self) -> None:
        """Look for what there is now before the list opens."""
        self.list_again()
        super().showPopup()

    def _on_activated(self, index: int) -> None:
        if index == self.count() - 1:
            self._show(self._index)
            self.folder_requested.emit()
        else:
            self._show(index)
            self.chosen.emit()

    def _show(self, index: int) -> None:
        self._index = index
        with QSignalBlocker(self):
            self.setCurrentIndex(index)
        found = self.encoder
        self.setToolTip(plain_tip(self._tip if found is None else found.sentence))

    def _is_bundled(self, source: str) -> bool:
        return source in self._known.bundled
