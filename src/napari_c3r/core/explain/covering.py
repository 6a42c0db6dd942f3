"""Places of one cell covered, those side by side first, then others about those that do most."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass

import numpy as np

from napari_c3r.core.encoder.protocol import Run
from napari_c3r.core.explain import places
from napari_c3r.core.explain.contrast import Way
from napari_c3r.core.explain.cost import FINER
from napari_c3r.core.explain.options import WhyOptions
from napari_c3r.core.explain.reference import Reference, Vectors, apart
from napari_c3r.core.explain.result import PlaceMap


@dataclass(frozen=True, eq=False)
class Seen:
    """How a movement of a cell is looked at.

    Attributes
    ----------
    own
        The cell's vector, (D,).
    reference
        The vectors of the table, from whose mean it is seen.
    way
        The way from the reference cells.
    """

    own: Vectors
    reference: Reference
    way: Way


def place_map(
    run: Run,
    crop: places.Pixels,
    channel: int | None,
    name: str,
    seen: Seen,
    options: WhyOptions,
) -> Generator[int, None, PlaceMap]:
    """Cover places of a crop, and as many pixels at random.

    Parameters
    ----------
    run
        The encoder.
    crop
        (C, S, S).
    channel
        The channel that is covered, None for all of them.
    name
        What the map is called.
    seen
        How movements are looked at.
    options
        What is covered.

    Yields
    ------
    int
        How many crops were embedded.
    """
    grid = places.grid(crop.shape[-1], options.places, options.overlap)
    width = int(grid[0, 0, 2])
    fill = places.filling(crop, options.fill, width)
    before = seen.reference.directions(seen.own[None])[0]

    def embedded(covers: places.Covers) -> Generator[int, None, Vectors]:
        found = [np.zeros((0, len(seen.own)), np.float32)]
        for begin in range(0, len(covers), run.batch_size):
            part = covers[begin : begin + run.batch_size]
            found.append(run.run(places.covered(crop, fill, channel, part)))
            yield len(part)
        return np.concatenate(found)

    coarse = places.side_by_side(grid, options.overlap)
    differ = places.differing(crop, fill, channel, grid)
    first, rest = grid[coarse & differ], grid[~coarse & differ]
    at_first = yield from embedded(first)
    moved = apart(seen.reference.directions(at_first), before)
    most = first[np.argsort(-moved, kind="stable")[:FINER]]
    second = rest[places.overlapping(rest, most)]
    finer = yield from embedded(second)
    drawn = places.scattered(crop, fill, channel, width, draws=options.draws, seed=options.seed)
    random = yield from embedded(drawn)
    there = np.concatenate([at_first, finer])
    return PlaceMap(
        name,
        np.concatenate([first, second]),
        apart(seen.reference.directions(there), before),
        seen.way.far(seen.own - there),
        drawn,
        apart(seen.reference.directions(random), before),
        len(rest) - len(second),
    )
