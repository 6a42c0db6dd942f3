"""Batch correction: methods of well-kept libraries, and room for more, under one call."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from napari_c3r.core.errors import InputError
from napari_c3r.core.profiles.frame import (
    as_profiles,
    finite_values,
    require_columns,
    require_package,
    with_step,
)

if TYPE_CHECKING:
    import pandas as pd
    from anndata import AnnData

Correction = Callable[[NDArray[np.float64], NDArray[np.object_], int], NDArray[np.float64]]
"""(rows, features), batch of each row, seed -> the same shape, corrected."""


def _harmony(
    values: NDArray[np.float64], batches: NDArray[np.object_], seed: int
) -> NDArray[np.float64]:
    import pandas as pd

    harmonypy = require_package("harmonypy", "Harmony")
    found = harmonypy.run_harmony(
        values, pd.DataFrame({"batch": batches}), "batch", random_state=seed, verbose=False
    )
    corrected = np.asarray(found.Z_corr, np.float64)
    return corrected if corrected.shape == values.shape else corrected.T


def _combat(
    values: NDArray[np.float64], batches: NDArray[np.object_], seed: int
) -> NDArray[np.float64]:
    import pandas as pd
    from anndata import AnnData

    scanpy = require_package("scanpy", "ComBat")
    obs = pd.DataFrame({"batch": pd.Categorical(batches)})
    obs.index = obs.index.astype(str)
    return np.asarray(scanpy.pp.combat(AnnData(values, obs=obs), "batch", inplace=False))


_METHODS: Final[dict[str, Correction]] = {"harmony": _harmony, "combat": _combat}


def register_correction(name: str, correction: Correction) -> None:
    """Make a method known by a name, in place of one of that name."""
    _METHODS[name] = correction


def corrections() -> tuple[str, ...]:
    """Names of the methods that there are."""
    return tuple(_METHODS)


def correct_batches(
    table: AnnData | pd.DataFrame, batch: str = "plate", method: str = "harmony", *, seed: int = 0
) -> AnnData:
    """Bring batches together.

    Parameters
    ----------
    table
        Any table that `as_profiles` takes; rows are wells or cells.
    batch
        Column of ``obs`` that says which batch a row is of.
    method
        ``"harmony"`` (Korsunsky et al. 2019, Nature Methods 16:1289), ``"combat"`` (Johnson et
        al. 2007, Biostatistics 8:118), or what was registered.
    seed
        Of what is drawn at random.

    Returns
    -------
    AnnData
        The same rows and features, float64.

    Raises
    ------
    InputError
        An unknown method or column, a row without a batch, a single batch, missing values, or
        the method's package is not installed.
    """
    if method not in _METHODS:
        raise InputError(f"Unknown method '{method}'; use one of {', '.join(_METHODS)}")
    profiles = as_profiles(table)
    require_columns(profiles, [batch])
    column = profiles.obs[batch]
    if column.isna().any():
        raise InputError(f"{column.isna().sum()} rows have no '{batch}': give them one first")
    if column.nunique() < 2:
        raise InputError(f"All rows have the '{batch}' '{column.iloc[0]}': nothing to correct")
    values = finite_values(profiles)
    done = profiles.copy()
    done.X = _METHODS[method](values, column.astype(str).to_numpy(object), seed)
    return with_step(done, "correct_batches", batch=batch, method=method, seed=seed)
