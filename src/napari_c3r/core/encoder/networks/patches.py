"""Patches of images, their projection, and the token in place of hidden ones."""

from __future__ import annotations

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor


def project_patches(images: Tensor, kernel: Tensor, bias: Tensor) -> Tensor:
    """Project the patches of every channel alone.

    Parameters
    ----------
    images
        ``(B, C, H, W)``. Pixels right of and below the last whole patch are not seen, as in any
        strided convolution.
    kernel
        ``(d, 1, patch, patch)``; its data type is that of the product.
    bias
        ``(d,)``.

    Returns
    -------
    Tensor
        ``(B, C, N, d)`` with ``N = (H // patch) * (W // patch)``, rows first.
    """
    # A product with the flattened kernel is the strided convolution, without the rounding to
    # TF32 that cuDNN applies to float32 convolutions by default.
    patches = _cut(images.to(kernel.dtype), kernel.shape[-1])
    return F.linear(patches, kernel.flatten(1), bias)


def project_jointly(images: Tensor, kernel: Tensor, bias: Tensor) -> Tensor:
    """Project the patches of all channels together.

    Parameters
    ----------
    images
        ``(B, C, H, W)``, as in `project_patches`.
    kernel
        ``(d, C, patch, patch)``; its data type is that of the product.
    bias
        ``(d,)``.

    Returns
    -------
    Tensor
        ``(B, N, d)``, rows first.
    """
    patches = _cut(images.to(kernel.dtype), kernel.shape[-1])
    return F.linear(patches.transpose(1, 2).flatten(2), kernel.flatten(1), bias)


def replace_masked(patches: Tensor, mask: Tensor, mask_token: Tensor) -> Tensor:
    """Put the mask token in place of the masked patches of every channel.

    Parameters
    ----------
    patches
        ``(B, C, N, d)``.
    mask
        ``(B, h, w)`` boolean with ``h * w = N``; True is masked.
    mask_token
        ``(d,)``.

    Returns
    -------
    Tensor
        ``(B, C, N, d)``.
    """
    return torch.where(mask.flatten(1)[:, None, :, None], mask_token, patches)


def _cut(images: Tensor, size: int) -> Tensor:
    """Cut ``(B, C, H, W)`` into ``(B, C, N, size**2)``."""
    rows, columns = images.shape[2] // size, images.shape[3] // size
    whole = images[:, :, : rows * size, : columns * size]
    grid = whole.unflatten(3, (columns, size)).unflatten(2, (rows, size))
    return grid.transpose(3, 4).flatten(4).flatten(2, 3)


def take_channels(images: Tensor, channels: Sequence[int]) -> Tensor:
    """Channels of images ``(B, C, H, W)``, in a given order.

    An index by a list would have a graphics card wait for the list.
    """
    if tuple(channels) == tuple(range(images.shape[1])):
        return images
    return torch.stack([images[:, channel] for channel in channels], dim=1)
