"""Values of another table as columns of cells: numbers as numbers, text as categories."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import pandas as pd


def joined_columns(frame: pd.DataFrame, rows: NDArray[np.intp], obs: pd.DataFrame) -> pd.DataFrame:
    """The values of each cell.

    Parameters
    ----------
    frame
        The columns to take.
    rows
        For each cell a row of it, −1 for none.
    obs
        The cells, whose index the result has, and whose columns keep their names.

    Returns
    -------
    pandas.DataFrame
        Whole numbers and yes and no become numbers with NaN where a cell has none.
    """
    import pandas as pd

    columns: dict[str, pd.Series] = {}
    for name, column in frame.items():
        free = _free_name(str(name), obs, columns)
        columns[free] = _taken(column, rows).set_axis(obs.index)
    return pd.DataFrame(columns, index=obs.index)


def _taken(column: pd.Series, rows: NDArray[np.intp]) -> pd.Series:
    import pandas as pd

    if not pd.api.types.is_numeric_dtype(column.dtype):
        text = column.map(lambda value: str(value).strip(), na_action="ignore")
        known = text.where(text != "").astype("category")
        codes = np.where(rows >= 0, known.cat.codes.to_numpy()[rows], -1)
        return pd.Series(pd.Categorical.from_codes(codes, known.cat.categories))
    if (rows >= 0).all() and isinstance(column.dtype, np.dtype):
        return pd.Series(column.to_numpy()[rows])
    numbers = column.to_numpy(np.float64, na_value=np.nan)
    return pd.Series(np.where(rows >= 0, numbers[rows], np.nan))


def _free_name(name: str, obs: pd.DataFrame, others: dict[str, pd.Series]) -> str:
    free, number = name, 2
    while free in obs or free in others:
        free, number = f"{name} ({number})", number + 1
    return free
