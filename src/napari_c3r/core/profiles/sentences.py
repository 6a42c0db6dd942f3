"""What a comparison shows, in one sentence, and how its figure is to be read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from napari_c3r.core.figures.drawing import number_words
from napari_c3r.core.profiles.comparison import FEATURE, SHARES, Comparison
from napari_c3r.core.table.titles import GATE, title

if TYPE_CHECKING:
    import pandas as pd

LEVEL: Final = 0.05
"""Adjusted p-value below which a difference gets a star."""

_LISTED = 4


def counted(number: int, noun: str) -> str:
    """A number and a noun."""
    return f"{number} {noun}{'' if number == 1 else 's'}"


def p_words(p_value: float) -> str:
    """A p-value as it is said: ``= 0.004``, ``< 0.0001``."""
    if not np.isfinite(p_value):
        return "not known"
    return "< 0.0001" if p_value < 1e-4 else f"= {p_value:.2g}"


def value_words(comparison: Comparison, value: float, *, signed: bool = False) -> str:
    """A value of what is compared: shares in per cent."""
    sign = "+" if signed and value > 0 else ""
    if comparison.quantity.kind == SHARES:
        shown = 100 * value
        text = f"{shown:.0f}" if abs(shown) >= 9.95 or abs(shown) < 0.05 else f"{shown:.1f}"
        return f"{sign}{text} %".replace("-", "−")
    return sign + number_words(value)


def title_of(comparison: Comparison, value: str) -> str:
    """What one of the values is called in a sentence."""
    if comparison.quantity.kind == SHARES:
        column = comparison.quantity.column
        if column.startswith(GATE):
            return f"gate “{column.removeprefix(GATE)}”"
        words = title(column)
        # A name that somebody gave stays as it was written.
        return f"{words if words == column else words[:1].lower() + words[1:]} {value}"
    return comparison.quantity.name


def sentence(comparison: Comparison) -> str:
    """What a comparison shows: its surest difference, or that there is none beyond chance."""
    if comparison.untested:
        return comparison.untested
    tests = comparison.tests.dropna(subset=["adjusted_p_value"])
    sure = tests[tests["adjusted_p_value"] < LEVEL]
    if not len(sure):
        row = tests.sort_values("adjusted_p_value").iloc[0]
        what = comparison.groups[int(row["group"])].name
        return (
            f"Nothing differs from the controls beyond chance: of {counted(len(tests), 'test')} "
            f"the smallest adjusted p is {row['adjusted_p_value']:.2g} "
            f"({title_of(comparison, row['value'])}, {what})."
        )
    # Of shares that rise and fall together, what there is more of is said.
    least = sure[sure["adjusted_p_value"] <= sure["adjusted_p_value"].min() * (1 + 1e-6)]
    order = least.assign(_rises=least["difference"] > 0, _size=least["effect_size"].abs())
    row = order.sort_values(["_rises", "_size"], ascending=False).iloc[0]
    first = _one(comparison, row)
    return f"{first} {_others(comparison, sure)}".strip()


def _one(comparison: Comparison, row: pd.Series) -> str:
    group = comparison.groups[int(row["group"])].name
    noun = comparison.wells.noun
    here = value_words(comparison, row["control_mean"] + row["difference"])
    there = value_words(comparison, row["control_mean"])
    single = comparison.is_of_single_wells
    of_group = f"the {noun} {group}" if single else f"{noun}s with {group}"
    controls = int(row["n_controls"])
    sure = (
        f"({counted(int(row['n_wells']), noun)} against {controls} control {noun}s, adjusted p "
        f"{p_words(row['adjusted_p_value'])})"
    )
    if comparison.quantity.kind == SHARES:
        value = title_of(comparison, row["value"])
        value = value[:1].upper() + value[1:]
        return (
            f"{value} holds {here} of the cells of {of_group} and {there} of the controls' {sure}."
        )
    subject = of_group[:1].upper() + of_group[1:]
    if comparison.quantity.kind == FEATURE:
        return f"{subject}: {comparison.quantity.name} is {here}, in the controls {there} {sure}."
    verb = "lies" if single else "lie"
    return f"{subject} {verb} {here} times as far from the controls as controls do {sure}."


def _others(comparison: Comparison, sure: pd.DataFrame) -> str:
    """Which groups differ in anything."""
    places = sorted(set(sure["group"].astype(int)))
    asked = len([group for group in comparison.groups if not group.is_control])
    if asked < 2:
        return ""
    kind = f"{comparison.wells.noun}s" if comparison.is_of_single_wells else "groups"
    if len(places) == asked:
        return f"All {asked} {kind} differ in something."
    names = [comparison.groups[place].name for place in places]
    listed = ", ".join(names[:_LISTED])
    more = f" and {len(names) - _LISTED} more" if len(names) > _LISTED else ""
    return f"{len(names)} of {asked} {kind} differ: {listed}{more}."


def caption(comparison: Comparison) -> str:
    """How the figure is to be read: what the marks are, what was tested, on how many wells."""
    noun = comparison.wells.noun
    parts = []
    if comparison.controls is not None:
        count = len(comparison.controls.wells)
        parts.append(f"Grey band: lowest to highest of {count} control {noun}s.")
    if comparison.is_of_single_wells:
        parts.append(f"Bars: {noun}s.")
    else:
        parts.append(f"Bars: mean of {noun}s; dots: {noun}s.")
    if comparison.untested:
        return " ".join([*parts, f"{comparison.untested}."])
    tests = int(comparison.tests["adjusted_p_value"].notna().sum())
    how = (
        f"each {noun} taken for one more control (t test)"
        if comparison.is_of_single_wells
        else f"t test on {noun}s, never on cells"
    )
    lines = "Lines: 95 % interval of the difference"
    star = f"Star: adjusted p < {LEVEL:g}, {how}, corrected for {tests} tests (Benjamini–Hochberg)"
    parts += [f"{lines}.", f"{star}."]
    if comparison.wells.plate and comparison.wells.table[comparison.wells.plate].nunique() > 1:
        parts.append("The controls' mean of each plate is taken from its wells first.")
    if noun == "image":
        parts.append("No wells are known: each image counts as one.")
    return " ".join(parts)


def tip(comparison: Comparison, place: int, value: str) -> str:
    """All that is known of one bar."""
    group, noun = comparison.groups[place], comparison.wells.noun
    numbers = comparison.values[value].to_numpy(float)[group.wells]
    known = numbers[np.isfinite(numbers)]
    if not len(known):
        return f"{group.name}: no cells with a value"
    mean = value_words(comparison, float(known.mean()))
    said = f"{group.name}, {title_of(comparison, value)}: {mean} ({counted(len(known), noun)})"
    row = comparison.test(place, value)
    if row is None or group.is_control:
        return said
    if not np.isfinite(row["p_value"]):
        return f"{said}; not tested: a single {noun}, or no spread"
    low, high = (value_words(comparison, row[end], signed=True) for end in ("low", "high"))
    return (
        f"{said}; controls {value_words(comparison, row['control_mean'])} "
        f"({counted(int(row['n_controls']), noun)}); difference "
        f"{value_words(comparison, row['difference'], signed=True)} (95 %: {low} to {high}), "
        f"{row['effect_size']:.1f} standard deviations of {noun}s; "
        f"p {p_words(row['p_value'])}, adjusted p {p_words(row['adjusted_p_value'])}"
    )
