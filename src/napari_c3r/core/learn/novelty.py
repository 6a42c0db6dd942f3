"""Cells that are unlike all examples, of which a suggestion says nothing."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

N_COMPONENTS = 32
"""Principal components in which distances are taken."""

MAX_REFERENCE = 256
"""Examples that distances are taken to; of more, so many are drawn evenly."""

MAX_FITTED = 5000
"""Cells that tell the components."""

USUAL = 0.95
"""Share of the examples that count as like the others."""


@dataclass(frozen=True, eq=False)
class Novelty:
    """How far cells lie from the nearest example.

    Attributes
    ----------
    axes
        (D, components), of standardised vectors.
    reference
        Examples along these axes, (m, components).
    usual
        The distance to the nearest example of another group within which 95 % of the examples
        lie.
    """

    axes: NDArray[np.float32]
    reference: NDArray[np.float32]
    usual: float

    def __call__(self, along: NDArray[np.float32]) -> NDArray[np.float32]:
        """Distances of cells (n, components) in units of what is usual; beyond 1 it is not."""
        reference = self.reference
        # The cells along the rows: the least of a column is found for many cells at once.
        squares = (-2 * reference) @ along.T
        squares += np.einsum("ij,ij->i", reference, reference)[:, None]
        nearest = squares.min(axis=0) + np.einsum("ij,ij->i", along, along)
        return np.sqrt(np.maximum(nearest, 0)) / np.float32(self.usual)


def learn_novelty(
    standard: NDArray[np.float32],
    examples: NDArray[np.float32],
    codes: NDArray[np.intp],
    groups: NDArray[np.intp],
) -> Novelty:
    """Measure how near to each other examples of different groups lie.

    Parameters
    ----------
    standard
        Standardised vectors of cells that stand for all, (cells, D).
    examples
        Those of the examples, (n, D).
    codes, groups
        Name of each, and what it is left out with, (n,).
    """
    from sklearn.decomposition import PCA

    step = max(1, -(-len(standard) // MAX_FITTED))
    fitted = np.concatenate([standard[::step], examples]).astype(np.float64)
    count = min(N_COMPONENTS, *fitted.shape)
    axes = PCA(count, svd_solver="covariance_eigh").fit(fitted).components_.T.astype(np.float32)
    along = examples @ axes
    kept = _evenly(codes, MAX_REFERENCE)
    near = np.linalg.norm(along[:, None] - along[None, kept], axis=2)
    near[groups[:, None] == groups[None, kept]] = np.inf
    nearest = near.min(axis=1)
    nearest = nearest[np.isfinite(nearest)]
    usual = float(np.quantile(nearest, USUAL)) if len(nearest) else 1.0
    return Novelty(axes, along[kept], max(usual, 1e-12))


def _evenly(codes: NDArray[np.intp], most: int) -> NDArray[np.intp]:
    """Positions of at most so many examples, of every name about as large a share as of all."""
    if len(codes) <= most:
        return np.arange(len(codes))
    by_name = np.argsort(codes, kind="stable")
    return np.sort(by_name[np.linspace(0, len(codes) - 1, most).astype(np.intp)])
