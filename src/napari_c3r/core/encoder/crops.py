"""Crops as microscopes deliver them, made ready for the network."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import ArrayLike, NDArray
from torch import Tensor

from napari_c3r.core.encoder.config import EncoderConfig
from napari_c3r.core.errors import InputError


def check_crops(crops: ArrayLike, channel_names: Sequence[str]) -> NDArray[np.generic]:
    """Check that crops are real numbers of the right shape.

    Parameters
    ----------
    crops
        ``(N, C, H, W)``, any real dtype.
    channel_names
        Name of every channel.

    Returns
    -------
    ndarray
        ``(N, C, H, W)``.

    Raises
    ------
    InputError
        If they are not.
    """
    array = np.asarray(crops)
    if array.ndim != 4:
        raise InputError(f"crops must have axes (cell, channel, y, x), not shape {array.shape}")
    if array.dtype.kind not in "biuf":
        raise InputError(f"crops must hold real numbers, not {array.dtype}")
    if array.shape[1] != len(channel_names):
        raise InputError(
            f"crops have {array.shape[1]} channels but {len(channel_names)} names were given: "
            f"{', '.join(channel_names)}"
        )
    if 0 in array.shape[2:]:
        raise InputError(f"crops must have at least one pixel, not shape {array.shape}")
    return array


def to_unit_range(crops: NDArray[np.generic], channel_names: Sequence[str]) -> NDArray[np.float32]:
    """Rescale every channel of every crop to [0, 1] by its minimum and maximum.

    The result, and so the embedding, is the same whatever the scale and offset of the intensities.
    The minimum is subtracted in float32 where that holds the pixels exactly, else in float64, so
    that a small signal on a large offset survives. A constant channel becomes zeros.

    Parameters
    ----------
    crops
        ``(N, C, H, W)``, any real dtype.
    channel_names
        Name of every channel, for the error.

    Returns
    -------
    ndarray
        float32 ``(N, C, H, W)`` in [0, 1].

    Raises
    ------
    InputError
        If a pixel is NaN or infinite.
    """
    exact = np.result_type(crops.dtype, np.float32)
    low = crops.min(axis=(2, 3), keepdims=True).astype(exact)
    high = crops.max(axis=(2, 3), keepdims=True).astype(exact)
    finite = np.isfinite(low) & np.isfinite(high)
    if not finite.all():
        channel = channel_names[np.argwhere(~finite)[0, 1]]
        raise InputError(
            f"channel '{channel}' has NaN or infinite pixels: replace them, for example by 0"
        )
    # Halves, because the range of the widest floating-point images has no number of its own.
    span = high / 2 - low / 2
    scaled = (crops / exact.type(2) - low / 2) / np.where(span > 0, span, 1)
    return scaled.astype(np.float32, copy=False)


def size_in_network(height: int, width: int, config: EncoderConfig) -> tuple[int, int]:
    """Height and width at which crops of a size enter the network.

    Crops made of whole patches stay as they are, since the network takes any number of patches.
    Others come in the encoder's input size.
    """
    if height % config.patch_size == 0 and width % config.patch_size == 0:
        return height, width
    return config.input_size, config.input_size


def prepare(
    crops: NDArray[np.generic], channel_names: Sequence[str], config: EncoderConfig
) -> Tensor:
    """Rescale crops and, where they are not made of whole patches, resample them.

    Parameters
    ----------
    crops
        ``(N, C, H, W)``, any real dtype.
    channel_names
        Name of every channel, for the error.
    config
        Says the input size and the patch size.

    Returns
    -------
    Tensor
        float32 ``(N, C, H', W')`` with the size of `size_in_network`; bilinear interpolation with
        antialiasing.

    Raises
    ------
    InputError
        If a pixel is NaN or infinite.
    """
    height, width = crops.shape[2:]
    images = torch.from_numpy(to_unit_range(crops, channel_names))
    size = size_in_network(height, width, config)
    if size == (height, width):
        return images
    return F.interpolate(images, size, mode="bilinear", antialias=True)
