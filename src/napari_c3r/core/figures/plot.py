"""What a scatter plot shows: on which axes, in which panels, and where every cell is then."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from napari_c3r.core.errors import InputError
from napari_c3r.core.figures.axes import Axis, Scale, unshown_words
from napari_c3r.core.figures.facets import Facets, facets_of
from napari_c3r.core.table.numbers import number_title, numbers_of
from napari_c3r.core.table.titles import title

if TYPE_CHECKING:
    from anndata import AnnData

MAP = "X_umap"


@dataclass(frozen=True)
class AxisChoice:
    """What one axis shows.

    Attributes
    ----------
    column
        A name that `napari_c3r.core.table.numbers.numbers_of` takes.
    scale
        How its values become places.
    """

    column: str
    scale: Scale = Scale.LINEAR


@dataclass(frozen=True)
class PlotChoice:
    """What a plot shows.

    Attributes
    ----------
    x, y
        Its axes; None for both is the map.
    facets
        The column whose values have a panel each; empty for one plot of all cells.
    """

    x: AxisChoice | None = None
    y: AxisChoice | None = None
    facets: str = ""

    @property
    def is_map(self) -> bool:
        """Whether it shows the map."""
        return self.x is None or self.y is None

    def words(self, table: AnnData | None = None) -> str:
        """What it shows, such as ``Area (µm²) against RNA intensity by treatment``."""
        if self.x is None or self.y is None:
            told = "the map"
        else:
            y, x = (
                title(name) if table is None else number_title(table, name)
                for name in (self.y.column, self.x.column)
            )
            told = f"{y} against {x}"
        return f"{told} by {self.facets}" if self.facets else told

    def to_dict(self) -> dict[str, Any]:
        """As plain values for a file."""
        return asdict(self)

    @classmethod
    def from_dict(cls, facts: Mapping[str, Any]) -> PlotChoice:
        """The choice of what `to_dict` gave.

        Raises
        ------
        InputError
            It is not that.
        """
        try:
            x, y = (_axis_from(facts[name]) for name in ("x", "y"))
            return cls(x, y, str(facts.get("facets", "")))
        except (KeyError, TypeError, ValueError) as error:
            raise InputError(f"These are no axes of a plot: {facts!r}") from error


def _axis_from(facts: Mapping[str, Any] | None) -> AxisChoice | None:
    return None if facts is None else AxisChoice(str(facts["column"]), Scale(facts["scale"]))


@dataclass(frozen=True, eq=False)
class Plotted:
    """Where cells are in a plot.

    Attributes
    ----------
    choice
        What is shown.
    xy
        Places (cells, 2), float32, y upwards: coordinates of the map, or 0 to 1 from end to end
        of each axis. NaN for a cell that cannot be shown.
    axes
        The axes x and y; None on the map, whose coordinates mean nothing.
    facets
        The panels; None for one plot.
    unshown
        How many cells cannot be shown and why, in a sentence; empty where all are.
    """

    choice: PlotChoice
    xy: NDArray[np.float32]
    axes: tuple[Axis, Axis] | None
    facets: Facets | None
    unshown: str

    def to_values(self, places: NDArray[np.floating]) -> NDArray[np.float64]:
        """Values (…, 2) on both axes of places (…, 2), as a drawn outline has them."""
        at: NDArray[np.float64] = np.array(places, np.float64)
        if self.axes is None:
            return at
        return np.stack([axis.values(at[..., n]) for n, axis in enumerate(self.axes)], axis=-1)

    def to_places(self, values: NDArray[np.floating]) -> NDArray[np.float64]:
        """Places (…, 2) of values (…, 2); the inverse of `to_values`."""
        at: NDArray[np.float64] = np.array(values, np.float64)
        if self.axes is None:
            return at
        return np.stack([axis.places(at[..., n]) for n, axis in enumerate(self.axes)], axis=-1)


def rows_of(plot: Plotted, rows: NDArray[np.bool_]) -> Plotted:
    """The same plot of some of its cells alone, bool (cells,)."""
    facets = plot.facets
    if facets is not None:
        facets = replace(facets, codes=facets.codes[rows])
    return replace(plot, xy=plot.xy[rows], facets=facets)


def alone(plot: Plotted, rows: NDArray[np.bool_]) -> Plotted:
    """The same plot with all but some of its cells, bool (cells,), nowhere and in no panel."""
    # Both coordinates at once, as one complex number each: a third of the time for a million.
    pairs, nowhere = plot.xy.view(np.complex64)[:, 0], np.complex64(complex(np.nan, np.nan))
    xy = np.where(rows, pairs, nowhere).view(np.float32).reshape(-1, 2)
    return replace(plot, xy=xy, facets=None if plot.facets is None else plot.facets.among(rows))


def plotted(table: AnnData, choice: PlotChoice | None = None) -> Plotted:
    """Find where every cell is in a plot.

    Parameters
    ----------
    table
        A result; with its map where the map is to be shown.
    choice
        Axes and panels; by default the map.

    Raises
    ------
    InputError
        The table does not have what is to be shown.
    """
    choice = PlotChoice() if choice is None else choice
    facets = facets_of(table, choice.facets) if choice.facets else None
    if choice.x is None or choice.y is None:
        if MAP not in table.obsm:
            raise InputError("There is no map yet: make one, or choose two columns as axes")
        xy = np.ascontiguousarray(table.obsm[MAP], np.float32)
        missing = int((~(np.isfinite(xy[:, 0]) & np.isfinite(xy[:, 1]))).sum())
        told = [f"{missing:,} without a place on the map"] if missing else []
        return Plotted(choice, xy, None, facets, _sentence(told, missing, facets, len(xy)))
    axes, places, told = [], np.empty((len(table), 2), np.float32), []
    for n, wanted in enumerate((choice.x, choice.y)):
        values, name = numbers_of(table, wanted.column), number_title(table, wanted.column)
        axis = Axis.of(values, name, wanted.scale)
        axes.append(axis)
        places[:, n] = axis.places(values)
        told += unshown_words(values, name, wanted.scale)
    shown = np.isfinite(places[:, 0]) & np.isfinite(places[:, 1])
    if not shown.all():
        places[~shown] = np.nan
    told = list(dict.fromkeys(told))
    sentence = _sentence(told, int((~shown).sum()), facets, len(places))
    return Plotted(choice, places, (axes[0], axes[1]), facets, sentence)


def _sentence(told: list[str], unshown: int, facets: Facets | None, total: int) -> str:
    parts = [f"{unshown:,} of {total:,} cells are not shown: {', '.join(told)}"] if unshown else []
    if facets is not None and facets.without:
        parts.append(f"{facets.without:,} without {facets.column} are in no panel")
    return "; ".join(parts)
