"""Cycloheximide against DMSO, and its dose, on a plate not seen. BBBC021, never for training."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import balanced_accuracy_score
from sklearn.neighbors import KNeighborsClassifier

from napari_c3r.core.channels import ChannelAssignment
from napari_c3r.core.errors import InputError
from training.evaluate.cells import Cells, read_cells
from training.evaluate.metrics import standardised

FILE: Final = Path("crops", "bbbc021", "dense.tif")
ROLES: Final = ChannelAssignment({"DNA": "context", "actin": "concept", "tubulin": "context"})
CONTROL: Final = "DMSO"
NEIGHBOURS: Final = 15


def load(data: Path) -> Cells:
    """Read the cells of the plates that have both treated cells and controls.

    Parameters
    ----------
    data
        Folder that holds ``crops/bbbc021/dense.tif`` and ``.csv`` with the columns ``plate``,
        ``compound`` (``"DMSO"`` for the controls) and ``concentration_uM``.

    Raises
    ------
    InputError
        Fewer than two plates have both.
    """
    cells = read_cells(data / FILE, ROLES, ("plate", "compound", "concentration_uM"))
    plate, control = cells.table["plate"], cells.table["compound"] == CONTROL
    both = sorted(set(plate[control]) & set(plate[~control]))
    if len(both) < 2:
        raise InputError(
            f"'{data / FILE}' has {len(both)} plates with treated cells and {CONTROL}; give two"
        )
    return cells.take(np.flatnonzero(plate.isin(both)))


def score(vectors: NDArray[np.float32], table: pd.DataFrame) -> dict[str, float]:
    """Score one representation.

    Features are standardised on the mean and deviation of each plate's own DMSO cells. A classifier
    is fitted on one plate and tested on another; the mean over all ordered pairs of plates counts.

    Parameters
    ----------
    vectors
        ``(n, d)``.
    table
        n rows with ``plate``, ``compound`` and ``concentration_uM``.

    Returns
    -------
    dict
        ``treated kNN`` and ``treated logistic``: balanced accuracy of treated against DMSO, by
        the 15 nearest neighbours (Euclidean) and by logistic regression (L2, C = 0.1, classes
        weighted equally).
        ``level kNN`` and ``level logistic``: balanced accuracy over the doses that both plates of a
        pair hold, DMSO among them as dose 0; chance is 1 over their number.
    """
    plate = table["plate"].to_numpy(str)
    control = (table["compound"] == CONTROL).to_numpy()
    # As text, because classifiers take numbers for quantities.
    dose = np.where(control, CONTROL, table["concentration_uM"].to_numpy(str))
    standard = np.empty(vectors.shape, np.float64)
    for name in np.unique(plate):
        here = plate == name
        standard[here] = standardised(vectors[here], like=vectors[here & control])
    results: dict[str, list[float]] = {}
    for first, second in itertools.permutations(np.unique(plate), 2):
        fit, test = plate == first, plate == second
        shared = np.isin(dose, np.intersect1d(dose[fit], dose[test]))
        for what, classes, kept in (("treated", control, True), ("level", dose, shared)):
            for name, accuracy in _across(standard, classes, fit & kept, test & kept).items():
                results.setdefault(f"{what} {name}", []).append(accuracy)
    return {name: float(np.mean(values)) for name, values in results.items()}


def _across(
    vectors: NDArray[np.float64],
    classes: NDArray[np.generic],
    fit: NDArray[np.bool_],
    test: NDArray[np.bool_],
) -> dict[str, float]:
    """Balanced accuracy on some cells of classifiers fitted on others."""
    classifiers = {
        "kNN": KNeighborsClassifier(min(NEIGHBOURS, int(fit.sum()))),
        "logistic": LogisticRegression(C=0.1, class_weight="balanced", max_iter=5000),
    }
    accuracies = {}
    for name, classifier in classifiers.items():
        predicted = classifier.fit(vectors[fit], classes[fit]).predict(vectors[test])
        accuracies[name] = float(balanced_accuracy_score(classes[test], predicted))
    return accuracies
