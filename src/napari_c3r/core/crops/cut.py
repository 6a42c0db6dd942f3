"""Image and labels -> single-cell crops at the encoder's scale, streamed tile by tile."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import NDArray

from napari_c3r.core.cells.labels import ArrayLike, chunk_shape, read
from napari_c3r.core.crops.hot_pixels import replace_hot_pixels
from napari_c3r.core.crops.place import crop_centres, crop_corners, rows_by_tile
from napari_c3r.core.crops.plan import CropPlan

if TYPE_CHECKING:
    import pandas as pd

# The brightness that stands for "nothing here": a low percentile of the crop itself, so that
# a camera's offset never shows up as the edge of a mask or of the image.
BACKGROUND_PERCENTILE = 1.0


class Planes(Protocol):
    """What crops are cut from: an `Image`, or simulated planes."""

    @property
    def data(self) -> ArrayLike:
        """``(C, Y, X)``, in memory or lazy."""
        ...

    @property
    def shape(self) -> tuple[int, int, int]:
        """Channels, height and width in pixels."""
        ...


@dataclass(frozen=True)
class CropBatch:
    """Some cells' crops.

    Attributes
    ----------
    rows
        Which rows of the cell table, (n,).
    crops
        (n, C, size, size) float32, in the image's own intensity units.
    padded
        Which crops reach over the image's border, (n,).
    hot
        In which channels single pixels set the range alone, (n, C); see
        `napari_c3r.core.crops.hot_pixels`. The plan says whether they were replaced.
    """

    rows: NDArray[np.intp]
    crops: NDArray[np.float32]
    padded: NDArray[np.bool_]
    hot: NDArray[np.bool_]


def iter_crops(
    image: Planes,
    labels: ArrayLike,
    cells: pd.DataFrame,
    plan: CropPlan,
    *,
    batch_size: int,
    rows: NDArray[np.intp] | None = None,
) -> Iterator[CropBatch]:
    """Cut out cells in batches, reading the image tile by tile.

    Cells come in the order of the tiles they lie in, so that no part of a lazy image is read
    more often than its overlaps demand; ``CropBatch.rows`` says which cells they are. A cell's
    crop depends on the cell alone, never on the batch it is in.

    Parameters
    ----------
    image
        The channels to cut out, (C, Y, X).
    labels
        Label image, (Y, X).
    cells
        Table of :func:`napari_c3r.core.cells.measure.measure_cells`.
    plan
        Window, size and masking.
    batch_size
        Crops per batch; the last batch may hold fewer.
    rows
        Which rows of the table to cut out; all by default.
    """
    wanted = np.arange(len(cells)) if rows is None else np.asarray(rows, np.intp)
    corner_y, corner_x = crop_corners(cells, plan.window_px)
    names = cells["label"].to_numpy()
    held: list[_Cut] = []
    centres, shape = crop_centres(cells)[wanted], (image.shape[1], image.shape[2])
    for here in rows_by_tile(centres, shape, chunk_shape(image.data)):
        tile_rows = wanted[here]
        tile = _Tile(image, labels, corner_y[tile_rows], corner_x[tile_rows], plan)
        for row in tile_rows:
            crop = tile.crop(int(corner_y[row]), int(corner_x[row]), int(names[row]))
            held.append((int(row), *crop))
            if len(held) == batch_size:
                yield _batch(held)
                held = []
    if held:
        yield _batch(held)


_Cut = tuple[int, NDArray[np.float32], bool, NDArray[np.bool_]]


def _batch(held: list[_Cut]) -> CropBatch:
    rows, crops, padded, hot = zip(*held, strict=True)
    return CropBatch(np.array(rows, np.intp), np.stack(crops), np.array(padded), np.stack(hot))


class _Tile:
    """The part of image and labels that the windows of some neighbouring cells cover."""

    def __init__(
        self,
        image: Planes,
        labels: ArrayLike,
        corner_y: NDArray[np.intp],
        corner_x: NDArray[np.intp],
        plan: CropPlan,
    ) -> None:
        _, height, width = image.shape
        self._y = max(0, int(corner_y.min()))
        self._x = max(0, int(corner_x.min()))
        rows = slice(self._y, min(height, int(corner_y.max()) + plan.window_px))
        columns = slice(self._x, min(width, int(corner_x.max()) + plan.window_px))
        self._pixels = read(image.data, rows, columns)
        self._labels = read(labels, rows, columns) if plan.neighbours == "mask" else None
        self._plan = plan

    def crop(
        self, corner_y: int, corner_x: int, label: int
    ) -> tuple[NDArray[np.float32], bool, NDArray[np.bool_]]:
        """One cell's resampled crop (C, size, size), whether it was padded, and hot channels."""
        side = self._plan.window_px
        y, x = corner_y - self._y, corner_x - self._x
        height, width = self._pixels.shape[1:]
        source = (
            slice(max(y, 0), min(y + side, height)),
            slice(max(x, 0), min(x + side, width)),
        )
        seen = self._pixels[:, source[0], source[1]].astype(np.float32)
        valid = np.ones((seen.shape[1], seen.shape[2]), bool)
        if self._labels is not None:
            here = self._labels[source]
            valid = (here == 0) | (here == label)
        padded = valid.shape != (side, side)
        if padded or not valid.all():
            seen = _on_background(seen, valid, (source[0].start - y, source[1].start - x), side)
        mended, hot = replace_hot_pixels(seen)
        seen = mended if self._plan.replace_hot_pixels else seen
        return resample(seen, self._plan.size_px), padded, hot


