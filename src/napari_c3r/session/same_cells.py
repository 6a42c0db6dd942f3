"""Which cells of one label image are those of another, by where they lie."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from napari_c3r.session.labels import Cells

MIN_OVERLAP = 0.5
"""More than this share of the pixels of both (intersection over union) makes two cells one: no
cell can then be two others."""


def same_cells(before: Cells, after: Cells, labels: Collection[int]) -> dict[int, int]:
    """The label in other cells of the same image of each cell that is still there.

    Parameters
    ----------
    before, after
        Cells of one image. Of images of different size none is the same.
    labels
        Of `before`, those that are asked for.

    Returns
    -------
    dict
        Label in `after` by label in `before`.
    """
    if before.id == after.id:
        return {label: label for label in labels}
    old, new = np.asarray(before.labels), np.asarray(after.labels)
    if old.shape != new.shape or not labels:
        return {}
    wanted = np.isin(old, np.fromiter(labels, np.int64))
    both = wanted & (new > 0)
    pairs, shared = np.unique(
        np.stack([old[both], new[both]]).astype(np.int64), axis=1, return_counts=True
    )
    old_area = dict(zip(*np.unique(old[wanted], return_counts=True), strict=True))
    touched = np.isin(new, np.unique(pairs[1]))
    new_area = dict(zip(*np.unique(new[touched], return_counts=True), strict=True))
    return {
        int(a): int(b)
        for (a, b), count in zip(pairs.T, shared, strict=True)
        if count > MIN_OVERLAP * (old_area[a] + new_area[b] - count)
    }
