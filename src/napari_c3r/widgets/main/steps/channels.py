"""Step 2: a role for every channel."""

from __future__ import annotations

from functools import partial

import numpy as np
from numpy.typing import NDArray
from qtpy.QtCore import QEvent, QObject, Qt, Signal
from qtpy.QtGui import QImage, QPixmap, QResizeEvent
from qtpy.QtWidgets import (
    QComboBox,
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from napari_c3r.core.channels import Role
from napari_c3r.session import Session
from napari_c3r.widgets.common.elision import NameEdit
from napari_c3r.widgets.common.form import shrinkable, tab_before
from napari_c3r.widgets.common.labels import ElidedLabel, plain_tip
from napari_c3r.widgets.common.tones import Tone, set_tone

THUMBNAIL_PX = 30
_MAX_ROWS_SHOWN = 8
_ROLE_NAMES = {
    Role.CONTEXT: "Context",
    Role.CONCEPT: "Concept",
    Role.BOTH: "Both",
    Role.IGNORE: "Ignore",
}
_ROLES_TIP = (
    "Context: a structural reference, such as the nucleus.\n"
    "Concept: the readout, such as a protein.\nIgnore: not used."
)
# Narrower, names need the room, and why a role was suggested is said by its tooltip.
_ROOM_FOR_REASONS_PX = 300
_PRESETS = {"Cell Painting (JUMP-CP)": "jump-cp", "Human Protein Atlas": "hpa", "WTC-11": "wtc-11"}


class _NoScroll(QObject):
    """Keeps a scroll over the table from changing a role by accident."""

    def eventFilter(self, watched: QObject | None, event: QEvent | None) -> bool:
        if event is not None and event.type() == QEvent.Type.Wheel:
            event.ignore()
            return True
        return False


class ChannelsBody(QWidget):
    """A table: thumbnail, name, role, why it was suggested."""

    role_chosen = Signal(str, str)
    renamed = Signal(str, str)
    preset_chosen = Signal(str)
    suggest_requested = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._names: tuple[str, ...] = ()
        self._no_scroll = _NoScroll(self)
        self._grid_holder = QWidget()
        self._grid = QGridLayout(self._grid_holder)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(6)
        self._grid.setVerticalSpacing(4)
        self._grid.setColumnStretch(1, 3)
        self._grid.setColumnStretch(3, 2)
        self._scroll = QScrollArea()
        self._scroll.setWidget(self._grid_holder)
        self._scroll.setWidgetResizable(True)
        self._scroll.setFrameShape(QFrame.Shape.NoFrame)
        self._scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._scroll.hide()
        self.preset = shrinkable(QComboBox())
        self.preset.addItems(["Choose a preset", *_PRESETS])
        self.preset.setToolTip("Set all roles by a published convention")
        self.preset.setAccessibleName("Preset of roles")
        self.suggest_button = QPushButton("Suggest")
        self.suggest_button.setToolTip("Suggest roles from the channels' names")
        self.keep_button = QPushButton("Keep")
        self.keep_button.setToolTip("The roles are right as they were guessed")
        self.keep_button.hide()
        row = QHBoxLayout()
        row.setSpacing(6)
        row.addWidget(self.preset, 1)
        row.addWidget(self.suggest_button)
        row.addWidget(self.keep_button)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        column.addWidget(self._scroll)
        column.addLayout(row)
        self.preset.activated.connect(self._on_preset)
        self.suggest_button.clicked.connect(self.suggest_requested)
        self.names: list[NameEdit] = []
        self.roles: list[QComboBox] = []
        self.pictures: list[QLabel] = []
        self.reasons: list[ElidedLabel] = []

    def show_session(self, session: Session) -> None:
        """Show every channel with its role."""
        names = session.fields.image.channel_names if session.fields.image else ()
        if names != self._names:
            self._rebuild(names)
        if session.roles.assignment is None:
            return
        self.keep_button.setVisible(bool(session.roles.assignment.doubt))
        alone = len(names) - len(session.roles.assignment.ignored) == 1
        for name, box, reason in zip(names, self.roles, self.reasons, strict=True):
            role = session.roles.assignment.roles[name]
            self._fill_roles(box, alone or role is Role.BOTH)
            box.setCurrentIndex(box.findData(role.value))
            why = session.roles.assignment.reasons.get(name, "")
            reason.setText(why)
            box.setToolTip(plain_tip(f"Suggested as {why}.\n{_ROLES_TIP}" if why else _ROLES_TIP))

    def show_thumbnails(self, pictures: list[NDArray[np.uint8]]) -> None:
        """Show a small RGBA picture, (h, w, 4), beside each name."""
        for label, picture in zip(self.pictures, pictures, strict=False):
            height, width = picture.shape[:2]
            # QImage does not keep the bytes it is given: they must outlive the pixmap's making.
            pixels = picture.tobytes()
            image = QImage(pixels, width, height, 4 * width, QImage.Format.Format_RGBA8888)
            pixmap = QPixmap.fromImage(image).scaled(
                THUMBNAIL_PX,
                THUMBNAIL_PX,
                Qt.AspectRatioMode.KeepAspectRatio,
                Qt.TransformationMode.SmoothTransformation,
            )
            label.setPixmap(pixmap)

    def _rebuild(self, names: tuple[str, ...]) -> None:
        while (item := self._grid.takeAt(0)) is not None:
            if (widget := item.widget()) is not None:
                widget.deleteLater()
        self._names = names
        self.names, self.roles, self.pictures, self.reasons = [], [], [], []
        for row, name in enumerate(names):
            self._add_row(row, name)
        in_rows = [widget for pair in zip(self.names, self.roles, strict=True) for widget in pair]
        tab_before(self.preset, in_rows)
        self._scroll.setVisible(bool(names))
        self._make_room()
        row_height = max(THUMBNAIL_PX, self.preset.sizeHint().height()) + 4
        self._scroll.setFixedHeight(max(1, min(len(names), _MAX_ROWS_SHOWN)) * row_height + 2)

    def resizeEvent(self, event: QResizeEvent | None) -> None:
        super().resizeEvent(event)
        self._make_room()

    def _make_room(self) -> None:
        roomy = self.width() >= _ROOM_FOR_REASONS_PX
        self._grid.setColumnStretch(3, 2 if roomy else 0)
        for reason in self.reasons:
            reason.setVisible(roomy)

    def _add_row(self, row: int, name: str) -> None:
        picture = QLabel()
        picture.setFixedSize(THUMBNAIL_PX, THUMBNAIL_PX)
        picture.setStyleSheet("background: black;")
        edit = NameEdit(name, lambda: self._names)
        edit.setMinimumWidth(60)
        edit.setToolTip(plain_tip(f"{name}: edit to rename this channel"))
        edit.setAccessibleName(f"Name of channel {row + 1}")
        box = QComboBox()
        box.setAccessibleName(f"Role of {name}")
        box.setToolTip(_ROLES_TIP)
        box.installEventFilter(self._no_scroll)
        self._fill_roles(box, both=False)
        reason = ElidedLabel(mode=Qt.TextElideMode.ElideRight)
        set_tone(reason, Tone.QUIET)
        for column, widget in enumerate((picture, edit, box, reason)):
            self._grid.addWidget(widget, row, column)
        edit.editingFinished.connect(partial(self._on_renamed, row))
        box.activated.connect(partial(self._on_role, row))
        self.names.append(edit)
        self.roles.append(box)
        self.pictures.append(picture)
        self.reasons.append(reason)

    @staticmethod
    def _fill_roles(box: QComboBox, both: bool) -> None:
        wanted = [role for role in _ROLE_NAMES if both or role is not Role.BOTH]
        if box.count() != len(wanted):
            box.clear()
            for role in wanted:
                box.addItem(_ROLE_NAMES[role], role.value)

    def _on_role(self, row: int, _index: int) -> None:
        self.role_chosen.emit(self._names[row], self.roles[row].currentData())

    def _on_renamed(self, row: int) -> None:
        new = self.names[row].text().strip()
        if new != self._names[row]:
            self.renamed.emit(self._names[row], new)

    def restore_names(self) -> None:
        """Put back the names after one was refused."""
        for edit, name in zip(self.names, self._names, strict=True):
            edit.setText(name)

    def _on_preset(self, index: int) -> None:
        if index > 0:
            self.preset_chosen.emit(_PRESETS[self.preset.itemText(index)])
        self.preset.setCurrentIndex(0)
