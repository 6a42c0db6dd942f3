"""Long names cut so that they stay different: without their middle, or around what differs."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Sequence

from qtpy.QtCore import QEvent, QObject, QSize, Qt
from qtpy.QtGui import QFontMetrics, QPainter, QPaintEvent
from qtpy.QtWidgets import (
    QComboBox,
    QLineEdit,
    QStyle,
    QStyleOptionComboBox,
    QStyleOptionFrame,
    QStylePainter,
    QWidget,
)

from napari_c3r.core.text import without_middle

_LEAST = 3
_PADDING_PX = 22
# What divides the things that a line says, and how short one of them may be cut: numbers with
# their units are shorter and stay whole.
_BETWEEN = re.compile(r"( · |, )")
_LEAST_OF_PART, _MOST_OF_PART = 16, 24


def elided_apart(names: Sequence[str], width: int, measure: Callable[[str], int]) -> list[str]:
    """Each name as it fits, unlike all others that are unlike it where there is room for that.

    Parameters
    ----------
    names
        The names.
    width
        Room for one, in whatever `measure` gives: pixels, or letters.
    measure
        How much room a text takes.
    """
    groups: dict[int, dict[str, list[str]]] = {}

    def alike(most: int, middle: str, name: str) -> list[str]:
        if most not in groups:
            groups[most] = defaultdict(list)
            for other in dict.fromkeys(names):
                groups[most][without_middle(other, most)].append(other)
        return [other for other in groups[most][middle] if other != name]

    def cut(name: str) -> str:
        most = _letters(width, measure, lambda count: without_middle(name, count), len(name))
        middle = without_middle(name, most)
        others = alike(most, middle, name)
        if not others:
            return middle
        first = min(_shared(name, other) for other in others)
        last = min(_shared(name[first:][::-1], other[::-1]) for other in others)
        end = len(name) - last
        room = _letters(width, measure, lambda count: _around(name, first, end, count), most)
        return _around(name, first, end, room)

    known = {name: name if measure(name) <= width else cut(name) for name in dict.fromkeys(names)}
    return [known[name] for name in names]


def with_short_names(line: str, width: int, measure: Callable[[str], int]) -> str:
    """A line that says several things, as it fits: long names are cut, numbers never.

    Parameters
    ----------
    line
        Things between dots or commas, ``"5 channels · 320 × 320 px"``.
    width, measure
        As for `elided_apart`.

    Returns
    -------
    str
        With line ends where it has no room in one line even so.
    """
    parts = _BETWEEN.split(line)

    def cut(most: int) -> str:
        return "".join(without_middle(part, most) for part in parts)

    longest = max(map(len, parts))
    most = _letters(width, measure, cut, longest) if longest > _LEAST_OF_PART else longest
    if most >= _LEAST_OF_PART and measure(cut(most)) <= width:
        return cut(most)
    lines, here = [], ""
    for part, between in zip(parts[::2], ["", *parts[1::2]], strict=True):
        short = without_middle(part, _MOST_OF_PART)
        if here and measure(f"{here}{between}{short},") > width:
            lines.append(f"{here},".removesuffix("," if between == " · " else ""))
            here = ""
        here += f"{between if here else ''}{short}"
    return "\n".join(elided_apart([each], width, measure)[0] for each in [*lines, here])


def _shared(one: str, other: str) -> int:
    """How many letters two texts begin with alike."""
    unlike = (place for place, (a, b) in enumerate(zip(one, other, strict=False)) if a != b)
    return next(unlike, min(len(one), len(other)))


def _letters(
    width: int, measure: Callable[[str], int], cut: Callable[[int], str], most: int
) -> int:
    """The most letters, of a name cut to so many, that there is room for."""
    low, high = _LEAST, max(most, _LEAST)
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if measure(cut(middle)) <= width else (low, middle - 1)
    return low


def _around(name: str, first: int, end: int, room: int) -> str:
    """So many letters of a name with those from `first` to `end` among them."""
    spare = max(room - (end - first), 0)
    before = min(first, spare // 2)
    after = min(len(name) - end, spare - before)
    before = min(first, spare - after)
    start, stop = first - before, min(end + after, first - before + max(room, 1))
    return f"{'…' * (start > 0)}{name[start:stop]}{'…' * (stop < len(name))}"


def _fitted(text: str, names: Sequence[str], width: int, metrics: QFontMetrics) -> str:
    return elided_apart([text, *names], width, metrics.horizontalAdvance)[0]


class NameEdit(QLineEdit):
    """A name that can be edited; unless one does, a long one is shown cut.

    Parameters
    ----------
    text
        The name.
    others
        Gives the names that it must be told apart from.
    """

    def __init__(self, text: str, others: Callable[[], Sequence[str]]) -> None:
        super().__init__(text)
        self._others = others
        self.setCursorPosition(0)

    def paintEvent(self, event: QPaintEvent | None) -> None:
        """Draw the text cut where it does not fit and nobody edits it."""
        frame = QStyleOptionFrame()
        self.initStyleOption(frame)
        style = self.style()
        assert style is not None
        part = QStyle.SubElement.SE_LineEditContents
        inside = style.subElementRect(part, frame, self).adjusted(2, 0, -2, 0)
        metrics, text = self.fontMetrics(), self.text()
        if self.hasFocus() or metrics.horizontalAdvance(text) <= inside.width():
            super().paintEvent(event)
            return
        shown = _fitted(text, self._others(), inside.width(), metrics)
        painter = QStylePainter(self)
        painter.drawPrimitive(QStyle.PrimitiveElement.PE_PanelLineEdit, frame)
        _write(painter, self, inside, shown)
        painter.end()


class NameBox(QComboBox):
    """A list of names, of which a long one is shown cut, and told apart from the others."""

    def __init__(self) -> None:
        super().__init__()
        view = self.view()
        assert view is not None
        view.setTextElideMode(Qt.TextElideMode.ElideMiddle)

    def sizeHint(self) -> QSize:
        # Qt leaves no room for the padding that a style sheet puts beside the text.
        return super().sizeHint() + QSize(_PADDING_PX, 0)

    def paintEvent(self, event: QPaintEvent | None) -> None:
        """Draw the chosen name as it fits."""
        _paint_box(self)


class CutText(QObject):
    """Has a box that others made draw what is chosen as it fits; Qt would cut through a letter.

    Parameters
    ----------
    box
        The box.
    """

    def __init__(self, box: QComboBox) -> None:
        super().__init__(box)
        self._box = box
        box.installEventFilter(self)

    def eventFilter(self, watched: QObject | None, event: QEvent | None) -> bool:
        """Draw in place of the box."""
        if watched is self._box and event is not None and event.type() == QEvent.Type.Paint:
            _paint_box(self._box)
            return True
        return False


def _paint_box(box: QComboBox) -> None:
    option = QStyleOptionComboBox()
    box.initStyleOption(option)
    style = box.style()
    assert style is not None
    part = QStyle.SubControl.SC_ComboBoxEditField
    field = style.subControlRect(QStyle.ComplexControl.CC_ComboBox, option, part, box)
    names = [box.itemText(number) for number in range(box.count())]
    option.currentText = _fitted(box.currentText(), names, field.width() - 4, box.fontMetrics())
    painter = QStylePainter(box)
    painter.drawComplexControl(QStyle.ComplexControl.CC_ComboBox, option)
    painter.drawControl(QStyle.ControlElement.CE_ComboBoxLabel, option)
    painter.end()


def _write(painter: QPainter, widget: QWidget, where: object, text: str) -> None:
    painter.setPen(widget.palette().color(widget.foregroundRole()))
    left = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
    painter.drawText(where, left, text)  # type: ignore[call-overload]
