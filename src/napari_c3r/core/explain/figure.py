"""What holds a cell where it is, drawn: the crop, its places, random places, a bar per channel."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage as ndi

from napari_c3r.core.channels import stains
from napari_c3r.core.explain.result import ALL, ChannelEffect, PlaceMap, WhyHere
from napari_c3r.core.explain.words import EMPTY
from napari_c3r.core.figures.colours import GREY, sequential, value_colours
from napari_c3r.core.figures.composites import Appearance, compose
from napari_c3r.core.figures.drawing import (
    FONT_PX,
    QUIET,
    Box,
    Drawing,
    Path,
    Picture,
    Where,
    Words,
    fitted,
    number_words,
    text_px,
)
from napari_c3r.core.figures.drawing import Mark as Shape

if TYPE_CHECKING:
    import pandas as pd

RGB = NDArray[np.uint8]

COLOUR: Final = "#5285b8"
_SIDES, _GAP, _HEAD, _KEY = (112.0, 150.0), 14.0, 18.0, 30.0
_ROW, _LABEL, _BARS, _COUNT = 22.0, 74.0, 120.0, 46.0
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
        than random ones; random ones in the same colours; and for each channel, how many
        neighbours change without it. A channel's bar stands for its map.
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
    bars_wide = _LABEL + _BARS + _COUNT
    beside = width >= len(panels) * (side + _GAP) + bars_wide
    marks: list[Shape] = []
    for number, (title, pixels, tip) in enumerate(panels):
        x = (number % across) * (side + _GAP)
        y = (number // across) * (_HEAD + side + _GAP)
        text = fitted(title, side)
        marks.append(Words(x, y + _HEAD - 6, text, colour=QUIET))
        marks.append(Picture(x, y + _HEAD, side, side, pixels, tip=tip))
    rows = -(-len(panels) // across)
    bottom = rows * (_HEAD + side + _GAP) - _GAP
    if high > 0:
        marks += _key(side + _GAP if across > 1 else 0.0, bottom, side, high)
        bottom += _KEY
    left = len(panels) * (side + _GAP) if beside else 0.0
    top = 0.0 if beside else bottom + 6
    bars, end = _channel_bars(found, left, top, channel)
    return Drawing(
        width=max(across * (side + _GAP) - _GAP, left + bars_wide),
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


def _channel_bars(found: WhyHere, left: float, top: float, shown: str) -> tuple[list[Shape], float]:
    """A row for each channel, the strongest first, and where they end."""
    start, unit = left + _LABEL, _BARS / found.k
    head = fitted(f"Neighbours of {found.k} that change without", _LABEL + _BARS + _COUNT)
    marks: list[Shape] = [Words(left, top + _HEAD - 6, head, colour=QUIET)]
    low, high = np.quantile(found.turned, (0.05, 0.95))
    y, begin = top + _HEAD, top + _HEAD
    end = begin + _ROW * len(found.channels)
    band = f"Turning and shifting the crop changes {found.turned.mean():.1f} ({low:.0f}–{high:.0f})"
    wide = max(float(high - low) * unit, 2.0)
    marks.append(Box(start + low * unit, begin, wide, end - begin, GREY, opacity=0.3, tip=band))
    marks.append(Path(((start, begin), (start, end)), QUIET, width=0.8))
    holding = {each.channel for each in found.holding}
    for each in found.ranked:
        marks += _bar(each, found.k, left, y, bold=each.channel in holding, shown=shown)
        y += _ROW
    for count in (0, found.k):
        marks.append(
            Words(start + count * unit, end + 12, str(count), FONT_PX - 2, "middle", QUIET)
        )
    return marks, end + 16


def _bar(
    each: ChannelEffect, k: int, left: float, y: float, *, bold: bool, shown: str
) -> list[Shape]:
    where, start = Where(column=each.channel), left + _LABEL
    how = "without the channel" if each.how != EMPTY else "with the channel left empty"
    tip = (
        f"{each.channel} ({each.role}): {each.neighbours:.0f} of {k} neighbours change {how} "
        f"(p = {each.p:.2g}); the vector moves by {each.moved:.3f}. A click shows its places"
    )
    long = max(each.neighbours * _BARS / k, 1.0)
    fill = COLOUR if bold else GREY
    text = fitted(each.channel, _LABEL - 8)
    marks: list[Shape] = [
        Box(left, y, _LABEL + _BARS + _COUNT, _ROW, "ground", where=where, tip=tip, opacity=0.0),
        Words(start - 6, y + 15, text, anchor="end", bold=each.channel == shown, where=where),
        Box(start, y + 5, long, _ROW - 10, fill, where=where, tip=tip),
        Words(start + long + 5, y + 15, f"{each.neighbours:.0f}", bold=bold, where=where, tip=tip),
    ]
    if each.how == EMPTY:
        x = start + long + 9 + text_px(f"{each.neighbours:.0f}")
        marks.append(Words(x, y + 15, "empty", FONT_PX - 2, colour=QUIET, where=where, tip=tip))
    return marks
