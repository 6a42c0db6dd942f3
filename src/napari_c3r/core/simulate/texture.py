"""Random fields and blurs: the raw material of texture. All float32, all `(Y, X)`."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

Field = NDArray[np.float32]

_COARSE = 4.0  # pixels of blur for each pixel that a block of the coarse grid may have


def blur(values: Field, sigma_px: float) -> Field:
    """Blur with a Gaussian; a wide blur is made on a coarse grid, where it costs little."""
    factor = int(sigma_px / _COARSE)
    if factor < 2:
        return ndimage.gaussian_filter(values, sigma_px, mode="nearest", truncate=3.0)
    rows, columns = (-(-side // factor) for side in values.shape)
    padding = (
        (0, rows * factor - values.shape[0]),
        (0, columns * factor - values.shape[1]),
    )
    blocks = np.pad(values, padding, mode="edge").reshape(rows, factor, columns, factor)
    coarse = blocks.mean(axis=(1, 3), dtype=np.float32)
    coarse = ndimage.gaussian_filter(coarse, sigma_px / factor, mode="nearest", truncate=3.0)
    return enlarge(coarse, factor)[: values.shape[0], : values.shape[1]]


def enlarge(coarse: Field, factor: int) -> Field:
    """Bilinear enlargement by a whole factor; pixel blocks stay where they were."""
    for axis in (0, 1):
        size = coarse.shape[axis]
        position = np.clip((np.arange(size * factor) + 0.5) / factor - 0.5, 0, size - 1)
        low = np.minimum(position.astype(np.intp), max(size - 2, 0))
        weight = (position - low).astype(np.float32)
        weight = weight[:, None] if axis == 0 else weight[None, :]
        left = coarse.take(low, axis=axis)
        right = coarse.take(np.minimum(low + 1, size - 1), axis=axis)
        coarse = left + weight * (right - left)
    return coarse


def noise(shape: tuple[int, int], grain_px: float, rng: np.random.Generator) -> Field:
    """Smooth normal noise, mean 0 and standard deviation 1, with bumps of about `grain_px`."""
    factor = max(1, int(grain_px / 2.0))
    coarse_shape = tuple(-(-side // factor) + 1 for side in shape)
    white = rng.standard_normal(coarse_shape, dtype=np.float32)
    sigma = grain_px / factor / 2.0
    smooth = ndimage.gaussian_filter(white, sigma, mode="wrap", truncate=3.0)
    smooth *= np.float32(1.0 / max(float(smooth.std()), 1e-6))
    return enlarge(smooth, factor)[: shape[0], : shape[1]] if factor > 1 else smooth[:-1, :-1]


def network(shape: tuple[int, int], mesh_px: float | Field, rng: np.random.Generator) -> Field:
    """Draw a net of polygons with three-way junctions: 1 on the threads, 0 in the holes.

    The threads are the borders between the cells of a jittered grid of points, that is where the
    nearest and the second nearest point are equally far (Worley, A cellular texture basis
    function, SIGGRAPH 1996). `mesh_px` is one size, or one for each pixel `(Y, X)`; where it
    changes the net breaks off.
    """
    mesh = np.asarray(mesh_px, np.float32)
    rows, columns = (int(side / float(mesh.min())) + 5 for side in shape)
    jitter = rng.random((2, rows * columns), dtype=np.float32)
    wander = [np.float32(0.35) * noise(shape, 3 * float(np.median(mesh)), rng) for _ in "yx"]
    y = np.arange(shape[0], dtype=np.float32)[:, None] / mesh + 1 + wander[0]
    x = np.arange(shape[1], dtype=np.float32)[None, :] / mesh + 1 + wander[1]
    y, x = np.clip(y, 1, rows - 2), np.clip(x, 1, columns - 2)
    row, column = y.astype(np.int32), x.astype(np.int32)
    y, x = y - row, x - column
    index = row * columns + column
    nearest = np.full(shape, 9.0, np.float32)
    second = nearest.copy()
    for down in (-1, 0, 1):
        for right in (-1, 0, 1):
            beside = index + (down * columns + right)
            dy = jitter[0][beside] + (down - y)
            dx = jitter[1][beside] + (right - x)
            distance = dy * dy + dx * dx
            np.minimum(second, np.maximum(nearest, distance), out=second)
            np.minimum(nearest, distance, out=nearest)
    gap = np.sqrt(second) - np.sqrt(nearest)
    return np.exp(-np.square(gap / np.float32(0.22)))
