"""Dose curves as small figures side by side, a dot for each well."""

from __future__ import annotations

from typing import Final

import numpy as np

from napari_c3r.core.figures.colours import CATEGORICAL, GREY
from napari_c3r.core.figures.drawing import (
    FONT_PX,
    GROUND,
    INK,
    QUIET,
    Dot,
    Drawing,
    Mark,
    Path,
    Where,
    Words,
    fitted,
    number_words,
    ticks,
)
from napari_c3r.core.profiles.dose_series import DoseCurves, DoseSeries, dose_table
from napari_c3r.core.profiles.sentences import LEVEL, counted, p_words

_PAPER: Final = (230.0, 120.0)
_LEFT, _TOP, _BOTTOM, _GAP = 44.0, 22.0, 30.0, 14.0
_ACROSS: Final = 3
_MOST: Final = 12
_STEPS: Final = 60
# Where doses of nought stand: left of the others by this share of their range.
_NOUGHT: Final = 0.18


def dose_figure(curves: DoseCurves) -> Drawing:
    """Draw dose curves.

    Parameters
    ----------
    curves
        From `dose_curves`.

    Returns
    -------
    Drawing
        The twelve surest, three in a row: dots are wells (grey: controls, at nought), the line is
        the fit with its 95 % band, the dashed line the EC50 with its interval under it. A dot
        shows its cells, a title those of the treatment.
    """
    shown = curves.series[:_MOST]
    across = min(len(shown), _ACROSS)
    wide, high = _PAPER[0] + _LEFT + _GAP, _PAPER[1] + _TOP + _BOTTOM
    marks: list[Mark] = []
    for n, series in enumerate(shown):
        colour = CATEGORICAL[n % len(CATEGORICAL)]
        left, top = wide * (n % _ACROSS) + _LEFT, high * (n // _ACROSS) + _TOP
        marks += _panel(curves, series, colour, left, top)
    rows = -(-len(shown) // _ACROSS)
    return Drawing(
        width=wide * max(across, 1),
        height=high * rows,
        marks=tuple(marks),
        title=f"{curves.title} by dose",
        sentence=curves.sentence,
        caption=_caption(curves, len(shown)),
        numbers=dose_table(curves),
    )


def _caption(curves: DoseCurves, shown: int) -> str:
    noun = curves.wells.noun
    parts = [
        f"Dots: {noun}s (grey: controls). Line: four-parameter log-logistic fit with its 95 % "
        f"band; dashed: EC50 with its 95 % interval. Star: adjusted p < {LEVEL:g} of an F test of "
        f"the curve against one mean, on {noun}s (Benjamini–Hochberg)."
    ]
    if len(curves.series) > shown:
        parts.append(f"The {shown} surest of {len(curves.series)} treatments are drawn.")
    return " ".join(parts)


class _Axes:
    """Where doses and values of a panel are drawn."""

    def __init__(self, series: DoseSeries, left: float, top: float) -> None:
        with np.errstate(divide="ignore"):
            logs = np.log10(series.doses)
        finite = logs[np.isfinite(logs)]
        first, last = (float(finite.min()), float(finite.max())) if len(finite) else (0.0, 1.0)
        span = max(last - first, 0.3)
        self.nought = first - _NOUGHT * span
        self.low, self.high = self.nought - 0.05 * span, last + 0.05 * span
        self.first, self.last, self.left, self.top = first, last, left, top
        values = series.values[np.isfinite(series.values)]
        ends = (float(values.min()), float(values.max())) if len(values) else (0.0, 1.0)
        room = 0.08 * max(ends[1] - ends[0], 1e-12)
        self.bottom_value, self.top_value = ends[0] - room, ends[1] + room

    def x(self, dose: float) -> float:
        at = float(np.log10(dose)) if dose > 0 else self.nought
        share = np.clip((at - self.low) / (self.high - self.low), 0, 1)
        return self.left + float(share) * _PAPER[0]

    def y(self, value: float) -> float:
        share = (value - self.bottom_value) / (self.top_value - self.bottom_value)
        return self.top + (1 - float(np.clip(share, 0, 1))) * _PAPER[1]


def _panel(
    curves: DoseCurves, series: DoseSeries, colour: str, left: float, top: float
) -> list[Mark]:
    axes = _Axes(series, left, top)
    ground = top + _PAPER[1]
    treated = series.doses > 0
    where = Where(tuple(series.wells[treated].tolist()))
    name, tip = series.name or curves.title, _tip(curves, series)
    star = " ★" if series.adjusted_p_value < LEVEL else ""
    title = fitted(name, _PAPER[0] - 16) + star
    marks: list[Mark] = [Words(left, top - 8, title, bold=True, where=where, tip=tip)]
    marks.append(Path(((left, top), (left, ground), (left + _PAPER[0], ground)), QUIET))
    for value in ticks(axes.bottom_value, axes.top_value, 3):
        at = axes.y(value)
        marks.append(Words(left - 5, at + 3, number_words(value), FONT_PX - 2, "end", QUIET))
        marks.append(Path(((left - 3, at), (left, at)), QUIET))
    marks += _doses(curves, axes, ground)
    if series.curve is not None:
        marks += _curve(series, axes, colour, ground)
    else:
        said = fitted(series.reason, _PAPER[0] - 8, FONT_PX - 1)
        marks.append(Words(left + 4, top + 10, said, FONT_PX - 1, colour=QUIET, tip=series.reason))
    marks += _dots(curves, series, axes, colour)
    return marks


def _doses(curves: DoseCurves, axes: _Axes, ground: float) -> list[Mark]:
    unit = f" {curves.unit}" if curves.unit else ""
    marks: list[Mark] = [Words(axes.x(0.0), ground + 12, "0", FONT_PX - 2, "middle", QUIET)]
    powers = range(int(np.ceil(axes.first - 1e-9)), int(np.floor(axes.last + 1e-9)) + 1)
    at = [10.0**power for power in powers]
    if len(at) < 2:
        at = [10**axes.first, 10**axes.last]
    every = -(-len(at) // 5)
    for dose in at[::every]:
        text = f"{number_words(dose)}{unit}"
        marks.append(Words(axes.x(dose), ground + 12, text, FONT_PX - 2, "middle", QUIET))
        marks.append(Path(((axes.x(dose), ground), (axes.x(dose), ground + 3)), QUIET))
    return marks


def _curve(series: DoseSeries, axes: _Axes, colour: str, ground: float) -> list[Mark]:
    curve = series.curve
    assert curve is not None
    doses = np.logspace(axes.first, axes.last, _STEPS)
    middle, half = curve(doses), curve.half_width(doses)
    marks: list[Mark] = []
    if np.isfinite(half).all():
        up = [(axes.x(d), axes.y(v)) for d, v in zip(doses, middle + half, strict=True)]
        down = [(axes.x(d), axes.y(v)) for d, v in zip(doses, middle - half, strict=True)]
        marks.append(Path(tuple(up + down[::-1]), fill=colour, opacity=0.22))
    line = tuple((axes.x(d), axes.y(v)) for d, v in zip(doses, middle, strict=True))
    marks.append(Path(line, colour, width=1.8))
    if 10**axes.first <= curve.ec50 <= 10**axes.last:
        at = axes.x(curve.ec50)
        marks.append(Path(((at, axes.top), (at, ground)), QUIET, dashed=True))
        low, high = (
            axes.x(min(max(end, 10**axes.first), 10**axes.last)) for end in curve.ec50_interval
        )
        marks.append(Path(((low, ground - 3), (high, ground - 3)), INK, width=2.0))
    return marks


def _dots(curves: DoseCurves, series: DoseSeries, axes: _Axes, colour: str) -> list[Mark]:
    marks: list[Mark] = []
    unit = f" {curves.unit}" if curves.unit else ""
    for row, dose, value in zip(series.wells.tolist(), series.doses, series.values, strict=True):
        name = curves.wells.name(row)
        what = f"{number_words(dose)}{unit}" if dose > 0 else "control"
        tip = f"{name}, {what}: {number_words(value)}"
        fill = colour if dose > 0 else GREY
        place = axes.x(float(dose)), axes.y(float(value)), 2.6
        marks.append(Dot(*place, fill, GROUND, where=Where((row,)), tip=tip))
    return marks


def _tip(curves: DoseCurves, series: DoseSeries) -> str:
    wells = counted(int((series.doses > 0).sum()), curves.wells.noun)
    if series.curve is None:
        return f"{series.name}: {wells}; {series.reason}"
    low, high = map(number_words, series.curve.ec50_interval)
    ec50 = f"EC50 {number_words(series.curve.ec50)} (95 %: {low} to {high})"
    sure = f"p {p_words(series.curve.p_value)}, adjusted p {p_words(series.adjusted_p_value)}"
    return f"{series.name}: {wells}; {ec50} {curves.unit}; {sure}".strip()
