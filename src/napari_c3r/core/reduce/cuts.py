"""What clusters of any fineness are cut from: made once, and cut again and again."""

from __future__ import annotations

import ctypes
import sys
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from napari_c3r.core.errors import InputError
from napari_c3r.core.reduce.batches import BATCH, METHOD, Batches
from napari_c3r.core.reduce.components import N_COMPONENTS, components_of, vectors_of
from napari_c3r.core.reduce.controls import Controls
from napari_c3r.core.reduce.graph import fuzzy_graph, nearest
from napari_c3r.core.reduce.maps import map_cells
from napari_c3r.core.reduce.sample import FITTED, chunks, fitted_rows

if TYPE_CHECKING:
    from anndata import AnnData

# Neighbours that make a point dense. With more, half of a small field becomes noise.
_MIN_SAMPLES = 3
# Cells that say where one belongs that was not fitted.
_VOTERS = 5
N_NEIGHBOURS = 15
"""Neighbours of each cell in the graph that Leiden divides, as on the map."""

Value = int | float
"""How fine: a number of cells, a resolution or a number of clusters."""


@dataclass(frozen=True)
class Seen:
    """How cells are seen before they are clustered.

    Attributes
    ----------
    controls
        Against which cells; None: none.
    batches
        What is brought together; None: nothing.
    """

    controls: Controls | None = None
    batches: Batches | None = None

    @classmethod
    def of(cls, facts: Mapping[str, Any]) -> Seen:
        """As what is kept of a map or of clusters says."""
        controls = facts.get("controls")
        batches = Batches(facts[BATCH], facts[METHOD]) if BATCH in facts else None
        return cls(None if controls is None else (str(controls[0]), str(controls[1])), batches)

    def facts(self) -> dict[str, Any]:
        """What is kept of it."""
        controls = {} if self.controls is None else {"controls": list(self.controls)}
        return controls | ({} if self.batches is None else self.batches.facts())

    def keywords(self) -> dict[str, Any]:
        """As for :func:`napari_c3r.map_cells`."""
        together = {} if self.batches is None else self.batches.facts()
        return {"controls": self.controls, **together}

    def components(
        self, adata: AnnData, seed: int = 0, rows: NDArray[np.intp] | None = None
    ) -> NDArray[np.float32]:
        """The principal components of a table's cells, (cells, components)."""
        return components_of(
            adata, N_COMPONENTS, self.controls, rows, batches=self.batches, seed=seed
        )


@dataclass(eq=False)
class Cuts(ABC):
    """Cells prepared for one method of clustering.

    Attributes
    ----------
    count
        How many cells there are.
    rows
        The cells that were fitted; None: all.
    seed
        Of what is drawn by chance.
    facts
        What to keep of how it was made.
    """

    count: int
    rows: NDArray[np.intp] | None
    seed: int
    facts: dict[str, Any]

    keyword: ClassVar[str]
    """What of :func:`napari_c3r.cluster` says how fine."""

    @property
    def n_fitted(self) -> int:
        """How many cells were fitted."""
        return self.count if self.rows is None else len(self.rows)

    @abstractmethod
    def cut(self, value: Value) -> NDArray[np.intp]:
        """Number of each cell's cluster, (cells,), −1 for cells in none."""

    def described(self, value: Value) -> dict[str, Any]:
        """How clusters of this fineness are made, to be kept with them."""
        fitted = {} if self.rows is None else {FITTED: self.n_fitted}
        return {**self.facts, self.keyword: value, **fitted, "seed": self.seed}


