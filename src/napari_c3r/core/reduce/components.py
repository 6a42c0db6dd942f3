"""Principal components of the cells' vectors, which maps and clusters are made from."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from napari_c3r.core.errors import InputError
from napari_c3r.core.reduce.batches import Batches
from napari_c3r.core.reduce.controls import Controls, sphered
from napari_c3r.core.reduce.sample import chunks

if TYPE_CHECKING:
    from anndata import AnnData

N_COMPONENTS = 50
"""Principal components that the map and the clusters are made from."""


def principal_components(
    vectors: NDArray[np.float32],
    n_components: int = N_COMPONENTS,
    *,
    standardise: bool = True,
    rows: NDArray[np.intp] | None = None,
) -> NDArray[np.float32]:
    """Standardise the columns and rotate them onto their principal axes.

    Parameters
    ----------
    vectors
        (cells, D).
    n_components
        Greatest number of components kept.
    standardise
        Whether columns count alike, however much they vary; if not, they are only centred.
    rows
        The cells that tell the axes; None: all. With them, no copy of all vectors is made.

    Returns
    -------
    ndarray
        (cells, min(n_components, cells - 1, D)) float32, at least one column; constant
        columns count for nothing. The sign of each axis is fixed, so that the same vectors
        give the same components.
    """
    from sklearn.decomposition import PCA

    fitted = vectors if rows is None else vectors[rows]
    spread = fitted.std(axis=0, dtype=np.float64)
    varying = spread > 1e-7 * np.maximum(np.abs(fitted).max(axis=0, initial=0.0), 1e-30)
    if len(fitted) < 2 or not varying.any():
        return np.zeros((len(vectors), 1), np.float32)
    standard = fitted[:, varying].astype(np.float64)
    mean = standard.mean(axis=0)
    scale = standard.std(axis=0) if standardise else np.ones(len(mean))
    standard -= mean
    standard /= scale
    count = min(n_components, len(fitted) - 1, standard.shape[1])
    # The covariance solver is exact, deterministic and fast for tall tables.
    solver = "covariance_eigh" if len(fitted) > 2 * standard.shape[1] else "full"
    model = PCA(count, svd_solver=solver)
    if rows is None:
        return model.fit_transform(standard).astype(np.float32)
    model.fit(standard)
    del standard, fitted
    found = np.empty((len(vectors), count), np.float32)
    for part in chunks(len(vectors)):
        found[part] = model.transform((vectors[part][:, varying] - mean) / scale)
    return found


def components_of(
    adata: AnnData,
    n_components: int,
    controls: Controls | None,
    rows: NDArray[np.intp] | None = None,
    *,
    batches: Batches | None = None,
    seed: int = 0,
) -> NDArray[np.float32]:
    """The principal components of a table's cells, seen against its controls where there are some.

    Parameters
    ----------
    adata
        Result of :func:`napari_c3r.embed`.
    n_components
        As for :func:`principal_components`.
    controls
        As for :func:`napari_c3r.map_cells`.
    rows
        As for :func:`principal_components`.
    batches
        What is brought together in them, None for nothing.
    seed
        Of what bringing batches together draws.

    Returns
    -------
    ndarray
        (cells, components) float32.

    Raises
    ------
    InputError
        As :func:`vectors_of`, too few controls, or batches that cannot be brought together.
    """
    vectors = vectors_of(adata)
    if batches is not None and batches.by_fit:
        # A fit brings each batch to the scale of its controls itself.
        return principal_components(batches.encoded(adata, controls), n_components, rows=rows)
    if controls is None:
        found = principal_components(vectors, n_components, rows=rows)
    else:
        # In units of how controls vary, columns that vary more do so for a reason.
        found = principal_components(
            sphered(adata, controls), n_components, standardise=False, rows=rows
        )
    return found if batches is None else batches.together(found, adata, seed)


def vectors_of(adata: AnnData) -> NDArray[np.float32]:
    """The vectors of a table's cells, (cells, D) float32.

    Raises
    ------
    InputError
        No cell, or vectors that are not finite.
    """
    vectors = np.asarray(adata.X, np.float32)
    if not len(vectors):
        raise InputError("The table has no cells; embed some first")
    for part in chunks(len(vectors)):
        finite = np.isfinite(vectors[part]).all(axis=1)
        if not finite.all():
            row = part.start + int(np.flatnonzero(~finite)[0])
            raise InputError(
                f"The vector of cell '{adata.obs_names[row]}' has values that are not finite; "
                "embed the image again"
            )
    return vectors
