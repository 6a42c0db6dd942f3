"""Numbers and names in the sentences of a session."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import pandas as pd


def counted_cells(count: int) -> str:
    """A number of cells, as in ``1 cell`` and ``12,000 cells``."""
    return f"{count:,} cell{'' if count == 1 else 's'}"


def whole_cluster(obs: pd.DataFrame, chosen: NDArray[np.bool_]) -> str | None:
    """The cluster that the chosen cells are, all of it and no others; None where they are none."""
    count = int(chosen.sum())
    if count and "cluster" in obs:
        clusters = obs["cluster"]
        first = clusters[chosen].iloc[0]
        if int((clusters == first).sum()) == count and (clusters[chosen] == first).all():
            return str(first)
    return None


def cells_in_words(obs: pd.DataFrame, chosen: NDArray[np.bool_]) -> str:
    """Which cells are meant: a whole cluster by its name, others by their number."""
    cluster = whole_cluster(obs, chosen)
    return counted_cells(int(chosen.sum())) if cluster is None else f"cluster {cluster}"


def naming_in_words(obs: pd.DataFrame, chosen: NDArray[np.bool_], name: str | Sequence[str]) -> str:
    """What giving cells a name does, or taking theirs away, as in ``name 3 cells 'mitotic'``."""
    what = cells_in_words(obs, chosen)
    if not isinstance(name, str):
        return f"accept the names suggested for {what}"
    name = name.strip()
    return f"name {what} '{name}'" if name else f"remove the name of {what}"
