"""The legend of a plot as marks of a figure, beside the plot or below it."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from napari_c3r.core.figures.colouring import Categories, Colouring, Values
from napari_c3r.core.figures.colours import GREY, sequential
from napari_c3r.core.figures.drawing import (
    FONT_PX,
    PAPER,
    QUIET,
    Box,
    Dot,
    Mark,
    Words,
    fitted,
    number_words,
    text_px,
)

_ROW: Final = 15.0
_MOST: Final = 30
_STEPS: Final = 48
_Entry = tuple[str, str, str]


def legend_beside(
    colouring: Colouring, selected: NDArray[np.bool_] | None, left: float, width: float
) -> tuple[list[Mark], float]:
    """A legend in a column, and how far down it reaches."""
    if isinstance(colouring, Values):
        return _scale(colouring, left, 4.0, width), 48.0
    marks: list[Mark] = []
    entries = _entries(colouring, selected)
    for n, entry in enumerate(entries):
        marks += _entry(entry, left, 8 + _ROW * n, width)
    return marks, 12 + _ROW * len(entries)


def legend_below(
    colouring: Colouring, selected: NDArray[np.bool_] | None, top: float, width: float
) -> tuple[list[Mark], float]:
    """A legend in rows, and how far down it reaches."""
    if isinstance(colouring, Values):
        return _scale(colouring, 4.0, top, min(width - 8, 240.0)), top + 40
    entries = _entries(colouring, selected)
    widest = max(
        (text_px(f"{name}  {count}", FONT_PX - 1) for name, count, _ in entries), default=0
    )
    each = min(widest + 26, width)
    across = max(int(width // max(each, 1)), 1)
    marks: list[Mark] = []
    for n, entry in enumerate(entries):
        marks += _entry(entry, 4 + each * (n % across), top + 8 + _ROW * (n // across), each - 8)
    return marks, top + 12 + _ROW * -(-len(entries) // across)


def _entries(colouring: Categories, selected: NDArray[np.bool_] | None) -> list[_Entry]:
    """Name, number of cells and colour of each category that has cells, those in none last."""
    size = len(colouring.names) + 1
    counts = np.bincount(colouring.codes + 1, minlength=size)
    some = selected is not None and bool(selected.any())
    chosen = np.bincount(colouring.codes[selected] + 1, minlength=size) if some else None
    palette = colouring.on(PAPER.ground).palette
    named = [(n, name, palette[n % len(palette)]) for n, name in enumerate(colouring.names)]
    entries = []
    for n, name, colour in [*named, (-1, colouring.rest, GREY)]:
        total = int(counts[n + 1])
        if total:
            told = f"{total:,}" if chosen is None else f"{int(chosen[n + 1]):,} of {total:,}"
            entries.append((name, told, colour))
    if len(entries) > _MOST:
        more = len(entries) - _MOST
        entries = [*entries[:_MOST], (f"and {more} more", "", "")]
    return entries


def _entry(entry: _Entry, left: float, middle: float, width: float) -> list[Mark]:
    name, count, colour = entry
    size = FONT_PX - 1
    room = width - 14 - (text_px(count, size) + 6 if count else 0)
    shown = fitted(name, max(room, 20.0), size)
    marks: list[Mark] = [Dot(left + 5, middle, 4, colour)] if colour else []
    marks.append(Words(left + 13, middle + 4, shown, size, tip=name))
    if count:
        at = left + 13 + text_px(shown, size) + 6
        marks.append(Words(at, middle + 4, count, size, colour=QUIET))
    return marks


def _scale(colouring: Values, left: float, top: float, width: float) -> list[Mark]:
    """A bar of colours with its ends, under the name."""
    wide = width / _STEPS
    marks: list[Mark] = [Words(left, top + 9, fitted(colouring.name, width), FONT_PX - 1)]
    for n, colour in enumerate(sequential(_STEPS, colouring.on(PAPER.ground).palette)):
        fill = "#" + bytes(colour).hex()
        marks.append(Box(left + wide * n, top + 14, wide + 0.4, 8, fill))
    low, high = map(number_words, colouring.limits)
    beyond = "≥ " if (colouring.values > colouring.limits[1]).any() else ""
    marks.append(Words(left, top + 33, low, FONT_PX - 2, colour=QUIET))
    marks.append(Words(left + width, top + 33, beyond + high, FONT_PX - 2, "end", QUIET))
    if colouring.missing().any():
        marks.append(Words(left, top + 45, "grey: no value", FONT_PX - 2, colour=QUIET))
    return marks
