"""Whether clusters are found again: with other seeds, among a part of the cells."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from napari_c3r.core.errors import InputError
from napari_c3r.core.reduce.cluster_names import COLUMN, NOISE
from napari_c3r.core.reduce.cuts import Centres, Cuts, DensityTree, NeighbourGraph, Seen, Value
from napari_c3r.core.reduce.maps import layout
from napari_c3r.core.table.result import KEY

if TYPE_CHECKING:
    from anndata import AnnData

REPEATS, SHARE = 10, 0.8
_MOST = 10_000
_STABLE, _DOUBTFUL = 0.75, 0.6


@dataclass(frozen=True)
class Stability:
    """How surely each cluster is found again.

    Attributes
    ----------
    jaccard
        By name: the mean over the repeats of how much the cluster and the most alike one found
        again have in common (Jaccard index, 0 to 1); NaN where no repeat had cells of it.
    rand
        Agreement of all clusters over the repeats: the mean adjusted Rand index (Hubert and Arabie
        1985), 0 for chance and 1 for the same.
    repeats
        How often they were looked for.
    cells
        Among how many cells each time.
    """

    jaccard: Mapping[str, float]
    rand: float
    repeats: int
    cells: int

    @property
    def sentence(self) -> str:
        """Which clusters are there to stay."""
        stable = [name for name, value in self.jaccard.items() if value >= _STABLE]
        doubtful = [n for n, value in self.jaccard.items() if _DOUBTFUL <= value < _STABLE]
        other = [name for name, value in self.jaccard.items() if not value >= _DOUBTFUL]
        parts = [
            f"{len(stable)} of {len(self.jaccard)} clusters are found again "
            f"({self.repeats} seeds, {self.cells:,} cells each)"
        ]
        parts += [f"unsure: {', '.join(doubtful)}"] if doubtful else []
        parts += [f"not to be trusted: {', '.join(other)}"] if other else []
        return "; ".join(parts)

    def grade(self, name: str) -> str:
        """``"stable"``, ``"unsure"`` or ``"not stable"``, by the bounds of Hennig (2007)."""
        value = self.jaccard[name]
        if value >= _STABLE:
            return "stable"
        return "unsure" if value >= _DOUBTFUL else "not stable"

    def to_dict(self) -> dict[str, Any]:
        """As kept with the clusters."""
        return {
            "names": list(self.jaccard),
            "jaccard": [float(value) for value in self.jaccard.values()],
            "rand": self.rand,
            "repeats": self.repeats,
            "cells": self.cells,
        }

    @classmethod
    def from_dict(cls, kept: Mapping[str, Any]) -> Stability:
        """As it was kept."""
        names = [str(name) for name in kept["names"]]
        values = [float(value) for value in kept["jaccard"]]
        jaccard = dict(zip(names, values, strict=True))
        return cls(jaccard, float(kept["rand"]), int(kept["repeats"]), int(kept["cells"]))


def cluster_stability(
    adata: AnnData, *, repeats: int = REPEATS, share: float = SHARE, seed: int = 0
) -> Stability:
    """Find out which clusters are found again.

    The cells are clustered anew as they were, each time another part of them and with another
    seed, and each cluster is compared with the one found that is most like it (Hennig 2007,
    section 3). For HDBSCAN the map is made anew too, and its smallest group shrinks with the cells.

    Parameters
    ----------
    adata
        With ``obs["cluster"]`` from :func:`napari_c3r.cluster`, also merged and split by hand.
    repeats
        How often.
    share
        Of the cells each time, at most 10,000; 0.8 as in consensus clustering (Monti et al. 2003).
    seed
        Of the parts; the repeats have the seeds after it.

    Returns
    -------
    Stability

    Raises
    ------
    InputError
        There are no clusters, or it is not known how they were made.
    """
    work = stability_steps(adata, repeats=repeats, share=share, seed=seed)
    while True:
        try:
            next(work)
        except StopIteration as end:
            return end.value


def stability_steps(
    adata: AnnData, *, repeats: int = REPEATS, share: float = SHARE, seed: int = 0
) -> Generator[tuple[int, int], None, Stability]:
    """Do as :func:`cluster_stability`, and yield how many repeats of how many are done."""
    from sklearn.metrics import adjusted_rand_score

    facts = adata.uns.get(KEY, {}).get(COLUMN)
    if facts is None or COLUMN not in adata.obs:
        raise InputError("There are no clusters to look for again; cluster the cells first")
    column = adata.obs[COLUMN]
    names = [str(name) for name in column.cat.categories if name != NOISE]
    codes = column.cat.set_categories(names).cat.codes.to_numpy()
    # Clusters of a map are seen as the map is.
    components = Seen.of({**adata.uns[KEY].get("map", {}), **facts}).components(adata, seed)
    count = max(min(round(share * len(codes)), _MOST), 2)
    rng = np.random.default_rng(seed)
    found, rands = np.full((repeats, len(names)), np.nan), np.full(repeats, np.nan)
    for repeat in range(repeats):
        yield repeat, repeats
        rows = np.sort(rng.choice(len(codes), count, replace=False))
        again = _again(adata, facts, components[rows], seed + 1 + repeat, count / len(codes))
        found[repeat] = _most_alike(codes[rows], again, len(names))
        rands[repeat] = adjusted_rand_score(codes[rows], again)
    seen = np.isfinite(found)
    sums, times = np.where(seen, found, 0).sum(axis=0), seen.sum(axis=0)
    means = np.divide(sums, times, out=np.full(len(names), np.nan), where=times > 0)
    jaccard = dict(zip(names, means.tolist(), strict=True))
    return Stability(jaccard, float(rands.mean()), repeats, count)


def _again(
    adata: AnnData,
    facts: Mapping[str, Any],
    components: NDArray[np.float32],
    seed: int,
    share: float,
) -> NDArray[np.intp]:
    """Cluster a part of the cells as all were."""
    value: Value
    if "resolution" in facts:
        cuts: Cuts = NeighbourGraph.of(components, None, seed, {})
        value = float(facts["resolution"])
    elif "n_clusters" in facts:
        cuts, value = Centres.of(components, None, seed, {}), int(facts["n_clusters"])
    else:
        kept = adata.uns[KEY].get("map", {})
        points = layout(components, seed, kept.get("n_neighbors", 15), kept.get("min_dist", 0.1))
        cuts = DensityTree.of(points, None, seed)
        value = max(2, round(int(facts["min_cluster_size"]) * share))
    return cuts.cut(value)


def _most_alike(
    codes: NDArray[np.integer[Any]], again: NDArray[np.intp], count: int
) -> NDArray[np.float64]:
    """Jaccard index of each cluster with the one found that is most like it, NaN of an empty one.

    Parameters
    ----------
    codes, again
        (n,), −1 for cells in no cluster.
    count
        Number of clusters that `codes` may hold.
    """
    among = int(again.max(initial=-1)) + 1
    table = np.zeros((count + 1, among + 1), np.int64)
    np.add.at(table, (codes, again), 1)
    both = table[:count, :among]
    sizes, others = table.sum(axis=1)[:count], table.sum(axis=0)[:among]
    union = sizes[:, None] + others[None, :] - both
    best = (both / np.maximum(union, 1)).max(axis=1, initial=0.0)
    return np.where(sizes > 0, best, np.nan)
