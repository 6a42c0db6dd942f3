"""Crops: the window around each cell, cut from an image and its labels."""

from __future__ import annotations

from napari_c3r.core.crops.cut import CropBatch, CropPlan, CropSpec, iter_crops, plan_crops

__all__ = ["CropBatch", "CropPlan", "CropSpec", "iter_crops", "plan_crops"]
