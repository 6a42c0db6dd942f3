"""Planes of pixels: checked, resized, and labels brought back to their size."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import ndimage as ndi
from skimage.transform import resize

from napari_c3r.core.errors import InputError


def checked_plane(plane: ArrayLike, what: str = "The nucleus channel") -> NDArray[np.float32]:
    """Return a (Y, X) plane as finite float32; NaN and infinite pixels become background.

    Raises
    ------
    InputError
        The plane is not 2-D, or holds no finite pixel.
    """
    pixels = np.asarray(plane)
    if pixels.ndim == 3 and pixels.shape[-1] in (3, 4):
        raise InputError(
            f"{what} is an RGB image of shape {pixels.shape}: give one channel of it, (Y, X)."
        )
    if pixels.ndim != 2:
        raise InputError(f"{what} has shape {pixels.shape}: segmentation needs one (Y, X) plane.")
    if pixels.size == 0:
        raise InputError(f"{what} has shape {pixels.shape}: there are no pixels to segment.")
    values = pixels.astype(np.float32)
    finite = np.isfinite(values)
    if not finite.any():
        raise InputError(
            f"{what} has no finite pixel, only NaN or infinity: choose another channel."
        )
    return values if finite.all() else np.where(finite, values, values[finite].min())


def resized(plane: NDArray[np.float32], zoom: float) -> NDArray[np.float32]:
    """Resample a plane by a factor; blurred first when it shrinks, so that nothing aliases."""
    if zoom == 1:
        return plane
    shape = tuple(max(1, round(side * zoom)) for side in plane.shape)
    if zoom < 1:
        plane = ndi.gaussian_filter(plane, 0.45 / zoom)
    return resize(plane, shape, order=1, preserve_range=True, anti_aliasing=False).astype(
        np.float32
    )


def labels_at_shape(labels: NDArray[np.int32], shape: tuple[int, int]) -> NDArray[np.int32]:
    """Bring labels to another shape, with smooth outlines: each label is resampled as a picture.

    Where two labels meet, each pixel goes to the one that covers it more.
    """
    if labels.shape == shape:
        return labels
    scale = np.array(shape) / np.array(labels.shape)
    result = np.zeros(shape, dtype=np.int32)
    cover = np.full(shape, 0.5, dtype=np.float32)
    for label, box in enumerate(ndi.find_objects(labels), start=1):
        if box is None:
            continue
        rows, columns = (
            np.arange(int(max(edge.start - 1, 0) * s), int(np.ceil(min((edge.stop + 1) * s, side))))
            for edge, s, side in zip(box, scale, shape, strict=True)
        )
        target = slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1)
        share = _cover(labels, label, box, (rows + 0.5) / scale[0], (columns + 0.5) / scale[1])
        more = share > cover[target]
        result[target][more] = label
        cover[target][more] = share[more]
    return result


def _cover(
    labels: NDArray[np.int32],
    label: int,
    box: tuple[slice, slice],
    y: NDArray[np.float64],
    x: NDArray[np.float64],
) -> NDArray[np.float32]:
    """How far a label covers the points y × x (pixel edges at whole numbers), by interpolation."""
    mask = np.pad((labels[box] == label).astype(np.float32), 2)
    # The border of the image is no outline: what touches it continues beyond it.
    height, width = labels.shape
    if box[0].start == 0:
        mask[:2] = mask[2]
    if box[0].stop == height:
        mask[-2:] = mask[-3]
    if box[1].start == 0:
        mask[:, :2] = mask[:, 2:3]
    if box[1].stop == width:
        mask[:, -2:] = mask[:, -3:-2]
    rows = _linear_weights(y - box[0].start + 1.5, mask.shape[0])
    columns = _linear_weights(x - box[1].start + 1.5, mask.shape[1])
    return rows @ mask @ columns.T


def _linear_weights(position: NDArray[np.float64], size: int) -> NDArray[np.float32]:
    """(n, size) weights of linear interpolation between pixel centres at whole numbers."""
    distance = np.abs(position[:, None] - np.arange(size)[None, :])
    return np.maximum(1 - distance, 0).astype(np.float32)
