"""Cells on a pixel grid: the geometry that every structure is drawn on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from napari_c3r.core.simulate.parameters import CellLine, Population
from napari_c3r.core.simulate.texture import Field

Labels = NDArray[np.int32]


@dataclass(frozen=True)
class Cells:
    """Maps of a field `(Y, X)` and one entry for each cell `(n + 1,)`, indexed by label.

    `edge_um` is the distance to the cell's own edge; `edge_slope` `(2, Y, X)` its direction of
    increase; `from_nucleus_um` the distance from the cell's own nucleus, negative inside; `side`
    the cosine of the angle to the cell's polarity.
    """

    pixel_size_um: float
    labels: Labels
    nuclei: Labels
    edge_um: Field
    edge_slope: Field
    from_nucleus_um: Field
    side: Field
    centre: Field
    centrosome: Field
    axis: Field
    polarity: Field
    radius_um: Field
    area_um2: Field
    member: NDArray[np.int32]
    populations: tuple[Population, ...]

    @cached_property
    def height(self) -> Field:
        """Thickness `(Y, X)`, 1 at the top of a typical cell: dome, lamella and sloping edge."""
        lamella = self.each(lambda line: line.body.lamella)[self.labels]
        dome = np.maximum(self.each(lambda line: line.body.dome_um), 0.1)[self.labels]
        outside = np.maximum(self.from_nucleus_um, 0)
        hill = 0.6 * np.exp(-np.square(outside / dome)) + 0.4 * np.exp(-outside / dome)
        slope = 1 - 0.6 * np.exp(-self.edge_um / np.float32(1.2))
        height = (lamella + (1 - lamella) * hill) * slope
        roundness = self.each(lambda line: line.body.roundness)
        if roundness.any():
            inwards = np.minimum(self.edge_um / np.maximum(self.radius_um, 1)[self.labels], 1)
            ball = np.sqrt(inwards * (2 - inwards))
            height += roundness[self.labels] * (ball - height)
        thickness = self.each(lambda line: line.body.thickness)
        return np.asarray(height * thickness[self.labels], np.float32)

    @cached_property
    def enclosed(self) -> NDArray[np.bool_]:
        """Where `(Y, X)` a nuclear envelope holds the nucleus together."""
        whole = self.each(lambda line: line.nucleus.envelope) > 0
        return (self.nuclei > 0) & whole[self.labels]

    @property
    def count(self) -> int:
        """Number of cells; labels run from 1 to this."""
        return len(self.member) - 1

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns of the field."""
        return self.labels.shape[0], self.labels.shape[1]

    def each(self, value: Callable[[CellLine], float]) -> Field:
        """Look up a number of every cell's line, indexed by label; 0 for the background."""
        table = np.array([value(p.cell_line) for p in self.populations], np.float32)
        numbers = table[self.member]
        numbers[0] = 0
        return numbers

    def pixel(self, y: Field, x: Field) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
        """Row and column of positions, kept within the field."""
        rows, columns = self.shape
        row = np.clip(np.rint(y), 0, rows - 1).astype(np.intp)
        column = np.clip(np.rint(x), 0, columns - 1).astype(np.intp)
        return row, column
