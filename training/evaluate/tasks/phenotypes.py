"""Sixteen phenotypes of HeLa nuclei on plates not seen: Mitocheck, one channel in both groups."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import f1_score, recall_score
from sklearn.model_selection import GroupKFold

from napari_c3r.core.channels import ChannelAssignment
from training.data.mitocheck import mitocheck_split
from training.evaluate.cells import Cells, read_cells
from training.evaluate.metrics import standardised

FILE: Final = Path("crops", "mitocheck", "cells.tif")
ROLES: Final = ChannelAssignment({"histone": "both"})
FOLDS: Final = 5


def load(data: Path) -> Cells:
    """Read the cells of all plates.

    Parameters
    ----------
    data
        Folder that holds ``crops/mitocheck/cells.tif`` and ``.csv`` with the columns ``phenotype``
        and ``plate``.

    Returns
    -------
    Cells
        With the column ``split`` of `training.data.mitocheck.mitocheck_split`.
    """
    cells = read_cells(data / FILE, ROLES, ("phenotype", "plate"))
    cells.table["split"] = mitocheck_split(cells.table)
    return cells


def load_training(data: Path) -> Cells:
    """Read the cells of the plates that may be trained on; see `load`."""
    cells = load(data)
    return cells.take(np.flatnonzero(cells.table["split"] == "train"))


def score(vectors: NDArray[np.float32], table: pd.DataFrame) -> dict[str, float]:
    """Score one representation: fitted on the training plates, tested on the test plates.

    Parameters
    ----------
    vectors
        ``(n, d)``.
    table
        n rows with ``phenotype`` and ``split``.

    Returns
    -------
    dict
        ``accuracy``, balanced over the phenotypes that are tested, and ``F1``, its mean over them.
        Features are standardised on the cells that are fitted. Logistic regression, L2, C = 0.1,
        classes weighted equally.
    """
    fit = (table["split"] == "train").to_numpy()
    phenotype = table["phenotype"].to_numpy(str)
    return _agreement(phenotype[~fit], _predict(vectors, phenotype, fit, ~fit))


def cross_validate(vectors: NDArray[np.float32], table: pd.DataFrame) -> dict[str, float]:
    """Score one representation by five-fold cross-validation over plates.

    Parameters
    ----------
    vectors
        ``(n, d)``.
    table
        n rows with ``phenotype`` and ``plate``.

    Returns
    -------
    dict
        As `score`, over the predictions of all folds together.
    """
    phenotype, plate = table["phenotype"].to_numpy(str), table["plate"].to_numpy(str)
    predicted = np.empty_like(phenotype)
    for fit, test in GroupKFold(FOLDS).split(vectors, groups=plate):
        predicted[test] = _predict(vectors, phenotype, fit, test)
    return _agreement(phenotype, predicted)


def _predict(
    vectors: NDArray[np.float32],
    phenotype: NDArray[np.str_],
    fit: NDArray[np.generic],
    test: NDArray[np.generic],
) -> NDArray[np.str_]:
    standard = standardised(vectors, like=vectors[fit])
    classifier = LogisticRegression(C=0.1, class_weight="balanced", max_iter=5000)
    predicted: NDArray[np.str_] = classifier.fit(standard[fit], phenotype[fit]).predict(
        standard[test]
    )
    return predicted


def _agreement(true: NDArray[np.str_], predicted: NDArray[np.str_]) -> dict[str, float]:
    # Over the classes that are there to be found, whatever else was predicted.
    options = {"labels": np.unique(true), "average": "macro", "zero_division": 0.0}
    return {
        "accuracy": float(recall_score(true, predicted, **options)),
        "F1": float(f1_score(true, predicted, **options)),
    }
