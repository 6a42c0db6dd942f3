"""A figure as a description: shapes and words at places, each tied to the cells that it shows.

The same description is displayed, hit by the mouse and written to files: there is one way to draw.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from napari_c3r.core.figures.colours import mixed
from napari_c3r.core.figures.grounds import OF_DATA, on_ground
from napari_c3r.core.text import without_middle

if TYPE_CHECKING:
    import pandas as pd

INK, QUIET, GROUND = "ink", "quiet", "ground"
"""Colours that follow the theme: of words, of what stands behind, of the page."""

FONT_PX: Final = 11.0
# Of the height of a letter; those of neither kind are wide.
_NARROW, _MIDDLE, _WIDE = 0.36, 0.6, 0.78
_BOLD = 1.1
# With words, a figure is at least so wide, for lines of a length that can be read.
_LEAST_PX = 460.0
_THIN = frozenset("iljtfrI.,:;'|!()[] -")
_BROAD = frozenset("mwMW@%ABCDEFGHKLNOPQRSTUVXYZ+=<>→★µ–…")


@dataclass(frozen=True)
class Theme:
    """Colours of page and words, each ``"#rrggbb"``."""

    ground: str = "#ffffff"
    ink: str = "#1a1a1a"

    def colour(self, name: str) -> str:
        """A colour of a mark as ``"#rrggbb"``; one of the palettes is as its ground needs it."""
        if name in OF_DATA:
            return on_ground(name, self.ground)
        named = {INK: self.ink, GROUND: self.ground, QUIET: mixed(self.ground, self.ink, 0.55)}
        return named.get(name, name)


PAPER: Final = Theme()
"""Black on white, for files."""


@dataclass(frozen=True)
class Where:
    """Which cells a mark shows.

    Attributes
    ----------
    wells
        Those of these wells, by their rows in the table of wells; empty for all.
    column, value
        Of those, the ones that have this value, as text, in this column; a column without a
        value stands for itself.
    """

    wells: tuple[int, ...] = ()
    column: str = ""
    value: str = ""


@dataclass(frozen=True, kw_only=True)
class Mark:
    """Something drawn.

    Attributes
    ----------
    where
        The cells that it shows; None for none.
    tip
        What it says, in a sentence.
    opacity
        0 to 1.
    """

    where: Where | None = None
    tip: str = ""
    opacity: float = 1.0

    @property
    def bounds(self) -> tuple[float, float, float, float]:
        """Left, top, width and height of what it covers."""
        return 0.0, 0.0, 0.0, 0.0

    def holds(self, x: float, y: float) -> bool:
        """Whether a place is on it."""
        left, top, width, height = self.bounds
        return left <= x <= left + width and top <= y <= top + height


@dataclass(frozen=True)
class Box(Mark):
    """An upright rectangle; without a fill it is an outline."""

    x: float
    y: float
    width: float
    height: float
    fill: str = ""
    line: str = ""

    @property
    def bounds(self) -> tuple[float, float, float, float]:
        """Left, top, width and height."""
        return self.x, self.y, self.width, self.height


@dataclass(frozen=True)
class Dot(Mark):
    """A disc."""

    x: float
    y: float
    radius: float
    fill: str
    line: str = ""

    @property
    def bounds(self) -> tuple[float, float, float, float]:
        """Left, top, width and height of the square around it."""
        side = 2 * self.radius
        return self.x - self.radius, self.y - self.radius, side, side

    def holds(self, x: float, y: float) -> bool:
        """Whether a place is in it, or just beside: a small one is hard to hit."""
        return (x - self.x) ** 2 + (y - self.y) ** 2 <= (self.radius + 1.5) ** 2


@dataclass(frozen=True)
class Path(Mark):
    """A line through points, or the area that it closes in."""

    points: tuple[tuple[float, float], ...]
    line: str = ""
    fill: str = ""
    width: float = 1.0
    dashed: bool = False

    def holds(self, x: float, y: float) -> bool:
        """A line is too thin to be pointed at, and an area stands behind other marks."""
        return False


@dataclass(frozen=True)
class Words(Mark):
    """A line of text; `y` is its baseline, `anchor` what of it is at `x`.

    `upwards`, it is written from bottom to top, its baseline at `x` and `anchor` at `y`.
    """

    x: float
    y: float
    text: str
    size: float = FONT_PX
    anchor: str = "start"
    colour: str = INK
    bold: bool = False
    upwards: bool = False

    @property
    def bounds(self) -> tuple[float, float, float, float]:
        """Left, top, width and height of its letters, about."""
        wide = text_px(self.text, self.size)
        left = self.x - {"start": 0.0, "middle": wide / 2, "end": wide}[self.anchor]
        return left, self.y - self.size, wide, self.size * 4 / 3


@dataclass(frozen=True, eq=False)
class Points(Mark):
    """Many discs of one size, the last on top.

    Attributes
    ----------
    xy
        Their places, (N, 2).
    colours
        uint8 (N, 3).
    radius
        Of each.
    """

    xy: NDArray[np.float64]
    colours: NDArray[np.uint8]
    radius: float

    def holds(self, x: float, y: float) -> bool:
        """None of so many is pointed at."""
        return False


@dataclass(frozen=True, eq=False)
class Picture(Mark):
    """Pixels stretched over a rectangle, each drawn as a square of its own.

    Attributes
    ----------
    pixels
        (rows, columns, 3) uint8, or 4 with opacity.
    """

    x: float
    y: float
    width: float
    height: float
    pixels: NDArray[np.uint8]

    @property
    def bounds(self) -> tuple[float, float, float, float]:
        """Left, top, width and height."""
        return self.x, self.y, self.width, self.height


@dataclass(frozen=True, eq=False)
class Drawing:
    """A figure.

    Attributes
    ----------
    width, height
        In pixels.
    marks
        In the order drawn; the last lies on top.
    title
        A few words.
    sentence
        What it shows.
    caption
        How it is to be read: what was tested, on how many wells.
    numbers
        What it was made of, for a table beside it.
    method
        What was done to get it: cells and wells, encoder, settings, seed, version.
    equal
        Whether it must not be made wider without being made higher.
    """

    width: float
    height: float
    marks: tuple[Mark, ...]
    title: str = ""
    sentence: str = ""
    caption: str = ""
    numbers: pd.DataFrame | None = field(default=None, repr=False)
    method: str = ""
    equal: bool = False

    def at(self, x: float, y: float) -> Mark | None:
        """The topmost mark at a place that shows cells or says something."""
        said = (mark for mark in reversed(self.marks) if mark.where or mark.tip)
        return next((mark for mark in said if mark.holds(x, y)), None)

    @property
    def stops(self) -> tuple[Mark, ...]:
        """Boxes and words that show cells, one for each choice, for the arrow keys to go to."""
        found: dict[Where, Mark] = {}
        for mark in self.marks:
            if mark.where and isinstance(mark, Box | Words | Dot):
                found.setdefault(mark.where, mark)
        return tuple(found.values())

    @property
    def words(self) -> tuple[str, ...]:
        """All that is said of it, a paragraph each: title, sentence, caption and method."""
        said = (self.title, self.sentence, self.caption, self.method)
        return tuple(each for each in said if each)

    def with_words(self, width: float | None = None) -> Drawing:
        """The same with its sentence above, its caption and its method below, as it is saved.

        Parameters
        ----------
        width
            Of the lines; by default that of the drawing, and no less than can be read.
        """
        has_words = self.sentence or self.caption or self.method
        if width is None:
            width = max(self.width, _LEAST_PX) if has_words else self.width
        above = list(_lines(self.sentence, width, (FONT_PX + 1) * _BOLD))
        told = f"{self.caption} {self.method}".strip()
        below = list(_lines(told, width, FONT_PX - 1))
        down = (FONT_PX + 5) * len(above) + (6 if above else 0)
        marks: list[Mark] = [
            Words(4, (FONT_PX + 5) * (n + 1), line, FONT_PX + 1, bold=True)
            for n, line in enumerate(above)
        ]
        marks += [moved(mark, 0, down) for mark in self.marks]
        end = down + self.height + 4
        marks += [
            Words(4, end + (FONT_PX + 3) * (n + 1), line, FONT_PX - 1, colour=QUIET)
            for n, line in enumerate(below)
        ]
        height = end + (FONT_PX + 3) * len(below) + 6
        return replace(
            self,
            width=width,
            height=height,
            marks=tuple(marks),
            sentence="",
            caption="",
            method="",
        )


def moved(mark: Mark, right: float, down: float) -> Mark:
    """A mark somewhere else."""
    if isinstance(mark, Path):
        return replace(mark, points=tuple((x + right, y + down) for x, y in mark.points))
    if isinstance(mark, Points):
        return replace(mark, xy=mark.xy + np.array([right, down]))
    assert isinstance(mark, Box | Dot | Words | Picture)
    return replace(mark, x=mark.x + right, y=mark.y + down)


def text_px(text: str, size: float = FONT_PX) -> float:
    """About how wide a text is; no font is asked, so that it is the same everywhere."""
    wide = sum(
        _NARROW if letter in _THIN else _WIDE if letter in _BROAD else _MIDDLE for letter in text
    )
    return size * wide


def fitted(text: str, room: float, size: float = FONT_PX) -> str:
    """A text without its middle where there is no room for it."""
    if text_px(text, size) <= room:
        return text
    cuts = (without_middle(text, letters) for letters in range(len(text), 2, -1))
    return next((cut for cut in cuts if text_px(cut, size) <= room), f"{text[:1]}…")


def ticks(low: float, high: float, most: int = 3) -> list[float]:
    """Round values between two ends, both ends in mind: 1, 2 or 5 times a power of ten."""
    if not high > low:
        return [low]
    rough = (high - low) / most
    power = 10.0 ** np.floor(np.log10(rough))
    step = next(power * times for times in (1, 2, 5, 10) if power * times >= rough * 0.999)
    first, last = int(np.ceil(low / step - 1e-9)), int(np.floor(high / step + 1e-9))
    return [float(number * step) for number in range(first, last + 1)]


def number_words(value: float) -> str:
    """A number of three figures for an axis or a sentence, a true minus before it."""
    if not np.isfinite(value):
        return "–"
    size = abs(value)
    if size >= 1e5 or 0 < size < 1e-3:
        text = f"{value:.2g}"
    elif size >= 100:
        text = f"{value:.0f}"
    else:
        text = f"{value:.3g}"
    return text.replace("-", "−")


def _lines(text: str, room: float, size: float) -> Iterator[str]:
    line = ""
    for word in text.split():
        longer = f"{line} {word}".strip()
        if line and text_px(longer, size) > room - 8:
            yield line
            longer = word
        line = longer
    if line:
        yield line
