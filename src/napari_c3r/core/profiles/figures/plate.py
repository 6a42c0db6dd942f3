"""A plate as a heat map whose wells show their cells."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np

from napari_c3r.core.figures.colours import (
    CATEGORICAL,
    GREY,
    finite_limits,
    value_colours,
)
from napari_c3r.core.figures.drawing import (
    FONT_PX,
    INK,
    QUIET,
    Box,
    Drawing,
    Mark,
    Where,
    Words,
    fitted,
    number_words,
    text_px,
)
from napari_c3r.core.images.wells import row_letters
from napari_c3r.core.profiles.plates import PlateValues, plate_table
from napari_c3r.core.profiles.sentences import counted

_WIDE: Final = 400.0
_CELL: Final = (11.0, 30.0)
_LEFT, _TOP, _GAP = 22.0, 18.0, 10.0
_SCALE_STEPS: Final = 60
_SCALE_PX: Final = 70.0
_NAME_PX: Final = 120.0
_MOST_NAMES: Final = 16


def plate_figure(
    plate: PlateValues, colours: Mapping[str, str] | None = None, room: float | None = None
) -> Drawing:
    """Draw a plate.

    Parameters
    ----------
    plate
        From `plate_values`.
    colours
        Of names, ``"#rrggbb"``, where values are names.
    room
        How wide the figure may be, as far as wells can be seen then; None for any width.

    Returns
    -------
    Drawing
        Every well in the colour of its value; wells without cells are outlines, controls have a
        frame. A letter or a number at the side shows its row or column of wells.
    """
    names = list(dict.fromkeys(sorted(each for each in plate.texts if each)))
    beside = _SCALE_PX if plate.is_of_numbers else _names_px(names)
    wide = _WIDE if room is None else min(_WIDE, room - _LEFT - _GAP - beside)
    side = min(max(wide / plate.shape[1], _CELL[0]), _CELL[1])
    paints = {name: CATEGORICAL[n % len(CATEGORICAL)] for n, name in enumerate(names)}
    paints |= dict(colours or {})
    marks = [*_sides(plate, side), *_empty(plate, side), *_wells(plate, side, paints)]
    bottom = _TOP + side * plate.shape[0] + _GAP
    right = _LEFT + side * plate.shape[1]
    if plate.is_of_numbers:
        marks += _scale(plate, right + _GAP)
        height = max(bottom, _TOP + _SCALE_STEPS * 2 + 20)
    else:
        marks += _names(names, paints, right + _GAP)
        height = max(bottom, _TOP + 16 * min(len(names), _MOST_NAMES + 1) + 8)
    return Drawing(
        width=right + _GAP + beside,
        height=height,
        marks=tuple(marks),
        title=f"{plate.title} on plate {plate.plate}".removesuffix(" on plate "),
        sentence=plate.sentence,
        caption=_caption(plate),
        numbers=plate_table(plate),
        equal=True,
    )


def _caption(plate: PlateValues) -> str:
    parts = [f"{plate.title}, {counted(len(plate.rows), 'well')}"]
    if plate.plate:
        parts[0] += f" of plate {plate.plate}"
    if plate.is_control.any():
        parts.append(f"Framed: {counted(int(plate.is_control.sum()), 'control')}")
    if plate.patterns:
        told = "; ".join(
            f"{e.name} {100 * e.explained:.0f} % of the variance, adjusted p {e.p_value:.2g}"
            for e in plate.patterns
        )
        parts.append(f"Patterns in {plate.of}: {told}; by shuffling wells 2,000 times (Holm)")
    return ". ".join(parts) + "."


def _sides(plate: PlateValues, side: float) -> list[Mark]:
    """Letters and numbers; each shows the wells next to it."""
    size = min(FONT_PX - 1, side - 1)
    marks: list[Mark] = []
    for axis, count in enumerate(plate.shape):
        for number in range(count):
            here = plate.rows[plate.at[:, axis] == number]
            where = Where(tuple(here.tolist())) if len(here) else None
            middle = side * (number + 0.5)
            if axis == 0:
                name = row_letters(number + 1) or ""
                tip = f"row {name}: {counted(len(here), 'well')}"
                y = _TOP + middle + 4
                marks.append(Words(_LEFT - 5, y, name, size, "end", QUIET, where=where, tip=tip))
            else:
                name = str(number + 1)
                tip = f"column {name}: {counted(len(here), 'well')}"
                x = _LEFT + middle
                marks.append(Words(x, _TOP - 5, name, size, "middle", QUIET, where=where, tip=tip))
    return marks


def _empty(plate: PlateValues, side: float) -> list[Mark]:
    there = {tuple(place) for place in plate.at.tolist()}
    return [
        Box(_LEFT + side * x + 2, _TOP + side * y + 2, side - 4, side - 4, line=GREY, opacity=0.25)
        for y in range(plate.shape[0])
        for x in range(plate.shape[1])
        if (y, x) not in there
    ]


def _wells(plate: PlateValues, side: float, paints: Mapping[str, str]) -> list[Mark]:
    fills = ["#" + bytes(rgb).hex() for rgb in value_colours(plate.values)]
    marks: list[Mark] = []
    cells = plate.wells.table["n_cells"].to_numpy()
    for n, (row, (y, x)) in enumerate(zip(plate.rows.tolist(), plate.at.tolist(), strict=True)):
        text = str(plate.texts[n])
        said = number_words(plate.values[n]) if plate.is_of_numbers else (text or "no value")
        fill = fills[n] if plate.is_of_numbers else paints.get(text, GREY)
        kind = ", control" if plate.is_control[n] else ""
        count = counted(int(cells[row]), "cell")
        tip = f"{plate.wells.name(row)}{kind}: {plate.title} {said} ({count})"
        place = _LEFT + side * x + 1, _TOP + side * y + 1, side - 2, side - 2
        line = INK if plate.is_control[n] else ""
        marks.append(Box(*place, fill, line, where=Where((row,)), tip=tip))
    return marks


def _scale(plate: PlateValues, left: float) -> list[Mark]:
    low, high = finite_limits(plate.values)
    # Colours that values really have: pictures on another ground exchange those alone.
    colours = value_colours(np.arange(_SCALE_STEPS))[::-1]
    marks: list[Mark] = [
        Box(left, _TOP + 2 * n, 10, 2.5, "#" + bytes(rgb).hex()) for n, rgb in enumerate(colours)
    ]
    end = _TOP + 2 * _SCALE_STEPS
    marks.append(Words(left + 14, _TOP + 9, number_words(high), FONT_PX - 1))
    marks.append(Words(left + 14, end, number_words(low), FONT_PX - 1))
    return marks


def _names_px(names: list[str]) -> float:
    """How wide the legend of names is."""
    wide = max([min(text_px(name), _NAME_PX) for name in names[:_MOST_NAMES]] + [60.0])
    return 20 + float(np.ceil(wide))


def _names(names: list[str], paints: Mapping[str, str], left: float) -> list[Mark]:
    marks: list[Mark] = []
    shown = names[:_MOST_NAMES]
    for n, name in enumerate(shown):
        y = _TOP + 16 * n
        marks.append(Box(left, y, 10, 10, paints.get(name, GREY)))
        marks.append(Words(left + 15, y + 9, fitted(name, _NAME_PX), FONT_PX - 1, tip=name))
    if len(names) > len(shown):
        more = f"and {len(names) - len(shown)} more"
        marks.append(Words(left + 15, _TOP + 16 * len(shown) + 9, more, FONT_PX - 1, colour=QUIET))
    return marks
