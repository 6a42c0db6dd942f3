"""What sets a group of cells apart, drawn: a bar for each channel and each part of the cells."""

from __future__ import annotations

from typing import Final

from napari_c3r.core.explain.bars import COLOUR, HEAD, ROW, WIDE, channel_bars
from napari_c3r.core.explain.group_result import BandEffect, WhyGroup
from napari_c3r.core.explain.words import sd
from napari_c3r.core.figures.colours import GREY
from napari_c3r.core.figures.drawing import (
    FONT_PX,
    INK,
    QUIET,
    Box,
    Drawing,
    Mark,
    Path,
    Where,
    Words,
    fitted,
)

_GAP: Final = 24.0
_LABEL, _BARS, _COUNT = 140.0, 120.0, 40.0
_BANDS_WIDE: Final = _LABEL + _BARS + _COUNT


def group_figure(found: WhyGroup, width: float = 760.0) -> Drawing:
    """Draw what sets a group apart.

    Parameters
    ----------
    found
        From `why_group`.
    width
        Room for it, in pixels: what does not fit side by side stands below.

    Returns
    -------
    Drawing
        How far each channel brings the cells from the reference cells, and for the strongest
        channels how far covering each part of the cells brings them back.
    """
    import pandas as pd

    heading = f"S.d. from {found.compared}"
    marks, end = channel_bars(found.channels, 0.0, 0.0, shown="", heading=heading)
    left, top, right = 0.0, end + 6, WIDE
    if width >= WIDE + _GAP + _BANDS_WIDE:
        left, top, right = WIDE + _GAP, 0.0, WIDE + _GAP + _BANDS_WIDE
    for channel in dict.fromkeys(each.channel for each in found.bands):
        bands = [each for each in found.bands if each.channel == channel]
        some, bottom = _bands(bands, left, top)
        marks += some
        top, end = bottom + 6, max(end, bottom)
    return Drawing(
        width=max(right, WIDE),
        height=end + 2,
        marks=tuple(marks),
        title=f"Why {found.group} is here",
        sentence=found.sentence,
        caption=found.caption,
        numbers=pd.concat([found.channel_table, found.table], ignore_index=True),
    )


def _bands(bands: list[BandEffect], left: float, top: float) -> tuple[list[Mark], float]:
    """The parts of the cells from the middle outwards, and where they end."""
    reach = [v for e in bands for v in (e.low, e.high, e.usual_low, e.usual_high, e.random)]
    low, high = min(0.0, *reach), max(0.0, *reach)
    unit = _BARS / max(high - low, 1e-9)
    zero, begin = left + _LABEL - low * unit, top + HEAD
    end = begin + ROW * len(bands)
    heading = fitted(f"{bands[0].channel} covered: s.d. back", _BANDS_WIDE)
    marks: list[Mark] = [Words(left, begin - 6, heading, colour=QUIET)]
    for place, each in enumerate(bands):
        marks += _band(each, left, begin + ROW * place, zero, unit)
    marks.append(Path(((zero, begin), (zero, end)), QUIET, width=0.8))
    names = ((0.0, "0"), (high, sd(high)))
    for value, words in names if high > 0 else names[:1]:
        x = zero + value * unit
        marks.append(Words(x, end + 12, words, FONT_PX - 2, "middle", QUIET))
    return marks, end + 16


def _band(each: BandEffect, left: float, y: float, zero: float, unit: float) -> list[Mark]:
    tip = (
        f"{each.band}: covering {each.channel} there brings the cells {sd(each.back)} "
        f"s.d. back ({sd(each.low)} to {sd(each.high)}), reference cells "
        f"{sd(each.usual)}, as many pixels at random {sd(each.random)} "
        f"(adjusted p = {each.p:.2g})"
    )
    where = Where(column=each.channel)
    start, long = min(zero, zero + each.back * unit), max(abs(each.back) * unit, 1.0)
    usual = max((each.usual_high - each.usual_low) * unit, 2.0)
    at, random = zero + each.usual_low * unit, zero + each.random * unit
    span = ((zero + each.low * unit, y + ROW / 2), (zero + each.high * unit, y + ROW / 2))
    right = max(zero, *(zero + v * unit for v in (each.back, each.high, each.usual_high)))
    number, sure = sd(each.back), each.is_sure
    return [
        Box(left, y, _BANDS_WIDE, ROW, "ground", where=where, tip=tip, opacity=0.0),
        Words(left + _LABEL - 6, y + 15, fitted(each.band, _LABEL - 8), anchor="end", tip=tip),
        Box(at, y + 2, usual, ROW - 4, GREY, tip=tip, opacity=0.35),
        Box(start, y + 6, long, ROW - 12, COLOUR if sure else GREY, tip=tip),
        Path(span, INK, width=1.0),
        Path(((random, y + 2), (random, y + ROW - 2)), INK, width=1.6),
        Words(right + 5, y + 15, number, bold=sure, tip=tip),
    ]
