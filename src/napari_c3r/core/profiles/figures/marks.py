"""What marks some cells, ranked, each with its distribution beside that of the rest."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from napari_c3r.core.figures.colours import GREY
from napari_c3r.core.figures.drawing import (
    FONT_PX,
    INK,
    QUIET,
    Box,
    Dot,
    Drawing,
    Path,
    Where,
    Words,
    fitted,
    number_words,
    text_px,
    ticks,
)
from napari_c3r.core.figures.drawing import Mark as Shape
from napari_c3r.core.profiles.marks import VECTOR, Mark, Marks, marks_table
from napari_c3r.core.profiles.sentences import counted

COLOUR: Final = "#5285b8"
"""Of the chosen cells where they have no colour of their own."""

_ROW, _HEAD, _AXIS = 30.0, 18.0, 16.0
_LABEL, _EFFECT, _SHAPE, _GAP = 150.0, 150.0, 130.0, 16.0
_MOST: Final = 24


def marks_figure(found: Marks, colour: str = COLOUR) -> Drawing:
    """Draw what marks some cells.

    Parameters
    ----------
    found
        From `marks_of`.
    colour
        Of the cells, ``"#rrggbb"``, such as that of their cluster on the map.

    Returns
    -------
    Drawing
        A row for each of the 24 strongest: the effect with its interval, and both distributions.
        A row of a feature stands for its column, by which the map can be coloured.
    """
    shown = found.marks[:_MOST]
    label = min(max(text_px(mark.title) for mark in shown) + 14, _LABEL)
    reach = max(max(abs(mark.low), abs(mark.high), abs(mark.effect)) for mark in shown) * 1.05
    bottom = _HEAD + _ROW * len(shown)
    middle = label + _EFFECT / 2

    def x(effect: float) -> float:
        return middle + float(np.clip(effect / reach, -1, 1)) * _EFFECT / 2

    marks: list[Shape] = [
        Words(middle - 6, _HEAD - 6, "less", FONT_PX - 1, "end", QUIET),
        Words(middle + 6, _HEAD - 6, "more", FONT_PX - 1, "start", QUIET),
        Path(((middle, _HEAD), (middle, bottom)), QUIET, width=0.8),
    ]
    for place, mark in enumerate(shown):
        y = _HEAD + _ROW * place
        where, tip = _where(mark), _tip(found, mark)
        room = label + _EFFECT + _GAP + _SHAPE
        marks.append(Box(0, y, room, _ROW, "ground", where=where, tip=tip, opacity=0.0))
        text = fitted(mark.title, label - 12)
        marks.append(Words(label - 6, y + 19, text, anchor="end", where=where, tip=tip))
        ends = (x(mark.low), y + 15), (x(mark.high), y + 15)
        marks.append(Path(ends, INK, width=1.2))
        marks.append(Dot(x(mark.effect), y + 15, 3.5, colour, where=where, tip=tip))
        left = label + _EFFECT + _GAP
        peak = max(float(mark.chosen.max()), float(mark.rest.max()), 1e-12)
        marks.append(_area(mark.rest / peak, left, y, GREY, 0.55))
        marks.append(_area(mark.chosen / peak, left, y, colour, 0.7))
    for effect in ticks(-reach, reach, 4):
        at = x(effect)
        marks.append(Words(at, bottom + 12, number_words(effect), FONT_PX - 2, "middle", QUIET))
    marks.append(Words(label + _EFFECT + 4, bottom + 12, "s.d.", FONT_PX - 2, colour=QUIET))
    return Drawing(
        width=label + _EFFECT + _GAP + _SHAPE + 8,
        height=bottom + _AXIS,
        marks=tuple(marks),
        title=f"What marks {found.what} against the rest",
        sentence=found.sentence,
        caption=found.caption,
        numbers=marks_table(found),
    )


def _where(mark: Mark) -> Where | None:
    return None if mark.kind == VECTOR else Where(column=mark.name)


def _area(shares: NDArray[np.float64], left: float, top: float, colour: str, seen: float) -> Path:
    """A distribution as an area of steps."""
    wide, ground, high = _SHAPE / len(shares), top + _ROW - 4, _ROW - 8
    points = [(left, ground)]
    for n, share in enumerate(shares):
        y = ground - float(share) * high
        points += [(left + n * wide, y), (left + (n + 1) * wide, y)]
    points.append((left + _SHAPE, ground))
    return Path(tuple(points), fill=colour, opacity=seen)


def _tip(found: Marks, mark: Mark) -> str:
    low, high = number_words(mark.low), number_words(mark.high)
    over = counted(mark.n_wells, found.noun) if mark.n_wells else "cells"
    said = f"{mark.title}: {number_words(mark.effect)} s.d. (95 %: {low} to {high}, over {over})"
    if mark.kind == VECTOR:
        return said
    means = f"mean {number_words(mark.chosen_mean)}, of the rest {number_words(mark.rest_mean)}"
    opposite = mark.n_wells and (mark.chosen_mean - mark.rest_mean) * mark.effect < 0
    why = f"; over all {found.noun}s together it is the other way, as they differ"
    return f"{said}; {means}{why if opposite else ''}. A click colours the map by it"
