"""Small multiples: which cells are in which panel, in what order, and where the panels lie."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from napari_c3r.core.errors import InputError
from napari_c3r.core.figures.colouring import PLACES, categories_of
from napari_c3r.core.figures.drawing import number_words
from napari_c3r.core.metadata.join import plate_map_columns
from napari_c3r.core.metadata.roles import design_of
from napari_c3r.core.profiles.frame import same_value
from napari_c3r.core.reduce.cluster_names import NOISE
from napari_c3r.core.table.numbers import has_different_values, has_value, is_number
from napari_c3r.core.table.remembered import remembered
from napari_c3r.core.text import natural_key

if TYPE_CHECKING:
    import pandas as pd
    from anndata import AnnData

MOST_PANELS: Final = 24
"""Panels on one page."""

MOST_VALUES: Final = 2000
"""Values of a column that panels can be made of, page by page."""

# Of numbers, so many different ones are groups, such as doses; more are measurements.
_MOST_NUMBERS: Final = 60
_LOOKED_AT: Final = 5000

HEAD_PX: Final = 16.0
"""Height of a panel's title."""

_GAP_PX: Final = 8.0
_LEAST_PX: Final = 76.0


@dataclass(frozen=True, eq=False)
class Facets:
    """The panels of a plot.

    Attributes
    ----------
    column
        What the panels differ in.
    codes
        The panel of each cell, (cells,); −1 for a cell without a value.
    names
        What the panels are called, in their order.
    controls
        Which of them hold nothing but negative controls.
    """

    column: str
    codes: NDArray[np.intp]
    names: tuple[str, ...]
    controls: tuple[bool, ...]

    def __len__(self) -> int:
        return len(self.names)

    @cached_property
    def counts(self) -> NDArray[np.intp]:
        """Cells of each panel."""
        return np.bincount(self.codes + 1, minlength=len(self) + 1)[1:]

    def counts_of(self, chosen: NDArray[np.bool_]) -> NDArray[np.intp]:
        """Chosen cells of each panel, from bool (cells,)."""
        return np.bincount(self.codes.compress(chosen) + 1, minlength=len(self) + 1)[1:]

    def among(self, rows: NDArray[np.bool_]) -> Facets:
        """The same panels with some of the cells, bool (cells,), in them."""
        return replace(self, codes=np.where(rows, self.codes, -1))

    @cached_property
    def without(self) -> int:
        """Cells that are in no panel."""
        return int((self.codes < 0).sum())


def facets_of(table: AnnData, column: str) -> Facets:
    """Sort cells into panels by a column.

    Parameters
    ----------
    table
        A result.
    column
        Of text, categories, flags, or numbers of which there are few.

    Returns
    -------
    Facets
        In the order of a categorical column, else numbers by size and text as one reads it;
        negative controls first where the design of the plate is known, noise of clusters last.

    Raises
    ------
    InputError
        There is no such column, it has no value, or too many different ones.
    """
    if column not in table.obs:
        raise InputError(f"The table has no column '{column}': choose another one for the panels")
    codes, names = categories_of(table.obs[column])
    order = list(_in_order(table.obs[column]))
    if not order:
        raise InputError(f"No cell has a value in '{column}': choose another column for the panels")
    if len(order) > MOST_VALUES:
        raise InputError(
            f"'{column}' has {len(order):,} different values, and panels can be made of "
            f"{MOST_VALUES:,} at most: choose another column"
        )
    controls = _controls(table, column, codes, names)
    order.sort(key=lambda n: (not controls[n], names[n] == NOISE))
    place = np.full(len(names) + 1, -1, np.intp)
    place[order] = np.arange(len(order))
    numbers = is_number(table.obs[column])
    told = [number_words(float(name)) if numbers else name for name in names]
    return Facets(
        column,
        place.take(codes),
        tuple(told[n] for n in order),
        tuple(bool(controls[n]) for n in order),
    )


@remembered
def _in_order(column: pd.Series) -> tuple[int, ...]:
    """The codes that a column's cells have, in the order of their panels."""
    codes, names = categories_of(column)
    if is_number(column):
        order = np.argsort([float(name) for name in names], kind="stable").tolist()
    elif _has_order(column):
        order = list(range(len(names)))
    else:
        order = sorted(range(len(names)), key=lambda n: natural_key(names[n]))
    present = np.bincount(codes + 1, minlength=len(names) + 1)[1:] > 0
    return tuple(n for n in order if present[n])


