"""What is measured of every region of a component tree, all regions at once.

Area, moments, outline and brightness are sums over pixels or over pairs of neighbours, so the
sums of a region's own pixels, added up along the tree, give every region its measures at the
cost of a few passes over the image.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from napari_c3r.core.segment.tree import ComponentTree

LEVELS = 128
_NEIGHBOURS = ((0, 1), (1, 0), (1, 1), (1, -1))


@dataclass(frozen=True)
class Regions:
    """The regions of a component tree and what was measured of them, each (N,).

    Attributes
    ----------
    area
        In pixels.
    diameter
        Of the disc of the same area, in pixels.
    ellipticity
        Area over the area of the ellipse of the same second moments: 1 for an ellipse, about 0.89
        for two touching discs, less for lobes, holes and branches.
    roundness
        4 pi area / perimeter², 1 for a disc, with the perimeter by Crofton's formula.
    eccentricity
        Of the ellipse of the same second moments, 0 (a disc) to 1 (a line).
    edge
        Mean gradient along the outline, times the diameter.
    height
        Mean brightness inside, over the brightness of the outline.
    level
        Brightness of the outline.
    border
        Share of the outline on the border of the image, 0 to 1.
    """

    tree: ComponentTree
    area: NDArray[np.float64]
    diameter: NDArray[np.float64]
    ellipticity: NDArray[np.float64]
    roundness: NDArray[np.float64]
    eccentricity: NDArray[np.float64]
    edge: NDArray[np.float64]
    height: NDArray[np.float64]
    level: NDArray[np.float64]
    border: NDArray[np.float64]


def measure_regions(brightness: NDArray[np.float32], gradient: NDArray[np.float32]) -> Regions:
    """Cut a (Y, X) image into its component tree and measure every region.

    Parameters
    ----------
    brightness
        What the thresholds run over; its extremes (0.1 % each side) are clipped.
    gradient
        The steepness of the image, for the measure `edge`.
    """
    low, high = np.percentile(brightness, (0.1, 99.9))
    step = max(float(high - low), 1e-12) / (LEVELS - 1)
    levels = np.clip((brightness - low) / step, 0, LEVELS - 1).astype(np.uint8)
    tree = ComponentTree.of(levels)
    own = np.column_stack([*_pixel_sums(tree, brightness), *_outline_sums(tree, levels, gradient)])
    area, y, x, yy, xx, xy, light, border, perimeter, steepness = tree.total(own).T
    variance_y = yy / area - (y / area) ** 2 + 1 / 12
    variance_x = xx / area - (x / area) ** 2 + 1 / 12
    covariance = xy / area - y * x / area**2
    determinant = np.maximum(variance_y * variance_x - covariance**2, 1e-9)
    mean = (variance_y + variance_x) / 2
    spread = np.sqrt(np.maximum(mean**2 - determinant, 0))
    perimeter = np.maximum(perimeter, 1)
    diameter = np.sqrt(4 * area / np.pi)
    level = low + step * tree.level
    return Regions(
        tree=tree,
        area=area,
        diameter=diameter,
        ellipticity=area / (4 * np.pi * np.sqrt(determinant)),
        roundness=4 * np.pi * area / perimeter**2,
        eccentricity=np.sqrt(np.clip(2 * spread / (mean + spread), 0, 1)),
        edge=steepness / perimeter * diameter,
        height=light / area - level,
        level=level,
        border=np.minimum(border / perimeter, 1),
    )


def _pixel_sums(tree: ComponentTree, brightness: NDArray[np.float32]) -> list[NDArray[np.float64]]:
    """Area, first and second moments, brightness and border pixels of each region's own pixels."""
    height, width = brightness.shape
    y, x = np.indices((height, width), dtype=np.float64)
    y -= height / 2
    x -= width / 2
    border = np.zeros((height, width))
    border[[0, -1], :] = 1
    border[:, [0, -1]] = 1
    node = tree.node.ravel()
    sums = [np.bincount(node, minlength=tree.size).astype(np.float64)]
    for value in (y, x, y * y, x * x, x * y, brightness, border):
        sums.append(np.bincount(node, value.ravel(), tree.size).astype(np.float64))
    return sums


def _outline_sums(
    tree: ComponentTree, levels: NDArray[np.uint8], gradient: NDArray[np.float32]
) -> list[NDArray[np.float64]]:
    """Length of the outline, and the gradient summed along it.

    A pair of neighbours of different levels crosses the outline of every region from the brighter
    pixel's own up to, not including, the darker pixel's own. As the darker pixel's region encloses
    the brighter's, adding the pair to the one and taking it off the other makes the sums along the
    tree right. Pairs in four directions are weighed by the Cauchy-Crofton formula.
    """
    length = np.zeros(tree.size)
    steepness = np.zeros(tree.size)
    for dy, dx in _NEIGHBOURS:
        here, there = _pair_slices(dy, dx)
        a, b = levels[here], levels[there]
        differ = a != b
        node_a, node_b = tree.node[here][differ], tree.node[there][differ]
        a_brighter = (a > b)[differ]
        brighter = np.where(a_brighter, node_a, node_b)
        darker = np.where(a_brighter, node_b, node_a)
        weight = np.pi / 8 / np.hypot(dy, dx)
        crossed = weight / 2 * (gradient[here] + gradient[there])[differ]
        length += weight * np.bincount(brighter, minlength=tree.size)
        length -= weight * np.bincount(darker, minlength=tree.size)
        steepness += np.bincount(brighter, crossed, tree.size)
        steepness -= np.bincount(darker, crossed, tree.size)
    return [length, steepness]


def _pair_slices(dy: int, dx: int) -> tuple[tuple[slice, slice], tuple[slice, slice]]:
    """Slices that lay each pixel on its neighbour at (dy, dx); dy is 0 or 1."""
    rows = slice(None, -dy or None), slice(dy, None)
    if dx >= 0:
        columns = slice(None, -dx or None), slice(dx, None)
    else:
        columns = slice(-dx, None), slice(None, dx)
    return (rows[0], columns[0]), (rows[1], columns[1])
