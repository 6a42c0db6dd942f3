"""Channels of cells exchanged for those of other cells, and what each contributes to the vector."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from napari_c3r.core.encoder.protocol import Run
from napari_c3r.core.explain.places import Pixels
from napari_c3r.core.explain.reference import Vectors
from napari_c3r.core.explain.shapley import MOST_EXACT, Coalitions, coalitions

Columns = Sequence[tuple[str, str]]


@dataclass(frozen=True, eq=False)
class Game:
    """Which channels are exchanged together, and what is tried of them.

    With concepts read out one at a time, no column of a vector sees more than one of them: they
    are exchanged at once, and each is told by its own columns.

    Attributes
    ----------
    parts
        Places of the channels that are exchanged together.
    own
        Columns by which the channels of the last part are told apart, one (D,) mask each; None
        where every part is one channel.
    tried
        The sets of parts.
    """

    parts: tuple[tuple[int, ...], ...]
    own: NDArray[np.bool_] | None
    tried: Coalitions

    @classmethod
    def of(cls, channels: Sequence[str], concepts: Sequence[str], columns: Columns) -> Game:
        """What has to be tried with an encoder.

        Parameters
        ----------
        channels
            Names of those that take part.
        concepts
            Which of them are concepts.
        columns
            Concept label and readout part of every column of a vector.
        """
        labels = np.array([label for label, _ in columns], object)
        if len(concepts) < 2 or not set(labels) <= set(channels):
            parts = tuple((place,) for place in range(len(channels)))
            return cls(parts, None, coalitions(len(parts)))
        together = tuple(channels.index(name) for name in concepts)
        alone = tuple((n,) for n in range(len(channels)) if n not in together)
        own = np.stack([labels == channels[place] for place in together])
        return cls((*alone, together), own, coalitions(len(alone) + 1))

    @property
    def is_exact(self) -> bool:
        """Whether every set is tried."""
        return len(self.parts) <= MOST_EXACT

    @property
    def n_crops(self) -> int:
        """Crops for one cell and one other, both whole ones left out."""
        return len(self.tried.members) - 2

    def mixed(self, cell: Pixels, others: Pixels, numbers: range) -> Pixels:
        """Crops with some channels of a cell and the rest of another's, (numbers, C, S, S).

        Parameters
        ----------
        cell, others
            (C, S, S) and (m, C, S, S).
        numbers
            Which of the ``m * n_crops`` mixtures, other by other.
        """
        other, place = np.divmod(np.asarray(numbers), self.n_crops)
        found = others[other]
        for each, members in zip(found, self.tried.members[1 + place], strict=True):
            for part, is_in in zip(self.parts, members.tolist(), strict=True):
                if is_in:
                    each[list(part)] = cell[list(part)]
        return found

    def shares(self, other: Vectors, mixed: Vectors, cell: Vectors) -> Vectors:
        """What each channel contributes to the way from the other cell's vector to the cell's.

        Parameters
        ----------
        other, cell
            Their vectors, (D,).
        mixed
            Those of `mixed`, (n_crops, D).

        Returns
        -------
        ndarray
            (C, D), which add up to the whole way.
        """
        reached = np.concatenate([other[None], mixed, cell[None]]).astype(np.float64)
        of_parts = self.tried.weights @ reached
        count = sum(len(part) for part in self.parts)
        found = np.zeros((count, len(cell)), np.float32)
        for part, way in zip(self.parts, of_parts, strict=True):
            if len(part) == 1:
                found[part[0]] = way
        if self.own is not None:
            for place, mask in zip(self.parts[-1], self.own, strict=True):
                found[place, mask] = of_parts[-1][mask]
        return found


def exchanged(
    run: Run, game: Game, cell: Pixels, vector: Vectors, others: Pixels, of_others: Vectors
) -> Generator[int, None, Vectors]:
    """Exchange the channels of one cell for those of others.

    Parameters
    ----------
    run
        The encoder.
    game
        What is tried.
    cell, vector
        Its crop (C, S, S) and vector (D,).
    others, of_others
        Theirs, (m, C, S, S) and (m, D).

    Yields
    ------
    int
        How many crops were embedded.

    Returns
    -------
    ndarray
        What each channel contributes to the way from each of the others, (m, C, D).
    """
    count = len(others) * game.n_crops
    vectors = [np.zeros((0, len(vector)), np.float32)]
    for begin in range(0, count, run.batch_size):
        numbers = range(begin, min(begin + run.batch_size, count))
        vectors.append(run.run(game.mixed(cell, others, numbers)))
        yield len(numbers)
    mixed = np.concatenate(vectors).reshape(len(others), game.n_crops, len(vector))
    return np.stack([game.shares(*each, vector) for each in zip(of_others, mixed, strict=True)])
