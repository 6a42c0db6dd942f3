"""The same cells on two maps that can be compared."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from napari_c3r.core.reduce import flat_map


def paired_maps(
    before: NDArray[np.float32],
    after: NDArray[np.float32],
    *,
    start: NDArray[np.float32] | None = None,
    seed: int = 0,
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Lay out two sets of vectors of the same cells so that only what moved differs.

    The second map begins where the first one ended, and is then turned or mirrored onto it
    (orthogonal Procrustes; Schönemann 1966), which leaves its distances as they are.

    Parameters
    ----------
    before, after
        (n, D) and (n, D'), finite.
    start
        Where the first map begins, (n, 2), such as on a map known to the reader; None, or
        places that are not finite: a layout of its own.
    seed
        Of both maps.

    Returns
    -------
    tuple of ndarray
        Two maps (n, 2).
    """
    if start is not None and not np.isfinite(start).all():
        start = None
    first = flat_map(before, seed=seed, start=start)
    second = flat_map(after, seed=seed, start=first)
    return first, turned_onto(second, first)


def turned_onto(points: NDArray[np.float32], target: NDArray[np.float32]) -> NDArray[np.float32]:
    """Turn, mirror and move points (n, 2) to lie as near to those of a target as they can."""
    from scipy.linalg import orthogonal_procrustes

    middle = points.mean(axis=0)
    turn, _ = orthogonal_procrustes(points - middle, target - target.mean(axis=0))
    return np.asarray((points - middle) @ turn + target.mean(axis=0), np.float32)
