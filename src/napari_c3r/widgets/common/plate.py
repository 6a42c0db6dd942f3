"""Turning from field to field: arrows, a list, and the plate where wells are known."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from qtpy.QtCore import QEvent, QPoint, QRect, QSize, Qt, Signal
from qtpy.QtGui import QColor, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from qtpy.QtWidgets import QHBoxLayout, QPushButton, QToolTip, QVBoxLayout, QWidget

from napari_c3r.widgets.common.elision import NameBox, elided_apart
from napari_c3r.widgets.common.form import shrinkable
from napari_c3r.widgets.common.labels import plain_tip
from napari_c3r.widgets.common.plate_colours import PlateColours, WellLook
from napari_c3r.widgets.common.wording import counted

if TYPE_CHECKING:
    from napari_c3r.core.images import FieldSource
    from napari_c3r.core.metadata import PlateMap

# Rows and columns of the plates in use, by number of wells.
_PLATES = ((2, 3), (4, 6), (6, 8), (8, 12), (16, 24), (32, 48))
_WELL = re.compile(r"([A-Z]{1,2})0*(\d+)")
_MARGIN = 16
_LETTERS = 30
_MAX_SIDE, _MIN_SIDE = 20, 5


def place_of(well: str) -> tuple[int, int] | None:
    """Row and column of a well, from 0; None where its name says neither."""
    match = _WELL.fullmatch(well.upper())
    if match is None or int(match.group(2)) < 1:
        return None
    letters = match.group(1)
    row = ord(letters[-1]) - 65 + (26 * (ord(letters[0]) - 64) if len(letters) == 2 else 0)
    return row, int(match.group(2)) - 1


class PlateGrid(QWidget):
    """The wells of a plate: filled where there is an image, in the colours that are chosen."""

    well_chosen = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self._wells: dict[tuple[int, int], str] = {}
        self._fields: Mapping[str, int] = {}
        self._looks: Mapping[str, WellLook] = {}
        self._current: str | None = None
        self._size = (8, 12)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)
        self.setAccessibleName("Plate: choose a well")

    def show_wells(
        self, fields: Mapping[str, int], current: str | None, looks: Mapping[str, WellLook]
    ) -> None:
        """Show which wells there are.

        Parameters
        ----------
        fields
            Number of fields by well.
        current
            The displayed well.
        looks
            Colour and words of every well.
        """
        places = {place_of(well): well for well in fields}
        self._wells = {place: well for place, well in places.items() if place is not None}
        self._fields, self._current, self._looks = fields, current, looks
        rows = 1 + max((row for row, _ in self._wells), default=0)
        columns = 1 + max((column for _, column in self._wells), default=0)
        fitting = (p for p in _PLATES if p[0] >= rows and p[1] >= columns)
        self._size = next(fitting, (rows, columns))
        self.updateGeometry()
        self.update()

    def _side(self, width: int) -> int:
        return max(_MIN_SIDE, min(_MAX_SIDE, (width - _MARGIN) // self._size[1]))

    def hasHeightForWidth(self) -> bool:
        return True

    def heightForWidth(self, width: int) -> int:
        return self._side(width) * self._size[0] + _MARGIN

    def sizeHint(self) -> QSize:
        return QSize(260, self.heightForWidth(260))

    def minimumSizeHint(self) -> QSize:
        return QSize(180, self.heightForWidth(max(180, self.width())))

    def rect_of(self, well: str) -> QRect:
        """Where a well is drawn."""
        place = place_of(well)
        assert place is not None
        side = self._side(self.width())
        return QRect(_MARGIN + place[1] * side, _MARGIN + place[0] * side, side, side)

    def _well_at(self, point: QPoint) -> str | None:
        side = self._side(self.width())
        place = (point.y() - _MARGIN) // side, (point.x() - _MARGIN) // side
        return self._wells.get(place)

    def paintEvent(self, event: QPaintEvent | None) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        side, text = self._side(self.width()), self.palette().text().color()
        font = painter.font()
        font.setPixelSize(max(7, min(11, side - 4)))
        painter.setFont(font)
        every = max(1, -(-10 // side))
        for row in range(0, self._size[0], every):
            letter = chr(65 + row) if row < 26 else f"A{chr(65 + row - 26)}"
            box = QRect(0, _MARGIN + row * side, _MARGIN - 2, side)
            painter.drawText(box, Qt.AlignmentFlag.AlignCenter, letter)
        for column in range(0, self._size[1], max(1, -(-14 // side))):
            box = QRect(_MARGIN + column * side - 10, 0, side + 20, _MARGIN - 2)
            painter.drawText(box, Qt.AlignmentFlag.AlignCenter, str(column + 1))
        empty = QColor(text)
        empty.setAlpha(45)
        for row in range(self._size[0]):
            for column in range(self._size[1]):
                self._paint_well(painter, (row, column), side, empty, text)

    def _paint_well(
        self, painter: QPainter, place: tuple[int, int], side: int, empty: QColor, text: QColor
    ) -> None:
        well = self._wells.get(place)
        box = QRect(_MARGIN + place[1] * side, _MARGIN + place[0] * side, side, side)
        inset = 1 if side < 10 else 2
        painter.setPen(QPen(empty))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        if well is not None:
            painter.setBrush(QColor(self._looks[well].colour))
            painter.setPen(Qt.PenStyle.NoPen)
        if well is not None and well == self._current:
            painter.setPen(QPen(text, 2))
        painter.drawEllipse(box.adjusted(inset, inset, -inset, -inset))

    def mousePressEvent(self, event: QMouseEvent | None) -> None:
        if event is not None and (well := self._well_at(event.pos())) is not None:
            self.well_chosen.emit(well)

    def keyPressEvent(self, event: QKeyEvent | None) -> None:
        """The arrow keys go from well to well."""
        steps = {Qt.Key.Key_Left: -1, Qt.Key.Key_Up: -1, Qt.Key.Key_Right: 1, Qt.Key.Key_Down: 1}
        if event is None or event.key() not in steps or not self._wells:
            super().keyPressEvent(event)
            return
        ordered = [self._wells[place] for place in sorted(self._wells)]
        here = ordered.index(self._current) if self._current in ordered else 0
        self.well_chosen.emit(ordered[(here + steps[Qt.Key(event.key())]) % len(ordered)])

    def event(self, event: QEvent | None) -> bool:
        """Name the well under the mouse."""
        if event is not None and event.type() == QEvent.Type.ToolTip:
            well = self._well_at(event.pos())
            if well is not None:
                words = f"{well}: {counted(self._fields[well], 'field')}"
                words += f"\n{self._looks[well].words}"
                QToolTip.showText(event.globalPos(), plain_tip(words), self)
                return True
        return super().event(event)


class FieldPicker(QWidget):
    """◀ 1/10 · A01 ▶, and the plate."""

    field_chosen = Signal(int)

    def __init__(self) -> None:
        super().__init__()
        self._sources: Sequence[FieldSource] = ()
        self._done: frozenset[str] = frozenset()
        self._shown: tuple[Any, ...] = ((), -1, frozenset(), None)
        self.previous = QPushButton("◀")
        self.previous.setToolTip("The field before")
        self.following = QPushButton("▶")
        self.following.setToolTip("The next field")
        for button, name in ((self.previous, "Previous field"), (self.following, "Next field")):
            button.setAccessibleName(name)
            button.setFixedWidth(32)
        self.choice = NameBox()
        self.choice.setAccessibleName("Field")
        self.choice.setToolTip("The field shown")
        shrinkable(self.choice)
        self.plates = NameBox()
        self.plates.setAccessibleName("Plate")
        self.plates.setToolTip("The plate shown")
        shrinkable(self.plates)
        self.plate = PlateGrid()
        self.colours = PlateColours()
        row = QHBoxLayout()
        row.setSpacing(4)
        row.addWidget(self.previous)
        row.addWidget(self.choice, 1)
        row.addWidget(self.following)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        column.addLayout(row)
        for widget in (self.plates, self.plate, self.colours):
            column.addWidget(widget)
        self.previous.clicked.connect(lambda: self._turn(-1))
        self.following.clicked.connect(lambda: self._turn(1))
        self.choice.activated.connect(self.field_chosen)
        self.plate.well_chosen.connect(self._on_well)
        self.plates.activated.connect(self._on_plate)
        self.colours.changed.connect(self._show_plate)

    def show_fields(
        self,
        sources: Sequence[FieldSource],
        index: int,
        done: frozenset[str],
        plate_map: PlateMap | None = None,
    ) -> None:
        """Show which fields there are, which of them are in the result, and what was done to them.

        Parameters
        ----------
        sources, index
            The fields, and which of them is displayed.
        done
            Names of those in the result.
        plate_map
            What is known of their wells.
        """
        self.setVisible(len(sources) > 1)
        now = sources, index, done, plate_map
        # Nothing of it changes with what is selected or pointed at.
        if now[:3] == self._shown[:3] and plate_map is self._shown[3]:
            return
        self._shown = now
        if sources != self._sources:
            self._sources = sources
            self.choice.clear()
            names = elided_apart([source.name for source in sources], _LETTERS, len)
            for number, (source, name) in enumerate(zip(sources, names, strict=True), 1):
                self.choice.addItem(f"{number}/{len(sources)} · {name}")
                self.choice.setItemData(
                    number - 1, plain_tip(source.name), Qt.ItemDataRole.ToolTipRole
                )
        self.choice.setCurrentIndex(index)
        self.previous.setEnabled(index > 0)
        self.following.setEnabled(index < len(sources) - 1)
        self._done = done
        self.colours.show_plate_map(plate_map)
        self._show_plate()

    def _here(self) -> list[int]:
        """Numbers of the fields of the displayed field's plate."""
        index = self.choice.currentIndex()
        plate = self._sources[index].files.plate if self._sources else None
        return [n for n, source in enumerate(self._sources) if source.files.plate == plate]

    def _show_plate(self) -> None:
        """Show the plate of the displayed field."""
        plates = list(dict.fromkeys(source.files.plate or "" for source in self._sources))
        if plates != [self.plates.itemText(row) for row in range(self.plates.count())]:
            self.plates.clear()
            self.plates.addItems(plates)
        here = [self._sources[number] for number in self._here()]
        wells: dict[str, int] = {}
        for source in here:
            if source.files.well is not None:
                wells[source.files.well] = wells.get(source.files.well, 0) + 1
        on_plate = len(wells) > 1 and any(place_of(well) for well in wells)
        self.plates.setVisible(on_plate and len(plates) > 1)
        for widget in (self.plate, self.colours):
            widget.setVisible(on_plate)
        if not on_plate:
            return
        current = self._sources[self.choice.currentIndex()].files
        self.plates.setCurrentText(current.plate or "")
        looks = self.colours.looks({s.name: s.files.well for s in here}, self._done)
        self.plate.show_wells(wells, current.well, looks)

    def _turn(self, step: int) -> None:
        self.field_chosen.emit(self.choice.currentIndex() + step)

    def _on_plate(self, row: int) -> None:
        """The first field of a plate."""
        plate = self.plates.itemText(row)
        found = (n for n, source in enumerate(self._sources) if (source.files.plate or "") == plate)
        self.field_chosen.emit(next(found))

    def _on_well(self, well: str) -> None:
        """The first field of a well; of the displayed well, the next one round."""
        here = [number for number in self._here() if self._sources[number].files.well == well]
        now = self.choice.currentIndex()
        later = [number for number in here if number > now] if now in here else here
        self.field_chosen.emit((later or here)[0])
