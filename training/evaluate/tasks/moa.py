"""Mechanism of action: do compounds that work alike look alike? BBBC021, never for training."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from napari_c3r.core.channels import ChannelAssignment
from training.evaluate.cells import Cells, read_cells
from training.evaluate.metrics import (
    Estimate,
    cosine_similarity,
    matches_across_groups,
    mean_over_groups,
    principal_components,
    standardised,
    vote_across_groups,
)

FILE: Final = Path("crops", "bbbc021", "moa.tif")
ROLES: Final = ChannelAssignment({"DNA": "context", "actin": "concept", "tubulin": "concept"})
CONTROL: Final = "DMSO"
MAX_PER_COMPOUND: Final = 60
# Of 97 treatments it draws 96: few of the many cells with taxol are of its rarer concentrations.
SEED: Final = 1
COMPONENTS: Final = 64
NEIGHBOURS: Final = 15


def load(data: Path, *, most_per_compound: int = MAX_PER_COMPOUND, seed: int = SEED) -> Cells:
    """Read the treated cells, of no compound more than so many.

    Parameters
    ----------
    data
        Folder that holds ``crops/bbbc021/moa.tif`` and ``.csv`` with the columns ``compound``,
        ``concentration_uM`` and ``moa`` (``"DMSO"`` for the controls).
    most_per_compound
        Of a compound with more cells, so many are drawn, so that a common one does not decide what
        varies.
    seed
        Of the draw.
    """
    cells = read_cells(data / FILE, ROLES, ("compound", "concentration_uM", "moa"))
    treated = np.flatnonzero(cells.table["moa"] != CONTROL)
    shuffled = np.random.default_rng(seed).permutation(treated)
    rank = cells.table.iloc[shuffled].groupby("compound").cumcount().to_numpy()
    return cells.take(np.sort(shuffled[rank < most_per_compound]))


def score(vectors: NDArray[np.float32], table: pd.DataFrame) -> dict[str, Estimate]:
    """Score one representation.

    Features are standardised over the cells, and reduced to 64 principal components. Whitened
    means that each component is also divided by its standard deviation. Similarity is the cosine.

    Parameters
    ----------
    vectors
        ``(n, d)``.
    table
        n rows with ``compound``, ``concentration_uM`` and ``moa``.

    Returns
    -------
    dict
        Each as it is, and with ``white`` after the name:

        ``nsc``
            Share of treatments (compound and concentration) whose mean vector is most similar to
            that of a treatment with the same mechanism, among the treatments with other compounds
            ("not same compound", Ljosa et al. 2013).
        ``kNN``
            Balanced accuracy over mechanisms of single cells by the vote of their 15 most similar
            cells of other compounds.
        ``mAP``
            Mean over treatments of the average precision with which the mean vector ranks those of
            other compounds by mechanism.

        A treatment whose mechanism no other compound has is a candidate but no query. Intervals are
        those of 1000 bootstrap draws of whole compounds.
    """
    results = {}
    standard = standardised(vectors)
    for suffix, whiten in (("", False), (" white", True)):
        reduced = principal_components(standard, COMPONENTS, whiten=whiten)
        nearest, precision, compound = _treatments(reduced, table)
        results[f"nsc{suffix}"] = mean_over_groups(nearest, compound)
        results[f"kNN{suffix}"] = _cells(reduced, table)
        results[f"mAP{suffix}"] = mean_over_groups(precision, compound)
    return results


def _treatments(
    vectors: NDArray[np.float64], table: pd.DataFrame
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.str_]]:
    """Whether each treatment's nearest is right, its average precision, and its compound."""
    treatments = table.groupby(["compound", "concentration_uM"])
    # One product with the membership averages every treatment, however many features there are.
    code = treatments.ngroup().to_numpy()
    member = code == np.arange(treatments.ngroups)[:, None]
    means = member @ vectors / member.sum(axis=1, keepdims=True)
    first = treatments["moa"].first().reset_index()
    compound = first["compound"].to_numpy(str)
    similarity = cosine_similarity(means)
    return *matches_across_groups(similarity, first["moa"].to_numpy(str), compound), compound


def _cells(vectors: NDArray[np.float64], table: pd.DataFrame) -> Estimate:
    moa, compound = table["moa"].to_numpy(str), table["compound"].to_numpy(str)
    voted = vote_across_groups(cosine_similarity(vectors), moa, compound, NEIGHBOURS)
    # As for treatments, a mechanism of a single compound cannot be found.
    compounds = table.groupby("moa")["compound"].nunique()
    right = np.where(compounds[moa] > 1, voted == moa, np.nan)
    return mean_over_groups(right, compound, moa)
