"""Clusters cut finer or coarser while a slider moves: of a hundred thousand cells."""

from __future__ import annotations

import numpy as np
import pandas as pd

from benchmarks._row import Row, seconds
from napari_c3r.core.reduce.cluster_names import keep_names
from napari_c3r.core.reduce.clusters import clusters_at, default_size
from napari_c3r.core.reduce.cuts import DensityTree

_CELLS, _TOY_CELLS = 100_000, 1_000
_GROUPS = 30
_REPEATS = 3
_BUDGET_S = 0.1


def rows(*, toy: bool = False) -> list[Row]:
    """Seconds of a cut, and of giving the new clusters the names of those before."""
    count = _TOY_CELLS if toy else _CELLS
    rng = np.random.default_rng(0)
    group = rng.integers(0, _GROUPS, count)
    places = rng.normal(0, 8, (_GROUPS, 2))[group] + rng.normal(0, 0.5, (count, 2))
    tree = DensityTree.of(places.astype(np.float32), None, 0)
    size = default_size(count)
    index = pd.RangeIndex(count).astype(str)
    before, after = (
        pd.Series(clusters_at(tree, value).column, index=index) for value in (size, size // 4 + 2)
    )
    cut, named = seconds(
        0 if toy else _REPEATS,
        lambda: clusters_at(tree, size // 4 + 2),
        lambda: keep_names(before, after),
    )
    return [
        Row(
            f"{what}, {count:,} cells",
            f"{taken:.3f} s",
            f"at most {_BUDGET_S} s",
            toy or taken <= _BUDGET_S,
        )
        for what, taken in (("clusters of another fineness", cut), ("their names kept", named))
    ]