@dataclass(eq=False)
class DensityTree(Cuts):
    """The hierarchy of HDBSCAN over the map; a smallest group is a cut of it.

    Attributes
    ----------
    points
        (cells, 2), all cells.
    linkage
        Single linkage of the fitted cells by mutual reachability; None of a single cell.
    """

    points: NDArray[np.float32]
    linkage: NDArray[np.float64] | None

    keyword = "min_cluster_size"

    @classmethod
    def of(
        cls, points: NDArray[np.float32], rows: NDArray[np.intp] | None, seed: int
    ) -> DensityTree:
        """Make the hierarchy of points (cells, 2), or of some of their rows."""
        from fast_hdbscan.hdbscan import fast_hdbscan

        fitted = np.asarray(points if rows is None else points[rows], np.float64)
        linkage = None
        if len(fitted) > _MIN_SAMPLES:
            _, _, linkage, *_ = fast_hdbscan(fitted, min_samples=_MIN_SAMPLES, return_trees=True)
        facts = {"method": "HDBSCAN on the map"}
        return cls(len(points), rows, seed, facts, points, linkage)

    def cut(self, value: Value) -> NDArray[np.intp]:
        """Groups with at least so many cells."""
        numbers = self._cut_fitted(int(value))
        return numbers if self.rows is None else _voted(self.points, self.rows, numbers)

    def _cut_fitted(self, size: int) -> NDArray[np.intp]:
        n = self.n_fitted
        if self.linkage is None or n <= size:
            return np.zeros(n, np.intp)
        from fast_hdbscan import cluster_trees as trees

        condensed = trees.condense_tree(self.linkage, min_cluster_size=max(size, 2))
        tree = trees.cluster_tree_from_condensed_tree(condensed)
        chosen = trees.extract_eom_clusters(condensed, tree, allow_single_cluster=False)
        numbers = trees.get_cluster_label_vector(condensed, chosen, 0.0, n_samples=n)
        # Without any group the honest answer is one group, not "all of this is noise".
        return np.asarray(numbers, np.intp) if (numbers >= 0).any() else np.zeros(n, np.intp)


@dataclass(eq=False)
class NeighbourGraph(Cuts):
    """Nearest neighbours among the principal components; a resolution divides their graph.

    Attributes
    ----------
    graph
        Weights between fitted cells, sparse (fitted, fitted), symmetric.
    voters
        For each cell that was not fitted, its nearest fitted ones, (others, at most 5).
    """

    graph: Any
    voters: NDArray[np.intp]

    keyword = "resolution"

    @classmethod
    def of(
        cls,
        components: NDArray[np.float32],
        rows: NDArray[np.intp] | None,
        seed: int,
        facts: dict[str, Any],
    ) -> NeighbourGraph:
        """Find the neighbours of cells (cells, components), or of some of their rows.

        Raises
        ------
        InputError
            What divides the graph is not installed.
        """
        _require_leiden()
        fitted = components if rows is None else components[rows]
        k = min(N_NEIGHBOURS, len(fitted))
        others = np.empty((0, fitted.shape[1]), np.float32)
        if rows is not None:
            others = components[np.setdiff1d(np.arange(len(components)), rows)]
        indices, distances, voters = nearest(fitted, k, seed, others, _VOTERS)
        graph = fuzzy_graph(indices, distances, seed)
        told = {"method": "Leiden on the neighbour graph", "n_neighbors": k, **facts}
        return cls(len(components), rows, seed, told, graph, voters)

    def cut(self, value: Value) -> NDArray[np.intp]:
        """Groups at a resolution."""
        numbers = self._cut_fitted(float(value))
        if self.rows is None:
            return numbers
        found = np.empty(self.count, np.intp)
        found[self.rows] = numbers
        others = np.setdiff1d(np.arange(self.count), self.rows, assume_unique=True)
        found[others] = _most(numbers[self.voters])
        return found

    def _cut_fitted(self, resolution: float) -> NDArray[np.intp]:
        if self.graph.nnz == 0:
            return np.zeros(self.n_fitted, np.intp)
        from sknetwork.clustering import Leiden

        # Its refinement draws from the C library, whatever generator it is given.
        ctypes.CDLL("ucrtbase" if sys.platform == "win32" else None).srand(self.seed % 2**32)
        model = Leiden(resolution=resolution, random_state=self.seed)
        return np.asarray(model.fit_predict(self.graph), np.intp)


