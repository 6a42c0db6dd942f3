"""Vectors -> maps by UMAP. Nothing here invents structure: seeds and settings are kept."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from napari_c3r.core.options import OptionInfo, check_setting, check_value
from napari_c3r.core.reduce.batches import batches_of
from napari_c3r.core.reduce.components import (
    N_COMPONENTS,
    components_of,
    principal_components,
)
from napari_c3r.core.reduce.controls import Controls
from napari_c3r.core.reduce.options import MapOptions
from napari_c3r.core.reduce.sample import FITTED, MAX_FITTED, chunks, fitted_rows
from napari_c3r.core.table.result import KEY

if TYPE_CHECKING:
    from anndata import AnnData

_NEIGHBOURS, _MIN_DIST = 15, 0.1
# UMAP starts from a spectral layout, which needs a few more points than dimensions.
_MIN_FOR_UMAP = 5
# How strongly two maps are held together. With simulated groups between which a few cells change,
# the others lie 20 times nearer to their places than without, and those that change still jump; ten
# times as much would hold these back too.
_ALIGNMENT = 0.1
_REPORT_S = 0.1


OnEpoch = Callable[[int, int], None]
"""Takes how many epochs are done, and how many there are."""


def map_cells(
    adata: AnnData,
    *,
    seed: int = 0,
    n_neighbors: int = _NEIGHBOURS,
    min_dist: float = _MIN_DIST,
    n_components: int = N_COMPONENTS,
    controls: Controls | None = None,
    batch: str | None = None,
    batch_method: str = "harmony",
    max_fitted: int = MAX_FITTED,
    on_epoch: OnEpoch | None = None,
) -> AnnData:
    """Lay the cells out in two dimensions with UMAP, after principal components.

    Distances on such a map are no evidence: it keeps neighbourhoods, not distances or
    densities (McInnes, Healy and Melville 2018, section 6).

    Parameters
    ----------
    adata
        Result of :func:`napari_c3r.embed`; changed in place.
    seed
        The same seed gives the same map on the same machine.
    n_neighbors
        Neighbours that count as local; lowered where there are fewer cells.
    min_dist
        How tightly UMAP may pack points, in its own units.
    n_components
        Principal components used.
    controls
        A column and the value that control cells have in it, as in ``("well", "A01")``: the
        map is then made of vectors seen against these, plate by plate
        (:func:`napari_c3r.core.reduce.controls.sphered`). The table's vectors stay as they are.
    batch
        Column that says which batch a cell is of, such as ``"plate"``: the map is then made of
        components in which batches were brought together. The table's vectors stay as they are.
    batch_method
        How: ``"harmony"`` or ``"combat"``, as :func:`napari_c3r.core.profiles.correct_batches` has
        them, or the folder of a kept CellPainTR.
    max_fitted
        Of more cells, only so many, drawn evenly from all fields, make the map; the others are
        placed among them by what UMAP learnt. What is kept of the map then says so.
    on_epoch
        Called now and then with how many epochs of how many are done; what it raises ends the work.

    Returns
    -------
    AnnData
        The same object, with ``obsm["X_umap"]`` (cells, 2) float32 and the settings in its
        provenance.

    Raises
    ------
    InputError
        A seed or number out of range, no cell, vectors that are not finite, too few controls, or
        batches that cannot be brought together.
    """
    check_setting(MapOptions, "seed", seed)
    check_value("int", OptionInfo("Neighbours", "", minimum=2), n_neighbors, "n_neighbors")
    check_value("float", OptionInfo("Distance", "", minimum=0, maximum=1), min_dist, "min_dist")
    check_value("int", OptionInfo("Components", "", minimum=1), n_components, "n_components")
    check_setting(MapOptions, "max_fitted", max_fitted)
    rows = fitted_rows(adata.obs, max_fitted, seed)
    batches = batches_of(batch, batch_method)
    components = components_of(adata, n_components, controls, rows, batches=batches, seed=seed)
    adata.obsm["X_umap"] = layout(components, seed, n_neighbors, min_dist, rows, on_epoch)
    count = len(components) if rows is None else len(rows)
    adata.uns.setdefault(KEY, {})["map"] = {
        "method": "UMAP after PCA" if count > _MIN_FOR_UMAP else "PCA (too few cells)",
        "seed": seed,
        "n_neighbors": min(n_neighbors, max(count - 1, 1)),
        "min_dist": min_dist,
        "n_components": components.shape[1],
        **({} if controls is None else {"controls": list(controls)}),
        **({} if batches is None else batches.facts() | batches.notes(adata)),
        **({} if rows is None else {FITTED: count}),
    }
    return adata


def flat_map(vectors: NDArray[np.float32], *, seed: int = 0) -> NDArray[np.float32]:
    """Lay vectors (n, D) out in two dimensions, (n, 2), as :func:`map_cells` does by default.

    Parameters
    ----------
    vectors
        (n, D) finite.
    seed
        As for :func:`map_cells`.
    """
    return layout(principal_components(vectors), seed, _NEIGHBOURS, _MIN_DIST)


def aligned_maps(
    first: NDArray[np.float32], second: NDArray[np.float32], *, seed: int = 0
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Lay two sets of vectors of the same cells out together, so that the maps can be compared.

    Two maps made one after the other differ all over, even where the second begins with the
    first: groups that do not touch drift apart anyhow. Aligned UMAP (Dadu et al. 2023) pulls every
    cell towards its place on the other map while both are laid out.

    Parameters
    ----------
    first, second
        (n, D) and (n, D'), finite.
    seed
        As for :func:`map_cells`.

    Returns
    -------
    tuple of ndarray
        Two maps (n, 2).
    """
    parts = [principal_components(vectors) for vectors in (first, second)]
    n = len(first)
    if n <= _MIN_FOR_UMAP:
        return _plain(parts[0]), _plain(parts[1])
    import umap

    model = umap.AlignedUMAP(
        n_neighbors=min(_NEIGHBOURS, n - 1),
        min_dist=_MIN_DIST,
        random_state=seed,
        alignment_regularisation=_ALIGNMENT,
        alignment_window_size=1,
    )
    with warnings.catch_warnings():
        # Unlike UMAP it has no option for a seeded run in a single thread, and warns of it.
        warnings.filterwarnings("ignore", "n_jobs value", UserWarning)
        model.fit(parts, relations=[{row: row for row in range(n)}])
    one, other = (np.asarray(points, np.float32) for points in model.embeddings_)
    return one, other


