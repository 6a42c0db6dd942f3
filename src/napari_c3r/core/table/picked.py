"""Cells that were picked one by one, by image and label, in a table of any order."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from napari_c3r.core.errors import InputError
from napari_c3r.core.table.result import rows_by_image

if TYPE_CHECKING:
    from anndata import AnnData

Picked = Mapping[str, Iterable[int]]
"""Labels of cells by the name of their image."""


def rows_of_cells(table: AnnData, cells: Picked) -> NDArray[np.bool_]:
    """Find cells by image and label.

    Parameters
    ----------
    table
        Result of :func:`napari_c3r.embed`.
    cells
        Labels by the name of their image.

    Returns
    -------
    ndarray
        Which rows they are, bool (cells,).

    Raises
    ------
    InputError
        The table lacks one of them.
    """
    images, labels = table.obs["image"].astype(str), table.obs["label"].to_numpy()
    left = {str(image): {int(label) for label in each} for image, each in cells.items()}
    total = sum(map(len, left.values()))
    found = np.zeros(len(labels), bool)
    here = np.flatnonzero(images.isin(list(left)).to_numpy())
    for image, rows in rows_by_image(table.obs, here):
        asked = np.fromiter(left[image], labels.dtype)
        found[rows] = np.isin(labels[rows], asked)
        left[image] -= set(labels[rows].tolist())
    lacking = [f"{image}:{label}" for image, each in left.items() for label in sorted(each)]
    if lacking:
        raise InputError(
            f"{len(lacking):,} of {total:,} picked cells are not in the table, the first is "
            f"'{lacking[0]}' (image:label); its cells were found in another way"
        )
    return found


def cells_of_rows(table: AnnData, chosen: NDArray[np.bool_]) -> dict[str, list[int]]:
    """Undo `rows_of_cells`: the labels of some rows by the name of their image."""
    labels = table.obs["label"].to_numpy()
    found = rows_by_image(table.obs, np.flatnonzero(chosen))
    return {str(image): labels[rows].astype(int).tolist() for image, rows in found}
