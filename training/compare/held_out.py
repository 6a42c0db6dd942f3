"""How well vectors tell treatments apart that training never saw."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from napari_c3r.core.errors import InputError
from training.data.cropset import CropSet
from training.evaluate.cells import Cells
from training.evaluate.metrics import (
    Estimate,
    cosine_similarity,
    matches_across_groups,
    mean_over_groups,
    standardised,
)


def load(path: Path, seen: set[str], most: int) -> Cells:
    """Read cells of ids that no training saw.

    Parameters
    ----------
    path
        A crop set.
    seen
        Ids of the crop sets that are trained on.
    most
        Cells at most: whole experiments from the start of the set.

    Raises
    ------
    InputError
        If an id was trained on, or fewer than two ids are left.
    """
    crops = CropSet.open(path)
    table = crops.table[:most].reset_index(drop=True)
    if shared := seen.intersection(table["id"]):
        raise InputError(
            f"'{path}' has ids that are trained on, such as '{min(shared)}'; give cells of others, "
            "for example simulated ones of another seed"
        )
    if table["id"].nunique() < 2:
        raise InputError(f"'{path}' has fewer than two ids in {len(table)} cells; give more cells")
    return Cells(crops.read(slice(0, len(table))), table, crops.assignment)


def score(vectors: NDArray[np.float32], table: pd.DataFrame) -> dict[str, Estimate]:
    """Score how well a cell finds others of its id within its experiment.

    Features are standardised over the cells of an experiment (`cell_line`); similarity is the
    cosine.

    Returns
    -------
    dict
        ``nearest``, the share of cells whose most similar one has their id, and ``mAP``, the mean
        average precision of the ranking. Intervals are those of 1000 bootstrap draws of whole
        experiments.
    """
    nearest, precision = np.full((2, len(table)), np.nan)
    for _, rows in table.groupby("cell_line").indices.items():
        similar = cosine_similarity(standardised(vectors[rows]))
        ids = table["id"].to_numpy(str)[rows]
        nearest[rows], precision[rows] = matches_across_groups(similar, ids, np.arange(len(rows)))
    experiments = table["cell_line"].to_numpy(str)
    return {
        "nearest": mean_over_groups(nearest, experiments),
        "mAP": mean_over_groups(precision, experiments),
    }
