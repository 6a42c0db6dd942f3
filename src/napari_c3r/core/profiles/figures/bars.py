"""A comparison as bars: a row for each group, a column for each value, a dot for each well."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from napari_c3r.core.figures.colours import GREY, named_colours
from napari_c3r.core.figures.drawing import (
    FONT_PX,
    INK,
    QUIET,
    Box,
    Dot,
    Drawing,
    Mark,
    Path,
    Where,
    Words,
    fitted,
    moved,
    text_px,
    ticks,
)
from napari_c3r.core.profiles.comparison import SHARES, Comparison
from napari_c3r.core.profiles.sentences import (
    LEVEL,
    caption,
    counted,
    sentence,
    tip,
    title_of,
    value_words,
)

STAR: Final = "★"
_ROW, _BAR, _HEAD, _AXIS = 18.0, 10.0, 20.0, 18.0
_LABEL, _STACK, _COLUMN, _ONE, _GAP = 150.0, 90.0, 84.0, 300.0, 12.0
# Of the room there is, at most so much is for the names of the groups.
_SHARE = 0.35
# Below this share of the greatest, values are so far from nought that bars begin at the controls.
_FAR = 0.5


def comparison_figure(
    comparison: Comparison, colours: Mapping[str, str] | None = None, room: float | None = None
) -> Drawing:
    """Draw a comparison.

    Parameters
    ----------
    comparison
        From `compare`.
    colours
        Of the values, ``"#rrggbb"`` by name, such as those that clusters have on the map.
    room
        How wide the figure may be: values for which there is no room beside the others are below
        them, behind the names of the groups again. None for all side by side.

    Returns
    -------
    Drawing
        A bar for the mean of each group with a dot for each well, the interval of its difference
        from the controls, a star where that was found beyond chance; the controls' wells as a
        grey band. Shares are stacked too. Every bar and dot shows its cells.
    """
    values = [str(name) for name in comparison.values.columns]
    paints = named_colours(comparison.quantity.column or "cluster", values)
    paints |= dict(colours or {})
    names = [_label(comparison, place) for place in range(len(comparison.groups))]
    widest = _LABEL if room is None else min(_LABEL, _SHARE * room)
    label = min(max([text_px(name) for name in names] + [40.0]) + 14, widest)
    marks = heads = _names(comparison, names, label)
    left, down, right = label, 0.0, label
    high = _HEAD + _ROW * len(names) + _AXIS
    is_stacked = comparison.quantity.kind == SHARES and len(values) > 1
    if is_stacked:
        marks = [*marks, *_stack(comparison, values, paints, left)]
        left += _STACK + _GAP
    wide = _ONE if len(values) == 1 else _COLUMN
    if room is not None and len(values) == 1:
        wide = min(max(room - left - _GAP, _COLUMN), _ONE)
    for value in values:
        if room is not None and left > label and left + wide > room:
            left, down = label, down + high + _GAP
            marks = [*marks, *(moved(mark, 0, down) for mark in heads)]
        column = _column(comparison, value, paints[value], left, wide)
        marks = [*marks, *(moved(mark, 0, down) for mark in column)]
        left += wide + _GAP
        right = max(right, left)
    return Drawing(
        width=right,
        height=down + high,
        marks=tuple(marks),
        title=f"{comparison.quantity.name} by {comparison.grouping.title}",
        sentence=sentence(comparison),
        caption=caption(comparison),
        numbers=comparison.as_table(),
    )


def _names(comparison: Comparison, names: Sequence[str], label: float) -> list[Mark]:
    """The groups, one below the other, in a column of that width."""
    marks: list[Mark] = []
    for place, name in enumerate(names):
        group, y = comparison.groups[place], _HEAD + _ROW * place
        said = f"{group.name}: {counted(len(group.wells), comparison.wells.noun)}"
        text = fitted(name, label - 12)
        colour = QUIET if group.is_control else INK
        where = group.where()
        marks.append(
            Words(label - 6, y + 13, text, anchor="end", colour=colour, where=where, tip=said)
        )
    return marks


def _label(comparison: Comparison, place: int) -> str:
    group = comparison.groups[place]
    if comparison.is_of_single_wells and not group.is_control:
        return group.name
    return f"{group.name} ({len(group.wells)})"


def _stack(
    comparison: Comparison, values: list[str], paints: Mapping[str, str], left: float
) -> list[Mark]:
    marks: list[Mark] = [Words(left, _HEAD - 6, "all", size=FONT_PX - 1, colour=QUIET)]
    for place, group in enumerate(comparison.groups):
        means = _means(comparison, group.wells)
        total = float(np.nansum(np.maximum(means, 0)))
        at = left
        for value, mean in zip(values, means, strict=True):
            if not mean > 0:
                continue
            wide = _STACK * float(mean) / max(total, 1e-12)
            y = _HEAD + _ROW * place + (_ROW - _BAR) / 2
            where = group.where(comparison.quantity.column, value)
            said = tip(comparison, place, value)
            marks.append(Box(at, y, wide, _BAR, paints[value], where=where, tip=said))
            at += wide
    return marks


def _means(comparison: Comparison, wells: NDArray[np.intp]) -> NDArray[np.float64]:
    numbers = comparison.values.to_numpy(np.float64)[wells]
    counts = np.isfinite(numbers).sum(axis=0)
    return np.asarray(np.nansum(numbers, axis=0) / np.where(counts, counts, np.nan))


def _column(comparison: Comparison, value: str, paint: str, left: float, wide: float) -> list[Mark]:
    numbers = comparison.values[value].to_numpy(np.float64)
    controls = comparison.controls
    middle = float(np.nanmean(numbers[controls.wells])) if controls is not None else 0.0
    low, high, base = _reach(comparison, value, middle)
    scale = (wide - 14) / (high - low) if high > low else 0.0

    def x(number: float) -> float:
        return left + (float(np.clip(number, low, high)) - low) * scale

    bottom = _HEAD + _ROW * len(comparison.groups)
    head = fitted(title_of(comparison, value), wide - 12, FONT_PX - 1)
    whole = title_of(comparison, value)
    marks: list[Mark] = [
        Box(left, _HEAD - 14, 8, 8, paint),
        Words(left + 11, _HEAD - 6, head, size=FONT_PX - 1, tip=whole),
    ]
    if controls is not None and np.isfinite(numbers[controls.wells]).any():
        ends = np.nanmin(numbers[controls.wells]), np.nanmax(numbers[controls.wells])
        start, end = x(ends[0]), x(ends[1])
        band = max(end - start, 1.5)
        marks.append(Box(start, _HEAD, band, bottom - _HEAD, GREY, opacity=0.28))
    marks.append(Path(((x(base), _HEAD), (x(base), bottom)), QUIET, width=0.8))
    for place in range(len(comparison.groups)):
        marks += _bar(comparison, place, value, paint, x, base)
    for number in ticks(low, high, 2 if wide < _ONE else 5):
        text = value_words(comparison, number)
        middle_x = min(max(x(number), left + 4), left + wide - 14)
        marks.append(
            Words(middle_x, bottom + 12, text, size=FONT_PX - 2, anchor="middle", colour=QUIET)
        )
    return marks


def _reach(comparison: Comparison, value: str, middle: float) -> tuple[float, float, float]:
    """Ends of an axis, and where its bars begin."""
    used = np.concatenate([group.wells for group in comparison.groups])
    numbers = comparison.values[value].to_numpy(np.float64)[used]
    known = numbers[np.isfinite(numbers)]
    if not len(known):
        return 0.0, 1.0, 0.0
    low, high = float(known.min()), float(known.max())
    if low >= 0 and (comparison.quantity.kind == SHARES or low < _FAR * high):
        return 0.0, max(high * 1.04, 1e-12), 0.0
    base = 0.0 if low <= 0 <= high else middle if comparison.controls is not None else low
    room = 0.04 * max(high - low, 1e-12)
    return min(low, base) - room, max(high, base) + room, base


def _bar(
    comparison: Comparison,
    place: int,
    value: str,
    paint: str,
    x: Callable[[float], float],
    base: float,
) -> list[Mark]:
    """Bar, interval, dots and star of one group."""
    group = comparison.groups[place]
    numbers = comparison.values[value].to_numpy(np.float64)
    known = group.wells[np.isfinite(numbers[group.wells])]
    if not len(known):
        return []
    of_value = (
        (comparison.quantity.column, value) if comparison.quantity.kind == SHARES else ("", "")
    )
    where, said = group.where(*of_value), tip(comparison, place, value)
    y = _HEAD + _ROW * place + _ROW / 2
    start, end = sorted((x(base), x(float(numbers[known].mean()))))
    fill = GREY if group.is_control else paint
    size = max(end - start, 1.0), _BAR
    marks: list[Mark] = [
        # The whole row can be hit, also where the bar has no length.
        Box(start, y - _BAR / 2, *size, fill, where=where, tip=said, opacity=0.85),
    ]
    row = comparison.test(place, value)
    if row is not None and np.isfinite(row["p_value"]) and not group.is_control:
        ends = x(row["control_mean"] + row["low"]), x(row["control_mean"] + row["high"])
        marks.append(Path(((ends[0], y), (ends[1], y)), INK, width=1.2))
        marks += [Path(((at, y - 3), (at, y + 3)), INK, width=1.2) for at in ends]
    last = end
    if not (comparison.is_of_single_wells and not group.is_control):
        steps = np.linspace(-3.2, 3.2, len(known)) if len(known) > 1 else [0.0]
        for well, step in zip(known.tolist(), steps, strict=True):
            of_well = Where((well,), *of_value)
            of_cells = f"of {counted(int(comparison.wells.table['n_cells'].iloc[well]), 'cell')}"
            told = f"{comparison.wells.name(well)}: {value_words(comparison, numbers[well])}"
            at = x(float(numbers[well]))
            last = max(last, at)
            tip_of_well = f"{told} {of_cells}"
            y_of_well = y + float(step)
            marks.append(Dot(at, y_of_well, 1.8, INK, where=of_well, tip=tip_of_well, opacity=0.8))
    if row is not None and row["adjusted_p_value"] < LEVEL and not group.is_control:
        reach = max(last, x(row["control_mean"] + row["high"]))
        marks.append(Words(reach + 3, y + 4, STAR, size=FONT_PX - 1, where=where, tip=said))
    return marks
