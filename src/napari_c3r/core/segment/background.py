"""The uneven background under the objects of a plane."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage as ndi


def local_background(plane: NDArray[np.float32], diameter: float) -> NDArray[np.float32]:
    """Estimate the (Y, X) background as the darkest value within an object's reach, smoothed.

    Parameters
    ----------
    plane
        (Y, X) intensities.
    diameter
        Of the objects, in pixels; the background is taken to vary over longer distances only.
    """
    steady = ndi.gaussian_filter(plane, diameter / 10)
    darkest = ndi.minimum_filter(steady, size=max(3, round(2.5 * diameter)))
    smooth: NDArray[np.float32] = ndi.gaussian_filter(darkest, diameter)
    return smooth
