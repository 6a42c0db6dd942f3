"""Which cells are compared, and which label each has."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from napari_c3r.core.errors import InputError

KEYS = ("image", "label", "plate", "well", "site")
"""Columns by which a table of labels is matched to the cells."""


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
) -> pd.Series[Any] | None:
    """Label of every cell, from the cells' own table or from another one.

    Parameters
    ----------
    obs
        One row per cell.
    column
        Name of the labels, or None for none.
    table
        Where to look them up, by whichever of `KEYS` it has; None: in `obs`.

    Raises
    ------
    InputError
        There is no such column, the table has no key or one twice, or it fits no cell.
    """
    if column is None:
        return None
    where = obs if table is None else table
    if column not in where.columns:
        listed = ", ".join(f"'{name}'" for name in where.columns)
        raise InputError(f"No label column '{column}'; the columns are {listed}")
    if table is None:
        return obs[column].reset_index(drop=True)
    keys = [key for key in KEYS if key in table.columns and key in obs.columns and key != column]
    if not keys:
        raise InputError(
            f"The table of labels has none of the columns {', '.join(KEYS)}; "
            "add one, so that its rows can be matched to the cells"
        )
    given = table[[*keys, column]].drop_duplicates()
    text = given[keys].astype(str)
    if text.duplicated().any():
        twice = ", ".join(f"{k} {v}" for k, v in text[text.duplicated()].iloc[0].items())
        raise InputError(
            f"The table of labels has several values of '{column}' for {twice}; keep one, "
            "or add the columns image and label"
        )
    by_key = dict(zip(text.itertuples(index=False, name=None), given[column], strict=True))
    found = [by_key.get(key) for key in obs[keys].astype(str).itertuples(index=False, name=None)]
    values = pd.Series(found, dtype=object)
    if values.isna().all():
        raise InputError(
            f"The table of labels fits none of the {len(obs)} cells by {', '.join(keys)}; "
            f"the first cell has {', '.join(f'{k} {obs[k].iloc[0]}' for k in keys)}"
        )
    return values
