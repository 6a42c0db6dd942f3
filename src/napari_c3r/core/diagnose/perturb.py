"""The noise floor: changes to a crop that mean nothing, so that others can be read against it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

SHIFT = 0.02
"""Farthest shift along each axis, as a share of the crop's side."""

PIXEL_NOISE = 0.01
"""Standard deviation of the noise added, as a share of a channel's range in the crop."""


def perturb(
    crops: NDArray[np.float32], rows: NDArray[np.intp], *, repeat: int, seed: int
) -> NDArray[np.float32]:
    """Turn, mirror, shift and blur with noise: the same cells as another shot would show them.

    A cell on a dish has no upright; its centre is known to a few pixels; and a camera counts
    photons. All channels of a cell move together. What a cell gets depends on its row alone,
    never on its batch. A crop is always turned or mirrored, so that none stays as it was.

    Parameters
    ----------
    crops
        (n, C, side, side), in any intensity units.
    rows
        Number of each cell, (n,), which its random draws come from.
    repeat
        Which of several perturbations.
    seed
        Of all draws, at least 0.

    Returns
    -------
    ndarray
        (n, C, side, side) float32.
    """
    return np.stack(
        [
            _perturbed(crop, np.random.default_rng([seed, repeat, int(row)]))
            for crop, row in zip(crops, rows, strict=True)
        ]
    )


def _perturbed(crop: NDArray[np.float32], rng: np.random.Generator) -> NDArray[np.float32]:
    symmetry = int(rng.integers(1, 8))
    moved = np.rot90(crop, symmetry % 4, axes=(1, 2))
    if symmetry >= 4:
        moved = moved[:, :, ::-1]
    furthest = max(1, round(SHIFT * crop.shape[-1]))
    dy, dx = (int(step) for step in rng.integers(-furthest, furthest + 1, 2))
    padded = np.pad(moved, ((0, 0), (furthest, furthest), (furthest, furthest)), mode="edge")
    height, width = moved.shape[1:]
    y, x = furthest + dy, furthest + dx
    shifted = padded[:, y : y + height, x : x + width].astype(np.float32)
    spread = np.ptp(shifted, axis=(1, 2), keepdims=True) * np.float32(PIXEL_NOISE)
    return shifted + spread * rng.standard_normal(shifted.shape, dtype=np.float32)
