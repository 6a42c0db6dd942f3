"""What the clusters are, in a sentence."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_c3r.core.reduce.cluster_names import NOISE
from napari_c3r.session.clusters import METHODS, fineness_words
from napari_c3r.widgets.common.wording import counted

if TYPE_CHECKING:
    from napari_c3r.session.clusters import Clusters


def clusters_line(clusters: Clusters) -> str:
    """How many clusters there are, and how they were made."""
    column = clusters.column
    if column is None:
        return ""
    count = sum(name != NOISE for name in clusters.names)
    line = counted(count, "cluster")
    noise = float((column == NOISE).mean()) if len(column) else 0.0
    line += f", {noise:.0%} of cells in none" if noise else ""
    if clusters.value is not None:
        line += f" · {METHODS[clusters.method]}, {fineness_words(clusters.method, clusters.value)}"
    by_hand = clusters.facts.get("by_hand", ())
    return line + (f" · {counted(len(by_hand), 'change')} by hand" if len(by_hand) else "")
