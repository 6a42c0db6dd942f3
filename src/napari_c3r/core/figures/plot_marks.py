"""The cells of a plot as marks of a figure, with axes, frames and titles of panels."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from napari_c3r.core.figures.axes import Axis
from napari_c3r.core.figures.colouring import (
    Categories,
    Colouring,
    automatic_size,
    dimmed,
    on_top,
    plain_colours,
)
from napari_c3r.core.figures.colours import mixed, rgb
from napari_c3r.core.figures.discs import top_discs
from napari_c3r.core.figures.drawing import (
    FONT_PX,
    PAPER,
    QUIET,
    Box,
    Mark,
    Path,
    Picture,
    Points,
    Words,
    fitted,
    text_px,
)
from napari_c3r.core.figures.plot import Plotted

MOST_VECTOR: Final = 20_000
"""Points that are drawn one by one; more are pixels in the figure."""

MOST_PANELS: Final = 96
"""Panels of one figure."""

_PANEL, _HEAD, _GAP = 110.0, 15.0, 8.0
_LEFT, _BOTTOM = 56.0, 34.0
_PAD: Final = 0.05
_HIGH: Final = (0.6, 1.15)
# Pixels for one of the drawing: about 400 to the inch on the page.
_DENSE: Final = 4
_FAINT: Final = "#dedede"
_MOST_PX: Final = 5.5
_MOST_GHOSTS: Final = 20_000


@dataclass(frozen=True, eq=False)
class Look:
    """How cells are drawn.

    Attributes
    ----------
    colouring
        Their colours; None for grey.
    selected
        Those in full colour, bool (cells,), the others pale; None where all are alike.
    legend
        Whether the colours are explained.
    """

    colouring: Colouring | None = None
    selected: NDArray[np.bool_] | None = None
    legend: bool = True

    def of(self, rows: NDArray[np.bool_]) -> Look:
        """How some of the cells look, bool (cells,)."""
        colours = self.colouring
        if isinstance(colours, Categories):
            colours = replace(colours, codes=colours.codes[rows])
        elif colours is not None:
            colours = replace(colours, values=colours.values[rows])
        selected = None if self.selected is None else self.selected[rows]
        return replace(self, colouring=colours, selected=selected)


def painted(plot: Plotted, look: Look) -> tuple[NDArray[np.uint8], NDArray[np.uint32]]:
    """Colours (cells, 3), and the cells that are shown in the order of painting."""
    shown = np.isfinite(plot.xy).all(axis=1)
    if plot.facets is not None:
        shown &= plot.facets.codes >= 0
    visible = np.flatnonzero(shown).astype(np.uint32)
    order = np.random.default_rng(0).permutation(visible)
    if look.colouring is None:
        colours = plain_colours(len(plot.xy))
    else:
        colours = look.colouring.on(PAPER.ground).colours()
        order = on_top(order, ~look.colouring.missing())
    if look.selected is not None and look.selected.any():
        pale = dimmed(colours, PAPER.ground)
        colours = np.where(look.selected[:, None], colours, pale)
        order = on_top(order, look.selected)
    return colours, order


def plot_marks(
    plot: Plotted, colours: NDArray[np.uint8], order: NDArray[np.uint32], width: float
) -> tuple[list[Mark], float]:
    """Cells with axes or panels around them, and how far down all of it reaches.

    Parameters
    ----------
    plot
        Where the cells are.
    colours, order
        From `painted`.
    width
        In pixels.
    """
    if plot.facets is not None:
        return _panels(plot, colours, order, width)
    left, bottom = (_LEFT, _BOTTOM) if plot.axes is not None else (14.0, 16.0)
    box = left, 2.0, width - left - 4, 0.0
    span = _span(plot)
    high = 0.72 if plot.axes is not None else float(np.clip(span[1] / span[0], *_HIGH))
    box = (*box[:3], box[2] * high)
    marks = _cells(plot, colours, order, box, automatic_size(len(order)) * box[2] / 500)
    marks += _sides(plot, box, width) if plot.axes is not None else _directions(box)
    return marks, box[1] + box[3] + bottom


def _panels(
    plot: Plotted, colours: NDArray[np.uint8], order: NDArray[np.uint32], width: float
) -> tuple[list[Mark], float]:
    facets = plot.facets
    assert facets is not None
    left, bottom = (_LEFT, _BOTTOM) if plot.axes is not None else (2.0, 2.0)
    count = min(len(facets), MOST_PANELS)
    columns = int(np.clip(round((width - left) / _PANEL), 1, count))
    wide = (width - left - 2 - _GAP * (columns - 1)) / columns
    span = _span(plot)
    high = wide * (0.85 if plot.axes is not None else float(np.clip(span[1] / span[0], *_HIGH)))
    rows = -(-count // columns)
    size = max(automatic_size(len(order)) * wide / 220, 1.2)
    ghosts, of_panel = order[:: max(len(order) // _MOST_GHOSTS, 1)], facets.codes[order]
    marks: list[Mark] = []
    for n in range(count):
        column, row = n % columns, n // columns
        box = left + column * (wide + _GAP), _HEAD + row * (high + _HEAD + _GAP), wide, high
        faint = np.broadcast_to(rgb(_FAINT), (len(plot.xy), 3))
        marks += _cells(plot, faint, ghosts, box, size, of_all=len(order) * count)
        marks += _cells(plot, colours, order[of_panel == n], box, size, of_all=len(order))
        marks.append(Box(*box, line=mixed(PAPER.ground, PAPER.ink, 0.35)))
        total = f"{int(facets.counts[n]):,}"
        name = facets.names[n] + (" (control)" if facets.controls[n] else "")
        shown = fitted(name, wide - text_px(total, FONT_PX - 2) - 6, FONT_PX - 1)
        bold = facets.controls[n]
        marks.append(Words(box[0], box[1] - 4, shown, FONT_PX - 1, bold=bold, tip=name))
        marks.append(Words(box[0] + wide, box[1] - 4, total, FONT_PX - 2, "end", QUIET))
        if plot.axes is not None:
            if column == 0:
                marks += _ticks_left(plot.axes[1], box)
            if n + columns >= count:
                marks += _ticks_below(plot.axes[0], box)
    ground = rows * (high + _HEAD + _GAP) - _GAP
    if plot.axes is not None:
        marks += _titles(plot.axes, (left, 0.0, width - left, ground), ground + _BOTTOM)
    return marks, ground + bottom


_Place = tuple[float, float, float, float]


def _span(plot: Plotted) -> NDArray[np.float64]:
    """Width and height of all that is shown."""
    if plot.axes is not None:
        return np.ones(2)
    shown = plot.xy[np.isfinite(plot.xy).all(axis=1)]
    return np.maximum(np.ptp(shown, axis=0), 1e-9).astype(float) if len(shown) else np.ones(2)


def _cells(
    plot: Plotted,
    colours: NDArray[np.uint8],
    order: NDArray[np.uint32],
    box: _Place,
    size: float,
    of_all: int | None = None,
) -> list[Mark]:
    """Discs in a box, one by one or as pixels."""
    left, top, width, height = box
    if not len(order):
        return []
    room = np.array([width, height]) * (1 - 2 * _PAD)
    span = _span(plot)
    if plot.axes is not None:
        low, scale = np.zeros(2), room
    else:
        shown = plot.xy[np.isfinite(plot.xy).all(axis=1)]
        low = shown.min(axis=0).astype(float)
        scale = np.full(2, (room / span).min())
    middle = np.array([left + width / 2, top + height / 2])
    places = (plot.xy[order] - low - span / 2) * scale * (1, -1) + middle
    radius = float(np.clip(size, 1.0, _MOST_PX)) / 2
    if (of_all or len(order)) <= MOST_VECTOR:
        return [Points(places, colours[order], radius)]
    pixels = round(width * _DENSE), round(height * _DENSE)
    top_one = top_discs((places - (left, top)) * _DENSE, radius * _DENSE, pixels)
    picture = np.zeros((*top_one.shape, 4), np.uint8)
    seen = top_one >= 0
    picture[seen, :3] = colours[order[top_one[seen]]]
    picture[seen, 3] = 255
    return [Picture(left, top, width, height, picture)]


def _directions(box: _Place) -> list[Mark]:
    """On a map only the directions have names."""
    left, top, _, height = box
    ground, size = top + height + 11, FONT_PX - 2
    return [
        Path(((left, top + height + 1), (left + 28, top + height + 1)), QUIET),
        Path(((left - 1, top + height + 1), (left - 1, top + height - 27)), QUIET),
        Words(left, ground, "UMAP 1", size, colour=QUIET),
        Words(left - 5, top + height, "UMAP 2", size, colour=QUIET, upwards=True),
    ]


def _sides(plot: Plotted, box: _Place, width: float) -> list[Mark]:
    assert plot.axes is not None
    left, top, wide, high = box
    ground = top + high
    marks: list[Mark] = [Path(((left, top), (left, ground), (left + wide, ground)), QUIET)]
    marks += [*_ticks_below(plot.axes[0], box), *_ticks_left(plot.axes[1], box)]
    return marks + _titles(plot.axes, box, ground + _BOTTOM)


def _ends() -> tuple[float, float]:
    spare = _PAD / (1 - 2 * _PAD)
    return -spare, 1 + spare


def _ticks_below(axis: Axis, box: _Place) -> list[Mark]:
    first, last = _ends()
    marks: list[Mark] = []
    ground, taken = box[1] + box[3], -np.inf
    for tick in axis.ticks(first, last, int(np.clip(box[2] / 64, 2, 8))):
        x = box[0] + box[2] * (tick.place - first) / (last - first)
        marks.append(Path(((x, ground), (x, ground + 3)), QUIET))
        half = text_px(tick.text, FONT_PX - 2) / 2
        at = min(x, box[0] + box[2] - half + 2)
        if at - half > taken:
            marks.append(Words(at, ground + 12, tick.text, FONT_PX - 2, "middle", QUIET))
            taken = at + half
    return marks


def _ticks_left(axis: Axis, box: _Place) -> list[Mark]:
    first, last = _ends()
    marks: list[Mark] = []
    for tick in axis.ticks(first, last, int(np.clip(box[3] / 34, 2, 8))):
        y = box[1] + box[3] * (last - tick.place) / (last - first)
        marks.append(Path(((box[0] - 3, y), (box[0], y)), QUIET))
        marks.append(Words(box[0] - 5, y + 3, tick.text, FONT_PX - 2, "end", QUIET))
    return marks


def _titles(axes: tuple[Axis, Axis], box: _Place, bottom: float) -> list[Mark]:
    middle = box[0] + box[2] / 2, box[1] + box[3] / 2
    texts = fitted(axes[0].label, box[2]), fitted(axes[1].label, box[3])
    return [
        Words(middle[0], bottom - 6, texts[0], anchor="middle"),
        Words(10, middle[1], texts[1], anchor="middle", upwards=True),
    ]
