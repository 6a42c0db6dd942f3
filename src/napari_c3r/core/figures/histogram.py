"""How values are distributed, of all cells and of some of them."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from napari_c3r.core.figures.axes import Axis
from napari_c3r.core.figures.colouring import Values
from napari_c3r.core.figures.colours import GREY
from napari_c3r.core.figures.drawing import (
    FONT_PX,
    INK,
    QUIET,
    Box,
    Drawing,
    Mark,
    Path,
    Words,
    number_words,
    ticks,
)

if TYPE_CHECKING:
    import pandas as pd

BINS = 48
CHOSEN = "#5285b8"
"""Of the cells that are drawn in front."""


class Histogram:
    """Counts of values between the limits of their colours; values beyond count at the ends.

    Parameters
    ----------
    values
        Numbers of cells with the limits of their colours.
    """

    def __init__(self, values: Values) -> None:
        self.values = values

    @cached_property
    def _bins(self) -> NDArray[np.uint8]:
        """The bin of each cell, `BINS` for one without a value."""
        numbers, (low, high) = self.values.values, self.values.limits
        scale = BINS / (high - low) if high > low else 0.0
        with np.errstate(invalid="ignore", over="ignore"):
            place = np.clip((numbers - np.float32(low)) * np.float32(scale), 0, BINS - 1)
        return np.where(np.isfinite(numbers), place, BINS).astype(np.uint8)

    @cached_property
    def everything(self) -> NDArray[np.intp]:
        """Cells in each bin, (BINS,)."""
        return np.bincount(self._bins, minlength=BINS + 1)[:BINS]

    def of(self, chosen: NDArray[np.bool_]) -> NDArray[np.intp]:
        """Chosen cells in each bin, (BINS,), from bool (cells,)."""
        return np.bincount(self._bins.compress(chosen), minlength=BINS + 1)[:BINS]


def histogram_figure(
    values: NDArray[np.floating],
    name: str,
    *,
    limits: tuple[float | None, float | None] = (None, None),
    chosen: NDArray[np.bool_] | None = None,
    method: str = "",
    width: float = 400.0,
) -> Drawing:
    """Draw how values are distributed.

    Parameters
    ----------
    values
        Numbers (cells,); those that are not finite are left out and counted.
    name
        What they are, with their unit.
    limits
        Thresholds to draw as lines, None for none.
    chosen
        Cells whose distribution is drawn in front, bool (cells,).
    method
        What was done to get them.
    width
        In pixels, letters being 11 pixels high.
    """
    numbers = np.asarray(values, np.float64)
    finite = np.isfinite(numbers)
    axis = Axis.of(numbers[finite], name)
    edges = np.linspace(axis.low, axis.high, BINS + 1)
    counts = [np.histogram(numbers[finite], edges)[0]]
    if chosen is not None and chosen.any():
        counts.append(np.histogram(numbers[finite & chosen], edges)[0])
    left, high, top = 46.0, 0.45 * width, 6.0
    room, most = width - left - 8, max(int(counts[0].max()), 1)
    ground = top + high

    def x(value: float) -> float:
        return left + room * float(np.clip((value - axis.low) / (axis.high - axis.low), 0, 1))

    marks: list[Mark] = []
    for each, fill in zip(counts, (GREY, CHOSEN), strict=False):
        for n in np.flatnonzero(each):
            tall = high * float(each[n]) / most
            marks.append(Box(left + room * n / BINS, ground - tall, room / BINS, tall, fill))
    marks.append(Path(((left, top), (left, ground), (left + room, ground)), QUIET))
    for tick in axis.ticks(most=6):
        at = left + room * tick.place
        marks.append(Path(((at, ground), (at, ground + 3)), QUIET))
        marks.append(Words(at, ground + 13, tick.text, FONT_PX - 2, "middle", QUIET))
    for count in ticks(0, most, 3):
        y = ground - high * count / most
        marks.append(Words(left - 5, y + 3, f"{count:,.0f}", FONT_PX - 2, "end", QUIET))
    for limit in limits:
        if limit is not None:
            marks.append(Path(((x(limit), top), (x(limit), ground)), INK, width=1.5))
    marks.append(Words(left + room / 2, ground + 28, name, anchor="middle"))
    marks.append(Words(10, top + high / 2, "Cells", anchor="middle", upwards=True))
    return Drawing(
        width,
        ground + 34,
        tuple(marks),
        title=f"Distribution of {name}",
        caption=_histogram_caption(numbers, limits, chosen),
        numbers=_histogram_table(edges, counts),
        method=method,
    )


def _histogram_caption(
    numbers: NDArray[np.float64],
    limits: tuple[float | None, float | None],
    chosen: NDArray[np.bool_] | None,
) -> str:
    finite = np.isfinite(numbers)
    parts = [f"{int(finite.sum()):,} cells in {BINS} bins"]
    if not finite.all():
        parts.append(f"{int((~finite).sum()):,} without a value are left out")
    if chosen is not None and chosen.any():
        parts.append(f"In front: {int((finite & chosen).sum()):,} selected cells")
    low, high = limits
    if low is not None or high is not None:
        inside = finite.copy()
        if low is not None:
            inside &= numbers >= low
        if high is not None:
            inside &= numbers <= high
        told = " to ".join("…" if each is None else number_words(each) for each in limits)
        parts.append(f"Within {told}: {int(inside.sum()):,} cells")
    return ". ".join(parts) + "."


def _histogram_table(edges: NDArray[np.float64], counts: list[NDArray[np.intp]]) -> pd.DataFrame:
    import pandas as pd

    columns = {"from": edges[:-1], "to": edges[1:], "cells": counts[0]}
    return pd.DataFrame({**columns, **({"selected": counts[1]} if len(counts) > 1 else {})})
