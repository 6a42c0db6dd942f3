"""What the axes and panels of a plot can be chosen from."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

from napari_c3r.core.figures.axes import Scale
from napari_c3r.core.figures.facets import can_be_facets
from napari_c3r.core.figures.plot import AxisChoice, PlotChoice
from napari_c3r.core.table.annotate import COLUMN as ANNOTATION
from napari_c3r.core.table.numbers import number_groups
from napari_c3r.core.table.titles import title

if TYPE_CHECKING:
    from anndata import AnnData

Groups = list[tuple[str, list[tuple[str, str]]]]
"""Headings, each with the (name, title) of the columns below it."""

_FIRST = ("area_um2", "area_px")
_OF_GROUPS = ("cluster", ANNOTATION)


def axis_groups(table: AnnData, plate_map: Collection[str] = ()) -> Groups:
    """What an axis can show: the map, named by nothing, and every number of the table."""
    return [("", [("", "Map")]), *number_groups(table, plate_map)]


def facet_groups(table: AnnData, plate_map: Collection[str] = ()) -> Groups:
    """What panels can be made of: nothing, and every column of few values."""
    obs = table.obs
    known = [str(name) for name in obs.columns if can_be_facets(obs[name])]
    named = [
        ("Plate map", [name for name in plate_map if name in known]),
        ("Groups", [name for name in _OF_GROUPS if name in known]),
    ]
    used = {name for _, names in named for name in names}
    named.append(("Other columns", [name for name in known if name not in used]))
    groups = [(group, [(name, title(name)) for name in names]) for group, names in named if names]
    return [("", [("", "None")]), *groups]


def with_axis(
    plot: PlotChoice, table: AnnData, direction: str, column: str, scale: Scale | None = None
) -> PlotChoice:
    """Another column on one axis; the other axis gets one too where it was the map until now.

    Parameters
    ----------
    plot
        What is shown.
    table
        The result.
    direction
        ``"x"`` or ``"y"``.
    column
        What the axis shall show; empty for the map, which is on both axes or on none.
    scale
        Of the axis; by default as before, linear where it was the map.
    """
    if not column:
        return PlotChoice(facets=plot.facets)
    before, other = (plot.x, plot.y) if direction == "x" else (plot.y, plot.x)
    kept = before.scale if before is not None else Scale.LINEAR
    chosen = AxisChoice(column, kept if scale is None else scale)
    if other is None:
        other = AxisChoice(_another(table, column))
    x, y = (chosen, other) if direction == "x" else (other, chosen)
    return PlotChoice(x, y, plot.facets)


def _another(table: AnnData, column: str) -> str:
    names = [name for _, columns in number_groups(table) for name, _ in columns]
    first = [name for name in _FIRST if name in names]
    return next((name for name in [*first, *names] if name != column), column)