@remembered
def can_be_facets(column: pd.Series) -> bool:
    """Whether panels can be made of a column, as its first few thousand rows tell."""
    if not has_value(column):
        return False
    if str(column.name) in {"label", "index"}:
        return False
    if _has_order(column):
        return 1 < len(column.cat.categories) <= MOST_VALUES
    some = column.iloc[:: max(len(column) // _LOOKED_AT, 1)].dropna()
    different = some.nunique()
    # Nearly as many values as rows: a measurement, or a name of its own for each cell.
    most = min(max(len(some) // 2, 1), _MOST_NUMBERS if is_number(column) else MOST_VALUES)
    return different <= most and (different > 1 or has_different_values(column))


def _controls(
    table: AnnData, column: str, codes: NDArray[np.intp], names: list[str]
) -> NDArray[np.bool_]:
    """Which values only negative controls have, bool (names,)."""
    design = design_of(table)
    negative = design.negative
    of_wells = {*PLACES, *design.columns, *plate_map_columns(table)}
    # That a cluster holds controls alone makes it no control.
    if negative is None or negative[0] not in table.obs or column not in of_wells:
        return np.zeros(len(names), bool)
    if negative[0] == column:
        return np.array([same_value(name, negative[1]) for name in names], bool)
    of_cells, values = categories_of(table.obs[negative[0]])
    is_control = np.array([*(same_value(value, negative[1]) for value in values), False])
    here = is_control[of_cells]
    of_all = np.bincount(codes + 1, minlength=len(names) + 1)[1:]
    of_controls = np.bincount(codes[here] + 1, minlength=len(names) + 1)[1:]
    return (of_all > 0) & (of_all == of_controls)


def _has_order(column: pd.Series) -> bool:
    import pandas as pd

    return isinstance(column.dtype, pd.CategoricalDtype)


@dataclass(frozen=True)
class Panel:
    """Where a panel is: its left and top edge and its size, in pixels, without its title."""

    left: float
    top: float
    width: float
    height: float


@dataclass(frozen=True)
class Page:
    """Panels side by side.

    Attributes
    ----------
    panels
        Their places, row by row.
    columns
        How many stand side by side.
    first
        The number of the first among all panels.
    number, count
        Which page it is, from 0, and how many there are.
    each
        Panels on a full page.
    """

    panels: tuple[Panel, ...]
    columns: int
    first: int
    number: int
    count: int
    each: int

    @property
    def last(self) -> int:
        """The number after the last panel's."""
        return self.first + len(self.panels)


def page_of(
    total: int,
    number: int,
    size: tuple[float, float],
    *,
    margins: tuple[float, float] = (0.0, 0.0),
    aspect: float | None = 1.0,
) -> Page:
    """Lay out as many panels as can be read.

    Parameters
    ----------
    total
        Panels on all pages.
    number
        Which page, from 0; the last one where there are not so many.
    size
        Width and height of the room, in pixels.
    margins
        Room on the left and at the bottom for the values of the axes.
    aspect
        Width of a panel for its height where one unit has to be as long in both directions;
        None: panels fill the room.
    """
    left, bottom = margins
    # The frame of the last panel is inside too.
    width, height = max(size[0] - left - 2, 1.0), max(size[1] - bottom - 2, 1.0)
    fit = int(max((width + _GAP_PX) // (_LEAST_PX + _GAP_PX), 1)) * int(
        max((height + _GAP_PX) // (_LEAST_PX + HEAD_PX + _GAP_PX), 1)
    )
    per_page = max(min(total, fit, MOST_PANELS), 1)
    count = max(-(-total // per_page), 1)
    number = min(max(number, 0), count - 1)
    columns = _columns(per_page, (width, height), aspect or 1.3)
    rows = -(-per_page // columns)
    wide = (width - _GAP_PX * (columns - 1)) / columns
    high = (height - _GAP_PX * (rows - 1)) / rows - HEAD_PX
    first = number * per_page
    here = min(per_page, total - first)
    panels = tuple(
        Panel(
            left + (n % columns) * (wide + _GAP_PX),
            (n // columns) * (high + HEAD_PX + _GAP_PX) + HEAD_PX,
            wide,
            max(high, 1.0),
        )
        for n in range(max(here, 0))
    )
    return Page(panels, columns, first, number, count, per_page)


def _columns(count: int, size: tuple[float, float], aspect: float) -> int:
    """How many panels side by side make them largest."""

    def scale(columns: int) -> float:
        rows = -(-count // columns)
        wide = (size[0] - _GAP_PX * (columns - 1)) / columns
        high = (size[1] - _GAP_PX * (rows - 1)) / rows - HEAD_PX
        return min(wide / aspect, high)

    return max(range(1, count + 1), key=scale)
