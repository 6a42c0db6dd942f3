"""The Human Protein Atlas: one colour picture for each of four stains."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

from napari_c3r.core.images.layouts.layout import Layout, StainNames
from napari_c3r.core.images.wells import WELL

HPA_STAINS = {"blue": "nucleus", "red": "microtubules", "yellow": "ER", "green": "protein"}
"""Stains of the Human Protein Atlas by the colour in its file names."""

_COLOUR = r"(?P<channel>blue|red|yellow|green)"


def _stains(_: Path, channels: Collection[str]) -> StainNames | None:
    # Yellow is the atlas' own: red, green and blue alone may be anybody's.
    if "yellow" not in channels:
        return None
    return StainNames(HPA_STAINS, "the Human Protein Atlas colours", in_order=True)


HPA = Layout(
    "HPA",
    rf"(?:(?P<plate>.+)_)?{WELL}_R?(?P<site>[0-9]+)(?P<vary>(?:_z(?P<z>[0-9]+))?_{_COLOUR})",
    _stains,
)
HPA_CELL = Layout("HPA cell", rf".+_{_COLOUR}", _stains)