def _on_background(
    seen: NDArray[np.float32], valid: NDArray[np.bool_], offset: tuple[int, int], side: int
) -> NDArray[np.float32]:
    """Lay the valid pixels on a (C, side, side) window filled with the crop's background."""
    pixels = seen[:, valid] if valid.any() else seen.reshape(len(seen), -1)
    background = np.percentile(pixels, BACKGROUND_PERCENTILE, axis=1).astype(np.float32)
    window = np.broadcast_to(background[:, None, None], (len(seen), side, side)).copy()
    height, width = valid.shape
    part = window[:, offset[0] : offset[0] + height, offset[1] : offset[1] + width]
    np.copyto(part, seen, where=valid)
    return window


def resample(crop: NDArray[np.float32], size_px: int) -> NDArray[np.float32]:
    """Resample square crops with a triangle filter as wide as the coarser of the two grids.

    Parameters
    ----------
    crop
        (C, side, side).
    size_px
        Side of the result.

    Returns
    -------
    ndarray
        (C, size_px, size_px) float32. Shrinking averages, so that nothing aliases; enlarging
        interpolates linearly; the mean of a flat crop is kept exactly.
    """
    if crop.shape[-1] == size_px:
        return np.ascontiguousarray(crop, np.float32)
    weights = _triangle_weights(crop.shape[-1], size_px)
    # Above its own darkest pixel, a flat channel is 0 and stays flat to the last bit; rounding
    # would else be all that is left of it when it is stretched to its range.
    low = crop.min(axis=(-2, -1), keepdims=True)
    return np.ascontiguousarray(weights @ (crop - low) @ weights.T + low, np.float32)


@lru_cache(maxsize=64)
def _triangle_weights(n_in: int, n_out: int) -> NDArray[Any]:
    """Matrix (n_out, n_in) that resamples a line of pixels, each row summing to 1."""
    scale = n_in / n_out
    centres = (np.arange(n_out) + 0.5) * scale
    distance = np.abs(np.arange(n_in)[None, :] + 0.5 - centres[:, None]) / max(scale, 1.0)
    weights = np.clip(1.0 - distance, 0.0, None)
    return (weights / weights.sum(axis=1, keepdims=True)).astype(np.float32)
