"""A row for each channel: how far it brings cells from the reference cells, drawn."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from napari_c3r.core.explain.effects import ChannelEffect
from napari_c3r.core.explain.words import sd
from napari_c3r.core.figures.colours import GREY
from napari_c3r.core.figures.drawing import (
    FONT_PX,
    INK,
    QUIET,
    Box,
    Mark,
    Path,
    Where,
    Words,
    fitted,
)

COLOUR: Final = "#5285b8"
ROW: Final = 22.0
HEAD: Final = 18.0
LABEL, BARS, COUNT = 74.0, 130.0, 40.0
WIDE: Final = LABEL + BARS + COUNT


def channel_bars(
    effects: Sequence[ChannelEffect], left: float, top: float, *, shown: str, heading: str
) -> tuple[list[Mark], float]:
    """Draw the contributions of channels, the strongest first.

    Parameters
    ----------
    effects
        Of the channels.
    left, top
        Where it begins.
    shown
        The channel whose places are shown.
    heading
        What stands above.

    Returns
    -------
    marks, end
        A row for each channel, which stands for it, and where they end.
    """
    ranked = sorted(effects, key=lambda each: -each.beyond)
    reach = [v for e in ranked for v in (e.way, e.low, e.high, e.usual_low, e.usual_high)]
    low, high = min(0.0, *reach), max(0.0, *reach)
    unit = BARS / max(high - low, 1e-9)
    zero = left + LABEL - low * unit
    begin = top + HEAD
    end = begin + ROW * len(ranked)
    marks: list[Mark] = [Words(left, begin - 6, fitted(heading, WIDE), colour=QUIET)]
    for place, each in enumerate(ranked):
        marks += _row(each, left, begin + ROW * place, zero, unit, bold=each.channel == shown)
    marks.append(Path(((zero, begin), (zero, end)), QUIET, width=0.8))
    names = ((0.0, "0"), (high, sd(high)))
    for value, words in names if high > 0 else names[:1]:
        x = zero + value * unit
        marks.append(Words(x, end + 12, words, FONT_PX - 2, "middle", QUIET))
    return marks, end + 16


def _row(
    each: ChannelEffect, left: float, y: float, zero: float, unit: float, *, bold: bool
) -> list[Mark]:
    where, tip = Where(column=each.channel), _tip(each)
    start, long = min(zero, zero + each.way * unit), max(abs(each.way) * unit, 1.0)
    usual = max((each.usual_high - each.usual_low) * unit, 2.0)
    fill = COLOUR if each.is_sure else GREY
    number = sd(each.way)
    right = max(zero, *(zero + v * unit for v in (each.way, each.high, each.usual_high)))
    span = ((zero + each.low * unit, y + ROW / 2), (zero + each.high * unit, y + ROW / 2))
    at = zero + each.usual_low * unit
    return [
        Box(left, y, WIDE, ROW, "ground", where=where, tip=tip, opacity=0.0),
        Words(
            left + LABEL - 6,
            y + 15,
            fitted(each.channel, LABEL - 8),
            anchor="end",
            bold=bold,
            where=where,
        ),
        Box(at, y + 2, usual, ROW - 4, GREY, where=where, tip=tip, opacity=0.35),
        Box(start, y + 6, long, ROW - 12, fill, where=where, tip=tip),
        Path(span, INK, width=1.0),
        Words(right + 5, y + 15, number, bold=each.is_sure, where=where, tip=tip),
    ]


def _tip(each: ChannelEffect) -> str:
    return (
        f"{each.channel} ({each.role}): {sd(each.way)} s.d. of the way, "
        f"{sd(each.low)} to {sd(each.high)}; among the reference cells "
        f"{sd(each.usual_low)} to {sd(each.usual_high)} "
        f"(adjusted p = {each.p:.2g})"
    )
