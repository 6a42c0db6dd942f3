"""Cells of a table whose channels are exchanged for those of reference cells."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from napari_c3r.core.encoder.protocol import Run
from napari_c3r.core.errors import InputError
from napari_c3r.core.explain.contrast import MIN_REFERENCE, CellSet, partners
from napari_c3r.core.explain.cost import USUAL_PARTNERS
from napari_c3r.core.explain.crops import CellCrops
from napari_c3r.core.explain.options import WhyOptions
from napari_c3r.core.explain.reference import Reference, Vectors
from napari_c3r.core.explain.swaps import Game, exchanged


@dataclass(frozen=True, eq=False)
class UsualWays:
    """What the channels of reference cells contribute among themselves.

    Attributes
    ----------
    rows
        Of the reference cells that were asked, (n,).
    ways
        The mean over those they were exchanged with, (n, C, D).
    """

    rows: NDArray[np.intp]
    ways: Vectors


class Exchanger:
    """Exchanges channels with reference cells of one kind.

    Parameters
    ----------
    run, game
        The encoder, and what is tried.
    reference, crops
        Vectors and crops of the table.
    cells
        The reference cells.
    ready
        Which cells can be cut out, bool (cells,).
    nearest
        Whether each cell is exchanged with the reference cells nearest to it, or with any.
    options
        How many, and the seed.

    Raises
    ------
    InputError
        There are too few reference cells that can be cut out.
    """

    def __init__(
        self,
        run: Run,
        game: Game,
        reference: Reference,
        crops: CellCrops,
        cells: CellSet,
        ready: NDArray[np.bool_],
        *,
        nearest: bool,
        options: WhyOptions,
    ) -> None:
        self._run, self._game, self._crops = run, game, crops
        self._reference, self._nearest, self._options = reference, nearest, options
        self.among = cells.rows & ready
        if (count := int(self.among.sum())) < MIN_REFERENCE:
            lacking = int((cells.rows & ~ready).sum())
            where = f"; {lacking} more are in images that are not given" if lacking else ""
            raise InputError(
                f"{count} cells can be compared with as {cells.name}{where}; choose at least "
                f"{MIN_REFERENCE}"
            )

    def ways_of(
        self, row: int, count: int, *, stream: int = 0
    ) -> Generator[int, None, tuple[NDArray[np.intp], Vectors]]:
        """Exchange the channels of one cell.

        Parameters
        ----------
        row
            Of the cell.
        count
            Reference cells to exchange them with.
        stream
            Of the random draws, where there are any.

        Yields
        ------
        int
            How many crops were embedded.

        Returns
        -------
        rows, ways
            The reference cells (m,), and what each channel contributes to the way from each of
            them, (m, C, D).
        """
        own = self._crops.of([row])
        vector = self._run.run(own)[0]
        drawn = None if self._nearest else np.random.default_rng([self._options.seed, row, stream])
        rows = partners(self._reference, vector, self.among, row, count, drawn)
        others = self._crops.of(rows.tolist())
        there = self._run.run(others)
        yield 1 + len(rows)
        ways = yield from exchanged(self._run, self._game, own[0], vector, others, there)
        return rows, ways

    def usual(self) -> Generator[int, None, UsualWays]:
        """Exchange the channels of reference cells for those of others of them."""
        rng = np.random.default_rng(self._options.seed)
        rows = rng.permutation(np.flatnonzero(self.among))[: self._options.others]
        ways = []
        for row in rows.tolist():
            _, found = yield from self.ways_of(row, USUAL_PARTNERS, stream=1)
            ways.append(found.mean(axis=0))
        return UsualWays(rows.astype(np.intp), np.stack(ways))
