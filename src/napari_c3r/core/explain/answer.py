"""The answer of a cell or of a group, drawn."""

from __future__ import annotations

from typing import TypeAlias

from napari_c3r.core.explain.figure import RGB, why_figure
from napari_c3r.core.explain.group_figure import group_figure
from napari_c3r.core.explain.group_result import WhyGroup
from napari_c3r.core.explain.result import WhyHere
from napari_c3r.core.explain.words import ALL
from napari_c3r.core.figures.drawing import Drawing

Answer: TypeAlias = WhyHere | WhyGroup


def answer_figure(
    found: Answer, channel: str = ALL, picture: RGB | None = None, width: float = 760.0
) -> Drawing:
    """Draw what sets a cell, or a group of cells, apart.

    Parameters
    ----------
    found
        From `why_here` or `why_group`.
    channel, picture, width
        As of `why_figure`; a group has neither a picture nor maps of channels.
    """
    if isinstance(found, WhyHere):
        return why_figure(found, channel, picture, width)
    return group_figure(found, width)
