"""The views of a cell that training compares, made on the device for a whole batch.

Images are float ``(n, C, H, W)`` in [0, 1]. Every function takes its randomness from a generator
on the device of the images, and every image, or channel where said, gets numbers of its own. Which
of them are blurred is drawn on the CPU, so that no others are, and the device is not asked for it.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

from training.geometry import chance, random_flips, random_resized_crop, random_warp, uniform
from training.transfer import indices, to_device, true_places

GLOBAL_SCALE, LOCAL_SCALE = (0.32, 1.0), (0.15, 0.32)


@torch.no_grad()
def global_views(
    images: Tensor,
    concept: Sequence[int],
    size: int,
    generator: torch.Generator,
    host: torch.Generator,
) -> Tensor:
    """Make the two large views.

    The first is cropped, mirrored, and warped. The second is cropped and mirrored, and its
    intensities change: the readout's brightness, then each channel's brightness and contrast,
    sharpness, and noise.

    Parameters
    ----------
    images
        ``(n, C, H, W)`` in [0, 1], from `to_unit_range`.
    concept
        The channels of the readout.
    size
        Side of a view in pixels.
    generator, host
        Sources of randomness, on the device and on the CPU.

    Returns
    -------
    Tensor
        float32 ``(2, n, C, size, size)``.
    """
    with torch.autocast(images.device.type, enabled=False):
        first = random_resized_crop(images, size, GLOBAL_SCALE, "bilinear", generator)
        first = random_warp(random_flips(first, generator), generator)
        second = random_resized_crop(images, size, GLOBAL_SCALE, "bilinear", generator)
        second = rescale_concept(random_flips(second, generator), concept, generator)
        second = change_sharpness(jitter(second, generator), host)
        return torch.stack([first, add_noise(second, generator)])


@torch.no_grad()
def local_views(
    images: Tensor, count: int, size: int, generator: torch.Generator, host: torch.Generator
) -> Tensor:
    """Make small views: cropped, mirrored, and changed in brightness, contrast and sharpness.

    Parameters
    ----------
    images
        ``(n, C, H, W)`` in [0, 1], from `to_unit_range`.
    count
        Views of each image.
    size
        Side of a view in pixels.
    generator, host
        Sources of randomness, on the device and on the CPU.

    Returns
    -------
    Tensor
        float32 ``(count, n, C, size, size)``.
    """
    with torch.autocast(images.device.type, enabled=False):
        views = torch.empty((count, *images.shape[:2], size, size), device=images.device)
        for view in views:
            cut = random_resized_crop(images, size, LOCAL_SCALE, "bicubic", generator)
            cut = jitter(random_flips(cut, generator), generator)
            view.copy_(change_sharpness(cut, host))
        return views


def to_unit_range(images: Tensor) -> Tensor:
    """Rescale each channel of each image to [0, 1] by its minimum and maximum, as float32."""
    images = images.float()
    low, high = images.amin((2, 3), keepdim=True), images.amax((2, 3), keepdim=True)
    return (images - low) / (high - low + 1e-6)


def rescale_concept(images: Tensor, concept: Sequence[int], generator: torch.Generator) -> Tensor:
    """Make the readout of a quarter of the images brighter or darker.

    It is divided by the largest value of the image and multiplied by a number from 0 to 2, each
    channel by one of its own.
    """
    n = len(images)
    factor = 2 * uniform(0, 1, (n, len(concept), 1, 1), generator)
    factor = factor / (images.amax((1, 2, 3), keepdim=True) + 1e-6)
    factor = torch.where(chance(0.25, n, generator)[:, None, None, None], factor, 1)
    chosen = indices(tuple(concept), images.device)
    return images.index_copy(1, chosen, images.index_select(1, chosen) * factor)


def jitter(images: Tensor, generator: torch.Generator) -> Tensor:
    """Change brightness and contrast of each channel by factors from 0.5 to 1.5, in any order."""
    shape = (*images.shape[:2], 1, 1)
    bright, contrast = uniform(0.5, 1.5, (2, *shape), generator)
    brightness_first = uniform(0, 1, shape, generator) < 0.5
    for turn in (brightness_first, ~brightness_first):
        brighter = images * bright
        mean = images.mean((2, 3), keepdim=True)
        images = torch.where(turn, brighter, mean + contrast * (images - mean)).clamp(0, 1)
    return images


def change_sharpness(images: Tensor, host: torch.Generator) -> Tensor:
    """Blur half of the images and sharpen the others, each channel by a draw of its own.

    A channel is blurred in half of the draws, by a Gaussian of 0.1 to 2 pixels that is cut off at
    3, and sharpened in a quarter. The draws are made on the CPU.
    """
    n, channels = images.shape[:2]
    sharpens = chance(0.5, n, host)[:, None]
    sigma = uniform(0.1, 2, (n, channels), host)
    drawn = uniform(0, 1, (n, channels), host)
    chosen = ~sharpens & (drawn < 0.5)
    flat, device = images.flatten(0, 1), images.device
    blurred, sharpened = true_places(chosen, device), true_places(sharpens & (drawn < 0.25), device)
    widths = to_device(sigma[chosen][:, None], device)
    changed = flat.index_copy(0, blurred, blur(flat[blurred][:, None], widths)[:, 0])
    changed.index_copy_(0, sharpened, sharpen(flat[sharpened][:, None])[:, 0])
    return changed.unflatten(0, (n, channels))


def blur(images: Tensor, sigma: Tensor) -> Tensor:
    """Blur each channel by a Gaussian of its own, cut off at 3 pixels, mirrored at the edges.

    Parameters
    ----------
    images
        ``(n, C, H, W)``.
    sigma
        ``(n, C)`` in pixels.

    Returns
    -------
    Tensor
        ``(n, C, H, W)``.
    """
    reach = torch.arange(-3, 4, device=images.device)
    weights = (-0.5 * (reach / sigma[..., None]).square()).exp()
    weights = (weights / weights.sum(-1, keepdim=True))[..., None, None, :]
    for axis, pad in ((2, (0, 0, 3, 3)), (3, (3, 3, 0, 0))):
        padded = F.pad(images, pad, mode="reflect")
        shifted = (padded.narrow(axis, k, images.shape[axis]) * weights[..., k] for k in range(7))
        images = sum(shifted, torch.zeros_like(images))
    return images


def sharpen(images: Tensor) -> Tensor:
    """Add to each image what a 3 x 3 smoothing takes off, as sharpness 2 does; edges stay."""
    n, channels = images.shape[:2]
    kernel = images.new_full((1, 1, 3, 3), 1 / 13)
    kernel[..., 1, 1] = 5 / 13
    smooth = images.clone()
    inside = F.conv2d(images.flatten(0, 1)[:, None], kernel).unflatten(0, (n, channels))[:, :, 0]
    smooth[..., 1:-1, 1:-1] = inside
    return (2 * images - smooth).clamp(0, 1)


def add_noise(images: Tensor, generator: torch.Generator) -> Tensor:
    """Add Gaussian noise of 0.01 to 0.05, other in each channel, to half of the images.

    It is not cut off at 0 and 1: the mean of a dark background stays.
    """
    n, channels = images.shape[:2]
    sigma = uniform(0.01, 0.05, (n, channels, 1, 1), generator)
    sigma = torch.where(chance(0.5, n, generator)[:, None, None, None], sigma, 0)
    return images + sigma * torch.randn(images.shape, generator=generator, device=images.device)
