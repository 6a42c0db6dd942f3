"""How sharp each channel of each crop is."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage as ndi

# In pixels of the crop: detail is what the fine filter takes away, structure what lies
# between the two.
_FINE, _COARSE = 1.0, 4.0


def sharpness(crops: NDArray[np.float32]) -> NDArray[np.float64]:
    """Share of a crop's contrast that is fine detail, whatever its brightness.

    Only the middle half is looked at, where the cell is and no filled-in background.

    Parameters
    ----------
    crops
        (n, C, side, side), in any units.

    Returns
    -------
    ndarray
        (n, C), 0 to 1; 0 where a channel is constant. Noise counts as detail.
    """
    side = crops.shape[-1]
    quarter = slice(side // 4, side - side // 4)
    middle = crops[..., quarter, quarter]
    fine = ndi.gaussian_filter(middle, _FINE, axes=(2, 3))
    coarse = ndi.gaussian_filter(middle, _COARSE, axes=(2, 3))
    detail = (middle - fine).var(axis=(2, 3), dtype=np.float64)
    structure = (fine - coarse).var(axis=(2, 3), dtype=np.float64)
    total = detail + structure
    return np.where(total > 0, detail / np.where(total > 0, total, 1), 0.0)
