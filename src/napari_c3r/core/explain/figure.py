"""What holds a cell where it is, drawn: the crop, its places, random places, a bar per channel."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage as ndi

from napari_c3r.core.channels import stains
from napari_c3r.core.explain.bars import HEAD, WIDE, channel_bars
from napari_c3r.core.explain.result import PlaceMap, WhyHere
from napari_c3r.core.explain.words import ALL
from napari_c3r.core.figures.colours import sequential, value_colours
from napari_c3r.core.figures.composites import Appearance, compose
from napari_c3r.core.figures.drawing import (
    FONT_PX,
    QUIET,
    Drawing,
    Picture,
    Words,
    fitted,
    number_words,
)
from napari_c3r.core.figures.drawing import Mark as Shape

if TYPE_CHECKING:
    import pandas as pd

RGB = NDArray[np.uint8]

_SIDES, _GAP, _KEY = (112.0, 150.0), 14.0, 30.0
_STRETCH = (1.0, 99.8)
_SHOWN: Final = 0.85
"""Opacity of the colour of the place that moves the vector farthest."""


def why_figure(
    found: WhyHere, channel: str = ALL, picture: RGB | None = None, width: float = 760.0
) -> Drawing:
    """Draw what holds a cell where it is.

    Parameters
    ----------
    found
        From `why_here`.
    channel
        Whose map is drawn.
    picture
        The crop in colours, (S, S, 3) uint8; by default in those of its stains.
    width
        Room for it, in pixels: what does not fit side by side stands below.

    Returns
    -------
    Drawing
        The crop; its places by how far covering them moves the vector, outlined where they do more
        than random ones; random ones in the same colours; and for each channel, how far it brings
        the cell from the reference cells. A channel's bar stands for its map.
    """
    panels: list[tuple[str, RGB, str]] = [
        ("The cell", _outlined(found, _in_colours(found) if picture is None else picture), "")
    ]
    places = next((each for each in found.maps if each.channel == channel), None)
    high = 0.0
    if places is not None and len(places.covers):
        heats = places.heat(found.side), places.random_heat(found.side)
        high = float(max(np.nanmax(heat) for heat in heats))
        grey, what = _grey(found, channel), "all channels" if channel == ALL else channel
        panels += [
            (f"Places of {what}", _map_picture(found, places, grey, high), _tip(places)),
            ("Random pixels, as many", _random_picture(found, places, grey, high), ""),
        ]
    side = float(np.clip((width - 2 * _GAP) / 3, *_SIDES))
    across = max(1, min(len(panels), int((width + _GAP) // (side + _GAP))))
    beside = width >= len(panels) * (side + _GAP) + WIDE
    marks: list[Shape] = []
    for number, (title, pixels, tip) in enumerate(panels):
        x = (number % across) * (side + _GAP)
        y = (number // across) * (HEAD + side + _GAP)
        text = fitted(title, side)
        marks.append(Words(x, y + HEAD - 6, text, colour=QUIET))
        marks.append(Picture(x, y + HEAD, side, side, pixels, tip=tip))
    rows = -(-len(panels) // across)
    bottom = rows * (HEAD + side + _GAP) - _GAP
    if high > 0:
        marks += _key(side + _GAP if across > 1 else 0.0, bottom, side, high)
        bottom += _KEY
    left = len(panels) * (side + _GAP) if beside else 0.0
    top = 0.0 if beside else bottom + 6
    heading = f"S.d. from {found.compared}"
    bars, end = channel_bars(found.channels, left, top, shown=channel, heading=heading)
    return Drawing(
        width=max(across * (side + _GAP) - _GAP, left + WIDE),
        height=max(bottom, end) + 2,
        marks=(*marks, *bars),
        title=f"Why cell {found.label} of {found.image} is here",
        sentence=found.sentence,
        caption=found.caption,
        numbers=_numbers(found, places),
    )


def _numbers(found: WhyHere, places: PlaceMap | None) -> pd.DataFrame:
    """The channels, then the places of the map that is drawn."""
    import pandas as pd

    channels = found.channel_table
    if places is None:
        return channels
    table = found.table
    return pd.concat([channels, table[table["channel"] == places.channel]], ignore_index=True)


def _in_colours(found: WhyHere) -> RGB:
    colours = stains.channel_colours(found.channel_names)
    return compose(found.crop, [Appearance.of_colour(colours[n]) for n in found.channel_names])


def _grey(found: WhyHere, channel: str) -> NDArray[np.float32]:
    """What is covered, as brightness from 0 to 1, (S, S)."""
    planes = found.crop
    if channel != ALL:
        planes = planes[[found.channel_names.index(channel)]]
    low, high = np.percentile(planes, _STRETCH, axis=(1, 2), keepdims=True)
    bright = np.clip((planes - low) / np.maximum(high - low, 1e-12), 0, 1)
    return np.asarray(bright.mean(axis=0), np.float32)


def _outlined(found: WhyHere, picture: RGB) -> RGB:
    """The picture with a line around the cell, and a thinner one around its nucleus."""
    drawn = picture.copy()
    for mask, light in ((found.cell, 255), (found.nucleus, 190)):
        if mask is not None:
            drawn[_edge(mask)] = light
    return drawn


def _edge(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    return np.asarray(mask & ~ndi.binary_erosion(mask, border_value=1))


def _heated(grey: NDArray[np.float32], heat: NDArray[np.float64], high: float) -> RGB:
    """Values in colours over a grey picture, the more opaque the higher."""
    known = np.nan_to_num(heat, nan=0.0)
    colours = value_colours(known.ravel(), (0.0, high)).reshape(*heat.shape, 3).astype(np.float32)
    share = (_SHOWN * np.clip(known / high, 0, 1) ** 0.5 if high > 0 else known * 0)[..., None]
    ground = (0.75 * grey * 255)[..., None]
    return np.round(ground * (1 - share) + colours * share).astype(np.uint8)


def _map_picture(found: WhyHere, places: PlaceMap, grey: NDArray[np.float32], high: float) -> RGB:
    picture = _heated(grey, places.heat(found.side), high)
    above = np.zeros((found.side, found.side), bool)
    for y, x, side in places.covers[places.above, 0].tolist():
        above[y : y + side, x : x + side] = True
    picture[_edge(above)] = 255
    return picture


def _random_picture(
    found: WhyHere, places: PlaceMap, grey: NDArray[np.float32], high: float
) -> RGB:
    return _heated(grey, places.random_heat(found.side), high)


def _tip(places: PlaceMap) -> str:
    count = int(places.above.sum())
    return (
        f"{count} of {len(places.moved)} places do more than as many pixels at random "
        f"(adjusted p ≤ 0.05); the farthest moves the vector by {places.moved.max():.3f}, random "
        f"pixels by {places.random_moved.mean():.3f}"
    )


def _key(x: float, y: float, wide: float, high: float) -> list[Shape]:
    """What the colours mean."""
    steps = 64
    strip = sequential(steps)[None].repeat(2, axis=0)
    label = "1 − cosine"
    return [
        Picture(x, y + 5, wide, 6, strip),
        Words(x, y + 22, "0", FONT_PX - 1, colour=QUIET),
        Words(x + wide / 2, y + 22, label, FONT_PX - 2, "middle", QUIET),
        Words(x + wide, y + 22, number_words(high), FONT_PX - 1, "end", QUIET),
    ]
