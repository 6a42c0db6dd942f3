"""Z to one plane: the brightest, the mean, the sharpest or a chosen slice."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from napari_c3r.core.errors import InputError
from napari_c3r.core.images.stack import check_index
from napari_c3r.core.spelling import spell_pairs, split_values

if TYPE_CHECKING:
    import dask.array as da

PROJECTIONS = ("max", "mean", "focus")

ZChoice = str | int | Mapping[str, str | int]
"""What becomes of Z slices: a projection or a slice, for all channels, or by channel as a mapping
or as text, ``"max,ER=focus"``; channels that are not named take what is said for all, else the
brightest."""


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


def by_channel(z: ZChoice) -> tuple[str | int, dict[str, str | int]]:
    """What becomes of the slices of all channels, and of those that are named.

    Raises
    ------
    InputError
        What is said of a channel is no known word and no index of a slice.
    """
    every: str | int = "max"
    if isinstance(z, Mapping):
        others = dict(z)
    elif isinstance(z, str) and "=" in z:
        first, texts = split_values(z, "z")
        every = _index_or_word(first or "max")
        others = {name: _index_or_word(text) for name, text in texts.items()}
    else:
        every, others = z, {}
    for each in (every, *others.values()):
        check_z(each)
    return every, others


def by_file_names(z: ZChoice, names: Mapping[str, str]) -> ZChoice:
    """The same for channels by the names that the files give.

    Parameters
    ----------
    z
        With channels by the names of the files, or by their new ones.
    names
        New names by those of the files.
    """
    every, others = by_channel(z)
    if not others:
        return every
    before = {new: old for old, new in names.items()}
    return spell_z(every, {before.get(name, name): each for name, each in others.items()})


def spell_z(every: str | int, others: Mapping[str, str | int]) -> str | int:
    """A choice as text, as `by_channel` takes it; one for all channels stays as it is."""
    if not others:
        return every
    pairs = spell_pairs({name: str(each) for name, each in others.items()})
    return pairs if every == "max" else f"{every},{pairs}"


def _index_or_word(text: str) -> str | int:
    return int(text) if text.isascii() and text.isdecimal() else text


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
