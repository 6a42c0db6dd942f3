"""Nuclei, each cut out by its own threshold.

1. The image is brought to the size at which a nucleus is `WORKING_DIAMETER` pixels wide.
2. Local contrast: what stands out from its surroundings of the size of a nucleus, over how much
   anything stands out there. A dim live nucleus then weighs as much as a bright dead one.
3. Every region that a threshold on the local contrast cuts out is judged by its shape, edge and
   size, and the best set of non-overlapping regions is chosen (`tree`, `quality`).
4. Touching nuclei that no threshold parts are parted at their waist (`split`).
5. Each region grows to where the brightness falls halfway to the background.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import ndimage as ndi

from napari_c3r.core.errors import InputError
from napari_c3r.core.segment.blur import blurred, steepness
from napari_c3r.core.segment.flood import flooded
from napari_c3r.core.segment.levels import Levels, medians
from napari_c3r.core.segment.nearest import expanded
from napari_c3r.core.segment.plane import (
    Box,
    Grid,
    checked_plane,
    first_pixels,
    in_reading_order,
    numbered,
    resized,
)
from napari_c3r.core.segment.quality import nucleus_probability
from napari_c3r.core.segment.scale import MIN_AREA, vote_on_diameter
from napari_c3r.core.segment.shapes import (
    ALL_BORDERS,
    EXTREMES,
    Borders,
    Regions,
    measure_regions,
)
from napari_c3r.core.segment.split import split_touching

# Enough pixels for a nucleus' shape; a larger one costs time and shows its texture.
WORKING_DIAMETER = 24.0
# A region less likely than this to be a nucleus is left out.
MIN_PROBABILITY = 0.45
# With no more votes than this, the size found may be that of a clump, and smaller ones are tried.
FEW_VOTES = 6
SMALLER_STEP, MIN_TRIED = 1.5, 6.0
# Diameters searched, as factors of the usual one.
SMALLEST, LARGEST = 0.2, 3.0
# A region longer than this many diameters is no nucleus, however thin. It bounds how far a nucleus
# depends on what is around it.
LONGEST = 4.0
# The same, with the local contrast, its blur included, in diameters and pixels.
REACH, REACH_PX = 2 * (LONGEST + 0.4) + 8.2, 12
# A nucleus is brighter than its surroundings by this many standard errors of the camera's noise
# (what is cut out of pure noise reaches about 15), and by this share of what the others are.
MIN_SIGNIFICANCE = 25.0
MIN_RELATIVE_HEIGHT = 0.06


def segment_nuclei(plane: ArrayLike, diameter_px: float | None = None) -> NDArray[np.int32]:
    """Find the nuclei of a plane.

    Parameters
    ----------
    plane
        (Y, X) nucleus channel, bright on dark, any intensity scale. NaN counts as background.
    diameter_px
        The usual nucleus diameter in pixels; None finds it from the image.

    Returns
    -------
    (Y, X) labels 1..n in reading order of their first pixel, 0 where there is no nucleus. All 0
    when nothing is found.

    Raises
    ------
    InputError
        The plane is not a (Y, X) image, the diameter is not positive, or no diameter was given and
        none could be found.
    """
    pixels = checked_plane(plane)
    if diameter_px is None:
        diameter_px = estimate_diameter(pixels)
    if not diameter_px > 0:
        raise InputError(f"The nucleus diameter is {diameter_px}: give a number above 0.")
    zoom = min(1.0, WORKING_DIAMETER / diameter_px)
    grid = Grid.of(pixels.shape, zoom)
    labels = nuclei_on_grid(pixels, grid, grid.whole, diameter_px * zoom, Levels())
    return in_reading_order(first_pixels(labels), int(labels.max()))[labels]


def nuclei_on_grid(
    pixels: NDArray[np.float32], grid: Grid, box: Box, diameter: float, levels: Levels
) -> NDArray[np.int32]:
    """Find the nuclei of a part of a plane.

    Parameters
    ----------
    pixels
        The plane, or of it what ``grid.needed(box)`` tells.
    grid
        On which a nucleus is `diameter` wide.
    box
        The part, on the grid. Nuclei at its edges are cut.
    diameter
        The usual one, in pixels of the grid.
    levels
        Those of the whole plane; empty: what the part itself tells.

    Returns
    -------
    Labels of the pixels that ``grid.under(box)`` tells, numbered through in any order.
    """
    labels, smooth = _inner_parts(pixels, grid, box, diameter, levels)
    labels = split_touching(labels, diameter)
    return grid.enlarge_labels(_grown(numbered(labels)[0], smooth, diameter), box)


def measure_levels(
    pixels: NDArray[np.float32], grid: Grid, diameter: float, levels: Levels
) -> bool:
    """Measure the levels by which nuclei are found in a plane.

    Parameters
    ----------
    pixels, grid, diameter
        As for :func:`nuclei_on_grid`, of a whole plane.
    levels
        Filled in.

    Returns
    -------
    Whether there are nuclei.
    """
    return bool(_inner_parts(pixels, grid, grid.whole, diameter, levels)[0].any())


def _inner_parts(
    pixels: NDArray[np.float32], grid: Grid, box: Box, diameter: float, levels: Levels
) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
    """The bright inner parts of nuclei, those that touch as one, and the smoothed plane."""
    levels.of("noise", lambda: camera_noise(pixels) * grid.zoom)
    smooth = smoothed(grid.shrink(pixels, box), diameter)
    regions, _, owner = _choose(smooth, diameter, levels, grid.borders(box))
    labels, _ = numbered(owner[regions.tree.node] + 1)
    return _filter_by_contrast(labels, smooth, diameter, levels), smooth


def estimate_diameter(plane: ArrayLike) -> float:
    """Find the usual nucleus diameter, in pixels, also where the only nuclei are in a clump.

    The size that the field votes for may be that of a clump of nuclei. Where only few regions
    vote, smaller sizes are tried, and the one at which the found nuclei have most in their favour
    is returned.

    Parameters
    ----------
    plane
        (Y, X) nucleus channel, bright on dark, any intensity scale.

    Raises
    ------
    InputError
        The plane is not a (Y, X) image, or nothing in it looks like a nucleus.
    """
    pixels = checked_plane(plane)
    best, voters = vote_on_diameter(pixels)
    if voters > FEW_VOTES:
        return best
    most = _total_gain(pixels, best)
    for diameter in best / SMALLER_STEP ** np.arange(1, 8):
        if diameter < MIN_TRIED:
            break
        favour = _total_gain(pixels, diameter)
        if favour > most:
            best, most = float(diameter), favour
    return best


def _total_gain(pixels: NDArray[np.float32], diameter_px: float) -> float:
    """Sum what speaks for each nucleus of about a diameter, times its size."""
    zoom = min(1.0, WORKING_DIAMETER / diameter_px)
    diameter = diameter_px * zoom
    regions, gain, owner = _choose(smoothed(resized(pixels, zoom), diameter), diameter, Levels())
    chosen = np.unique(owner[owner >= 0])
    return float((gain[chosen] * regions.diameter[chosen]).sum() / zoom)


def _choose(
    smooth: NDArray[np.float32], diameter: float, levels: Levels, borders: Borders = ALL_BORDERS
) -> tuple[Regions, NDArray[np.float64], NDArray[np.int64]]:
    """Regions of a smoothed plane, what speaks for each, and the chosen one that each is part of.

    The last holds -1 for regions that are part of none.
    """
    regions = contrast_regions(smooth, diameter, levels, borders)
    gain = nucleus_probability(regions, diameter) - MIN_PROBABILITY
    gain = np.where(is_plausible_size(regions, diameter), gain, 0)
    return regions, gain, regions.tree.choose(gain)


def camera_noise(plane: NDArray[np.float32]) -> float:
    """Estimate the standard deviation of the noise from the darker half of the pixels.

    Differences of differences cancel every slope; for normal noise their mean size is the standard
    deviation times the square root of 2 / pi.
    """
    if min(plane.shape) < 2:
        return 0.0
    difference = plane[:-1, :-1] - plane[1:, :-1] - plane[:-1, 1:] + plane[1:, 1:]
    dark = plane[:-1, :-1] <= np.median(plane)
    return float(np.abs(difference[dark]).mean() / 2 * np.sqrt(np.pi / 2)) if dark.any() else 0.0


def smoothed(plane: NDArray[np.float32], diameter: float) -> NDArray[np.float32]:
    """Blur away noise and texture much finer than a nucleus."""
    return blurred(plane, max(diameter / 30, 0.7))


def contrast_regions(
    smooth: NDArray[np.float32],
    diameter: float,
    levels: Levels | None = None,
    borders: Borders = ALL_BORDERS,
) -> Regions:
    """Measure the regions that thresholds on the local contrast of a smoothed plane cut out."""
    levels = levels or Levels()
    contrast = local_contrast(smooth, diameter, levels)
    limits = (
        levels.of("flat", lambda: np.percentile(contrast, EXTREMES[0])),
        levels.of("steep", lambda: np.percentile(contrast, EXTREMES[1])),
    )
    gradient = steepness(contrast, max(diameter / 30, 0.7))
    return measure_regions(contrast, gradient, limits, borders)


def is_plausible_size(regions: Regions, diameter: float) -> NDArray[np.bool_]:
    """Tell which regions are of a size to be judged at all."""
    size = regions.diameter / diameter
    whole = (size > SMALLEST) & (size < LARGEST) & (regions.area > MIN_AREA)
    return whole & (regions.length < LONGEST * diameter)


def local_contrast(
    smooth: NDArray[np.float32], diameter: float, levels: Levels
) -> NDArray[np.float32]:
    """How far each pixel stands out from its surroundings, over how much anything there does.

    The square root makes the noise of photon counts even. The standard deviation is kept above a
    share of the image's largest, so that empty parts of the image stay flat.
    """
    dark = levels.of("dark", lambda: np.percentile(smooth, 1))
    root = np.sqrt(np.maximum(smooth - np.float32(dark), 0))
    detail = root - blurred(root, 0.25 * diameter)
    deviation = np.sqrt(blurred(detail**2, 1.7 * diameter))
    largest = levels.of("deviation", lambda: np.percentile(deviation, 98))
    return detail / (deviation + np.float32(max(0.2 * largest, 1e-12)))


def _filter_by_contrast(
    labels: NDArray[np.int32], smooth: NDArray[np.float32], diameter: float, levels: Levels
) -> NDArray[np.int32]:
    """Keep the labels that are clearly brighter than the ring around them."""
    count = int(labels.max())
    if count == 0:
        return labels
    near = expanded(labels, 0.2 * diameter)
    numbers = np.arange(1, count + 1)
    inside, around = labels > 0, (near > 0) & (labels == 0)
    area, light = _counted(labels[inside], smooth[inside], count)
    ring_area, ring_light = _counted(near[around], smooth[around], count)
    height = light / area - ring_light / np.maximum(ring_area, 1)
    kept = height * np.sqrt(area) > MIN_SIGNIFICANCE * levels.values["noise"]
    if kept.any():
        usual = levels.of("height", lambda: np.median(height[kept]))
        kept &= height > MIN_RELATIVE_HEIGHT * usual
    return numbered(np.concatenate([[0], np.where(kept, numbers, 0)])[labels])[0]


def _counted(
    labels: NDArray[np.int32], values: NDArray[np.float32], count: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """How many values each label 1..count has, and their sum."""
    area, total = np.bincount(labels, None, count + 1), np.bincount(labels, values, count + 1)
    return area[1:].astype(np.float64), total[1:].astype(np.float64)


def _grown(
    labels: NDArray[np.int32], smooth: NDArray[np.float32], diameter: float
) -> NDArray[np.int32]:
    """Grow each label, by a fifth of a diameter at most, to half its height over the background."""
    count = int(labels.max())
    if count == 0:
        return labels
    inside = medians(smooth, labels, count)
    near = expanded(labels, 0.2 * diameter)
    background = _local_background(smooth, diameter)
    height = np.concatenate([[np.inf], inside]).astype(np.float32)[near] - background
    reached = (labels > 0) | ((near > 0) & (smooth - background > 0.5 * height))
    return flooded(-smooth, labels, reached)


def _local_background(plane: NDArray[np.float32], diameter: float) -> NDArray[np.float32]:
    """Estimate the (Y, X) background as the darkest value within an object's reach, smoothed.

    Parameters
    ----------
    plane
        (Y, X) intensities.
    diameter
        Of the objects, in pixels; the background is taken to vary over longer distances only.
    """
    steady = blurred(plane, diameter / 10)
    darkest = ndi.minimum_filter(steady, size=max(3, round(2.5 * diameter)))
    return blurred(darkest, diameter)
