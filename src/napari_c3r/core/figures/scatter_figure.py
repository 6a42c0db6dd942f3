"""The plot of cells as a figure: map or columns, one plot or panels, with its legend."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from napari_c3r.core.figures.axes import Axis
from napari_c3r.core.figures.colouring import (
    Categories,
    Colouring,
    Values,
    automatic_size,
    colouring,
    crowding,
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
    Drawing,
    Mark,
    Path,
    Picture,
    Points,
    Words,
    fitted,
    moved,
    text_px,
)
from napari_c3r.core.figures.legend_marks import legend_below, legend_beside
from napari_c3r.core.figures.method import method_words
from napari_c3r.core.figures.plot import PlotChoice, Plotted, plotted

if TYPE_CHECKING:
    import pandas as pd
    from anndata import AnnData

MOST_VECTOR: Final = 20_000
"""Points that are drawn one by one; more are pixels in the figure."""

MOST_PANELS: Final = 96
"""Panels of one figure."""

_WIDE: Final = 480.0
_LEGEND: Final = 120.0
_BESIDE_FROM: Final = 400.0
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


def map_figure(
    table: AnnData,
    colour_by: str = "cluster",
    choice: PlotChoice | None = None,
    *,
    density: bool = False,
    width: float = _WIDE,
) -> Drawing:
    """Draw the cells of a result.

    Parameters
    ----------
    table
        A result.
    colour_by
        A column of it.
    choice
        Axes and panels; by default the map.
    density
        Whether to colour by how crowded the plot is instead.
    width
        In pixels, letters being 11 pixels high.

    Returns
    -------
    Drawing
        For `napari_c3r.core.figures.drawing_files.save_drawing`.

    Raises
    ------
    InputError
        The table does not have what is to be shown.
    """
    found = plotted(table, choice)
    codes = None if found.facets is None else found.facets.codes
    colours = crowding(found.xy, codes) if density else colouring(table.obs, colour_by)
    return scatter_figure(table, found, Look(colours), width=width)


def scatter_figure(table: AnnData, plot: Plotted, look: Look, *, width: float = _WIDE) -> Drawing:
    """Draw cells where a plot has them.

    Parameters
    ----------
    table
        The result that is plotted.
    plot
        From `plotted`.
    look
        Colours and selection.
    width
        In pixels, letters being 11 pixels high.
    """
    colours, order = _painted(plot, look)
    beside = look.legend and look.colouring is not None and width >= _BESIDE_FROM
    room = width - _LEGEND - 12 if beside else width
    marks, height = _plots(plot, colours, order, room)
    if look.legend and look.colouring is not None:
        if beside:
            legend, below = legend_beside(look.colouring, look.selected, room + 12, _LEGEND - 4)
            height = max(height, below)
        else:
            legend, below = legend_below(look.colouring, look.selected, height + 4, width)
            height = below
        marks += legend
    return Drawing(
        width=width,
        height=height,
        marks=tuple(marks),
        title=f"Cells on {plot.choice.words(table)}",
        caption=_caption(plot, look),
        numbers=_numbers(table, plot, look),
        method=method_words(table),
    )


def beside(drawings: list[Drawing], gap: float = 16.0) -> Drawing:
    """Figures side by side, as one with the words of the first."""
    marks: list[Mark] = []
    left = 0.0
    for drawing in drawings:
        marks += [moved(mark, left, 0) for mark in drawing.marks]
        left += drawing.width + gap
    height = max(drawing.height for drawing in drawings)
    return replace(drawings[0], width=left - gap, height=height, marks=tuple(marks))


def _painted(plot: Plotted, look: Look) -> tuple[NDArray[np.uint8], NDArray[np.uint32]]:
    """Colours (cells, 3), and the cells that are shown in the order of painting."""
    shown = np.isfinite(plot.xy).all(axis=1)
    if plot.facets is not None:
        shown &= plot.facets.codes >= 0
    visible = np.flatnonzero(shown).astype(np.uint32)
    order = np.random.default_rng(0).permutation(visible)
    if look.colouring is None:
        colours = plain_colours(len(plot.xy))
    else:
        colours = look.colouring.colours()
        order = on_top(order, ~look.colouring.missing())
    if look.selected is not None and look.selected.any():
        pale = dimmed(colours, PAPER.ground)
        colours = np.where(look.selected[:, None], colours, pale)
        order = on_top(order, look.selected)
    return colours, order


def _plots(
    plot: Plotted, colours: NDArray[np.uint8], order: NDArray[np.uint32], width: float
) -> tuple[list[Mark], float]:
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
    ground = box[1] + box[3]
    for tick in axis.ticks(first, last, int(np.clip(box[2] / 64, 2, 8))):
        x = box[0] + box[2] * (tick.place - first) / (last - first)
        marks.append(Path(((x, ground), (x, ground + 3)), QUIET))
        half = text_px(tick.text, FONT_PX - 2) / 2
        at = min(x, box[0] + box[2] - half + 2)
        marks.append(Words(at, ground + 12, tick.text, FONT_PX - 2, "middle", QUIET))
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


def _name(colours: Colouring | None) -> str:
    if isinstance(colours, Values):
        return colours.name.lower() if colours.name.istitle() else colours.name
    return (colours.title or "category").lower() if isinstance(colours, Categories) else "nothing"


def _caption(plot: Plotted, look: Look) -> str:
    parts = [f"Coloured by {_name(look.colouring)}"] if look.colouring is not None else []
    if look.selected is not None and look.selected.any():
        parts.append(f"In full colour: {int(look.selected.sum()):,} selected cells")
    facets = plot.facets
    if facets is not None:
        shown = f"the first {MOST_PANELS} of " if len(facets) > MOST_PANELS else ""
        parts.append(
            f"Panels: {shown}{len(facets)} values of {facets.column}, with their numbers of "
            "cells; all cells in light grey behind"
        )
    if plot.unshown:
        parts.append(plot.unshown)
    if plot.axes is None:
        parts.append("Distances on this map are not evidence")
    return ". ".join(parts) + "."


def _numbers(table: AnnData, plot: Plotted, look: Look) -> pd.DataFrame:
    import pandas as pd

    keys = [name for name in ("image", "label") if name in table.obs]
    frame = table.obs[keys].reset_index(drop=True)
    values = plot.to_values(plot.xy)
    titles = ["UMAP 1", "UMAP 2"] if plot.axes is None else [axis.title for axis in plot.axes]
    frame[f"x: {titles[0]}"], frame[f"y: {titles[1]}"] = values[:, 0], values[:, 1]
    if isinstance(look.colouring, Values):
        frame[f"colour: {look.colouring.name}"] = look.colouring.values
    elif isinstance(look.colouring, Categories):
        names = np.array([*look.colouring.names, look.colouring.rest], object)
        frame[f"colour: {_name(look.colouring)}"] = pd.Categorical(names[look.colouring.codes])
    if plot.facets is not None:
        names = np.array([*plot.facets.names, ""], object)
        frame[f"panel: {plot.facets.column}"] = names[plot.facets.codes]
    if look.selected is not None and look.selected.any():
        frame["selected"] = look.selected
    return frame
