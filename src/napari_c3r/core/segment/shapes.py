"""What is measured of every region of a component tree, all regions at once.

Area, moments, outline and brightness are sums over pixels or over pairs of neighbours, so the
sums of a region's own pixels, added up along the tree, give every region its measures at the
cost of a few passes over the image.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from napari_c3r.core.segment.compiled import compiled
from napari_c3r.core.segment.tree import ComponentTree

LEVELS = 128
EXTREMES = (0.1, 99.9)
"""Percentiles of the brightness between which the thresholds run."""

Borders = tuple[bool, bool, bool, bool]
"""Which edges of a plane are the image's border: above, below, left, right."""

ALL_BORDERS: Borders = (True, True, True, True)
_NEIGHBOURS = ((0, 1), (1, 0), (1, 1), (1, -1))
_PAIR_WEIGHTS = np.array([np.pi / 8 / np.hypot(dy, dx) for dy, dx in _NEIGHBOURS])


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
    own = np.zeros((tree.size, 10))
    _sum_pixels(own, tree.node, brightness, borders)
    _sum_outlines(own, tree.node, levels, gradient, _PAIR_WEIGHTS)
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
        length=_lengths(tree.node, tree.parent, tree.upward),
        ellipticity=area / (4 * np.pi * np.sqrt(determinant)),
        roundness=4 * np.pi * area / perimeter**2,
        eccentricity=np.sqrt(np.clip(2 * spread / (mean + spread), 0, 1)),
        edge=steepness / perimeter * diameter,
        height=light / area - level,
        level=level,
        border=np.minimum(border / perimeter, 1),
    )


@compiled
def _lengths(
    node: NDArray[np.int32], parent: NDArray[np.int32], upward: NDArray[np.int64]
) -> NDArray[np.int32]:
    """The longer side of the box around each region, in pixels."""
    height, width = node.shape
    count = len(parent)
    top, left = np.empty(count, np.int32), np.empty(count, np.int32)
    bottom, right = np.zeros(count, np.int32), np.zeros(count, np.int32)
    for region in range(count):
        top[region], left[region] = height, width
    for y in range(height):
        for x in range(width):
            region = node[y, x]
            top[region], bottom[region] = min(top[region], y), max(bottom[region], y)
            left[region], right[region] = min(left[region], x), max(right[region], x)
    for region in upward:
        outer = parent[region]
        top[outer], bottom[outer] = min(top[outer], top[region]), max(bottom[outer], bottom[region])
        left[outer], right[outer] = min(left[outer], left[region]), max(right[outer], right[region])
    longer = np.empty(count, np.int32)
    for region in range(count):
        longer[region] = 1 + max(bottom[region] - top[region], right[region] - left[region])
    return longer


@compiled
def _sum_pixels(
    own: NDArray[np.float64],
    node: NDArray[np.int32],
    brightness: NDArray[np.float32],
    borders: Borders,
) -> None:
    """Area, first and second moments, brightness and border pixels of each region's own pixels."""
    height, width = node.shape
    above, below, left, right = borders
    for row in range(height):
        y = row - height // 2
        at_edge = (above and row == 0) or (below and row == height - 1)
        for column in range(width):
            x = column - width // 2
            sums = own[node[row, column]]
            sums[0] += 1
            sums[1] += y
            sums[2] += x
            sums[3] += y * y
            sums[4] += x * x
            sums[5] += x * y
            sums[6] += brightness[row, column]
            sums[7] += at_edge or (left and column == 0) or (right and column == width - 1)


@compiled
def _sum_outlines(
    own: NDArray[np.float64],
    node: NDArray[np.int32],
    levels: NDArray[np.uint8],
    gradient: NDArray[np.float32],
    weights: NDArray[np.float64],
) -> None:
    """Length of the outline, and the gradient summed along it.

    A pair of neighbours of different levels crosses the outline of every region from the brighter
    pixel's own up to, not including, the darker pixel's own. As the darker pixel's region encloses
    the brighter's, adding the pair to the one and taking it off the other makes the sums along the
    tree right. Pairs in four directions are weighed by the Cauchy-Crofton formula.
    """
    height, width = node.shape
    for direction in range(4):
        dy, dx = _NEIGHBOURS[direction]
        weight = weights[direction]
        # Of the brighter ends, and of the darker ones.
        pairs, crossed = np.zeros((2, len(own))), np.zeros((2, len(own)))
        for y in range(height - dy):
            for x in range(max(0, -dx), width - max(0, dx)):
                here, there = levels[y, x], levels[y + dy, x + dx]
                if here == there:
                    continue
                steep = weight / 2 * (gradient[y, x] + gradient[y + dy, x + dx])
                one, other = (0, 1) if here > there else (1, 0)
                pairs[one, node[y, x]] += 1
                pairs[other, node[y + dy, x + dx]] += 1
                crossed[one, node[y, x]] += steep
                crossed[other, node[y + dy, x + dx]] += steep
        for region in range(len(own)):
            own[region, 8] += weight * pairs[0, region]
            own[region, 8] -= weight * pairs[1, region]
            own[region, 9] += crossed[0, region]
            own[region, 9] -= crossed[1, region]
