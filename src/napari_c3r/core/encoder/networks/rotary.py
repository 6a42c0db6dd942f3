"""Rotary positions of patches: attention that depends on where tokens are to each other."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor


class Rotation(NamedTuple):
    """By how much the features of each token are turned.

    Attributes
    ----------
    cos, sin
        ``(T, d / 2)``, or ``(R, 1, T, d / 2)`` where the tokens of every sequence are elsewhere,
        with d features of a head.
    """

    cos: Tensor
    sin: Tensor


def rotation_of(places: Tensor, head_width: int, base: float) -> Rotation:
    """Turn pairs of features by angles proportional to a token's place (Su et al. 2021, eq. 34).

    Half of the pairs turn with the row and half with the column, the k-th of p pairs by
    ``base ** (-k / p)`` for each patch.

    Parameters
    ----------
    places
        Row and column of every token in patches: ``(T, 2)``, or ``(R, T, 2)`` where they differ
        between sequences.
    head_width
        Features of an attention head, a multiple of 4.
    base
        Ratio of the fastest to the slowest turn, nearly.
    """
    pairs = head_width // 4
    speeds = base ** (-torch.arange(pairs, device=places.device) / pairs)
    angles = (places[..., None] * speeds).flatten(-2)
    if angles.ndim == 3:
        angles = angles[:, None]
    return Rotation(angles.cos(), angles.sin())


def rotate(features: Tensor, rotation: Rotation) -> Tensor:
    """Turn queries or keys.

    Parameters
    ----------
    features
        ``(R, heads, T, d)``. Feature i is paired with feature ``i + d / 2``.
    rotation
        From `rotation_of`.

    Returns
    -------
    Tensor
        ``(R, heads, T, d)`` in the wider data type of the two.
    """
    first, second = features.chunk(2, dim=-1)
    cos, sin = rotation
    return torch.cat([first * cos - second * sin, second * cos + first * sin], dim=-1)
