"""Each variant's vectors compared with those as assigned: per cell, and over all cells."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_c3r.core.diagnose.intervals import bootstrap_means, half_samples
from napari_c3r.core.diagnose.scores import Labelled, label_scores
from napari_c3r.core.diagnose.structure import (
    Columns,
    Structure,
    centred_directions,
    cka,
    cosine_shift,
    nearest,
    neighbours_changed,
    rand_index,
    structure,
)

Cells = NDArray[np.float64]


@dataclass(frozen=True)
class Estimate:
    """A number and its 95 % interval."""

    value: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.value:.2f} ({self.low:.2f} to {self.high:.2f})"


@dataclass(frozen=True)
class CompareSettings:
    """How vectors are compared.

    Parameters
    ----------
    k
        Nearest neighbours of a cell that are looked at.
    n_clusters
        Groups of the k-means whose agreement is measured.
    seed
        Of k-means, bootstrap and halves.
    """

    k: int = 10
    n_clusters: int = 5
    seed: int = 0


@dataclass(frozen=True, eq=False)
class Shift:
    """What changed between the vectors as assigned and others of the same cells.

    Attributes
    ----------
    changed
        How many of each cell's k nearest are others, (n,).
    cosine
        (n,), or None where no concept is read out in both.
    scores
        Of every labelled cell, by name (m,); empty without labels.
    cka, rand
        Alignment and cluster agreement over all cells.
    effect
        (n,), how many more of a cell's neighbours differ from those in a perturbed crop than when
        nothing else is changed; mean over the perturbations.
    """

    changed: Cells
    cosine: Cells | None
    scores: dict[str, Cells] = field(default_factory=dict)
    cka: Estimate = Estimate(1.0, 1.0, 1.0)
    rand: Estimate = Estimate(1.0, 1.0, 1.0)
    effect: Cells = field(default_factory=lambda: np.zeros(1))


@dataclass(frozen=True, eq=False)
class _Noise:
    """Vectors of perturbed crops, who is near whom, and what that changes by itself."""

    vectors: NDArray[np.float32]
    member: NDArray[np.bool_]
    floor: Cells


class Comparer:
    """Compares vectors with those as assigned, which it holds, and with those of the noise.

    Noise is given first, by `add_noise`. What a role does is then read on top of it: the
    neighbours of a cell in a perturbed crop differ from those in the crop itself; if a role
    matters, they differ more from those in the crop itself under the other role. Both
    differences hold the same noise, so nothing but the role is left between them. What noise
    does is read in the same way, of vectors that are moved as far as noise moves them:
    `noise_effect`.

    Parameters
    ----------
    vectors
        As assigned, (n, D).
    columns
        Concept label and readout part of every column.
    labelled
        The cells that have labels, or None.
    settings
        How to compare.
    """

    def __init__(
        self,
        vectors: NDArray[np.float32],
        columns: Columns,
        labelled: Labelled | None,
        settings: CompareSettings,
    ) -> None:
        self._vectors, self._columns = vectors, columns
        self._labelled, self._settings = labelled, settings
        self._structure = self._arrange(vectors)
        self.own = Shift(
            np.zeros(len(vectors)),
            np.zeros(len(vectors)),
            self._scores(self._structure),
            effect=np.zeros(len(vectors)),
        )
        """The vectors as assigned, compared with themselves."""
        self._noise: list[_Noise] = []

    def add_noise(self, vectors: NDArray[np.float32]) -> Shift:
        """Compare vectors (n, D) of perturbed crops, and keep them as noise."""
        arranged = self._arrange(vectors)
        floor = neighbours_changed(arranged.member, self._structure.member)
        self._noise.append(_Noise(vectors, arranged.member, floor))
        return self._shift(vectors, self._columns, arranged)

    def noise_effect(self) -> Cells:
        """What a change does that is as large as noise and has nothing to do with roles, (n,).

        A cell's vector is moved by the difference of two perturbations, which is as far as one of
        them lies from the crop itself, and compared with a third one.
        """
        effects = []
        for number, third in enumerate(self._noise):
            one, other = (self._noise[number - step].vectors for step in (1, 2))
            directions = centred_directions(self._vectors + one - other)
            member = nearest(directions @ directions.T, self._settings.k)
            effects.append(neighbours_changed(third.member, member) - third.floor)
        return np.asarray(np.mean(effects, axis=0))

    def compare(self, vectors: NDArray[np.float32], columns: Columns) -> Shift:
        """Compare other vectors (n, D') of the same cells."""
        return self._shift(vectors, columns, self._arrange(vectors))

    def _shift(self, vectors: NDArray[np.float32], columns: Columns, other: Structure) -> Shift:
        own, n = self._structure, len(vectors)

        def alignment(rows: NDArray[np.intp]) -> float:
            if len(rows) == n:
                return cka(own.similarity, other.similarity)
            block = np.ix_(rows, rows)
            return cka(own.similarity[block], other.similarity[block])

        def agreement(rows: NDArray[np.intp]) -> float:
            return rand_index(own.clusters[rows], other.clusters[rows])

        every = np.arange(n)
        return Shift(
            neighbours_changed(own.member, other.member),
            cosine_shift(self._vectors, vectors, self._columns, columns),
            self._scores(other),
            Estimate(alignment(every), *half_samples(alignment, n, self._rng())),
            Estimate(agreement(every), *half_samples(agreement, n, self._rng())),
            np.mean(
                [neighbours_changed(n.member, other.member) - n.floor for n in self._noise], axis=0
            ),
        )

    def _arrange(self, vectors: NDArray[np.float32]) -> Structure:
        chosen = self._settings
        return structure(vectors, k=chosen.k, n_clusters=chosen.n_clusters, seed=chosen.seed)

    def _scores(self, arranged: Structure) -> dict[str, Cells]:
        if self._labelled is None:
            return {}
        return label_scores(arranged.similarity, self._labelled, self._settings.k)

    def _rng(self) -> np.random.Generator:
        return np.random.default_rng(self._settings.seed)


def mean_shift(shifts: list[Shift]) -> Shift:
    """Average over the repeats of the noise, but for their effect, which takes three of them."""

    def mean(values: list[Any]) -> Any:
        return np.mean(values, axis=0)

    def mean_estimate(values: list[Estimate]) -> Estimate:
        return Estimate(*(float(mean([getattr(v, n) for v in values])) for n in _BOUNDS))

    cosines = [shift.cosine for shift in shifts if shift.cosine is not None]
    return Shift(
        mean([shift.changed for shift in shifts]),
        mean(cosines) if cosines else None,
        {name: mean([shift.scores[name] for shift in shifts]) for name in shifts[0].scores},
        mean_estimate([shift.cka for shift in shifts]),
        mean_estimate([shift.rand for shift in shifts]),
    )


_BOUNDS = ("value", "low", "high")


def estimated(values: Cells, seed: int) -> Estimate:
    """Mean over cells with its bootstrap interval; the same seed pairs the resamples."""
    return Estimate(*bootstrap_means(values, np.random.default_rng(seed)))
