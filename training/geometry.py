"""Random crops and warps of images in a batch, every image with numbers of its own.

Images are float ``(n, C, H, W)``. Every function takes its randomness from a generator on the
device of the images.
"""

from __future__ import annotations

import math
from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor

from training.transfer import constant

Kernel = Literal["bilinear", "bicubic"]

_TRIES = 10
_RATIO = (3 / 4, 4 / 3)


def uniform(low: float, high: float, shape: tuple[int, ...], generator: torch.Generator) -> Tensor:
    """Draw uniform numbers on the device of a generator."""
    drawn = torch.rand(shape, generator=generator, device=generator.device)
    return low + (high - low) * drawn


def chance(share: float, n: int, generator: torch.Generator) -> Tensor:
    """Draw ``(n,)`` booleans that are True with a probability."""
    return torch.rand(n, generator=generator, device=generator.device) < share


def random_resized_crop(
    images: Tensor,
    size: int,
    scale: tuple[float, float],
    kernel: Kernel,
    generator: torch.Generator,
) -> Tensor:
    """Cut a random rectangle from every image and resample it to a square.

    Parameters
    ----------
    images
        ``(n, C, H, W)``.
    size
        Side of the result.
    scale
        Area of the rectangle as a share of the image's, from and to. Its aspect is from 3/4 to
        4/3; where ten draws do not fit into the image, the largest central rectangle is taken.
    kernel
        Of the resampling, which is antialiased.
    generator
        Source of randomness.

    Returns
    -------
    Tensor
        ``(n, C, size, size)``.
    """
    boxes = draw_boxes(len(images), images.shape[2:], scale, generator)
    return resample_boxes(images, boxes, size, kernel)


def draw_boxes(
    n: int, image: torch.Size, scale: tuple[float, float], generator: torch.Generator
) -> Tensor:
    """Draw rectangles: ``(n, 4)`` of top, left, height and width in whole pixels."""
    rows, columns = image
    area = rows * columns * uniform(*scale, (n, _TRIES), generator)
    ratio = uniform(math.log(_RATIO[0]), math.log(_RATIO[1]), (n, _TRIES), generator).exp()
    heights, widths = (area / ratio).sqrt().round(), (area * ratio).sqrt().round()
    fits = (heights > 0) & (heights <= rows) & (widths > 0) & (widths <= columns)
    first = fits.int().argmax(dim=1, keepdim=True)
    found = fits.any(dim=1)

    central_height = min(rows, round(columns / _RATIO[0]))
    central_width = min(columns, round(rows * _RATIO[1]))
    height = torch.where(found, heights.gather(1, first)[:, 0], central_height)
    width = torch.where(found, widths.gather(1, first)[:, 0], central_width)
    place = uniform(0, 1, (2, n), generator)
    top = torch.where(found, place[0] * (rows - height + 1), (rows - height) / 2).floor()
    left = torch.where(found, place[1] * (columns - width + 1), (columns - width) / 2).floor()
    return torch.stack([top, left, height, width], dim=1)


def resample_boxes(images: Tensor, boxes: Tensor, size: int, kernel: Kernel) -> Tensor:
    """Resample a rectangle of every image to a square, antialiased.

    The same numbers as cutting out and then `torch.nn.functional.interpolate` with antialias, but
    for all images at once, as two products with small matrices.

    Parameters
    ----------
    images
        ``(n, C, H, W)``.
    boxes
        ``(n, 4)`` of top, left, height and width in pixels.
    size
        Side of the result.
    kernel
        ``"bilinear"`` or ``"bicubic"`` (a = -0.5, as antialiased resampling has it).

    Returns
    -------
    Tensor
        ``(n, C, size, size)``.
    """
    down = _weights(boxes[:, 0], boxes[:, 2], images.shape[2], size, kernel).to(images.dtype)
    across = _weights(boxes[:, 1], boxes[:, 3], images.shape[3], size, kernel).to(images.dtype)
    # One channel at a time, so that the weights are not copied for each.
    resampled = [down @ channel @ across.mT for channel in images.unbind(1)]
    return torch.stack(resampled, dim=1)


def _weights(start: Tensor, length: Tensor, pixels: int, size: int, kernel: Kernel) -> Tensor:
    """Weights ``(n, size, pixels)`` of an axis' pixels in those of the result."""
    device = start.device
    step = (length / size)[:, None, None]
    widen = step.clamp(min=1)
    centre = (torch.arange(size, device=device) + 0.5)[:, None] * step
    pixel = torch.arange(pixels, device=device) - start[:, None, None]
    distance = (pixel + 0.5 - centre).abs() / widen
    inside = (pixel >= 0) & (pixel < length[:, None, None])
    weights = torch.where(inside, _KERNELS[kernel](distance), 0)
    return weights / weights.sum(dim=2, keepdim=True)


def _bilinear(distance: Tensor) -> Tensor:
    return (1 - distance).clamp(min=0)


def _bicubic(distance: Tensor) -> Tensor:
    near = (1.5 * distance - 2.5) * distance**2 + 1
    far = ((-0.5 * distance + 2.5) * distance - 4) * distance + 2
    return torch.where(distance < 1, near, torch.where(distance < 2, far, 0))


_KERNELS = {"bilinear": _bilinear, "bicubic": _bicubic}


def random_flips(images: Tensor, generator: torch.Generator) -> Tensor:
    """Mirror every image left to right, and top to bottom, each with probability 1/2."""
    for axis in (3, 2):
        turned = chance(0.5, len(images), generator)[:, None, None, None]
        images = torch.where(turned, images.flip(axis), images)
    return images


