"""Vectors seen against control cells: how those differ among themselves counts for little."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from napari_c3r.core.errors import InputError
from napari_c3r.core.reduce.sample import chunks

if TYPE_CHECKING:
    import pandas as pd
    from anndata import AnnData

Controls = tuple[str, str]
"""A column of the table, and the value that control cells have in it."""

MIN_CONTROLS = 10
"""Control cells that are needed on every plate."""

# What names a cell or was made from its vector tells no treatment.
_NO_TREATMENT = frozenset({"image", "cluster"})
_MAX_VALUES = 400


def control_choices(obs: pd.DataFrame) -> list[Controls]:
    """Columns and values that could be those of controls, names given by hand first.

    Parameters
    ----------
    obs
        The cells of a result.
    """
    import pandas as pd

    columns = [
        str(name)
        for name, column in obs.items()
        if str(name) not in _NO_TREATMENT
        and not pd.api.types.is_numeric_dtype(column.dtype)
        and not pd.api.types.is_bool_dtype(column.dtype)
    ]
    columns.sort(key=lambda name: name != "annotation")
    choices: list[Controls] = []
    for name in columns:
        values = obs[name].dropna().astype(str)
        if 0 < values.nunique() <= _MAX_VALUES and (values == values.iloc[0]).sum() < len(obs):
            choices += [(name, value) for value in sorted(values.unique())]
    return choices


def sphered(adata: AnnData, controls: Controls) -> NDArray[np.float32]:
    """Rotate and scale the vectors so that those of the control cells are a round cloud.

    Plate by plate, where there are several: each is seen against its own controls, so that
    what a plate does to all its cells alike cancels out. Also known as whitening or typical
    variation normalisation (Ando, McLean and Berndl 2017). The covariance of the controls is
    shrunk (Ledoit and Wolf 2004), as there are usually fewer cells than columns.

    Parameters
    ----------
    adata
        Result of :func:`napari_c3r.embed`; left as it is.
    controls
        Column and value that tell the control cells.

    Returns
    -------
    ndarray
        (cells, D) float32, with 0 where the mean of the controls was.

    Raises
    ------
    InputError
        No such column, or too few control cells on a plate.
    """
    name, value = controls
    if name not in adata.obs:
        raise InputError(
            f"The table has no column '{name}' to tell controls by; "
            f"its columns are {', '.join(map(str, adata.obs.columns))}"
        )
    chosen = (adata.obs[name].astype(str) == value).to_numpy()
    vectors = np.asarray(adata.X)
    found = np.empty(vectors.shape, np.float32)
    for plate, here in _plates(adata.obs):
        count = int((chosen & here).sum())
        if count < MIN_CONTROLS:
            where = f" on plate '{plate}'" if plate else ""
            raise InputError(
                f"There are {count} control cells with {name} '{value}'{where}; "
                f"at least {MIN_CONTROLS} are needed"
            )
        mean, turn = _rounding(vectors[chosen & here].astype(np.float64))
        rows = np.flatnonzero(here)
        for part in chunks(len(rows)):
            found[rows[part]] = (vectors[rows[part]].astype(np.float64) - mean) @ turn
    return found


def _plates(obs: pd.DataFrame) -> list[tuple[str, NDArray[np.bool_]]]:
    if "plate" not in obs or obs["plate"].nunique(dropna=False) < 2:
        return [("", np.ones(len(obs), bool))]
    plates = obs["plate"].astype(str)
    return [(plate, (plates == plate).to_numpy()) for plate in sorted(plates.unique())]


def _rounding(vectors: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Mean of vectors, (D,), and the matrix, (D, D), that makes their covariance round."""
    from sklearn.covariance import ledoit_wolf

    mean = vectors.mean(axis=0)
    covariance, _ = ledoit_wolf(vectors - mean, assume_centered=True)
    variances, axes = np.linalg.eigh(covariance)
    if variances.max() <= 0:
        raise InputError("The control cells have all the same vector; choose others")
    # Shrinking keeps them above 0 but for rounding.
    scale = 1 / np.sqrt(np.maximum(variances, 1e-9 * variances.max()))
    return mean, (axes * scale) @ axes.T
