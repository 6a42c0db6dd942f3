"""A montage as a figure: rows of cells with names, outlines, a scale bar and a channel key."""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import pairwise
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from napari_c3r.core.figures.cell_cuts import CutCell
from napari_c3r.core.figures.cell_montage import Montage, MontageRow
from napari_c3r.core.figures.composites import Appearance, compose
from napari_c3r.core.figures.drawing import (
    FONT_PX,
    INK,
    QUIET,
    Box,
    Drawing,
    Mark,
    Path,
    Picture,
    Words,
    fitted,
    moved,
    number_words,
    text_px,
)
from napari_c3r.core.figures.tiles import DIMMED, EACH, panels, shown_channels

if TYPE_CHECKING:
    import pandas as pd

TILE_PX: Final = 96.0
_GAP_PX: Final = 4.0
_ROW_GAP_PX: Final = 10.0
_LABEL_PX: Final = 130.0
_LEAST_PX: Final = 240.0
_SWATCH_PX: Final = 10.0
_LINE_PX: Final = 18.0
_BAR_PX: Final = 3.0
# Of the width of a picture, at most.
_BAR_SHARE: Final = 1 / 3
_WHITE: Final = "#ffffff"
_BLACK: Final = "#000000"


def montage_figure(montage: Montage, *, tile_px: float = TILE_PX, columns: int = 0) -> Drawing:
    """Lay a montage out.

    Parameters
    ----------
    montage
        The cells.
    tile_px
        Side of each picture, in pixels of the drawing.
    columns
        Cells in a line, at most; by default as many as the largest group has, of one group about
        as many as there are lines.

    Returns
    -------
    Drawing
        Pictures of the image's own pixels, the outlines as lines; its numbers list the cells by
        image and label.
    """
    looks = panels(montage.channel_names, montage.looks, montage.style.show)
    most = max((len(row.cells) for row in montage.rows), default=0)
    single = len(montage.rows) == 1 and not montage.rows[0].name
    columns = columns or (math.ceil(math.sqrt(most)) if single else most) or 1
    label = 0.0 if single else _label_px(montage)
    wide = tile_px * len(looks)
    bar = bar_length(montage)
    marks: list[Mark] = []
    down = 0.0
    for row in montage.rows:
        if not row.cells:
            continue
        if label:
            marks += _row_words(row, label, down)
        for number, cell in enumerate(row.cells):
            x = label + number % columns * (wide + _GAP_PX)
            y = down + number // columns * (tile_px + _GAP_PX)
            marks += _tile(montage, cell, looks, x, y, tile_px)
            if bar is None and (length := _own_length(cell)):
                marks.append(_bar(x + wide - 5, y + tile_px - 7, length, cell, tile_px))
        down += math.ceil(len(row.cells) / columns) * (tile_px + _GAP_PX) + _ROW_GAP_PX - _GAP_PX
    right = label + min(columns, most) * (wide + _GAP_PX) - _GAP_PX
    width = max(right, _LEAST_PX)
    key, lines = _key(montage, width, tile_px, bar)
    marks += [moved(mark, 0, down) for mark in key]
    return Drawing(
        width,
        down + lines * _LINE_PX,
        tuple(marks),
        title=montage.sentence,
        sentence=montage.sentence,
        caption=_caption(montage),
        numbers=listed_cells(montage),
    )


def listed_cells(montage: Montage) -> pd.DataFrame:
    """The cells in the order shown: row, place in it, image, label, and what else is known."""
    import pandas as pd

    records = []
    for row in montage.rows:
        for place, cell in enumerate(row.cells, 1):
            records.append({"row": row.name, "place": place, **montage.facts[cell.row]})
    frame = pd.DataFrame.from_records(records)
    first = [name for name in ("row", "place", "image", "label") if name in frame]
    return frame[[*first, *(name for name in frame.columns if name not in first)]]


def nice_length(field: float) -> float:
    """The largest of 1, 2 or 5 times a power of ten that is at most a third of a width."""
    most = field * _BAR_SHARE
    power = 10.0 ** math.floor(math.log10(most))
    return next(power * times for times in (5, 2, 1) if power * times <= most * (1 + 1e-9))


def bar_length(montage: Montage) -> tuple[float, str, float] | None:
    """The scale bar that is right for every cell.

    Returns
    -------
    tuple or None
        Its length, ``"µm"`` or ``"px"``, and which share of a picture's width it has; None where
        the pictures are of different scales, which then have bars of their own.
    """
    fields = {_field(cell) for cell in montage.cells}
    if len(fields) != 1:
        return None
    width, unit = fields.pop()
    length = nice_length(width)
    return length, unit, length / width


def _field(cell: CutCell) -> tuple[float, str]:
    """Width of a cell's picture, and its unit."""
    if cell.pixel_size_um is None:
        return float(cell.side_px), "px"
    return round(cell.side_px * cell.pixel_size_um, 9), "µm"


