"""How much fine and coarse structure each cell shows: what an image out of focus lacks.

Differences of Gaussians of 1, 2 and 4 px part detail from structure; noise of single pixels is in
neither. After the band-pass measures that Bray et al. (2012, J. Biomol. Screen. 17, 266) compare
for focus in screens.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

FINE, MIDDLE, COARSE = 1.0, 2.0, 4.0
"""Standard deviations of the Gaussians, in pixels."""

_TRUNCATE = 3.0


def band_sums(
    plane: NDArray[Any], inside: NDArray[np.bool_], numbers: NDArray[np.integer[Any]], count: int
) -> dict[str, NDArray[np.float64]]:
    """Sums over the pixels of every piece, from which `sharpness` follows.

    Parameters
    ----------
    plane
        A block of one channel, (y, x).
    inside
        Its labelled pixels.
    numbers
        The piece, from 0, of each of these, (n,).
    count
        How many pieces there are.

    Returns
    -------
    dict
        ``detail``, ``detail2``, ``structure``, ``structure2``: sums of values and of squares,
        (count,). Sums of blocks and pieces add up.
    """
    from scipy import ndimage as ndi

    image = plane.astype(np.float32)
    # A difference of large numbers would lose its last digits.
    image -= image.mean(dtype=np.float64)
    fine = ndi.gaussian_filter(image, FINE, truncate=_TRUNCATE)
    middle = ndi.gaussian_filter(fine, (MIDDLE**2 - FINE**2) ** 0.5, truncate=_TRUNCATE)
    coarse = ndi.gaussian_filter(middle, (COARSE**2 - MIDDLE**2) ** 0.5, truncate=_TRUNCATE)
    sums = {}
    for name, band in (("detail", fine - middle), ("structure", middle - coarse)):
        values = band[inside].astype(np.float64)
        sums[name] = np.bincount(numbers, values, count).astype(np.float64)
        sums[f"{name}2"] = np.bincount(numbers, values**2, count).astype(np.float64)
    return sums


def sharpness(
    sums: dict[str, NDArray[np.float64]], area: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Focus and contrast of every cell.

    Parameters
    ----------
    sums
        From `band_sums`, added up.
    area
        Pixels of each cell.

    Returns
    -------
    focus, contrast
        The variance of detail over that of structure, as a logarithm to base 2, which is lower
        out of focus and NaN where there is no structure; and the standard deviation of structure,
        in the image's units.
    """
    detail, structure = (
        np.maximum(sums[f"{name}2"] / area - (sums[name] / area) ** 2, 0)
        for name in ("detail", "structure")
    )
    with np.errstate(divide="ignore", invalid="ignore"):
        focus = np.log2(detail / structure)
    return np.where(np.isfinite(focus), focus, np.nan), np.sqrt(structure)
