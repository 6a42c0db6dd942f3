"""How well found objects agree with outlined ones."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def f1_at_iou(truth: NDArray[np.integer], found: NDArray[np.integer], iou: float = 0.5) -> float:
    """Score found objects: 2 TP / (outlined + found), a match overlapping by more than `iou`.

    Parameters
    ----------
    truth, found
        (Y, X) labels, 0 is background.
    iou
        Intersection over union that a match must exceed, at least 0.5, so that no object can match
        two.

    Returns
    -------
    0 to 1; 1 when both are empty.
    """
    _, truth_index = np.unique(truth, return_inverse=True)
    _, found_index = np.unique(found, return_inverse=True)
    truth_index = truth_index.ravel() + (0 if (truth == 0).any() else 1)
    found_index = found_index.ravel() + (0 if (found == 0).any() else 1)
    rows, columns = int(truth_index.max()) + 1, int(found_index.max()) + 1
    joint = np.bincount(truth_index * columns + found_index, minlength=rows * columns)
    joint = joint.reshape(rows, columns)
    union = joint.sum(1, keepdims=True) + joint.sum(0, keepdims=True) - joint
    matches = int((joint[1:, 1:] > iou * union[1:, 1:]).sum())
    total = rows - 1 + columns - 1
    return 2 * matches / total if total else 1.0
