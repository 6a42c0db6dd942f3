"""The same cells on two maps that can be compared."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from napari_c3r.core.reduce.maps import aligned_maps

Points = NDArray[np.float32]


def paired_maps(
    before: Points, after: Points, *, start: Points | None = None, seed: int = 0
) -> tuple[Points, Points]:
    """Lay out two sets of vectors of the same cells so that only what moved differs.

    Both maps are made together, each cell held near its place on the other; see
    :func:`napari_c3r.core.reduce.maps.aligned_maps`. They are then turned or mirrored to lie like
    a map that is known (orthogonal Procrustes; Schönemann 1966), which keeps distances.

    Parameters
    ----------
    before, after
        (n, D) and (n, D'), finite.
    start
        The map that is known, (n, 2); None, or places that are not finite: there is none.
    seed
        Of both maps.

    Returns
    -------
    tuple of ndarray
        Two maps (n, 2).
    """
    first, second = aligned_maps(before, after, seed=seed)
    if start is None or not np.isfinite(start).all():
        return first, second
    return turned_onto(first, start), turned_onto(second, start, like=first)


def turned_onto(points: Points, target: Points, like: Points | None = None) -> Points:
    """Turn, mirror and move points (n, 2) to lie as near to those of a target as they can.

    With ``like``, do to the points what that would do to those of another map.
    """
    from scipy.linalg import orthogonal_procrustes

    model = points if like is None else like
    middle = model.mean(axis=0)
    turn, _ = orthogonal_procrustes(model - middle, target - target.mean(axis=0))
    return np.asarray((points - middle) @ turn + target.mean(axis=0), np.float32)
