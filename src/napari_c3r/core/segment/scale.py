"""The size of the nuclei, found from the image itself."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage as ndi

from napari_c3r.core.errors import NoCellsError
from napari_c3r.core.segment.blur import blurred, steepness
from napari_c3r.core.segment.plane import resized
from napari_c3r.core.segment.quality import nucleus_probability
from napari_c3r.core.segment.shapes import Regions, measure_regions

# The search runs on at most this many pixels: the size is a property of the whole field and does
# not need every pixel of it.
SEARCH_PIXELS = 640 * 640
# Regions of fewer pixels have no measurable shape.
MIN_AREA = 20
# Below this diameter in a shrunken image, shapes are too coarse and a full-size part is searched.
COARSE_DIAMETER = 10
# Only regions that are almost surely nuclei vote on the size.
SURE = 0.7


def vote_on_diameter(pixels: NDArray[np.float32]) -> tuple[float, int]:
    """Let the nuclei of an image vote on their usual diameter.

    Every region that some threshold cuts out is judged by its shape alone; the best
    non-overlapping ones vote, each with a weight in proportion to its diameter, and the weighted
    median is taken.

    Parameters
    ----------
    pixels
        (Y, X) nucleus channel, bright on dark, any intensity scale.

    Returns
    -------
    diameter, voters
        The usual diameter in pixels, and how many regions voted.

    Raises
    ------
    NoCellsError
        Nothing in the image looks like a nucleus.
    """
    zoom = min(1.0, (SEARCH_PIXELS / pixels.size) ** 0.5)
    small = resized(pixels, zoom)
    diameters = _surely_nuclei(small) / zoom
    if zoom < 1 and (diameters.size == 0 or _middle(diameters) * zoom < COARSE_DIAMETER):
        finer = _surely_nuclei(_liveliest_part(pixels, small))
        diameters = finer if finer.size else diameters
    if diameters.size == 0:
        raise NoCellsError("nothing in it has the shape of a nucleus")
    return _middle(diameters), diameters.size


def search_regions(plane: NDArray[np.float32]) -> Regions:
    """Measure the regions of a plane that the size is found from."""
    smooth = blurred(plane, 1.0)
    dark = np.percentile(plane, 1)
    offset = max(0.05 * float(np.percentile(smooth, 99) - dark), 1e-6)
    brightness = np.log(np.maximum(smooth - dark, 0) + offset)
    return measure_regions(brightness, steepness(brightness, 0.7))


def plausible(regions: Regions) -> NDArray[np.bool_]:
    """Tell which regions are large enough to have a shape, and at most a third of the image."""
    return (regions.area > MIN_AREA) & (regions.area < regions.tree.node.size / 3)


def _surely_nuclei(plane: NDArray[np.float32]) -> NDArray[np.float64]:
    """Diameters of the regions that vote, in rising order."""
    regions = search_regions(plane)
    surplus = (nucleus_probability(regions) - SURE) * np.sqrt(regions.area)
    owner = regions.tree.choose(np.where(plausible(regions), surplus, 0))
    return np.sort(regions.diameter[np.unique(owner[owner >= 0])])


def _middle(diameters: NDArray[np.float64]) -> float:
    """Median of rising diameters, each weighted by itself."""
    weight = np.cumsum(diameters)
    return float(diameters[np.searchsorted(weight, weight[-1] / 2)])


def _liveliest_part(pixels: NDArray[np.float32], small: NDArray[np.float32]) -> NDArray[np.float32]:
    """Cut the full-size window in which the image varies most."""
    zoom = small.shape[0] / pixels.shape[0]
    side = int(SEARCH_PIXELS**0.5)
    detail = np.minimum(np.abs(small - blurred(small, 5)), np.percentile(small, 99))
    activity = ndi.uniform_filter(detail, max(1, round(side * zoom)))
    centre = np.unravel_index(np.argmax(activity), activity.shape)
    window = tuple(
        slice(start, start + side)
        for start in (
            int(np.clip(c / zoom - side / 2, 0, max(full - side, 0)))
            for c, full in zip(centre, pixels.shape, strict=True)
        )
    )
    return pixels[window]
