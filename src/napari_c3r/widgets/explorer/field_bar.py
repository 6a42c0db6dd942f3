"""Which field is displayed, above the cells: arrows, and the plate in a window of its own."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from qtpy.QtCore import QPoint, Qt
from qtpy.QtWidgets import QFrame, QHBoxLayout, QToolButton, QVBoxLayout, QWidget

from napari_c3r.core.text import without_middle
from napari_c3r.session import Change, Part, Session
from napari_c3r.widgets.common.key_actions import KeyAction
from napari_c3r.widgets.common.labels import plain_tip
from napari_c3r.widgets.common.plate import FieldPicker
from napari_c3r.widgets.viewer.linking import ImageLink

_MAX_NAME, _POPUP_PX = 14, 320
_TIP = "Click to see all fields and the plate (P)"
_NO_DOCK = "Open the C3R dock to turn to another field: it reads the images"


class FieldBar(QWidget):
    """◀ 3/96 · A03 ▶; a click in the middle shows all fields and the plate.

    Parameters
    ----------
    session
        With the fields.
    link
        Turns to another field.
    say
        Says a line to the user for a while.
    """

    def __init__(self, session: Session, link: ImageLink, say: Callable[[str], None]) -> None:
        super().__init__()
        self._session, self._link, self._say = session, link, say
        self.previous = _button("◀", "Previous field", "The field before ([)")
        self.name = _button("", "Field", _TIP)
        self.following = _button("▶", "Next field", "The next field (])")
        self.name.clicked.connect(self.open_plate)
        self.popup = QFrame(self, Qt.WindowType.Popup)
        self.popup.setFrameShape(QFrame.Shape.StyledPanel)
        self.picker = FieldPicker()
        column = QVBoxLayout(self.popup)
        column.setContentsMargins(8, 8, 8, 8)
        column.addWidget(self.picker)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(1)
        for button in (self.previous, self.name, self.following):
            row.addWidget(button)
        self.previous.clicked.connect(lambda: self.turn(-1))
        self.following.clicked.connect(lambda: self.turn(1))
        self.picker.field_chosen.connect(self._on_chosen)
        session.changed.connect(self._on_changed)
        self._show()

    def actions(self) -> Sequence[KeyAction]:
        """The field before, the next one, and all of them."""
        return (
            KeyAction(("[",), "Turn to the field before", lambda: self.turn(-1)),
            KeyAction(("]",), "Turn to the next field", lambda: self.turn(1)),
            KeyAction(("P",), "Show the plate and all fields", self.open_plate),
        )

    def turn(self, step: int) -> None:
        """Display another field, counted from the one displayed."""
        wanted = self._session.fields.index + step
        if 0 <= wanted < len(self._session.fields.sources):
            self._go(wanted)

    def open_plate(self) -> None:
        """Show the plate and the list of all fields under the button."""
        if self.isHidden():
            return
        self.popup.setFixedWidth(_POPUP_PX)
        self.popup.adjustSize()
        below = self.name.mapToGlobal(QPoint(0, self.name.height()))
        screen = self.screen()
        if screen is not None:
            room = screen.availableGeometry()
            below.setX(max(room.left(), min(below.x(), room.right() - self.popup.width())))
            if below.y() + self.popup.height() > room.bottom():
                above = self.name.mapToGlobal(QPoint(0, 0)).y() - self.popup.height()
                below.setY(max(room.top(), above))
        self.popup.move(below)
        self.popup.show()

    def release(self) -> None:
        """Disconnect from the session."""
        self._session.changed.disconnect(self._on_changed, missing_ok=True)
        self.popup.close()

    def _go(self, index: int) -> None:
        if len(self._link.field_requested):
            self._link.field_requested.emit(index)
        else:
            self._say(_NO_DOCK)

    def _on_chosen(self, index: int) -> None:
        self.popup.close()
        self._go(index)

    def _on_changed(self, change: Change) -> None:
        if change.part in (Part.IMAGE, Part.RESULT, Part.PLATE_MAP):
            self._show()

    def _show(self) -> None:
        fields, result = self._session.fields, self._session.result.current
        count = len(fields.sources)
        self.setVisible(count > 1)
        if count <= 1:
            return
        done = frozenset(result.cells_ids if result is not None else ())
        self.picker.show_fields(
            fields.sources, fields.index, done, self._session.plate_maps.current
        )
        source = fields.sources[fields.index]
        where = without_middle(source.files.well or source.files.name, _MAX_NAME)
        time = f" t={source.reading.t}" if len(fields.frames) > 1 else ""
        self.name.setText(f"{fields.index + 1}/{count} · {where}{time}")
        self.name.setToolTip(plain_tip(f"{source.name}\n{_TIP}"))
        self.previous.setEnabled(fields.index > 0)
        self.following.setEnabled(fields.index < count - 1)


def _button(text: str, name: str, tip: str) -> QToolButton:
    button = QToolButton()
    button.setText(text)
    button.setAccessibleName(name)
    button.setToolTip(tip)
    button.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
    return button
