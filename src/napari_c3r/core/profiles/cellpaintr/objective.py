"""What a CellPainTR learns from: hidden features, and rows of the same compound."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor


def draw_hidden(
    measured: NDArray[np.bool_],
    groups: NDArray[np.intp],
    share: float,
    rng: np.random.Generator,
) -> NDArray[np.bool_]:
    """Draw which features of a batch are hidden.

    Parameters
    ----------
    measured
        ``(B, F)``; what was not measured is never hidden.
    groups
        Group of each feature, ``(F,)``; a row hides all features of a group or none.
    share
        Probability of each group of each row.
    rng
        What draws.

    Returns
    -------
    ndarray
        bool ``(B, F)``.
    """
    drawn = rng.random((len(measured), groups.max() + 1)) < share
    return np.asarray(drawn[:, groups] & measured)


def masked_error(predicted: Tensor, values: Tensor, hidden: Tensor) -> Tensor:
    """Mean squared error over the hidden features, 0 where none is.

    Parameters
    ----------
    predicted, values, hidden
        ``(B, F)``.
    """
    squares = (predicted - values).square() * hidden
    return squares.sum() / hidden.sum().clamp(min=1)


def compound_contrast(profiles: Tensor, compounds: Tensor, temperature: float) -> Tensor:
    """Supervised contrast by compound (Khosla et al. 2020, eq. 2), one view of each row.

    Parameters
    ----------
    profiles
        ``(B, D)``, of any length.
    compounds
        ``(B,)``.
    temperature
        Divides the cosines.

    Returns
    -------
    Tensor
        Scalar: mean over all rows, where one without another of its compound counts as 0.
    """
    if len(profiles) < 2:
        return profiles.sum() * 0
    rows = F.normalize(profiles, dim=1)
    itself = torch.eye(len(rows), dtype=torch.bool, device=rows.device)
    scores = (rows @ rows.T / temperature).masked_fill(itself, -torch.inf)
    positive = (compounds[:, None] == compounds) & ~itself
    shares = F.log_softmax(scores, dim=1).masked_fill(~positive, 0)
    return -(shares.sum(1) / positive.sum(1).clamp(min=1)).mean()


def draw_batches(
    groups: Sequence[NDArray[np.intp]],
    compounds: NDArray[np.intp],
    size: int,
    rng: np.random.Generator,
    *,
    paired: bool,
) -> list[NDArray[np.intp]]:
    """Draw the batches of an epoch; every row is in one of them.

    Parameters
    ----------
    groups
        Rows that may share a batch: those of each source, or all.
    compounds
        Of every row.
    size
        Rows of a batch; the last of a group may have fewer.
    rng
        What draws.
    paired
        Whether rows of a compound come two by two.
    """
    batches = []
    for rows in groups:
        order = rng.permutation(rows)
        if paired:
            order = _in_pairs(order, compounds[order], rng)
        batches += [order[start : start + size] for start in range(0, len(order), size)]
    return [batches[number] for number in rng.permutation(len(batches))]


def _in_pairs(
    rows: NDArray[np.intp], compounds: NDArray[np.intp], rng: np.random.Generator
) -> NDArray[np.intp]:
    """Shuffled rows, two of a compound next to each other; one that is left over comes last."""
    pairs, single = [], []
    for compound in np.unique(compounds):
        own = rows[compounds == compound]
        even = len(own) // 2 * 2
        pairs.append(own[:even].reshape(-1, 2))
        single.append(own[even:])
    joined = np.concatenate(pairs)
    return np.concatenate([joined[rng.permutation(len(joined))].ravel(), *single])