@dataclass(eq=False)
class Centres(Cuts):
    """Principal components, which k-means divides into a given number of groups.

    Attributes
    ----------
    components
        (cells, components), all cells.
    """

    components: NDArray[np.float32]

    keyword = "n_clusters"

    @classmethod
    def of(
        cls,
        components: NDArray[np.float32],
        rows: NDArray[np.intp] | None,
        seed: int,
        facts: dict[str, Any],
    ) -> Centres:
        """Take cells (cells, components), or some of their rows."""
        told = {"method": "k-means on the principal components", **facts}
        return cls(len(components), rows, seed, told, components)

    def cut(self, value: Value) -> NDArray[np.intp]:
        """As many groups as asked for, or as there are different cells."""
        from sklearn.cluster import KMeans

        rows, components = self.rows, self.components
        fitted = components if rows is None else components[rows]
        distinct = len(np.unique(fitted, axis=0))
        model = KMeans(min(int(value), distinct), n_init=10, random_state=self.seed).fit(fitted)
        return np.asarray(model.labels_ if rows is None else model.predict(components), np.intp)


def cuts_of(
    adata: AnnData,
    method: str,
    *,
    seed: int = 0,
    seen: Seen | None = None,
    max_fitted: int,
) -> Cuts:
    """Prepare the cells of a table for a method of clustering.

    Parameters
    ----------
    adata, method, seed, max_fitted
        As for :func:`napari_c3r.cluster`. For HDBSCAN a map is made where there is none.
    seen
        Against which controls, and with which batches brought together; None: as they are.

    Raises
    ------
    InputError
        No cell, an unknown method, or one that is not installed.
    """
    vectors_of(adata)
    seen = seen or Seen()
    rows = fitted_rows(adata.obs, max_fitted, seed)
    if method == "hdbscan":
        if "X_umap" not in adata.obsm:
            map_cells(adata, seed=seed, **seen.keywords(), max_fitted=max_fitted)
        return DensityTree.of(np.asarray(adata.obsm["X_umap"]), rows, seed)
    if method not in ("leiden", "kmeans"):
        raise InputError(f"No clustering method {method!r}; choose 'hdbscan', 'leiden' or 'kmeans'")
    if method == "leiden":
        _require_leiden()
    made = NeighbourGraph.of if method == "leiden" else Centres.of
    return made(seen.components(adata, seed, rows), rows, seed, seen.facts())


def leiden_problem() -> str:
    """Why Leiden cannot be used here, and what to do; empty where it can."""
    from importlib.util import find_spec

    if find_spec("sknetwork") is not None:
        return ""
    return "Leiden needs scikit-network; install it with: pip install 'napari-c3r[leiden]'"


def _require_leiden() -> None:
    if problem := leiden_problem():
        raise InputError(problem)


def _voted(
    points: NDArray[np.float32], rows: NDArray[np.intp], numbers: NDArray[np.intp]
) -> NDArray[np.intp]:
    """Groups of all points from those of some: the one that most of the nearest are of."""
    from scipy.spatial import KDTree

    found = np.empty(len(points), np.intp)
    found[rows] = numbers
    others = np.setdiff1d(np.arange(len(points)), rows, assume_unique=True)
    tree, voters = KDTree(points[rows]), min(_VOTERS, len(rows))
    for part in chunks(len(others)):
        _, near = tree.query(points[others[part]], k=voters)
        found[others[part]] = _most(numbers[near.reshape(-1, voters)])
    return found


def _most(votes: NDArray[np.intp]) -> NDArray[np.intp]:
    """What most of each row's votes (n, voters) are for, the nearest deciding where they tie."""
    same = (votes[:, :, None] == votes[:, None, :]).sum(axis=2)
    return np.asarray(votes[np.arange(len(votes)), same.argmax(axis=1)], np.intp)
