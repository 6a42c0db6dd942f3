"""Batch correction: methods of well-kept libraries, and room for more, under one call."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from napari_c3r.core.errors import InputError
from napari_c3r.core.profiles.frame import (
    Controls,
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


@dataclass(frozen=True)
class Told:
    """What a method is told that learns from more than the batches.

    Attributes
    ----------
    batch, treatment, plate
        Columns of the batches, of what replicates share, and of what is brought to scale by
        itself; treatment and plate may be None.
    controls
        Column and value of the negative controls, or None.
    seed
        Of what is drawn at random.
    """

    batch: str
    treatment: str | None
    plate: str | None
    controls: Controls | None
    seed: int


TableCorrection = Callable[["AnnData", Told], "AnnData"]
"""A profile table and what is told of it -> the same rows, with features of its own."""


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


def _cellpaintr(profiles: AnnData, told: Told) -> AnnData:
    from napari_c3r.core.profiles.cellpaintr import FitOptions, fit_cellpaintr

    if told.treatment is None:
        raise InputError(
            "CellPainTR learns from replicates: give treatment=, the column of what they share"
        )
    fitted = fit_cellpaintr(
        profiles,
        told.batch,
        told.treatment,
        told.controls,
        plate=told.plate,
        options=FitOptions(seed=told.seed),
    )
    return fitted.encode(
        profiles,
        told.batch,
        plate=told.plate,
        controls=told.controls,
        treatment=told.treatment,
    )


_METHODS: Final[dict[str, Correction]] = {"harmony": _harmony, "combat": _combat}
_CALLED: Final = {"harmony": "Harmony", "combat": "ComBat", "cellpaintr": "CellPainTR"}
_OF_TABLES: Final[dict[str, TableCorrection]] = {"cellpaintr": _cellpaintr}


def register_correction(name: str, correction: Correction) -> None:
    """Make a method known by a name, in place of one of that name."""
    _METHODS[name] = correction


def corrections() -> tuple[str, ...]:
    """Names of the methods that there are."""
    return (*_METHODS, *_OF_TABLES)


def vector_corrections() -> dict[str, str]:
    """The methods that give the features back that they take, and how each is called."""
    return {name: _CALLED.get(name, name) for name in _METHODS}


def require_batches(column: pd.Series) -> None:
    """Refuse a column that tells no batches apart, or not of every row.

    Raises
    ------
    InputError
        With the column's name.
    """
    if column.isna().any():
        raise InputError(f"{column.isna().sum()} rows have no '{column.name}': give them one first")
    if column.nunique() < 2:
        raise InputError(
            f"All rows have the '{column.name}' '{column.iloc[0]}': nothing to correct"
        )


def correct_values(
    values: NDArray[np.float64], column: pd.Series, method: str, seed: int = 0
) -> NDArray[np.float64]:
    """Bring batches together in numbers that stand by themselves.

    Parameters
    ----------
    values
        (rows, features), finite.
    column
        Batch of each row.
    method
        One of `vector_corrections`.
    seed
        Of what is drawn at random.

    Returns
    -------
    ndarray
        float64 (rows, features).

    Raises
    ------
    InputError
        As `correct_batches`.
    """
    if method not in _METHODS:
        raise InputError(f"Unknown method '{method}'; use one of {', '.join(_METHODS)}")
    require_batches(column)
    return _METHODS[method](values, column.astype(str).to_numpy(object), seed)


def correct_batches(
    table: AnnData | pd.DataFrame,
    batch: str = "plate",
    method: str = "harmony",
    *,
    treatment: str | None = None,
    controls: Controls | None = None,
    plate: str | None = None,
    seed: int = 0,
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
        al. 2007, Biostatistics 8:118), ``"cellpaintr"`` (arXiv:2509.06986), or what was
        registered. CellPainTR learns from replicates that have the same treatment in different
        batches, and makes them alike: how alike they are afterwards is no evidence. See
        `napari_c3r.core.profiles.cellpaintr`, also for fits that are kept and used again.
    treatment, controls, plate
        For CellPainTR: column of what replicates share; column and value of the negative
        controls; column of what is brought to their scale by itself, by default `batch`.
    seed
        Of what is drawn at random.

    Returns
    -------
    AnnData
        The same rows, float64; the same features, or those of CellPainTR.

    Raises
    ------
    InputError
        An unknown method or column, a row without a batch, a single batch, missing values where
        the method takes none, or the method's package is not installed.
    """
    if method not in corrections():
        raise InputError(f"Unknown method '{method}'; use one of {', '.join(corrections())}")
    profiles = as_profiles(table)
    require_columns(profiles, [batch])
    require_batches(profiles.obs[batch])
    settings: dict[str, Any] = {"batch": batch, "method": method, "seed": seed}
    if method in _OF_TABLES:
        done = _OF_TABLES[method](profiles, Told(batch, treatment, plate, controls, seed))
    else:
        done = profiles.copy()
        done.X = correct_values(finite_values(profiles), profiles.obs[batch], method, seed)
    return with_step(done, "correct_batches", **settings)
