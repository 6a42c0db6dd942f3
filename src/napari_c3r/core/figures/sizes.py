"""Figures in the size of a page: so many millimetres wide, letters of so many points."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from napari_c3r.core.errors import InputError
from napari_c3r.core.figures.drawing import (
    FONT_PX,
    Box,
    Dot,
    Drawing,
    Mark,
    Path,
    Picture,
    Points,
    Words,
)

MM_PER_PX: Final = 25.4 / 96
_PT_PER_PX: Final = 72 / 96
COLUMNS: Final = {"Single column": 85.0, "Double column": 180.0}
"""Widths of figures in journals, in millimetres."""

WIDTHS_MM: Final = (30.0, 600.0)
LETTERS_PT: Final = (4.0, 24.0)


@dataclass(frozen=True)
class FigureSize:
    """How large a figure is.

    Attributes
    ----------
    width_mm
        Width in millimetres, 30 to 600.
    letters_pt
        Size of its letters in points, 4 to 24.

    Raises
    ------
    InputError
        One is out of its range.
    """

    width_mm: float = COLUMNS["Double column"]
    letters_pt: float = 7.0

    def __post_init__(self) -> None:
        for value, (low, high), what in (
            (self.width_mm, WIDTHS_MM, "mm wide"),
            (self.letters_pt, LETTERS_PT, "points high"),
        ):
            if not low <= value <= high:
                raise InputError(
                    f"A figure cannot have {value:g} {what}: choose {low:g} to {high:g}"
                )

    @property
    def scale(self) -> float:
        """Pixels of the page, 96 to the inch, for one of a drawing."""
        return self.letters_pt / (FONT_PX * _PT_PER_PX)

    @property
    def width(self) -> float:
        """Pixels that a drawing may be wide, so that its letters come out as wanted."""
        return self.width_mm / MM_PER_PX / self.scale


def sized(drawing: Drawing, size: FigureSize, *, words: bool = True) -> Drawing:
    """A drawing as it is on the page.

    A narrow one is made wider, without larger letters; one that is too wide is made smaller, its
    letters too.

    Parameters
    ----------
    drawing
        The figure.
    size
        Its width, and the size of its letters.
    words
        Whether sentence, caption and method are in it.

    Returns
    -------
    Drawing
        In pixels of the page, 96 to the inch.
    """
    times = size.width / drawing.width
    across = max(times, 1.0)
    down = across if drawing.equal else 1.0
    wide = _scaled(drawing, across, down, 1.0)
    if words:
        wide = wide.with_words(wide.width)
    every = size.scale * min(times, 1.0)
    return _scaled(wide, every, every, every)


def letters_pt(drawing: Drawing, size: FigureSize) -> float:
    """Size in points that the letters have on the page."""
    return size.letters_pt * min(size.width / drawing.width, 1.0)


def _scaled(drawing: Drawing, across: float, down: float, letters: float) -> Drawing:
    marks = tuple(_scaled_mark(mark, across, down, letters) for mark in drawing.marks)
    width, height = drawing.width * across, drawing.height * down
    return replace(drawing, width=width, height=height, marks=marks)


def _scaled_mark(mark: Mark, across: float, down: float, letters: float) -> Mark:
    """A mark at its new place; what has no length of its own goes with the letters."""
    if isinstance(mark, Path):
        points = tuple((x * across, y * down) for x, y in mark.points)
        return replace(mark, points=points, width=mark.width * letters)
    if isinstance(mark, Points):
        return replace(mark, xy=mark.xy * np.array([across, down]), radius=mark.radius * letters)
    if isinstance(mark, Box | Picture):
        return replace(
            mark,
            x=mark.x * across,
            y=mark.y * down,
            width=mark.width * across,
            height=mark.height * down,
        )
    if isinstance(mark, Dot):
        return replace(mark, x=mark.x * across, y=mark.y * down, radius=mark.radius * letters)
    assert isinstance(mark, Words)
    return replace(mark, x=mark.x * across, y=mark.y * down, size=mark.size * letters)
