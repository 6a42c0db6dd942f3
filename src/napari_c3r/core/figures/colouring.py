"""How cells look as points: their colour, the order they are painted in, their size."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from napari_c3r.core.figures.colours import (
    CATEGORICAL,
    GREY,
    OWN,
    SEQUENTIAL,
    category_shades,
    finite_limits,
    named_colours,
    rgb,
    value_shades,
    value_table,
    with_grey,
)
from napari_c3r.core.figures.grounds import palette_on
from napari_c3r.core.reduce.cluster_names import NOISE
from napari_c3r.core.table.numbers import is_number
from napari_c3r.core.table.remembered import remembered
from napari_c3r.core.table.titles import title

if TYPE_CHECKING:
    import pandas as pd

CLUSTER = "cluster"
PLACES = ("image", "plate", "well", "site")
"""Columns that say where a cell is from."""

DIMMING = 5
"""A point keeps one part in so many of its own colour when others are selected."""

DENSITY_CELLS = 128
"""Cells along the longer side of the map in which neighbours are counted."""


_ALL = slice(None)

_MANY_PANELS = 100

CROWDING = "Points nearby"
"""What the colour bar calls the density."""


@dataclass(frozen=True, eq=False)
class Categories:
    """A category for each point.

    Attributes
    ----------
    codes
        Integers (N,), each −1 or an index into `names`.
    names
        What the categories are called.
    rest
        What the points with −1 are called.
    palette
        Colours of the categories, which repeat after the last.
    title
        What they are categories of.
    """

    codes: NDArray[np.intp]
    names: tuple[str, ...]
    rest: str = "noise"
    palette: tuple[str, ...] = CATEGORICAL
    title: str = ""

    def colours(self, points: slice | list[int] = _ALL) -> NDArray[np.uint8]:
        """RGB (N, 3), of all points or of some."""
        return self.table()[self.shades(points)]

    def table(self) -> NDArray[np.uint8]:
        """The few different colours, RGB (M, 3)."""
        return with_grey(self.palette)

    def shades(self, points: slice | list[int] = _ALL) -> NDArray[np.integer]:
        """Which of the few each point has, (N,), of all points or of some."""
        return category_shades(self.codes[points], len(self.palette))

    def on(self, ground: str) -> Categories:
        """The same in the colours that they have on a ground, ``"#rrggbb"``."""
        return replace(self, palette=palette_on(self.palette, ground))

    def missing(self) -> NDArray[np.bool_]:
        """Points in no category, painted below the others."""
        return self.codes < 0


@dataclass(frozen=True, eq=False)
class Values:
    """A number for each point, float (N,), its `name` and the `limits` of its colours.

    `palette` has the stops of the colours, low to high.
    """

    values: NDArray[np.float32]
    name: str
    limits: tuple[float, float]
    palette: tuple[str, ...] = SEQUENTIAL

    @classmethod
    def spanning(cls, values: NDArray[np.float32], name: str) -> Values:
        """Colours from the smallest to the largest finite value."""
        return cls(values, name, finite_limits(values))

    def colours(self, points: slice | list[int] = _ALL) -> NDArray[np.uint8]:
        """RGB (N, 3), of all points or of some."""
        return self.table()[self.shades(points)]

    def table(self) -> NDArray[np.uint8]:
        """The few different colours, RGB (M, 3)."""
        return value_table(self.palette)

    def shades(self, points: slice | list[int] = _ALL) -> NDArray[np.integer]:
        """Which of the few each point has, (N,), of all points or of some."""
        return value_shades(self.values[points], self.limits)

    def on(self, ground: str) -> Values:
        """The same in the colours that they have on a ground, ``"#rrggbb"``."""
        return replace(self, palette=palette_on(self.palette, ground))

    def missing(self) -> NDArray[np.bool_]:
        """Points without a value, painted below the rest."""
        return ~np.isfinite(self.values)


Colouring = Categories | Values


def colouring(obs: pd.DataFrame, name: str) -> Colouring:
    """What a column makes of the points: a number each, or a category each.

    A missing value is grey, and so is the clusters' noise; so are all where there is no such
    column.
    """
    if name not in obs:
        return Categories(np.full(len(obs), -1, np.intp), (), "cells")
    column = obs[name]
    if is_number(column):
        return Values.spanning(_numbers(column), title(name))
    codes, names = categories_of(column)
    rest = "none"
    if NOISE in names:
        number = names.index(NOISE)
        codes = np.where(codes == number, -1, codes - (codes > number)).astype(np.intp)
        names.remove(NOISE)
        rest = NOISE
    # Colours that the clusters have mean clusters; what a person named has others.
    palette = CATEGORICAL if name in (CLUSTER, *PLACES) else OWN
    if name == CLUSTER:
        own = tuple(named_colours(CLUSTER, names).values())
        # All in a row are those of the palette, which layers know already.
        palette = palette if own == palette[: len(own)] else own
    return Categories(codes, tuple(names), rest, palette, title(name))


def categories_of(column: pd.Series) -> tuple[NDArray[np.intp], list[str]]:
    """Codes of a column's values, −1 where there is none, and the names that they stand for."""
    codes, names = _categories(column)
    return codes, list(names)


