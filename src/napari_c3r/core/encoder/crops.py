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


def require_finite(crops: NDArray[np.generic], channel_names: Sequence[str]) -> None:
    """Refuse pixels that are no numbers.

    Parameters
    ----------
    crops
        ``(N, C, H, W)``, any real dtype.
    channel_names
        Name of every channel, for the error.

    Raises
    ------
    InputError
        If a pixel is NaN or infinite.
    """
    finite = np.isfinite(crops).all(axis=(0, 2, 3))
    if not finite.all():
        channel = channel_names[int(np.argmin(finite))]
        raise InputError(
            f"channel '{channel}' has NaN or infinite pixels: replace them, for example by 0"
        )


def needs_double(dtype: torch.dtype) -> bool:
    """Whether float32 does not hold all pixels of a data type exactly."""
    return dtype.itemsize > (4 if dtype.is_floating_point else 2)


def to_unit_range(crops: Tensor) -> Tensor:
    """Rescale every channel of every crop to [0, 1] by its minimum and maximum.

    The result, and so the embedding, is the same whatever the scale and offset of the intensities.
    The minimum is subtracted in float32 where that holds the pixels exactly, else in float64, so
    that a small signal on a large offset survives. A constant channel becomes zeros; one with
    pixels that are no numbers has such in the result.

    Parameters
    ----------
    crops
        ``(N, C, H, W)``, any real dtype.

    Returns
    -------
    Tensor
        float32 ``(N, C, H, W)`` in [0, 1], on the same device.
    """
    exact = crops.to(torch.float64 if needs_double(crops.dtype) else torch.float32)
    low = exact.amin(dim=(2, 3), keepdim=True)
    high = exact.amax(dim=(2, 3), keepdim=True)
    # Halves, because the range of the widest floating-point images has no number of its own.
    span = high / 2 - low / 2
    scaled = (exact / 2 - low / 2) / torch.where(span > 0, span, 1)
    return scaled.to(torch.float32)


def as_given(crops: NDArray[np.generic]) -> NDArray[np.float32]:
    """Take the intensities of crops as they are, in the units that networks are trained in.

    Parameters
    ----------
    crops
        ``(N, C, H, W)``: floats as they are; booleans and integers of up to 16 bits are divided by
        the largest value of their type, 255 or 65535 where it has no sign.

    Returns
    -------
    ndarray
        float32 ``(N, C, H, W)``.

    Raises
    ------
    InputError
        If they are wider integers, whose largest value no image comes near.
    """
    kind, bits = crops.dtype.kind, 8 * crops.dtype.itemsize
    if kind in "fb":
        with np.errstate(over="ignore"):
            return crops.astype(np.float32)
    if bits > 16:
        raise InputError(
            f"tokens takes intensities as they are, and {crops.dtype} does not say what is "
            "brightest: give uint8, uint16, or floats in [0, 1]"
        )
    brightest = (1 << bits - (kind == "i")) - 1
    return np.divide(crops, brightest, dtype=np.float32)


def size_in_network(height: int, width: int, config: EncoderConfig) -> tuple[int, int]:
    """Height and width at which crops of a size enter the network.

    Crops made of whole patches stay as they are, since the network takes any number of patches.
    Others come in the encoder's input size.
    """
    if height % config.patch_size == 0 and width % config.patch_size == 0:
        return height, width
    return config.input_size, config.input_size


def prepare(crops: Tensor, config: EncoderConfig) -> Tensor:
    """Rescale crops and, where they are not made of whole patches, resample them.

    Parameters
    ----------
    crops
        ``(N, C, H, W)``, any real dtype.
    config
        Says the input size and the patch size.

    Returns
    -------
    Tensor
        float32 ``(N, C, H', W')`` with the size of `size_in_network`, on the same device; bilinear
        interpolation with antialiasing.
    """
    return resample(to_unit_range(crops), config)


def resample(images: Tensor, config: EncoderConfig) -> Tensor:
    """Bring images that are not made of whole patches to the input size; see `prepare`."""
    height, width = images.shape[2:]
    size = size_in_network(height, width, config)
    if size == (height, width):
        return images
    return F.interpolate(images, size, mode="bilinear", antialias=True)
