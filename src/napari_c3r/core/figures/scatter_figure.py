"""The plot of cells as a figure: map or columns, one plot or panels, with its legend."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from napari_c3r.core.figures.colouring import (
    Categories,
    Colouring,
    Values,
    colouring,
    crowding,
)
from napari_c3r.core.figures.drawing import (
    Drawing,
    Mark,
    Words,
    fitted,
    moved,
)
from napari_c3r.core.figures.legend_marks import legend_below, legend_beside
from napari_c3r.core.figures.method import method_words
from napari_c3r.core.figures.plot import PlotChoice, Plotted, plotted
from napari_c3r.core.figures.plot_marks import MOST_PANELS, Look, painted, plot_marks

if TYPE_CHECKING:
    import pandas as pd
    from anndata import AnnData

_WIDE: Final = 480.0
_LEGEND: Final = 120.0
_BESIDE_FROM: Final = 400.0
_HEAD, _APART = 17.0, 16.0


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


def scatter_figure(
    table: AnnData, plot: Plotted, look: Look, *, width: float = _WIDE, note: str = ""
) -> Drawing:
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
    note
        What else the caption has to say, such as of which gate the cells are.
    """
    colours, order = painted(plot, look)
    beside = look.legend and look.colouring is not None and width >= _BESIDE_FROM
    room = width - _LEGEND - 12 if beside else width
    marks, height = plot_marks(plot, colours, order, room)
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
        caption=f"{note} {_caption(plot, look)}".strip(),
        numbers=_numbers(table, plot, look),
        method=method_words(table),
    )


def two_maps_figure(
    maps: list[tuple[NDArray[np.float32], Look]],
    titles: tuple[str, str],
    *,
    method: str = "",
    width: float = _WIDE,
) -> Drawing:
    """Draw two maps of the same cells side by side.

    Parameters
    ----------
    maps
        Places (cells, 2) and how the cells look on them.
    titles
        What the maps are.
    method
        What was done to get them.
    width
        Of both together, in pixels, letters being 11 pixels high.
    """
    import pandas as pd

    each, drawn, columns = (width - _APART) / 2, [], dict[str, NDArray[np.float32]]()
    for (xy, look), name in zip(maps, titles, strict=True):
        plot = Plotted(PlotChoice(), xy, None, None, "")
        plain = replace(look, legend=False)
        marks, height = plot_marks(plot, *painted(plot, plain), each)
        head = Words(4, 12, fitted(name, each - 8), bold=True, tip=name)
        down = tuple(moved(mark, 0, _HEAD) for mark in marks)
        drawn.append(Drawing(each, height + _HEAD, (head, *down)))
        columns |= {f"x: {name}": xy[:, 0], f"y: {name}": xy[:, 1]}
    both, look = beside(drawn, _APART), maps[-1][1]
    below: list[Mark] = []
    bottom = both.height
    if look.colouring is not None:
        below, bottom = legend_below(look.colouring, look.selected, both.height + 4, width)
    shown = Plotted(PlotChoice(), maps[-1][0], None, None, "")
    return replace(
        both,
        height=bottom,
        marks=(*both.marks, *below),
        title=f"The same cells: {titles[0]} and {titles[1]}",
        caption=_caption(shown, look),
        numbers=pd.DataFrame(columns),
        method=method,
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
