"""Principal components of the cells' vectors, which maps and clusters are made from."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from napari_c3r.core.errors import InputError
from napari_c3r.core.reduce.controls import Controls, sphered

if TYPE_CHECKING:
    from anndata import AnnData

N_COMPONENTS = 50
"""Principal components that the map and the clusters are made from."""


def principal_components(
    vectors: NDArray[np.float32], n_components: int = N_COMPONENTS, *, standardise: bool = True
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

    Returns
    -------
    ndarray
        (cells, min(n_components, cells - 1, D)) float32, at least one column; constant
        columns count for nothing. The sign of each axis is fixed, so that the same vectors
        give the same components.
    """
    from sklearn.decomposition import PCA

    spread = vectors.std(axis=0, dtype=np.float64)
    varying = spread > 1e-7 * np.maximum(np.abs(vectors).max(axis=0, initial=0.0), 1e-30)
    if len(vectors) < 2 or not varying.any():
        return np.zeros((len(vectors), 1), np.float32)
    used = vectors[:, varying].astype(np.float64)
    standard = used - used.mean(axis=0)
    if standardise:
        standard /= used.std(axis=0)
    count = min(n_components, len(vectors) - 1, standard.shape[1])
    # The covariance solver is exact, deterministic and fast for tall tables.
    solver = "covariance_eigh" if len(vectors) > 2 * standard.shape[1] else "full"
    return PCA(count, svd_solver=solver).fit_transform(standard).astype(np.float32)


def components_of(
    adata: AnnData, n_components: int, controls: Controls | None
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

    Returns
    -------
    ndarray
        (cells, components) float32.

    Raises
    ------
    InputError
        As :func:`vectors_of`, or too few controls.
    """
    if controls is None:
        return principal_components(vectors_of(adata), n_components)
    # In units of how controls vary, columns that vary more do so for a reason.
    return principal_components(sphered(adata, controls), n_components, standardise=False)


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
    if not np.isfinite(vectors).all():
        row = int(np.flatnonzero(~np.isfinite(vectors).all(axis=1))[0])
        raise InputError(
            f"The vector of cell '{adata.obs_names[row]}' has values that are not finite; "
            "embed the image again"
        )
    return vectors