def _plain(components: NDArray[np.float32]) -> NDArray[np.float32]:
    """The first two components, of cells too few for a map."""
    flat = np.zeros((len(components), 2), np.float32)
    flat[:, : min(2, components.shape[1])] = components[:, :2]
    return flat


def layout(
    components: NDArray[np.float32],
    seed: int,
    n_neighbors: int,
    min_dist: float,
    rows: NDArray[np.intp] | None = None,
    on_epoch: OnEpoch | None = None,
) -> NDArray[np.float32]:
    """Lay principal components out in two dimensions.

    Parameters
    ----------
    components
        (n, D) finite.
    seed, n_neighbors, min_dist
        As for :func:`map_cells`.
    rows
        The cells that make the map; None: all. The others are placed among them.
    on_epoch
        As for :func:`map_cells`.

    Returns
    -------
    ndarray
        (n, 2) float32.
    """
    fitted = components if rows is None else components[rows]
    if len(fitted) <= _MIN_FOR_UMAP:
        return _plain(components)
    import umap

    model = umap.UMAP(
        n_neighbors=min(n_neighbors, len(fitted) - 1),
        min_dist=min_dist,
        random_state=seed,
        # As what is placed afterwards is moved by chance too.
        transform_seed=seed,
        # A seeded run is single threaded; saying so keeps UMAP from warning.
        n_jobs=1,
        tqdm_kwds=None if on_epoch is None else _watched(on_epoch),
    )
    points = np.asarray(model.fit_transform(fitted), np.float32)
    if rows is None:
        return points
    found = np.empty((len(components), 2), np.float32)
    found[rows] = points
    others = np.setdiff1d(np.arange(len(components)), rows, assume_unique=True)
    for part in chunks(len(others)):
        found[others[part]] = model.transform(components[others[part]])
    return found


class _Epochs:
    """A file for UMAP's progress bar, which writes how far it is in numbers."""

    def __init__(self, on_epoch: OnEpoch) -> None:
        self._on_epoch = on_epoch

    def write(self, text: str) -> None:
        """Pass on two numbers; what ends the line is none of them."""
        numbers = text.split()
        if len(numbers) == 2:
            self._on_epoch(int(numbers[0]), int(numbers[1]))

    def flush(self) -> None:
        """Nothing waits."""


def _watched(on_epoch: OnEpoch) -> dict[str, Any]:
    return {
        "disable": False,
        "file": _Epochs(on_epoch),
        "bar_format": "{n} {total}",
        "mininterval": _REPORT_S,
    }
