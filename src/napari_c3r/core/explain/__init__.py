"""Why is this cell here: which channel and which place hold its vector where it is.

`run` takes channels and places away and embeds what is left, `result` says what that did beside
chance, `words` puts it in a sentence, `figure` draws it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_c3r.core.lazy import lazy_names

if TYPE_CHECKING:
    from napari_c3r.core.explain.ask import why_here
    from napari_c3r.core.explain.cost import MIN_CELLS, count_crops
    from napari_c3r.core.explain.crops import Field
    from napari_c3r.core.explain.options import WhyOptions
    from napari_c3r.core.explain.result import ALL, ChannelEffect, PlaceMap, WhyHere
    from napari_c3r.core.explain.run import WhyJob, WhyRun

__all__ = [
    "ALL",
    "MIN_CELLS",
    "ChannelEffect",
    "Field",
    "PlaceMap",
    "WhyHere",
    "WhyJob",
    "WhyOptions",
    "WhyRun",
    "count_crops",
    "why_here",
]

__getattr__ = lazy_names(
    __name__,
    {
        "ALL": "result",
        "MIN_CELLS": "cost",
        "ChannelEffect": "result",
        "Field": "crops",
        "PlaceMap": "result",
        "WhyHere": "result",
        "WhyJob": "run",
        "WhyOptions": "options",
        "WhyRun": "run",
        "count_crops": "cost",
        "why_here": "ask",
    },
)