def _own_length(cell: CutCell) -> float:
    return nice_length(_field(cell)[0])


def _bar(right: float, y: float, length: float, cell: CutCell, tile_px: float) -> Box:
    """The bar of one picture, inside of it."""
    wide, unit = _field(cell)
    width = length / wide * tile_px
    tip = f"{number_words(length)} {unit}"
    return Box(right - width, y, width, _BAR_PX, fill=_WHITE, line=_BLACK, tip=tip)


def _tile(
    montage: Montage,
    cell: CutCell,
    pictures: tuple[tuple[Appearance, ...], ...],
    x: float,
    y: float,
    tile_px: float,
) -> Iterator[Mark]:
    facts = montage.facts[cell.row]
    for number, looks in enumerate(pictures):
        left = x + number * tile_px
        pixels = compose(cell.crop, looks)
        if montage.style.dimmed and cell.mask is not None:
            pixels[~cell.mask] = np.round(pixels[~cell.mask] * DIMMED).astype(np.uint8)
        tip = f"Cell {facts['label']} of {facts['image']}"
        yield Picture(left, y, tile_px, tile_px, pixels, tip=tip)
        if montage.style.outlined and cell.mask is not None:
            yield from (Path(line, line=_WHITE) for line in outlines(cell.mask, left, y, tile_px))


def outlines(
    mask: NDArray[np.bool_], left: float, top: float, side: float
) -> Iterator[tuple[tuple[float, float], ...]]:
    """Lines along the border of a mask (Y, X), drawn over a square of the figure."""
    from skimage.measure import find_contours

    scale = side / len(mask)
    for line in find_contours(np.pad(mask, 1).astype(np.float32), 0.5):
        # A contour's places are centres of pixels, and one pixel was put before the first.
        y, x = np.clip((line - 0.5) * scale, 0, side).T
        points = tuple(zip((left + x).tolist(), (top + y).tolist(), strict=True))
        if any(a != b for a, b in pairwise(points)):
            yield points


def _label_px(montage: Montage) -> float:
    widest = max((text_px(row.name) * 1.1 for row in montage.rows), default=0.0)
    return min(max(widest, 60.0), _LABEL_PX) + 8


def _row_words(row: MontageRow, room: float, down: float) -> list[Mark]:
    count = f"{len(row.cells):,} of {row.total:,}"
    name = fitted(row.name, (room - 8) / 1.1)
    return [
        Words(0, down + FONT_PX + 2, name, bold=True, tip=row.name),
        Words(0, down + 2 * FONT_PX + 6, count, FONT_PX - 1, colour=QUIET),
    ]


def _key(
    montage: Montage, room: float, tile_px: float, bar: tuple[float, str, float] | None
) -> tuple[list[Mark], int]:
    """The scale bar and which colour is which channel; and how many lines that takes."""
    x, line, marks = 0.0, 0, list[Mark]()
    middle = _LINE_PX / 2
    if bar is not None:
        length, unit, share = bar
        marks.append(Box(0, middle - _BAR_PX / 2, share * tile_px, _BAR_PX, fill=INK))
        words = f"{number_words(length)} {unit}"
        marks.append(Words(share * tile_px + 6, middle + FONT_PX / 3, words))
        x = share * tile_px + 6 + text_px(words) + 18
    elif montage.cells:
        words = "bars: see each picture"
        lengths = {(_own_length(cell), _field(cell)[1]) for cell in montage.cells}
        if len(lengths) == 1:
            length, unit = lengths.pop()
            words = f"bars: {number_words(length)} {unit}"
        marks.append(Words(0, middle + FONT_PX / 3, words))
        x = text_px(words) + 18
    names = shown_channels(montage.channel_names, montage.looks, montage.style.show)
    for name in names:
        wide = _SWATCH_PX + 5 + text_px(name) + 14
        if x and x + wide > room:
            x, line = 0.0, line + 1
        y = line * _LINE_PX + middle
        colour = montage.looks[name].colour
        swatch = Box(x, y - _SWATCH_PX / 2, _SWATCH_PX, _SWATCH_PX, fill=colour, line=QUIET)
        marks += [swatch, Words(x + _SWATCH_PX + 5, y + FONT_PX / 3, name)]
        x += wide
    return marks, line + 1


def _caption(montage: Montage) -> str:
    names = shown_channels(montage.channel_names, montage.looks, montage.style.show)
    limits = [
        f"{name} {number_words(low)}–{number_words(high)}"
        for name in names
        if (ends := montage.looks[name].limits) is not None
        for low, high in (ends,)
    ]
    parts = [f"{len(montage.cells):,} cells."]
    if montage.style.show == EACH:
        parts.append("Channels stand side by side in the order of the key.")
    if limits:
        parts.append(f"Intensities drawn from black to brightest: {', '.join(limits)}.")
    if montage.style.outlined and any(cell.mask is not None for cell in montage.cells):
        parts.append("The line is the border of the cell in the middle.")
    return " ".join(parts)
