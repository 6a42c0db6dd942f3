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
EXTREMES = (0.1, 99.9)
"""Percentiles of the brightness between which the thresholds run."""

Borders = tuple[bool, bool, bool, bool]
"""Which edges of a plane are the image's border: above, below, left, right."""

ALL_BORDERS: Borders = (True, True, True, True)
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
    length
        The longer side of the box around it, in pixels.
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
    length: NDArray[np.int32]
    ellipticity: NDArray[np.float64]
    roundness: NDArray[np.float64]
    eccentricity: NDArray[np.float64]
    edge: NDArray[np.float64]
    height: NDArray[np.float64]
    level: NDArray[np.float64]
    border: NDArray[np.float64]


def measure_regions(
    brightness: NDArray[np.float32],
    gradient: NDArray[np.float32],
    limits: tuple[float, ...] | None = None,
    borders: Borders = ALL_BORDERS,
) -> Regions:
    """Cut a (Y, X) image into its component tree and measure every region.

    What is measured of a region hangs on its own pixels and those around it, to the last bit, and
    not on where in the image it is.

    Parameters
    ----------
    brightness
        What the thresholds run over.
    gradient
        The steepness of the image, for the measure `edge`.
    limits
        The lowest and the highest threshold; by default the `EXTREMES` of the brightness.
    borders
        Which edges are the image's border.
    """
    low, high = np.percentile(brightness, EXTREMES) if limits is None else limits
    step = max(float(high - low), 1e-12) / (LEVELS - 1)
    levels = np.clip((brightness - low) / step, 0, LEVELS - 1).astype(np.uint8)
    tree = ComponentTree.of(levels)
    sums = _pixel_sums(tree, brightness, borders)
    own = np.column_stack([*sums, *_outline_sums(tree, levels, gradient)])
    area, y, x, yy, xx, xy, light, border, perimeter, steepness = tree.total(own).T
    # Whole numbers until they are divided: the same wherever the region is.
    variance_y = (area * yy - y * y) / area**2 + 1 / 12
    variance_x = (area * xx - x * x) / area**2 + 1 / 12
    covariance = (area * xy - y * x) / area**2
    determinant = np.maximum(variance_y * variance_x - covariance**2, 1e-9)
    mean = (variance_y + variance_x) / 2
    spread = np.sqrt(np.maximum(mean**2 - determinant, 0))
    perimeter = np.maximum(perimeter, 1)
    diameter = np.sqrt(4 * area / np.pi)
    level = (low + step * tree.level).astype(np.float64)
    return Regions(
        tree=tree,
        area=area,
        diameter=diameter,
        length=_lengths(tree),
        ellipticity=area / (4 * np.pi * np.sqrt(determinant)),
        roundness=4 * np.pi * area / perimeter**2,
        eccentricity=np.sqrt(np.clip(2 * spread / (mean + spread), 0, 1)),
        edge=steepness / perimeter * diameter,
        height=light / area - level,
        level=level,
        border=np.minimum(border / perimeter, 1),
    )


def _lengths(tree: ComponentTree) -> NDArray[np.int32]:
    """The longer side of the box around each region, in pixels."""
    longest = np.zeros(tree.size, np.int32)
    node = tree.node.ravel()
    height, width = tree.node.shape
    for place in (
        np.repeat(np.arange(height, dtype=np.int32), width),
        np.tile(np.arange(width, dtype=np.int32), height),
    ):
        low = np.full(tree.size, max(height, width), np.int32)
        high = np.zeros(tree.size, np.int32)
        np.minimum.at(low, node, place)
        np.maximum.at(high, node, place)
        for nodes in tree.by_level:
            np.minimum.at(low, tree.parent[nodes], low[nodes])
            np.maximum.at(high, tree.parent[nodes], high[nodes])
        np.maximum(longest, high - low + 1, out=longest)
    return longest


def _pixel_sums(
    tree: ComponentTree, brightness: NDArray[np.float32], borders: Borders
) -> list[NDArray[np.float64]]:
    """Area, first and second moments, brightness and border pixels of each region's own pixels."""
    height, width = brightness.shape
    y = np.repeat(np.arange(height) - height // 2, width)
    x = np.tile(np.arange(width) - width // 2, height)
    border = np.zeros((height, width), np.float32)
    for edge, is_border in zip(np.s_[:1, -1:], borders[:2], strict=True):
        border[edge] = np.maximum(border[edge], is_border)
    for edge, is_border in zip(np.s_[:1, -1:], borders[2:], strict=True):
        border[:, edge] = np.maximum(border[:, edge], is_border)
    node = tree.node.ravel()
    sums = [np.bincount(node, minlength=tree.size).astype(np.float64)]
    # One after another, as each takes eight bytes a pixel.
    for value in (
        lambda: y,
        lambda: x,
        lambda: y * y,
        lambda: x * x,
        lambda: x * y,
        brightness.ravel,
        border.ravel,
    ):
        sums.append(np.bincount(node, value(), tree.size).astype(np.float64))
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
