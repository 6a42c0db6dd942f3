"""The structures of one field, drawn when they are requested."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from zlib import crc32

import numpy as np

from napari_c3r.core.simulate.cells import Cells
from napari_c3r.core.simulate.texture import Field

Structure = Callable[["Scene", np.random.Generator], Field]


class Scene:
    """Cells and the maps of their structures, each drawn once.

    A structure has a random stream of its own, so that what one draws does not change another.

    Parameters
    ----------
    cells
        Where the cells are.
    structures
        How to draw a structure, by its name.
    seed
        Of the random streams.
    """

    def __init__(self, cells: Cells, structures: Mapping[str, Structure], seed: int) -> None:
        self.cells = cells
        self._structures = structures
        self._seed = seed
        self._drawn: dict[str, Field] = {}

    def draw(self, name: str) -> Field:
        """Map `(Y, X)` of the structure called `name`."""
        if name not in self._drawn:
            rng = np.random.default_rng([self._seed, crc32(name.encode())])
            self._drawn[name] = self._structures[name](self, rng)
        return self._drawn[name]


def line_um(cells: Cells, width_um: float) -> np.float32:
    """Half width at which a line can be drawn: `width_um`, but at least 0.7 pixels."""
    return np.float32(max(width_um, 0.7 * cells.pixel_size_um))