def random_warp(images: Tensor, generator: torch.Generator) -> Tensor:
    """Turn, shift and scale an image, or else, half of the time, see it at an angle.

    Either a rotation by up to 90 degrees, a shift by up to a fifth and a scale from 0.8 to 1.2, or
    the corners moved inwards by up to a quarter of half a side; each for half of the images. What
    comes from outside is 0. Resampling is bilinear for both.

    Parameters
    ----------
    images
        ``(n, C, H, W)``.
    generator
        Source of randomness.

    Returns
    -------
    Tensor
        ``(n, C, H, W)``.
    """
    n = len(images)
    affine = _draw_affine(n, images.shape[2:], generator)
    angled = _draw_perspective(n, generator)
    straight = torch.eye(3, device=images.device)
    angled = torch.where(chance(0.5, n, generator)[:, None, None], angled, straight)
    maps = torch.where(chance(0.5, n, generator)[:, None, None], affine, angled)
    return warp(images, maps)


def _draw_affine(n: int, image: torch.Size, generator: torch.Generator) -> Tensor:
    """Maps ``(n, 3, 3)`` of rotated, shifted and scaled images."""
    rows, columns = image
    angle = uniform(-math.pi / 2, math.pi / 2, (n,), generator)
    scale = uniform(0.8, 1.2, (n,), generator)
    shift = uniform(-0.2, 0.2, (2, n), generator)
    cos, sin = angle.cos() / scale, angle.sin() / scale
    # Coordinates run from -1 to 1 along both axes, however long they are.
    aspect = rows / columns
    zero, one = torch.zeros_like(cos), torch.ones_like(cos)
    right, down = 2 * shift[0], 2 * shift[1]
    linear = [cos, sin * aspect, -sin / aspect, cos]
    return torch.stack(
        [
            *(linear[0], linear[1], -(linear[0] * right + linear[1] * down)),
            *(linear[2], linear[3], -(linear[2] * right + linear[3] * down)),
            *(zero, zero, one),
        ],
        dim=1,
    ).unflatten(1, (3, 3))


def _draw_perspective(n: int, generator: torch.Generator, distortion: float = 0.25) -> Tensor:
    """Maps ``(n, 3, 3)`` of images whose corners moved inwards."""
    corners = constant((-1.0, -1.0, 1.0, -1.0, 1.0, 1.0, -1.0, 1.0), generator.device).view(4, 2)
    moved = corners * (1 - uniform(0, distortion, (n, 4, 2), generator))
    return homography(moved, corners.expand(n, 4, 2))


def homography(source: Tensor, target: Tensor) -> Tensor:
    """The projective maps that take four points to four others.

    In closed form, by way of the unit square (Heckbert 1989, section 2.2.3): to solve a system of
    equations for it, a GPU would be waited for.

    Parameters
    ----------
    source, target
        ``(n, 4, 2)`` of x and y, in order around a convex quadrilateral.

    Returns
    -------
    Tensor
        ``(n, 3, 3)``, its last number 1.
    """
    found = _from_square(target) @ _adjugate(_from_square(source))
    return found / found[:, 2:, 2:]


def _from_square(corners: Tensor) -> Tensor:
    """The maps ``(n, 3, 3)`` of the unit square's corners (0, 0), (1, 0), (1, 1), (0, 1)."""
    first, second, third, fourth = corners.unbind(1)
    right, left = second - third, fourth - third
    sums = first - second + third - fourth
    area = _cross(right, left)
    g, h = _cross(sums, left) / area, _cross(right, sums) / area
    across = second - first + g[:, None] * second
    down = fourth - first + h[:, None] * fourth
    columns = torch.stack([across, down, first], dim=2)
    last = torch.stack([g, h, torch.ones_like(g)], dim=1)
    return torch.cat([columns, last[:, None]], dim=1)


def _cross(one: Tensor, other: Tensor) -> Tensor:
    return one[:, 0] * other[:, 1] - one[:, 1] * other[:, 0]


def _adjugate(maps: Tensor) -> Tensor:
    """The inverses of ``(n, 3, 3)`` up to a factor, which a projective map does not have."""
    first, second, third = maps.unbind(1)
    crosses = [
        torch.linalg.cross(one, other)
        for one, other in ((second, third), (third, first), (first, second))
    ]
    return torch.stack(crosses, dim=2)


def warp(images: Tensor, maps: Tensor) -> Tensor:
    """Resample images where projective maps say, bilinearly, with 0 outside.

    Parameters
    ----------
    images
        ``(n, C, H, W)``.
    maps
        ``(n, 3, 3)`` from a place in the result to one in the image; both axes run from -1 to 1
        from edge to edge.

    Returns
    -------
    Tensor
        ``(n, C, H, W)``.
    """
    rows, columns = images.shape[2:]
    y = (2 * torch.arange(rows, device=images.device) + 1) / rows - 1
    x = (2 * torch.arange(columns, device=images.device) + 1) / columns - 1
    grid_y, grid_x = torch.meshgrid(y, x, indexing="ij")
    places = torch.stack([grid_x, grid_y, torch.ones_like(grid_x)], dim=2).to(maps.dtype)
    mapped = places.flatten(0, 1) @ maps.mT
    grid = (mapped[..., :2] / mapped[..., 2:]).unflatten(1, (rows, columns))
    return F.grid_sample(images, grid.to(images.dtype), align_corners=False)
