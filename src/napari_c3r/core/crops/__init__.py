"""Crops: the window around each cell, cut from an image and its labels.

`spec` is what the user may choose, `plan` what that means for one image, `cut` does it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_c3r.core.lazy import lazy_names

if TYPE_CHECKING:
    from napari_c3r.core.crops.cut import CropBatch, iter_crops
    from napari_c3r.core.crops.plan import CropPlan, plan_crops
    from napari_c3r.core.crops.spec import CropSpec

__all__ = ["CropBatch", "CropPlan", "CropSpec", "iter_crops", "plan_crops"]

__getattr__ = lazy_names(
    __name__,
    {
        "CropBatch": "cut",
        "CropPlan": "plan",
        "CropSpec": "spec",
        "iter_crops": "cut",
        "plan_crops": "plan",
    },
)