@remembered
def _categories(column: pd.Series) -> tuple[NDArray[np.intp], tuple[str, ...]]:
    codes, names = _factorised(column)
    # Whoever asks again gets the same ones.
    codes.flags.writeable = False
    return codes, tuple(names)


def _factorised(column: pd.Series) -> tuple[NDArray[np.intp], list[str]]:
    import pandas as pd

    if isinstance(column.dtype, pd.CategoricalDtype):
        return column.cat.codes.to_numpy().astype(np.intp), list(map(str, column.cat.categories))
    # Of a million values only the different ones become text.
    codes, values = pd.factorize(column)
    told = [str(value) for value in values]
    names = sorted(set(told))
    place = {name: number for number, name in enumerate(names)}
    numbers = np.array([*(place[name] for name in told), -1], np.intp)
    return numbers[codes], names


def _numbers(column: pd.Series) -> NDArray[np.float32]:
    with np.errstate(over="ignore"):
        return np.asarray(column.to_numpy(np.float32, na_value=np.nan))


def plain_colours(count: int) -> NDArray[np.uint8]:
    """Grey (N, 3) for points that nothing is known of."""
    return np.tile(rgb(GREY), (count, 1))


def dimmed(colours: NDArray[np.uint8], background: str) -> NDArray[np.uint8]:
    """Draw colours (N, 3) towards the background.

    Mixing, not transparency: a dense crowd of transparent points would be bright again.
    """
    share = np.round(rgb(background) * (1 - 1 / DIMMING)).astype(np.uint8)
    return colours // DIMMING + share


def on_top(order: NDArray[np.uint32], above: NDArray[np.bool_]) -> NDArray[np.uint32]:
    """The points of an order to paint them in, with some of them, bool (N,), painted last."""
    last = above[order]
    # A third of the time that indexing by flags takes.
    return np.concatenate([order.compress(~last), order.compress(last)])


def crowding(xy: NDArray[np.float32], panels: NDArray[np.intp] | None = None) -> Values:
    """How crowded a plot is at each point: points in its cell of a square grid.

    The colours end at the 90th percentile, or one tight spot would leave the rest flat.

    Parameters
    ----------
    xy
        Places (N, 2).
    panels
        The panel of each point, (N,), −1 for none; only points of its own panel count then.
    """
    shown = np.isfinite(xy[:, 0]) & np.isfinite(xy[:, 1])
    if panels is not None:
        shown &= panels >= 0
    some: slice | NDArray[np.intp] = slice(None) if shown.all() else np.flatnonzero(shown)
    counts = np.full(len(xy), np.nan, dtype=np.float32)
    if not shown.any():
        return Values.spanning(counts, CROWDING)
    x, y = xy[some, 0], xy[some, 1]
    many = panels is not None and int(panels.max()) >= _MANY_PANELS
    cells = DENSITY_CELLS // 4 if many else DENSITY_CELLS
    step = max(float(np.ptp(x)), float(np.ptp(y)), 1e-30) / (cells - 1)
    column, row = ((axis - axis.min()) / step for axis in (x, y))
    cell = row.astype(np.int32) * cells + column.astype(np.int32)
    if panels is not None:
        cell = panels[some] * cells**2 + cell
    crowds = np.bincount(cell)
    counts[some] = crowds.astype(np.float32).take(cell)
    # Each cell of the grid stands for as many points as it holds.
    ordered = np.sort(crowds)
    top = ordered[np.searchsorted(np.cumsum(ordered), int(0.9 * (len(x) - 1)), side="right")]
    return Values(counts, CROWDING, (1.0, float(top)))


def automatic_size(count: int) -> float:
    """Diameter in screen pixels that keeps `count` points apart: 11 for 50, 2 for 10⁶."""
    return float(np.clip(26 * max(count, 1) ** -0.2, 2, 12))
