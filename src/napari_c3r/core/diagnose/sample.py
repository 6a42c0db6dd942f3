"""Which cells are compared, and which label each has."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from napari_c3r.core.errors import InputError
from napari_c3r.core.metadata.keys import LabelMatch, match_labels

if TYPE_CHECKING:
    import pandas as pd


def stratified_rows(strata: pd.Series[Any], size: int, seed: int) -> NDArray[np.intp]:
    """Draw cells so that every group keeps its share, and at least two cells where it has them.

    Parameters
    ----------
    strata
        Group of every cell; missing values are a group too.
    size
        Cells wanted. More are drawn only where two of every group are more.
    seed
        Of the draw.

    Returns
    -------
    ndarray
        Row numbers in rising order; all rows when there are no more than `size`.
    """
    import pandas as pd

    n = len(strata)
    if n <= size:
        return np.arange(n)
    codes, _ = pd.factorize(strata.astype(str))
    counts = np.bincount(codes)
    shares = counts * size / n
    wanted = np.maximum(np.floor(shares).astype(int), np.minimum(counts, 2))
    # The rest goes to the largest remainders.
    for group in np.argsort(np.floor(shares) - shares, kind="stable"):
        if wanted.sum() >= size:
            break
        wanted[group] += int(wanted[group] < counts[group])
    rng = np.random.default_rng(seed)
    chosen = [rng.permutation(np.flatnonzero(codes == g))[:w] for g, w in enumerate(wanted)]
    return np.sort(np.concatenate(chosen)).astype(np.intp)


def label_values(
    obs: pd.DataFrame, column: str | None, table: pd.DataFrame | None
) -> LabelMatch | None:
    """Label of every cell, from the cells' own table or from another one.

    Parameters
    ----------
    obs
        One row per cell.
    column
        Name of the labels, or None for none.
    table
        Where to look them up, as `match_labels` does; None: in `obs`.

    Raises
    ------
    InputError
        There is no such column, or as for `match_labels`.
    """
    if column is None:
        return None
    if table is not None:
        return match_labels(obs, column, table)
    if column not in obs.columns:
        listed = ", ".join(f"'{name}'" for name in obs.columns)
        raise InputError(f"No label column '{column}'; the columns are {listed}")
    return LabelMatch(obs[column].reset_index(drop=True), ())
