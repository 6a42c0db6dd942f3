"""Z to one plane: the brightest, the mean, the sharpest or a chosen slice."""

from __future__ import annotations

import dask.array as da
import numpy as np

from napari_c3r.core.errors import InputError
from napari_c3r.core.images.stack import check_index

PROJECTIONS = ("max", "mean", "focus")


def project(planes: da.Array, z: str | int, where: str) -> tuple[da.Array, tuple[str, ...]]:
    """Reduce the Z slices of one channel to a plane.

    Parameters
    ----------
    planes
        Slices ``(Z, Y, X)``.
    z
        ``"max"`` and ``"mean"`` over the slices, lazily; ``"focus"`` for the slice with the
        greatest Brenner gradient, which reads every slice once; or the index of a slice.
        The mean is float32, the others keep the type of the pixels.
    where
        The channel or file, for messages.

    Returns
    -------
    plane, notes
        Plane ``(Y, X)``, and which slice was the sharpest.

    Raises
    ------
    InputError
        If ``z`` is no known word or not the index of a slice.
    """
    check_z(z)
    depth = planes.shape[0]
    if not isinstance(z, str):
        check_index(z, depth, "Z slice", where)
        return planes[z], ()
    if depth == 1:
        return planes[0], ()
    if z == "max":
        return planes.max(axis=0), ()
    if z == "mean":
        return planes.mean(axis=0, dtype="float32"), ()
    best = sharpest(planes)
    return planes[best], (f"{where}: slice {best} of 0 to {depth - 1} is the sharpest.",)


def check_z(z: str | int) -> None:
    """Refuse anything that is neither a projection's name nor a slice's index."""
    if z in PROJECTIONS or (isinstance(z, int) and not isinstance(z, bool) and z >= 0):
        return
    raise InputError(f"z is {z!r}: give one of {', '.join(PROJECTIONS)}, or an index from 0.")


def sharpest(planes: da.Array) -> int:
    """Index of the slice with the greatest Brenner gradient.

    The gradient is the mean squared difference between pixels two apart (Brenner et al. 1976,
    J. Histochem. Cytochem. 24, 100-111), here along both axes. Pixels are read chunk by chunk.

    Parameters
    ----------
    planes
        Slices ``(Z, Y, X)``.
    """
    values = planes.astype("float32")
    down = (values[:, 2:] - values[:, :-2]) ** 2
    across = (values[:, :, 2:] - values[:, :, :-2]) ** 2
    score = down.mean(axis=(1, 2)) + across.mean(axis=(1, 2))
    return int(np.argmax(score.compute()))
