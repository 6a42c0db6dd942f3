"""How the cells of a result are mapped and grouped: one type for docks and scripts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from napari_c3r.core.options import Checked, option
from napari_c3r.core.reduce.sample import MAX_FITTED

if TYPE_CHECKING:
    from napari_c3r.core.reduce.controls import Controls


@dataclass(frozen=True)
class MapOptions(Checked):
    """How a map is made and its cells are grouped.

    Parameters
    ----------
    method
        ``"hdbscan"``, ``"leiden"`` or ``"kmeans"``.
    n_clusters
        For k-means.
    min_cluster_size
        For HDBSCAN; None: 5 or one cell in fifty, whichever is more.
    resolution
        For Leiden.
    seed
        Of the map, of Leiden and of k-means.
    controls
        A column and a value that tell the cells that all are seen against; None: no such cells.
    max_fitted
        Of more cells, only so many, drawn evenly from all fields, make map and clusters.
    batch
        Column of the batches that are brought together; None: they stay as they are.
    batch_method
        ``"harmony"``, ``"combat"``, or the folder of a kept CellPainTR.
    """

    method: str = option(
        "hdbscan",
        "Clusters",
        "How cells are grouped into clusters: HDBSCAN finds their number and leaves outliers "
        "out as noise, Leiden divides the graph of nearest neighbours, k-means makes the number "
        "you give",
        choices=("hdbscan", "leiden", "kmeans"),
    )
    n_clusters: int = option(4, "Number", "How many clusters k-means makes", minimum=2, maximum=100)
    min_cluster_size: int | None = option(
        None,
        "Smallest",
        "Fewest cells that HDBSCAN calls a cluster",
        minimum=2,
        maximum=1_000_000,
        unset="automatic",
    )
    resolution: float = option(
        1.0,
        "Resolution",
        "How fine Leiden divides: more gives more clusters",
        minimum=0.01,
        maximum=100.0,
    )
    seed: int = option(
        0,
        "Seed",
        "The same seed gives the same map; it is kept with the result",
        minimum=0,
        maximum=2**31 - 1,
    )
    controls: Controls | None = option(
        None,
        "Controls",
        "Cells to which nothing was done: the map then shows what differs from how these "
        "vary among themselves, plate by plate",
        unset="none",
    )
    max_fitted: int = option(
        MAX_FITTED,
        "Cells fitted",
        "Of more cells, only so many, drawn evenly from all fields, make map and clusters; the "
        "others are placed among them, and a note says so",
        minimum=100,
        maximum=10_000_000,
    )
    batch: str | None = option(
        None,
        "Batches",
        "Column of plates, days or laboratories that are brought together in the map and its "
        "clusters; the vectors stay as they are",
        unset="left as they are",
    )
    batch_method: str = option(
        "harmony",
        "Together by",
        "How batches are brought together: Harmony moves groups of alike cells, ComBat shifts and "
        "scales, a kept CellPainTR has learnt from replicates what sources do",
    )
