"""Why is this cell, or a group of cells, here: which channel and which place set it apart.

`contrast` says from whom, `swaps` exchanges channels and `covering` covers places, `run` and
`group` do so for one cell and for some, `result` and `group_result` say what that did beside
chance, `words` put it in a sentence, `figure` draws it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_c3r.core.lazy import lazy_names

if TYPE_CHECKING:
    from napari_c3r.core.explain.ask import why_group, why_here
    from napari_c3r.core.explain.contrast import CellSet
    from napari_c3r.core.explain.cost import MIN_CELLS, count_crops
    from napari_c3r.core.explain.crops import Field
    from napari_c3r.core.explain.effects import ChannelEffect
    from napari_c3r.core.explain.group import GroupJob, GroupRun
    from napari_c3r.core.explain.group_result import BandEffect, WhyGroup
    from napari_c3r.core.explain.options import WhyOptions
    from napari_c3r.core.explain.result import PlaceMap, WhyHere
    from napari_c3r.core.explain.run import WhyJob, WhyRun
    from napari_c3r.core.explain.words import ALL

__all__ = [
    "ALL",
    "MIN_CELLS",
    "BandEffect",
    "CellSet",
    "ChannelEffect",
    "Field",
    "GroupJob",
    "GroupRun",
    "PlaceMap",
    "WhyGroup",
    "WhyHere",
    "WhyJob",
    "WhyOptions",
    "WhyRun",
    "count_crops",
    "why_group",
    "why_here",
]

__getattr__ = lazy_names(
    __name__,
    {
        "ALL": "words",
        "MIN_CELLS": "cost",
        "BandEffect": "group_result",
        "CellSet": "contrast",
        "ChannelEffect": "effects",
        "Field": "crops",
        "GroupJob": "group",
        "GroupRun": "group",
        "PlaceMap": "result",
        "WhyGroup": "group_result",
        "WhyHere": "result",
        "WhyJob": "run",
        "WhyOptions": "options",
        "WhyRun": "run",
        "count_crops": "cost",
        "why_group": "ask",
        "why_here": "ask",
    },
)
