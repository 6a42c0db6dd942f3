"""Numbers and names in the sentences of a session."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from napari_c3r.core.figures.colouring import categories_of

if TYPE_CHECKING:
    import pandas as pd

    from napari_c3r.core.table.annotate import GivenNames


def counted_cells(count: int) -> str:
    """A number of cells, as in ``1 cell`` and ``12,000 cells``."""
    return f"{count:,} cell{'' if count == 1 else 's'}"


def whole_cluster(obs: pd.DataFrame, chosen: NDArray[np.bool_]) -> str | None:
    """The cluster that the chosen cells are, all of it and no others; None where they are none."""
    if "cluster" not in obs or not chosen.any():
        return None
    codes, names = categories_of(obs["cluster"])
    inside = codes.compress(chosen)
    first = int(inside[0])
    is_one = first >= 0 and bool((inside == first).all())
    return names[first] if is_one and np.count_nonzero(codes == first) == len(inside) else None


def names_among(column: pd.Series, chosen: NDArray[np.bool_]) -> list[str]:
    """The names that chosen cells have, in the order of the column's own."""
    codes, names = categories_of(column)
    counts = np.bincount(codes.compress(chosen) + 1, minlength=len(names) + 1)[1:]
    return [names[code] for code in np.flatnonzero(counts)]


def cells_in_words(obs: pd.DataFrame, chosen: NDArray[np.bool_]) -> str:
    """Which cells are meant: a whole cluster by its name, others by their number."""
    cluster = whole_cluster(obs, chosen)
    return counted_cells(int(chosen.sum())) if cluster is None else f"cluster {cluster}"


def naming_in_words(obs: pd.DataFrame, chosen: NDArray[np.bool_], name: GivenNames) -> str:
    """What giving cells a name does, or taking theirs away, as in ``name 3 cells 'mitotic'``."""
    what = cells_in_words(obs, chosen)
    if not isinstance(name, str):
        return f"accept the names suggested for {what}"
    name = name.strip()
    return f"name {what} '{name}'" if name else f"remove the name of {what}"
